import pytest
from PySide6.QtCore import Qt

from jetstream.entities import Destination
from jetstream_desktop.models.book import ADDRESS, LAST_RATE, NAME, STATE, BookModel
from jetstream_desktop.models.roles import KEY, SNAPSHOT
from jetstream_desktop.state.book import Shelf


def destination(number, **more):
    return Destination(**({"destination_id": str(number), "destination_address": f"h{number}", "destination_port": 8886}
                          | more))


GROUPED = [Shelf("Studios", (destination(1, name="B"), destination(2))), Shelf("", (destination(3),))]


@pytest.fixture
def model(qapp):
    return BookModel()


@pytest.mark.parametrize("shelves", [[], GROUPED, [Shelf("", (destination(1),))], [Shelf("A", (destination(1),))]])
def test_it_is_a_proper_model(model, qtmodeltester, shelves):
    model.show_shelves(shelves)
    qtmodeltester.check(model)
    lines = sum(1 + model.rowCount(model.index(row, 0)) for row in range(model.rowCount()))
    headings = sum(bool(shelf.name) or len(shelves) > 1 for shelf in shelves)
    assert lines == headings + sum(len(shelf.destinations) for shelf in shelves)


def test_groups_with_their_destinations(model):
    model.show_shelves(GROUPED)
    studios = model.index(0, 0)
    assert (studios.data(), model.rowCount(studios)) == ("Studios", 2)
    assert studios.data(Qt.ItemDataRole.AccessibleTextRole) == "Studios, 2"
    assert model.index(1, 0).data() == "Without a group"
    first = model.index(0, NAME, studios)
    assert (first.data(), first.data(KEY), first.parent()) == ("B", "1", studios)
    assert model.find("3").parent() == model.index(1, 0)
    assert model.find("group:Studios") == studios
    assert not model.find("9").isValid()


def test_without_groups_it_is_a_list(model):
    model.show_shelves([Shelf("", (destination(1, last_rate=8000, last_error="x", destination_port=9),))])
    assert model.rowCount() == 1
    assert model.rowCount(model.index(0, 0)) == 0
    cells = {place: model.index(0, place).data() for place in (NAME, ADDRESS, LAST_RATE, STATE)}
    assert cells == {NAME: "h1:9", ADDRESS: "h1:9", LAST_RATE: "1.0 MB/s", STATE: "not reachable"}


def test_rows_that_stay_are_updated_in_place(model, qtbot):
    model.show_shelves(GROUPED)
    fresh = [Shelf("Studios", (destination(1, name="C"), destination(2))), GROUPED[1]]
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.show_shelves(fresh)
    assert model.find("1").data(SNAPSHOT).name == "C"
    with qtbot.waitSignal(model.modelReset):
        model.show_shelves(GROUPED[:1])
