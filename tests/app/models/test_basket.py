import pytest
from PySide6.QtCore import Qt

from jetstream_desktop.models.basket import GOES_AS, NAME, NOTE, PAGE, SIZE, BasketModel
from jetstream_desktop.models.roles import KEY, ROOT
from jetstream_desktop.state.basket import Basket, Found, Kind
from jetstream_desktop.state.counting import Count

BASKET = Basket().make_folder("show").add([Found("/x/reel", Kind.FOLDER)], "show").add(
    [Found("/x/lut.cube", Kind.FILE, 1_100_000), Found("/gone", Kind.MISSING)])


@pytest.fixture
def model(qapp):
    made = BasketModel()
    made.show(BASKET)
    return made


def child(model, *rows):
    place = ROOT
    for number in rows:
        place = model.index(number, 0, place)
    return place


def test_it_is_a_proper_model(model, qtmodeltester):
    model.wanted.connect(lambda source: model.set_listing(source, [Found(f"{source}/a", Kind.FILE, 5)]))
    qtmodeltester.check(model)
    assert child(model, 0, 0, 0).data(KEY) == "show/reel/a", "what is listed on demand was looked into, too"


def test_rows(model):
    assert [model.index(r, NAME).data() for r in range(3)] == ["show", "lut.cube", "gone"]
    assert model.index(1, SIZE).data() == "1.1 MB"
    assert model.index(2, NOTE).data() == "is not there any more"
    assert child(model, 0, 0).data() == "reel"
    assert child(model, 0, 0).siblingAtColumn(GOES_AS).data() == "show/reel"


def test_a_folder_is_listed_when_it_is_opened(model, qtbot):
    reel = child(model, 0, 0)
    assert model.hasChildren(reel)
    with qtbot.waitSignal(model.wanted) as caught:
        model.fetchMore(reel)
    assert caught.args == ["/x/reel"]
    assert not model.canFetchMore(reel)
    model.set_listing("/x/reel", [Found("/x/reel/a", Kind.FILE, 3), Found("/x/reel/b", Kind.FOLDER)])
    assert [child(model, 0, 0, r).data(KEY) for r in range(2)] == ["show/reel/a", "show/reel/b"]
    model.show(BASKET)
    model.fetchMore(child(model, 0, 0))
    assert model.rowCount(child(model, 0, 0)) == 2


def test_a_long_folder_comes_in_pages(model):
    names = [Found(f"/x/reel/{n:06}", Kind.FILE, n) for n in range(100_000)]
    model.fetchMore(child(model, 0, 0))
    model.set_listing("/x/reel", names)
    reel = child(model, 0, 0)
    assert model.rowCount(reel) == PAGE + 1
    more = model.index(PAGE, 0, reel)
    assert more.data() == "Show more (99,000 not shown)"
    model.show_more(more)
    assert model.rowCount(reel) == PAGE * 6 + 1
    assert model.index(PAGE * 6 - 1, 0, reel).data() == f"{PAGE * 6 - 1:06}"


def test_counts_arrive_later(model):
    model.set_counts({"/x/reel": Count(1204, 5)})
    reel = child(model, 0, 0).siblingAtColumn(SIZE)
    assert reel.data() == "1,204…"
    model.set_counts({"/x/reel": Count(1300, 5, True)})
    assert reel.data() == "1,300 files · 5 B"
    assert reel.data(Qt.ItemDataRole.ToolTipRole) == reel.data()
    assert "1,300 files · 5 B" in child(model, 0, 0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_renaming_asks(model, qtbot):
    with qtbot.waitSignal(model.renamed) as caught:
        model.setData(child(model, 0, 0), "reel07")
    assert caught.args == ["show/reel", "show/reel07"]
    with qtbot.waitSignal(model.renamed) as caught:
        model.setData(model.index(1, GOES_AS), "luts/one.cube")
    assert caught.args == ["lut.cube", "luts/one.cube"]


def test_patterns_and_empty_folders_are_marked(model):
    model.show(BASKET.make_folder("later").without("*.cube"))
    notes = {model.index(r, NAME).data(): model.index(r, NOTE).data() for r in range(model.rowCount())}
    assert notes["later"] == "empty, will not be made"
    assert notes["lut.cube"] == "left out"
