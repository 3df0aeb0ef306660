"""What a transfer does about others on the line, from its record to its carriers. Pure."""

from jetstream.errors import InvalidParameters
from jetstream_server.link.udp.rate import KBIT, Policy


def check_policy(policy: str, rate: int | None) -> None:
    """Whether a transfer may have this policy with this rate (kbit/s).

    :raises InvalidParameters: if not.
    """
    if policy not in (known.value for known in Policy):
        raise InvalidParameters("`ratePolicy` must be fair, background or fixed.", field="ratePolicy")
    if policy == Policy.FIXED.value and not rate:
        raise InvalidParameters("`sendRateMax` is missing: a transfer with a fixed rate needs to know which.",
                                field="sendRateMax")


def for_carriers(policy: str, rate: int | None) -> tuple[Policy, float | None]:
    """The policy, and with ``FIXED`` the rate in bytes a second."""
    known = Policy(policy)
    return known, float(rate * KBIT) if known is Policy.FIXED and rate else None
