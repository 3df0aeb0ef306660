"""The state tables, walked at random: no dead ends that should not be, no way out of an end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.transfers.states import (
    MANIFEST_MOVES,
    PROCESSING,
    RECEIVING_MOVES,
    SENDING_MOVES,
    Event,
    IllegalMove,
    ManifestEvent,
    ManifestStatus,
    Status,
    move,
)

TABLES = {"sending": SENDING_MOVES, "receiving": RECEIVING_MOVES}
FINAL = {Status.COMPLETE, Status.CANCELLED}


@pytest.mark.parametrize("name", TABLES)
@given(events=st.lists(st.sampled_from(list(Event)), max_size=40))
def test_a_random_life_stays_inside_the_table(name: str, events: list[Event]) -> None:
    table, state = TABLES[name], Status.PENDING
    for event in events:
        if (state, event) in table:
            after = move(table, state, event)
            assert state not in FINAL
            state = after
        else:
            with pytest.raises(IllegalMove, match=f"{event.value} is not possible while {state.value}"):
                move(table, state, event)


@pytest.mark.parametrize("name", TABLES)
def test_ends_are_ends_and_everything_else_can_be_stopped_and_mended(name: str) -> None:
    table = TABLES[name]
    assert not any(state in FINAL for state, _ in table)
    for state in PROCESSING:
        if any(known is state for known, _ in table):
            for event, after in (
                (Event.SUSPEND, Status.SUSPENDED),
                (Event.CANCEL, Status.CANCELLED),
                (Event.FAIL, Status.ERROR),
                (Event.FINISH, Status.COMPLETE),
                (Event.LOSE, Status.PENDING),
            ):
                assert table[state, event] is after
    for state in (Status.SUSPENDED, Status.ERROR):
        assert table[state, Event.RESUME] is Status.PENDING
        assert table[state, Event.CANCEL] is Status.CANCELLED


def test_each_direction_has_its_own_word() -> None:
    assert SENDING_MOVES[Status.PENDING, Event.START] is Status.SENDING
    assert RECEIVING_MOVES[Status.PENDING, Event.START] is Status.RECEIVING
    assert Status.RECEIVING not in {state for key, after in SENDING_MOVES.items() for state in (key[0], after)}
    assert Status.SENDING not in {state for key, after in RECEIVING_MOVES.items() for state in (key[0], after)}


def test_a_manifest_ends_once() -> None:
    assert move(MANIFEST_MOVES, ManifestStatus.PENDING, ManifestEvent.SCANNED) is ManifestStatus.COMPLETE
    assert move(MANIFEST_MOVES, ManifestStatus.PENDING, ManifestEvent.FAIL) is ManifestStatus.ERROR
    for state in (ManifestStatus.COMPLETE, ManifestStatus.ERROR):
        for event in ManifestEvent:
            with pytest.raises(IllegalMove):
                move(MANIFEST_MOVES, state, event)
