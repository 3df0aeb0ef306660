"""Headers as columns, control packets, reports: what is written is what is read, and nothing else is believed."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.link.sealed import SealBroken, SessionKey
from jetstream_server.link.udp.packets import (
    CONTROL,
    MAX_DAMAGED,
    MAX_SPAN,
    Control,
    ControlSeal,
    Report,
    pack_report,
    read_report,
)

KEY = SessionKey(os.urandom(16), os.urandom(32))


def report(highest: int, span: int, seed: int = 0, **more: object) -> Report:
    flags = np.random.default_rng(seed).random(span) < 0.7
    if span:
        flags[-1] = True
    values: dict[str, object] = {"hold": 0.25, "clock": 12.5, "received": 77, "room": 9, **more}
    return Report(highest=highest, arrived=flags, **values)  # type: ignore[arg-type]


@given(
    highest=st.integers(0, 1 << 48), span=st.integers(0, MAX_SPAN), limit=st.none() | st.integers(1, 1 << 31),
    damaged=st.lists(st.integers(0, (1 << 32) - 1), max_size=MAX_DAMAGED).map(tuple), room=st.integers(0, 1 << 31),
)
def test_a_report_is_read_as_it_was_written(
    highest: int, span: int, limit: int | None, damaged: tuple[int, ...], room: int
) -> None:
    span = min(span, highest)
    before = report(highest, span, limit=limit, damaged=damaged, room=room)
    after = read_report(pack_report(before))
    assert (after.highest, after.limit, after.damaged, after.room) == (highest, limit, damaged, room)
    assert (after.hold, after.clock, after.received) == (0.25, 12.5, 77)
    assert np.array_equal(after.arrived, before.arrived)


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_report_or_are_refused(data: bytes) -> None:
    try:
        understood = read_report(data)
    except SealBroken:
        return
    assert len(understood.arrived) <= min(MAX_SPAN, understood.highest)


@pytest.mark.parametrize("cut", [0, 1, 20, 42])
def test_a_report_that_is_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(SealBroken):
        read_report(pack_report(report(5000, 4000))[:cut])


def test_both_directions_of_control_packets_and_their_counters() -> None:
    dialler, answerer = ControlSeal(KEY, True), ControlSeal(KEY, False)
    datagram = dialler.seal(Control(echo=4, hold=0.5, largest=1472, floor=3, answer=True), size=900)
    assert len(datagram) == 900
    assert datagram[0] == CONTROL[True]
    counter, control = answerer.open(datagram)
    assert (counter, control) == (1, Control(4, 0.5, 1472, 3, True))
    answer = answerer.seal(Control(report=report(10, 10)))
    assert answer[0] == CONTROL[False]
    told = dialler.open(answer)[1].report
    assert told is not None
    assert told.highest == 10


def test_nothing_but_what_the_other_side_sealed_is_believed() -> None:
    dialler, answerer = ControlSeal(KEY, True), ControlSeal(KEY, False)
    right = dialler.seal(Control(), size=200)
    stranger = ControlSeal(SessionKey(KEY.session, os.urandom(32)), True).seal(Control())
    reflected = answerer.seal(Control())
    elsewhere = ControlSeal(SessionKey(os.urandom(16), KEY.key), True).seal(Control())
    changed = [right[:at] + bytes([right[at] ^ 1]) + right[at + 1 :] for at in (0, 5, 12, 16, 60, 199)]
    for wrong in (b"", right[:-1], right[:20], right + b"x", stranger, reflected, elsewhere, *changed):
        with pytest.raises(SealBroken):
            answerer.open(wrong)
