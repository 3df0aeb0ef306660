"""What the eye wants: rooms that invite while they are empty, and nothing that moves when something else changes."""

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QIcon, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app.helpers.build import transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream.entities import Destination
from jetstream_desktop.models.roles import KEY
from jetstream_desktop.program import speak
from jetstream_desktop.state.basket import Found, Kind
from jetstream_desktop.state.filters import Column, Filter, Query, empty_words
from jetstream_desktop.views.dialogs import choose_files
from jetstream_desktop.views.widgets import SteadyTabs, button


def test_an_empty_composer_invites_and_says_what_is_missing(gui, qapp):
    async def work():
        async with running(qapp, MemoryNode().connect) as desk:
            composer = desk.window.composer
            desk.compose.open_empty()
            assert [made.text() for made in composer._goods._empty.findChildren(QPushButton) if made.isVisible()] == [
                "Choose files…", "Choose a folder…"]
            assert composer.send.text() == "Choose what to send"
            assert not composer.card.isVisible()
            assert not composer._goods.pattern.isVisible()
            assert "Type the address" in composer.list.hint
            composer.add([Found("/x/reel", Kind.FILE, 5)])
            await until(composer.tree.isVisible)
            assert composer.send.text() == "Choose where to send"
            assert composer._goods.pattern.isVisible()
            composer.undo()
            await until(composer._goods._empty.isVisible)

    gui(work)


def test_a_destination_is_chosen_without_leaving_the_search(gui, qapp):
    node = MemoryNode()
    for key, name in (("1", "Studio A"), ("2", "Studio B")):
        node.destinations[key] = Destination(destination_id=key, destination_address=f"{key}.example",
                                             destination_port=8886, name=name)

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            await until(lambda: len(desk.context.poller.destinations) == 2)
            desk.compose.open_empty()
            composer.add([Found("/x/reel", Kind.FILE, 5)])
            composer.search.setFocus()
            QTest.keyClicks(composer.search, "studio")
            names = [choice.title for choice in composer.list.values.values]
            QTest.keyClick(composer.search, Qt.Key.Key_Down)
            assert composer.list.current().title == names[0]
            QTest.keyClick(composer.search, Qt.Key.Key_Down)
            assert composer.list.current().title == names[1]
            QTest.keyClick(composer.search, Qt.Key.Key_Up)
            QTest.keyClick(composer.search, Qt.Key.Key_Return)
            assert composer.list.current().title == names[0]
            await until(composer.send.hasFocus)

    gui(work)


def test_every_empty_shelf_has_words():
    assert {empty_words(Query(shelf))[0] for shelf in Filter} >= {"Nothing is paused", "Nothing has come in yet"}
    assert empty_words(Query(search="reel"))[0] == "Nothing found for “reel”"
    assert empty_words(Query(destination_id="d"))[0] == "Nothing has been sent there yet"


def test_qt_s_own_words_are_german_too(qapp):
    translator = speak(qapp, "de")
    try:
        assert QKeySequence("Ctrl+K").toString(QKeySequence.SequenceFormat.NativeText) == "Strg+K"
        assert speak(qapp, "xx") is None
    finally:
        qapp.removeTranslator(translator)
        QLocale.setDefault(QLocale.system())


def test_in_little_room_the_table_keeps_rate_and_time(gui, qapp):
    node = MemoryNode()
    node.put(transfer(1))

    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            await until(lambda: len(desk.context.poller.rows) == 1)
            window.resize(800, 500)
            await until(lambda: window.table.isColumnHidden(Column.DONE))
            assert not window.table.horizontalScrollBar().isVisible()
            assert Column.DONE in window.table.columns.arrangement().shown
            window.resize(1200, 700)
            await until(lambda: not window.table.isColumnHidden(Column.DONE))

    gui(work)


def test_a_narrow_invitation_has_its_buttons_below_each_other(gui, qapp):
    async def work():
        async with running(qapp, MemoryNode().connect) as desk:
            desk.compose.open_empty()
            desk.window.resize(800, 500)
            empty = desk.window.composer._goods._empty
            await until(lambda: empty.width() < 320)
            await until(lambda: all(made.width() >= made.sizeHint().width() for made in empty._made))
            tops = [made.y() for made in empty._made]
            assert tops == sorted(set(tops))

    gui(work)


def test_tabs_do_not_move_when_another_one_is_chosen(qapp):
    tabs = SteadyTabs()
    for name in ("Overview", "Files", "Speed"):
        tabs.addTab(name)
    tabs.show()
    before = [tabs.tabRect(number) for number in range(3)]
    tabs.setCurrentIndex(2)
    assert [tabs.tabRect(number) for number in range(3)] == before
    tabs.deleteLater()


def test_an_icon_beside_a_text_keeps_its_distance(gui, qapp):
    async def work():
        async with running(qapp, MemoryNode().connect) as desk:
            made = button("Share", theme=desk.context.theme, icon="share")
            wide = made.icon().availableSizes(QIcon.Mode.Normal)[0]
            assert wide.width() > wide.height()
            made.deleteLater()

    gui(work)


def test_the_first_verb_keeps_its_colour_without_its_text(gui, qapp):
    async def work():
        async with running(qapp, MemoryNode().connect) as desk:
            desk.context.theme.set_appearance("light")
            send = desk.window.toolbar.send
            for width in (1200, 720):
                desk.window.resize(width, 500)
                await until(lambda size=width: desk.window.width() == size)
                image = send.grab().toImage()
                colours = [image.pixelColor(x, y).lightness()
                           for x in range(6, image.width() - 6) for y in range(6, image.height() - 6)]
                assert max(colours) > 240  # the white arrow on the accent
                assert min(colours) > 60  # and nothing dark

    gui(work)


def test_a_file_dialog_begins_at_home_and_then_where_the_last_one_was_left(gui, qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    other = tmp_path / "other"
    other.mkdir()

    async def work():
        async with running(qapp, MemoryNode().connect) as desk:
            first = choose_files(desk.window, "Choose", list)
            assert first.directory().absolutePath() == str(tmp_path)
            first.setDirectory(str(other))
            first.accepted.emit()
            first.close()
            second = choose_files(desk.window, "Choose", list)
            assert second.directory().absolutePath() == str(other)
            second.close()

    gui(work)


def test_in_a_very_small_window_the_sidebar_shows_icons(gui, qapp):
    node = MemoryNode()
    node.put(transfer(1))

    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            await until(lambda: len(desk.context.poller.rows) == 1)
            window.resize(1100, 700)
            await until(lambda: window.sidebar.width() > 200)
            assert window.status._space.isVisible()
            window.resize(640, 372)
            await until(lambda: window.sidebar.width() < 60)
            assert not window.status._space.isVisible()
            assert not window.status._state.isVisible()
            sections = window.sidebar.list
            assert sections.sizeHintForRow(0) < 40
            QTest.mouseClick(sections.viewport(), Qt.MouseButton.LeftButton,
                             pos=sections.visualRect(sections.model().index(1)).center())
            assert window.table.model().query.shelf.value == sections.model().index(1).data(KEY)
            window.resize(1100, 700)
            await until(lambda: window.sidebar.width() > 200 and window.status._state.isVisible())

    gui(work)


def test_a_limit_that_somebody_else_has_set_is_shown_with_the_next_look(gui, qapp):
    node = MemoryNode()

    async def work():
        async with running(qapp, node.connect) as desk:
            limit = desk.window.status._limit
            await until(limit.isVisible)
            assert limit.text() == "No limit"
            node.limit = 80_000
            desk.pace.look_again()
            await until(lambda: limit.text() == "Limit 10.0 MB/s")

    gui(work)
