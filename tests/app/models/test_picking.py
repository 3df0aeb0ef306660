import pytest
from PySide6.QtCore import Qt

from jetstream_desktop.models.picking import PickModel
from jetstream_desktop.state.picking import Picking, SharedFile


@pytest.fixture
def model(qapp):
    picking = Picking()
    picking.add([SharedFile(0, "r/a", 10), SharedFile(1, "r/\N{RIGHT-TO-LEFT OVERRIDE}b", 5),
                 SharedFile(2, "l", 0, "link"), SharedFile(3, "e", 0, "folder")])
    made = PickModel(picking)
    made.refresh()
    return made


def test_it_is_a_proper_model(model, qtmodeltester):
    qtmodeltester.check(model)
    top = model.index(0, 0)
    assert top.data() == "e"
    assert [model.index(n, 1).data() for n in range(3)] == ["empty folder", "2 files, 15 B", "link"]


def test_check_boxes(model, qtbot):
    folder = model.index(1, 0)
    with qtbot.waitSignals([model.picked, model.dataChanged]):
        assert model.setData(model.index(0, 0, folder), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    assert folder.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.PartiallyChecked
    assert folder.data(Qt.ItemDataRole.AccessibleTextRole) == "r, 2 files, 15 B, partly chosen"
    assert not model.setData(folder, "x", Qt.ItemDataRole.EditRole)
    model.toggle(folder)
    assert model.picking.everything
    model.pick_shown(False)
    assert model.index(1, 0, folder).data(Qt.ItemDataRole.AccessibleTextRole).endswith("b, 5 B, not chosen")
    assert "\N{REPLACEMENT CHARACTER}" in model.index(1, 0, folder).data()
