import pytest

from jetstream_desktop.models.lists import ValueTableModel
from jetstream_desktop.models.paged import PagedTableModel
from jetstream_desktop.models.roles import KEY, SNAPSHOT


@pytest.fixture
def model(qapp):
    made = ValueTableModel(("Name", "Size"), lambda value, column: str(value[column]), lambda value: value[0])
    made.replace([("a", 1), ("b", 2)])
    return made


def test_it_is_a_proper_model(model, qtmodeltester):
    qtmodeltester.check(model)
    assert model.index(1, 1).data() == "2"
    assert model.index(1, 0).data(KEY) == "b"
    assert model.index(0, 0).data(SNAPSHOT) == ("a", 1)
    assert model.find("b") == 1
    assert model.find("z") is None
    assert model.value(5) is None


def test_equal_keys_are_updated_in_place(model, qtbot):
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.replace([("a", 1), ("b", 3)])
    assert model.index(1, 1).data() == "3"
    with qtbot.waitSignal(model.modelReset):
        model.replace([("b", 3)])
    assert model.rowCount() == 1


def test_what_is_new_on_top_keeps_the_rest_where_it_is(model, qtbot):
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.rowsInserted):
        model.replace([("c", 3), ("a", 1), ("b", 2)])
    assert [value[0] for value in model.values] == ["c", "a", "b"]


def test_pages(qapp, qtmodeltester):
    wanted = []
    model = PagedTableModel(("Name",), lambda value, column: value, lambda value: value)
    model.wanted.connect(wanted.append)
    assert not model.canFetchMore()
    model.restart()
    model.add_page(0, ["a", "b"], 20)
    model.fetchMore()
    model.fetchMore()
    assert wanted == [0, 20]
    model.add_page(0, ["late"], 2)
    model.add_page(20, ["c"], None)
    model.add_page(20, ["again"], None)
    assert model.whole
    assert list(model.values) == ["a", "b", "c"]
    assert not model.canFetchMore()
    qtmodeltester.check(model)
    model.clear()
    assert model.rowCount() == 0
