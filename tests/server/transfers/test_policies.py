"""Which policies a transfer may have, and what its carriers make of them."""

import pytest

from jetstream.errors import InvalidParameters
from jetstream_server.link.udp.rate import Policy
from jetstream_server.transfers.policies import check_policy, for_carriers


@pytest.mark.parametrize(("policy", "rate", "field"), [
    ("polite", None, "ratePolicy"), ("", 5, "ratePolicy"), ("FAIR", None, "ratePolicy"), ("fixed", None, "sendRateMax"),
    ("fixed", 0, "sendRateMax"),
])
def test_nonsense_is_refused_by_name(policy: str, rate: int | None, field: str) -> None:
    with pytest.raises(InvalidParameters, match=f"`{field}`") as caught:
        check_policy(policy, rate)
    assert caught.value.facts["field"] == field


def test_what_carriers_make_of_it() -> None:
    for policy in Policy:
        check_policy(policy.value, 8_000)
    assert for_carriers("fair", 8_000) == (Policy.FAIR, None), "a limit, not the rate"
    assert for_carriers("background", None) == (Policy.BACKGROUND, None)
    assert for_carriers("fixed", 8_000) == (Policy.FIXED, 1_000_000.0)
