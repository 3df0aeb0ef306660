"""What a trial of a carrier means."""

from typing import Any

import pytest

from jetstream.errors import InvalidParameters, JetStreamError, LimitExceeded, PermissionDenied, ServerError
from jetstream.findings import CARRIER_STEPS, Step
from jetstream_server import verdicts
from jetstream_server.link.messages import CarrierTried, TrialState


def side(**facts: Any) -> CarrierTried:
    return CarrierTried(**({"state": TrialState.OK, "heard": True} | facts))


SENDER = side(rtt=12_000, sent=1000, lost=10, datagram=1472)
RECEIVER = side(received=1 << 20, rate=80_000)
UNHEARD = side(state=TrialState.UNHEARD, heard=False)


@pytest.mark.parametrize("step", CARRIER_STEPS)
def test_it_works(step: Step) -> None:
    back = step in (Step.TCP_BACK, Step.UDP_BACK)
    ours, theirs = (RECEIVER, SENDER) if back else (SENDER, RECEIVER)
    found = verdicts.carrier(step, ours, theirs, back, 8886, 3.0)
    assert (found.step, found.outcome) == (step, "ok")
    assert found.text.startswith("10.0 MB/s; there and back takes 12 ms; 1 % ")
    assert ("datagrams of 1472 bytes pass" in found.text) == step.startswith("udp")


@pytest.mark.parametrize(("ours", "theirs", "code", "words"), [
    (side(), side(state=TrialState.OFF, heard=False), "theirs-off", "That node does not use it"),
    (UNHEARD, UNHEARD, "silent", "Nothing of this node was heard there within 3 s."),
    (UNHEARD, RECEIVER, "deaf", "nothing comes back within 3 s."),
    (SENDER, side(), "nothing", "no whole block came through"),
    (SENDER, side(state=TrialState.BROKEN, problem="It went."), "broken", "It broke off: It went."),
    (side(), RECEIVER, "plain", "10.0 MB/s."),
])
def test_what_is_in_the_way(ours: CarrierTried, theirs: CarrierTried, code: str, words: str) -> None:
    found = verdicts.carrier(Step.UDP_THERE, ours, theirs, False, 9000, 3.0)
    assert found.code == f"udp-there-{code}"
    assert words in found.text
    assert found.outcome != "warning" or found.fix
    if code in ("silent", "deaf"):
        assert "sudo ufw allow 9000/udp" in found.fix


@pytest.mark.parametrize(("error", "code"), [
    (InvalidParameters("This node knows no 'tryCarrier' here.", field="method"), "old"),
    (LimitExceeded("Another."), "busy"),
    (PermissionDenied("No."), "private"),
    (ServerError("It failed inside."), "broken"),
])
def test_the_other_node_does_not_take_part(error: JetStreamError, code: str) -> None:
    found = verdicts.carrier_refused(Step.TCP_BACK, error)
    assert (found.code, found.step) == (f"tcp-back-{code}", "tcpBack")
    if code == "old":
        assert "not known there" in found.text


def test_a_node_that_tells_too_little_makes_no_trouble() -> None:
    found = verdicts.carrier(Step.UDP_BACK, RECEIVER, side(rtt=1, lost=5), True, 1, 3.0)
    assert found.facts["loss"] == 0.0
