import json

import pytest

from jetstream_desktop.state.columns import LEAST_STATUS, ORDER, USUAL, Arrangement, dump, parse, shared_out, yielding
from jetstream_desktop.state.filters import Column


def test_every_column_has_its_place():
    assert sorted(ORDER) == sorted(Column)
    assert set(USUAL) < set(ORDER)


def test_the_usual_arrangement_is_not_written():
    assert dump(Arrangement()) == ""
    assert parse("") == Arrangement()


@pytest.mark.parametrize(("room", "gone"), [
    (1052, ()), (1051, (Column.ADDED,)), (952, (Column.ADDED,)), (951, (Column.ADDED, Column.AVERAGE)),
    (836, (Column.ADDED, Column.AVERAGE)), (835, (Column.ADDED, Column.AVERAGE, Column.DONE)),
    (100, (Column.ADDED, Column.AVERAGE, Column.DONE)),
])
def test_in_little_room_the_status_stays_readable(room, gone):
    widths = dict.fromkeys(Column, 100) | {Column.NAME: 200}
    assert yielding(USUAL, widths, room) == gone


def test_what_is_not_shown_cannot_yield():
    widths = dict.fromkeys(Column, 100)
    assert yielding([Column.NAME, Column.DONE, Column.STATUS], widths, 335) == (Column.DONE,)
    assert yielding([Column.NAME, Column.DONE], widths, 10) == ()


WIDTHS = dict.fromkeys(Column, 100) | {Column.DIRECTION: 36, Column.NAME: 224, Column.PROGRESS: 138}


@pytest.mark.parametrize("room", [1034, 1060, 1200, 1700, 2500, 4000])
def test_all_of_the_room_is_shared_out(room):
    found = shared_out(WIDTHS, USUAL, room)
    assert sum(found[column] for column in USUAL) == room
    assert all(found[column] >= WIDTHS[column] for column in USUAL if column is not Column.STATUS)
    assert found[Column.STATUS] >= LEAST_STATUS


def test_in_a_wide_window_the_status_is_not_alone_between_the_rest():
    found = shared_out(WIDTHS, USUAL, 1700)
    assert found[Column.STATUS] == pytest.approx(330, abs=5)
    assert found[Column.NAME] > 400
    assert found[Column.RATE] == found[Column.ADDED] > 100


def test_in_little_room_name_and_status_give_way_before_anything_is_scrolled():
    shown = (Column.DIRECTION, Column.NAME, Column.PROGRESS, Column.STATUS, Column.RATE)
    narrow = WIDTHS | {Column.NAME: 150}
    for room in range(506, 570):
        found = shared_out(narrow, shown, room)
        assert sum(found[column] for column in shown) <= room
        assert found[Column.NAME] >= 120
    assert sum(shared_out(narrow, shown, 400)[column] for column in shown) == 506


def test_round_trip():
    order = (Column.STATUS, *(c for c in ORDER if c is not Column.STATUS))
    shown = frozenset({Column.NAME, Column.OTHER, Column.STATUS})
    wanted = Arrangement(order, shown, ((Column.NAME, 333),), Column.RATE, True)
    assert parse(dump(wanted)) == wanted


@pytest.mark.parametrize("text", ["AAAA/w==", "{", "[]", "7", "null", '{"order": 7, "shown": "x", "widths": []}',
                                  '{"sort": ["RATE"], "order": [null, {}], "widths": {"NAME": true, "RATE": -5}}'])
def test_what_cannot_be_used_is_as_usual(text):
    assert parse(text) == Arrangement()


def test_a_column_that_is_new_stands_at_the_end_and_one_that_is_gone_is_left_out():
    found = parse(json.dumps({"order": ["RATE", "NAME", "WEIGHT"], "shown": ["RATE"]}))
    assert found.order[:2] == (Column.RATE, Column.NAME)
    assert sorted(found.order) == sorted(Column)
    assert found.shown == {Column.RATE, Column.NAME}
