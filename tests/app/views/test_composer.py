"""The composer by hand: everything that changes the basket can be taken back, and what goes is what was chosen."""

import os

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app.helpers.memory_node import knowing_studio_b
from app.helpers.running import running
from app.helpers.waiting import until
from app.views.drops import drop, files
from jetstream.constants import SYMLINK_FOLLOW, SYMLINK_IGNORE, SYMLINK_PRESERVE
from jetstream.entities import Destination
from jetstream_desktop.models.basket import GOES_AS, NAME, NOTE
from jetstream_desktop.services import disk
from jetstream_desktop.state.basket import Kind
from jetstream_desktop.state.nearby import Near

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def node():
    made = knowing_studio_b(user_data={"folder": "dailies"})
    return made


@pytest.fixture
def reel(tmp_path):
    folder = tmp_path / "reel"
    (folder / "graded").mkdir(parents=True)
    (folder / "graded" / "a.exr").write_bytes(b"x" * 10)
    (folder / "notes.txt").write_text("n")
    (tmp_path / "b.mov").write_bytes(b"y" * 5)
    return folder


def called(node, name):
    return [params for called_name, params in node.calls if called_name == name]


def rename(composer, name, new, column=GOES_AS):
    """F2, type, Return."""
    model, tree = composer.model, composer.tree
    place = next(row for row in range(model.rowCount()) if model.index(row, NAME).data() == name)
    tree.setCurrentIndex(model.index(place, column))
    QTest.keyClick(tree, Qt.Key.Key_F2)
    field = tree.findChild(QLineEdit)
    field.setText(new)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_every_change_can_be_taken_back_and_made_again(gui, qapp, node, reel, tmp_path):
    async def work():
        async with running(qapp, node.connect) as desk:
            window, composer = desk.window, desk.window.composer
            window.activateWindow()
            await until(window.isActiveWindow)
            states = [composer.history.now]

            async def noted():
                await until(lambda: composer.history.now != states[-1])
                states.append(composer.history.now)

            drop(window, files(reel))
            await noted()
            drop(window, files(tmp_path / "b.mov", reel))
            await noted()
            rename(composer, "reel", "show/reel 7")
            await noted()
            rename(composer, "b.mov", "c.mov", NAME)
            await noted()
            composer.make_folder()
            await noted()
            QTest.keyClick(composer.tree.findChild(QLineEdit), Qt.Key.Key_Escape)
            QTest.keyClicks(composer._goods.pattern, "*.txt")
            QTest.keyClick(composer._goods.pattern, Qt.Key.Key_Return)
            await noted()
            model = composer.model
            place = next(row for row in range(model.rowCount()) if model.index(row, GOES_AS).data() == "c.mov")
            composer.tree.setCurrentIndex(model.index(place, NAME))
            QTest.keyClick(composer.tree, Qt.Key.Key_Delete)
            await noted()
            composer.tree.setFocus()
            for state in reversed(states[:-1]):
                QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Z, CONTROL)
                assert composer.history.now == state
            for state in states[1:]:
                QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Z, CONTROL | SHIFT)
                assert composer.history.now == state
            assert composer.history.now.mappings() == {"show/reel 7": str(reel)}

    gui(work)


def test_inside_a_folder_too(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            drop(desk.window, files(reel))
            await until(lambda: composer.history.now.items)
            tree, model = composer.tree, composer.model
            tree.expand(model.index(0, 0))
            await until(lambda: model.rowCount(model.index(0, 0)) == 2)
            tree.setCurrentIndex(model.index(1, 0, model.index(0, 0)))
            QTest.keyClick(tree, Qt.Key.Key_Delete)
            assert composer.history.now.mappings() == {"reel/graded": str(reel / "graded")}
            composer.undo()
            assert composer.history.now.mappings() == {"reel": str(reel)}

    gui(work)


def test_a_label_is_what_the_row_is_called(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            window, composer = desk.window, desk.window.composer
            await until(lambda: desk.context.poller.destinations)
            drop(window, files(reel))
            await until(lambda: composer.history.now.items)
            composer.options.label.setText("  Dailies <b>&  7 ")
            assert composer.options._line.accessibleName().endswith("called “Dailies <b>& 7”")
            assert "<b>" not in composer.options._line.toolTip()
            composer.search.setText("studio b")
            await until(lambda: composer.send.isEnabled())
            composer.send.click()
            await until(lambda: called(node, "send.createTransfer"))
            assert called(node, "send.createTransfer")[0]["userData"] == {"label": "Dailies <b>& 7"}
            await until(lambda: [row.name for row in desk.context.poller.rows.values()] == ["Dailies <b>& 7"])
            await until(lambda: window.pages.currentWidget() is not composer)
            assert called(node, "send.createTransfer")[0]["destinationPath"] == "dailies"
            drop(window, files(reel))
            await until(lambda: composer.options.values().label == "")

    gui(work)


def test_shift_held_over_a_destination_sends_at_once(gui, qapp, node, reel, tmp_path, monkeypatch):
    monkeypatch.setattr(QGuiApplication, "queryKeyboardModifiers", lambda: SHIFT)

    async def work():
        async with running(qapp, node.connect) as desk:
            window, sections = desk.window, desk.window.sidebar.list
            await until(lambda: desk.context.poller.destinations)
            place = sections.visualRect(sections.model().index(sections.model().row_of("d"))).center()

            def dropped(path):
                data = files(path)  # an event does not keep it
                sections.dropEvent(QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data,
                                              Qt.MouseButton.LeftButton, SHIFT))

            dropped(reel)
            await until(lambda: called(node, "send.createTransfer"))
            assert called(node, "send.createTransfer")[0]["destination"] == "d"
            assert called(node, "send.createTransfer")[0]["destinationPath"] == "dailies"
            await until(lambda: "Sending to Studio B" in window.banner.text)
            assert window.pages.currentWidget() is not window.composer
            dropped(tmp_path / "gone")  # what cannot go as it is comes into the composer, which says why
            await until(lambda: window.pages.currentWidget() is window.composer)
            assert "not there" in window.composer.card.note.text()
            assert len(called(node, "send.createTransfer")) == 1

    gui(work)


def test_files_go_and_addresses_on_the_web_are_named(gui, qapp, node, reel):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(reel)), QUrl("https://example.com/a"), QUrl("https://example.com/b")])

    async def work():
        async with running(qapp, node.connect) as desk:
            drop(desk.window, data)
            await until(lambda: desk.window.composer.history.now.items)
            assert desk.window.banner.text == "2 addresses on the web were left out; only files can be sent."

    gui(work)


def test_paths_are_pasted(gui, qapp, node, reel, tmp_path):
    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            desk.compose.open()
            desk.window.activateWindow()
            QApplication.clipboard().setMimeData(files(reel))
            composer.search.setFocus()
            QTest.keyClick(composer.search, Qt.Key.Key_V, CONTROL)
            await until(lambda: len(composer.history.now.items) == 1)
            assert composer.search.text() == ""
            QApplication.clipboard().setText(f"file://{tmp_path}/b.mov\n{reel}/notes.txt")
            composer.tree.setFocus()
            QTest.keyClick(composer.tree, Qt.Key.Key_V, CONTROL)
            await until(lambda: len(composer.history.now.items) == 2)  # the notes are in the folder already
            QApplication.clipboard().setText("no path at all")
            QTest.keyClick(composer.tree, Qt.Key.Key_V, CONTROL)
            await until(lambda: "This is text" in desk.window.banner.text)

    gui(work)


def test_what_cannot_be_read_is_flagged_inside_folders(gui, qapp, node, reel, monkeypatch):
    """Rights do not bind the superuser that tests may run as, so the question is answered for it."""
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("graded") and real(path, mode))
    listed = [(os.path.basename(found.path), found.kind, found.closed) for found in disk.list_folder(str(reel))]
    assert listed == [("graded", Kind.UNREADABLE, True), ("notes.txt", Kind.FILE, False)]  # among the folders
    assert disk.find(str(reel / "graded")).closed

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            drop(desk.window, files(reel))
            await until(lambda: composer.history.now.items)
            model = composer.model
            composer.tree.expand(model.index(0, 0))
            await until(lambda: model.rowCount(model.index(0, 0)) == 2)
            notes = {model.index(row, NAME, model.index(0, 0)).data(): model.index(row, NOTE, model.index(0, 0)).data()
                     for row in range(2)}
            assert notes == {"graded": "you may not read this; left out", "notes.txt": ""}
            desk.compose.drop([str(reel / "graded")], None)
            composer.start()
            desk.compose.drop([str(reel / "graded")], None)
            await until(lambda: "you may not read this" in composer.card.note.text())
            assert not composer.send.isEnabled()

    gui(work)


def test_a_pattern_is_a_chip_that_takes_it_back(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            drop(desk.window, files(reel))
            await until(lambda: composer.counted and all(count.complete for count in composer.counted.values()))
            assert "2 files" in composer.card.text("goes")
            QTest.keyClicks(composer._goods.pattern, "*.exr")
            QTest.keyClick(composer._goods.pattern, Qt.Key.Key_Return)
            await until(lambda: "1 file" in composer.card.text("goes"))
            composer._goods._patterns.itemAt(0).widget().click()
            await until(lambda: "2 files" in composer.card.text("goes"))

    gui(work)


def test_what_was_put_together_and_not_sent_is_kept(gui, qapp, node, reel, tmp_path):
    """Whatever leads away from the composer: the bar has the way back, and later Undo has."""

    async def work():
        async with running(qapp, node.connect) as desk:
            window, composer = desk.window, desk.window.composer
            await until(lambda: desk.context.poller.destinations)
            drop(window, files(reel))
            await until(lambda: len(composer.history.now.items) == 1)
            rename(composer, "reel", "Reel 07")
            QTest.keyClick(composer.search, Qt.Key.Key_Escape)
            assert window.pages.currentWidget() is not composer
            assert window.banner.text == "Nothing was sent. What you have put together is kept."
            window.banner.passing.button.click()
            assert window.pages.currentWidget() is composer
            assert list(composer.history.now.mappings()) == ["Reel 07"]
            assert not window.banner.isVisible()
            window.show_all()  # now it is left for good
            drop(window, files(tmp_path / "b.mov"))
            await until(lambda: list(composer.history.now.mappings()) == ["b.mov"])
            composer.undo()
            composer.undo()
            assert list(composer.history.now.mappings()) == ["Reel 07"]
            assert composer.counted == {}
            await until(lambda: composer.counted and all(count.complete for count in composer.counted.values()))
            composer.list.step(1)
            composer.send.click()
            await until(lambda: called(node, "send.createTransfer"))
            assert list(called(node, "send.createManifest")[0]["mappings"]) == ["Reel 07"]
            await until(lambda: window.pages.currentWidget() is not composer)
            assert "Nothing was sent" not in window.banner.text
            desk.compose.open()
            assert composer.history.now.empty
            assert not composer.history.past

    gui(work)


def test_a_card_over_the_composer_takes_nothing_from_it(gui, qapp, node, reel, tmp_path):
    async def work():
        async with running(qapp, node.connect) as desk:
            window, composer = desk.window, desk.window.composer
            drop(window, files(reel))
            await until(lambda: len(composer.history.now.items) == 1)
            window.actions_.shortcuts.trigger()
            drop(window, files(tmp_path / "b.mov"))
            await until(lambda: list(composer.history.now.mappings()) == ["reel", "b.mov"])
            assert window.pages.currentWidget() is composer
            window.actions_.settings.trigger()
            window.close_card()
            assert window.pages.currentWidget() is composer
            assert window.banner.text == ""

    gui(work)


def test_a_drop_on_a_destination_while_composing_chooses_it(gui, qapp, node, reel, tmp_path):
    node.destinations["e"] = Destination(destination_id="e", destination_address="e.example", destination_port=8886,
                                         name="Studio E")

    async def work():
        async with running(qapp, node.connect) as desk:
            window, composer, sections = desk.window, desk.window.composer, desk.window.sidebar.list
            await until(lambda: len(desk.context.poller.destinations) == 2)
            drop(window, files(reel))
            await until(lambda: len(composer.history.now.items) == 1)
            composer.search.setText("something else")
            for id, path in (("e", tmp_path / "b.mov"), ("d", reel / "notes.txt")):
                place = sections.visualRect(sections.model().index(sections.model().row_of(id))).center()
                data = files(path)
                sections.dropEvent(QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data,
                                              Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))
                await until(lambda id=id: composer.list.current() is not None and composer.list.current().key == id)
            assert list(composer.history.now.mappings()) == ["reel", "b.mov"]

    gui(work)


def test_a_pattern_leaves_out_what_was_dropped_by_itself(gui, qapp, node, reel, tmp_path):
    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            await until(lambda: desk.context.poller.destinations)
            drop(desk.window, files(reel, tmp_path / "b.mov"))
            await until(lambda: len(composer.history.now.items) == 2)
            composer.list.step(1)
            composer._goods.pattern.setText("*.mov")
            composer._goods.pattern.returnPressed.emit()
            place = next(row for row in range(2) if composer.model.index(row, NAME).data() == "b.mov")
            assert composer.model.index(place, NOTE).data() == "left out"
            await until(lambda: composer.card.text("goes") == "2 files, 11 B")
            composer.send.click()
            await until(lambda: called(node, "send.createManifest"))
            assert called(node, "send.createManifest")[0]["mappings"] == {"reel": str(reel)}

    gui(work)


def test_what_becomes_of_links_is_said_and_counted(gui, qapp, node, reel, tmp_path):
    os.symlink(tmp_path / "b.mov", reel / "link.mov")

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            await until(lambda: desk.context.poller.destinations)
            drop(desk.window, files(reel))
            await until(lambda: composer.history.now.items)
            composer.list.step(1)
            await until(lambda: composer.card.text("goes") == "3 files, 16 B")
            composer.tree.expand(composer.model.index(0, NAME))
            inside = composer.model.index(0, NAME)
            await until(lambda: composer.model.rowCount(inside) == 3)
            row = next(n for n in range(3) if composer.model.index(n, NAME, inside).data() == "link.mov")
            for number, words, total in ((SYMLINK_IGNORE, "link, left out", "2 files, 11 B"),
                                         (SYMLINK_PRESERVE, "goes as a link", "2 files, 11 B"),
                                         (SYMLINK_FOLLOW, "link, its content goes", "3 files, 16 B")):
                composer.options.symlinks.setCurrentIndex(composer.options.symlinks.findData(number))
                assert composer.model.index(row, NOTE, inside).data() == words
                await until(lambda total=total: composer.card.text("goes") == total)

    gui(work)


def test_what_another_start_hands_over_leaves_the_keyboard_in_the_composer(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            window, composer = desk.window, desk.window.composer
            await until(lambda: desk.context.poller.destinations)
            desk.shell.asked([str(reel)])
            await until(lambda: composer.history.now.items)
            assert window.focusWidget() is composer.search
            composer.choose("d")
            composer.closed.emit()
            window.table.setFocus()
            desk.shell.asked([str(reel)])  # where to is remembered
            await until(lambda: window.focusWidget() is composer.send)

    gui(work)


def test_this_computer_comes_last_and_never_by_itself(gui, qapp, node, reel):
    node.destinations = {"me": Destination(destination_id="me", destination_address="localhost", destination_port=8886,
                                           name="This computer", last_used_time=9)}

    async def work():
        async with running(qapp, node.connect) as desk:
            window, composer = desk.window, desk.window.composer
            await until(lambda: desk.context.poller.destinations)
            drop(window, files(reel))
            await until(lambda: window.focusWidget() is composer.search)
            QTest.keyClick(composer.search, Qt.Key.Key_Return)
            assert composer.side.choice is None
            assert not composer.send.isEnabled()
            near = Near("u", "Studio B", "10.0.0.7", 8886, "ab" * 32)
            composer.set_near((near,))
            values = composer.list.values
            assert [values.index(row, 0).data() for row in range(values.rowCount())] == [
                "Studio B, nearby · 10.0.0.7", "This computer, localhost"]
            composer.search.setText("this comp")
            QTest.keyClick(composer.search, Qt.Key.Key_Return)
            assert composer.side.choice.key == "me"  # who asks for it gets it

    gui(work)


def test_where_nobody_looks_nobody_is_said_to_appear(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            words = desk.window.composer.list
            desk.near.allow(False)
            assert "switched off" in words.hint
            assert words.accessibleDescription() == words.hint
            desk.near._allowed = True
            desk.near._offer()
            assert "by themselves" in words.hint

    gui(work)
