import random

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt

from app.helpers.build import NOW, incoming_row, row
from jetstream_desktop.models.roles import KEY, SNAPSHOT
from jetstream_desktop.models.transfers import TransferTableModel, spoken
from jetstream_desktop.state.changes import Changes, between
from jetstream_desktop.state.filters import Column, Filter

DONE = {"status": "complete", "processing": False, "end_time": NOW}


@pytest.fixture
def model(qapp):
    made = TransferTableModel()
    made.apply(Changes(added=(row(1), row(2, **DONE), row(3, status="suspended", processing=False), incoming_row(4))))
    return made


def keys(model):
    return [model.index(r, 0).data(KEY) for r in range(model.rowCount())]


def test_it_is_a_proper_model(model, qtmodeltester):
    qtmodeltester.check(model)
    assert set(keys(model)) == {"s1", "s2", "s3", "r4"}


def test_cells(model):
    texts = [model.index(0, column).data() for column in Column]
    assert texts[Column.NAME] == "Reel 1"
    assert texts[Column.STATUS] == "Sending"
    assert texts[Column.DONE] == "0 of 1 KB"
    assert model.index(0, 0).data(SNAPSHOT).key == "s1"
    assert model.headerData(Column.RATE, Qt.Orientation.Horizontal) == "Rate"


def test_one_sentence_for_a_screen_reader():
    assert spoken(row(1, eta=90)) == "Reel 1, Studio B · 4 files, Sending, 10 %, 2 min left"


def test_an_update_touches_only_its_row(model, qtbot):
    with qtbot.waitSignal(model.dataChanged) as caught:
        model.apply(Changes(updated=(row(3, status="suspended", processing=False, bytes_acked=7),)))
    first, last, _roles = caught.args
    assert first.row() == last.row() == keys(model).index("s3")


def test_neighbours_are_announced_as_one_range(model):
    model.apply(Changes(added=tuple(row(n) for n in range(10, 20))))
    seen = []
    model.dataChanged.connect(lambda first, last, roles: seen.append((first.row(), last.row())))
    model.apply(Changes(updated=tuple(row(n, bytes_acked=300) for n in range(10, 20))))
    assert len(seen) == 1
    assert seen[0][1] - seen[0][0] == 9


def test_selection_stays_with_its_transfer_while_rows_come_go_and_move(model):
    selection = QItemSelectionModel(model)
    selection.select(model.index(keys(model).index("s3"), 0), QItemSelectionModel.SelectionFlag.Select)
    model.apply(Changes(added=(row(0),), removed=("s2",)))
    model.apply(Changes(updated=(row(1, **DONE),)))
    model.sort(Column.NAME, Qt.SortOrder.DescendingOrder)
    assert [index.data(KEY) for index in selection.selectedIndexes()] == ["s3"]


def test_shelves(model, qtbot):
    model.show(shelf=Filter.DONE)
    assert keys(model) == ["s2"]
    model.show(search="plates")
    assert keys(model) == ["r4"]
    model.show()
    assert keys(model) == ["s1", "r4", "s3", "s2"]
    model.sort(-1)
    assert keys(model) == ["s1", "r4", "s3", "s2"]


def test_counts_follow(model, qtbot):
    with qtbot.waitSignal(model.counted) as caught:
        model.apply(Changes(removed=("s2", "s1", "nobody")))
    assert caught.args[0][Filter.ALL] == 2
    assert model.row("s1") is None
    assert model.place("r4") == 0


def test_ten_thousand_rows_come_at_once(qapp):
    model = TransferTableModel()
    model.apply(Changes(added=tuple(row(n) for n in range(10_000))))
    assert model.rowCount() == 10_000


def test_any_history_leaves_what_the_query_wants(model):
    chance = random.Random(7)
    shapes = [{}, DONE, {"status": "suspended", "processing": False}, {"status": "error", "processing": False}]
    for step in range(300):
        known = model.rows
        fresh = [row(chance.randrange(40), bytes_acked=step, **chance.choice(shapes)) for _ in range(5)]
        unique = {r.key: r for r in fresh}.values()
        model.apply(between(known, unique, complete=False))
        if chance.random() < 0.3:
            model.apply(Changes(removed=tuple(chance.sample(list(known), min(2, len(known))))))
        if chance.random() < 0.2:
            model.show(shelf=chance.choice(list(Filter)), column=chance.choice([None, *Column]))
        shown = [model.rows[key] for key in keys(model)]
        assert {r.key for r in shown} == {r.key for r in model.rows.values() if model.query.shows(r)}
        assert [model.place(r.key) for r in shown] == list(range(len(shown)))


def test_what_is_withheld_is_as_good_as_gone_until_it_is_released_or_is(model, qtmodeltester):
    counted = []
    model.counted.connect(counted.append)
    model.withhold(["s1", "s2", "r4", "nobody"])
    assert keys(model) == ["s3"]
    assert counted[-1][Filter.ALL] == 1
    model.apply(Changes(updated=(row(1, bytes_acked=900),), removed=("s2",), added=(row(9),)))
    assert set(keys(model)) == {"s3", "s9"}
    model.release(["s1", "s2"])
    assert set(keys(model)) == {"s1", "s3", "s9"}
    assert model.row("s1").done == 900
    model.apply(Changes(updated=(row(1),), removed=("r4",)))  # it goes as if it had never been shown
    model.release(["r4"])
    assert set(keys(model)) == {"s1", "s3", "s9"}
    assert counted[-1][Filter.ALL] == 3
    qtmodeltester.check(model)
