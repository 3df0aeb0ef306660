"""Everything by keyboard alone: every command by its key or through menus, every control by Tab."""

import asyncio

import pytest
from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QAction, QContextMenuEvent, QDesktopServices, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QButtonGroup,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QTabBar,
    QToolButton,
)

from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from app.views.surfaces import book, composer, furnished, surfaces, table, visible
from app.views.test_accessible import inner, name_of
from jetstream_desktop.models.roles import SNAPSHOT
from jetstream_desktop.models.sidebar import EntryKind
from jetstream_desktop.state.connection import Connected
from jetstream_desktop.state.filters import Filter
from jetstream_desktop.state.rows import Group
from jetstream_desktop.views.about import AboutCard, ShortcutsCard
from jetstream_desktop.views.allowed import AllowedCard
from jetstream_desktop.views.get import GetCard
from jetstream_desktop.views.graph import SpeedGraph
from jetstream_desktop.views.node_card import NodeCard
from jetstream_desktop.views.settings_card import SettingsCard, WeekGrid
from jetstream_desktop.views.share import ShareCard

KINDS = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QAbstractItemView, QTabBar, SpeedGraph, WeekGrid)


def key(window, code):
    """A key for whatever has the focus."""
    QTest.keyClick(QApplication.focusWidget() or window, code)


async def context_menu(window):
    """The menu key, which becomes this event in Qt's plug-ins for real displays."""
    focus = QApplication.focusWidget()
    place = focus.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle).center()
    reason = QContextMenuEvent.Reason.Keyboard
    QApplication.sendEvent(focus, QContextMenuEvent(reason, place, focus.mapToGlobal(place)))
    return await until(lambda: next((m for m in window.findChildren(QMenu) if m.isVisible()), None), "context menu")


def way(menu, action):
    """The menus from *menu* down to the one that has *action*."""
    for one in menu.actions():
        if one is action:
            return [menu]
        if one.menu() is not None and (found := way(one.menu(), action)):
            return [menu, *found]
    return []


async def go(menu, action):
    """Down to the action and Return, through submenus."""
    menus = way(menu, action)
    for number, here in enumerate(menus):
        await until(here.isVisible)
        last = number == len(menus) - 1
        wanted = action if last else menus[number + 1].menuAction()
        for _ in range(60):
            if here.activeAction() is wanted:
                break
            QTest.keyClick(here, Qt.Key.Key_Down)
        assert here.activeAction() is wanted, (action.text(), [one.text() for one in here.actions()])
        QTest.keyClick(here, Qt.Key.Key_Return if last else Qt.Key.Key_Right)


async def press(desk, action):
    """Reach *action* as the keyboard does: its key, else the menu of the row, else the menu in the toolbar."""
    window = desk.window
    window.activateWindow()
    if not action.shortcut().isEmpty():
        QTest.keySequence(window, action.shortcut())
        return "key"
    window.table.setFocus()
    menu = await context_menu(window)
    if way(menu, action):
        await go(menu, action)
        return "row menu"
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    await open_menu(window, window.toolbar.more)
    await go(window.toolbar.more.menu(), action)
    return "menu"


async def open_menu(window, owner):
    """Space on a button with a menu. Qt runs a loop of its own meanwhile, and a task that is woken inside another one
    is lost: no task may be the one that presses.
    """
    owner.setFocus()
    QTimer.singleShot(0, window, lambda: QTest.keyClick(owner, Qt.Key.Key_Space))
    await until(owner.menu().isVisible)


def close_menus():
    """A menu that stays open would keep Qt's loop of its own."""
    while (menu := QApplication.activePopupWidget()) is not None:
        menu.close()


def group(desk, row):
    return desk.context.poller.rows[row].group


def called(node, name):
    return [params for called_name, params in node.calls if called_name == name]


def shown(kind):
    return lambda desk, _node: isinstance(desk.window.card, kind)


def clipboard(part):
    return lambda _desk, _node: part in QApplication.clipboard().text()


EFFECTS = {
    "send_files": ("s1", lambda desk, _node: desk.window.findChildren(QFileDialog)),
    "send_folder": ("s1", lambda desk, _node: desk.window.findChildren(QFileDialog)),
    "get": ("s1", shown(GetCard)),
    "share": ("s1", shown(ShareCard)),
    "share_row": ("s1", shown(ShareCard)),
    "pause": ("s1", lambda desk, _node: group(desk, "s1") is Group.PAUSED),
    "resume": ("s2", lambda desk, _node: group(desk, "s2") is Group.ACTIVE),
    "retry": ("s3", lambda desk, _node: group(desk, "s3") is Group.ACTIVE),
    "remove": ("s3", lambda desk, _node: desk.window.table.model().place("s3") is None),
    "cancel": ("s1", lambda desk, _node: group(desk, "s1") is Group.DONE),
    "show_in_folder": ("r4", lambda desk, _node: "No file manager" in desk.window.banner.text or FOLDERS),
    "verify": ("r4", lambda _desk, node: called(node, "recv.verifyTransfer")),
    "copy_name": ("s1", clipboard("Reel 1")),
    "copy_path": ("r4", clipboard("/home/me/JetStream")),
    "copy_error": ("s3", clipboard("Disk full")),
    "copy_python": ("s1", clipboard("from jetstream import JetStream")),
    "copy_command": ("s1", clipboard("jetstream send")),
    "pause_all": ("s1", lambda desk, _node: group(desk, "s1") is Group.PAUSED),
    "resume_all": ("s1", lambda desk, _node: group(desk, "s2") is Group.ACTIVE),
    "remove_done": ("s1", lambda desk, _node: desk.window.table.model().place("r4") is None),
    "search": ("s1", lambda desk, _node: desk.window.toolbar.search.hasFocus()),
    "connect_node": ("s1", shown(NodeCard)),
    "allowed": ("s1", shown(AllowedCard)),
    "settings": ("s1", shown(SettingsCard)),
    "first_run": ("s1", lambda desk, _node: desk.window.welcome.isVisible()),
    "check_node": ("s1", lambda _desk, node: called(node, "server.getDiagnostics")),
    "shortcuts": ("s1", shown(ShortcutsCard)),
    "about": ("s1", shown(AboutCard)),
    "quit": ("s1", lambda _desk, _node: QUITS),
    "pauses": ("s1", lambda desk, _node: group(desk, "s1") is Group.PAUSED),
    "limits": ("s1", lambda _desk, node: called(node, "send.updateTransfer")),
    "priorities": ("s1", lambda _desk, node: called(node, "send.updateTransfer")),
    "policies": ("s1", lambda _desk, node: called(node, "send.updateTransfer")),
    "this_computer": ("s1", None),
}
"""For every command a row that it can be used on, and what tells that it was done."""
FOLDERS, QUITS = [], []


def commands(actions):
    for name, value in vars(actions).items():
        if isinstance(value, QAction):
            yield name, value
        elif isinstance(value, list) and value and isinstance(value[0], QAction):
            for action in value:
                yield name, action


def test_every_command_is_listed_here(gui, qapp):
    node = furnished()

    async def work():
        async with running(qapp, node.connect) as desk:
            assert {name for name, _ in commands(desk.window.actions_)} == set(EFFECTS)

    gui(work)


@pytest.mark.parametrize("name", sorted(set(EFFECTS) - {"this_computer"}))
def test_every_command_does_its_work_by_keyboard(gui, qapp, name):
    row, done = EFFECTS[name]
    FOLDERS.clear()
    QUITS.clear()

    async def one(place):
        node = furnished()
        node.manifests["m"] = node.manifests["m"].__class__(
            manifest_id="m", status="complete", processing=False, user_data={"mappings": {"a": "/x/a"}})
        async with running(qapp, node.connect) as desk:
            await table(desk)
            desk.shell.quit_wanted.connect(lambda: QUITS.append(True))
            action = [action for found, action in commands(desk.window.actions_) if found == name][place]
            desk.window.table.select_key(row)
            QApplication.clipboard().setText("nothing yet")
            assert not done(desk, node)
            try:
                await press(desk, action)
            finally:
                close_menus()
            await until(lambda: done(desk, node), action.text())
            for dialog in desk.window.findChildren(QFileDialog):
                dialog.reject()

    class Opener(QObject):
        @Slot(QUrl)
        def open(self, url):
            FOLDERS.append(url)

    opener = Opener()
    QDesktopServices.setUrlHandler("file", opener, "open")
    try:
        number = {"pauses": 3, "policies": 2, "priorities": 3}.get(name, 1)
        for place in range(number):
            gui(lambda place=place: one(place))
    finally:
        QDesktopServices.unsetUrlHandler("file")


def test_keys_are_unique_and_listed(gui, qapp):
    node = furnished()

    async def work():
        async with running(qapp, node.connect) as desk:
            keys = [action.shortcut().toString() for _, action in commands(desk.window.actions_)
                    if not action.shortcut().isEmpty()]
            assert len(keys) == len(set(keys))
            desk.window.actions_.shortcuts.trigger()
            listed = {label.text() for label in visible(desk.window.card, QLabel)}
            native = {QKeySequence(text).toString(QKeySequence.SequenceFormat.NativeText) for text in keys}
            assert native <= listed

    gui(work)


def reached(window, start):
    """Everything that Tab comes to until it is where it was."""
    start.setFocus()
    found = [start]
    for _ in range(150):
        key(window, Qt.Key.Key_Tab)
        here = QApplication.focusWidget()
        if here is start and len(found) > 1:
            break
        if here not in found:
            found.append(here)
    return found


def by_tab(control, found):
    """Tab comes to it, or to another of its group in which the arrows go on."""
    if control in found or control.focusProxy() in found:
        return True
    group = control.group() if isinstance(control, QAbstractButton) else None
    return isinstance(group, QButtonGroup) and group.exclusive() and any(one in found for one in group.buttons())


def test_tab_comes_to_every_control_of_every_page(gui, qapp, tmp_path):
    (tmp_path / "reel" / "a").mkdir(parents=True)
    (tmp_path / "reel" / "b.tmp").write_bytes(b"x")
    node = furnished()

    async def work():
        async with running(qapp, node.connect) as desk:
            window, missed = desk.window, []
            window.activateWindow()
            await until(window.isActiveWindow)
            for page, show in surfaces(desk, node, tmp_path / "reel"):
                await show()
                await asyncio.sleep(0)
                controls = [c for c in visible(window, KINDS) if c.isEnabled() and not inner(c)]
                found = reached(window, QApplication.focusWidget() or window.table)
                missed += [(page, type(c).__name__, name_of(c)) for c in controls if not by_tab(c, found)]
            assert missed == []

    gui(work)


def test_the_sidebar_by_arrows(gui, qapp):
    """Every section can be walked through; Return goes into the page, and the menu of a destination is its own."""
    node = furnished()

    async def work():
        async with running(qapp, node.connect) as desk:
            await table(desk)
            window, sections = desk.window, desk.window.sidebar.list
            window.activateWindow()
            sections.setFocus()
            seen = [window.table.model().query.shelf]
            for _ in range(20):
                key(window, Qt.Key.Key_Down)
                assert sections.hasFocus()
                seen.append(window.table.model().query.shelf)
            assert set(seen) == set(Filter)
            while sections.currentIndex().data(SNAPSHOT).kind is not EntryKind.DESTINATION:
                key(window, Qt.Key.Key_Up)
            name = sections.currentIndex().data(SNAPSHOT).text
            menu = await context_menu(window)
            await go(menu, next(action for action in menu.actions() if action.text() == "Edit…"))
            await until(lambda: window.card is not None)
            assert window.card.name.text() == name
            key(window, Qt.Key.Key_Escape)
            await until(lambda: window.card is None)
            sections.setFocus()
            sections.setCurrentIndex(sections.model().index(sections.model().row_of(Filter.FAILED.value)))
            key(window, Qt.Key.Key_Return)
            assert window.table.hasFocus()

    gui(work)


def entry(menu, text):
    return next(action for action in menu.actions() if action.text() == text)


@pytest.mark.parametrize(("text", "told"), [
    ("Send…", lambda desk, node: desk.window.pages.currentWidget() is desk.window.composer),
    ("Test", lambda desk, node: called(node, "send.testDestinationAsync")),
    ("Edit…", lambda desk, node: desk.window.card is not None and desk.window.card.name.text() == "Studio D"),
    ("Duplicate", lambda desk, node: desk.window.card is not None
        and desk.window.card.name.text() == "Studio D (copy)"),
    ("Copy link", lambda desk, node: QApplication.clipboard().text().startswith("jetstream://d.example")),
    ("Export to a file…", lambda desk, node: desk.window.findChildren(QFileDialog)),
    ("Remove", lambda desk, node: called(node, "send.deleteDestination")),
])
def test_the_menu_of_a_destination(gui, qapp, text, told):
    node = furnished()

    async def work():
        async with running(qapp, node.connect) as desk:
            await book(desk)
            desk.window.activateWindow()
            desk.book.page.tree.setFocus()
            QApplication.clipboard().setText("nothing yet")
            assert not told(desk, node)
            menu = await context_menu(desk.window)
            await go(menu, entry(menu, text))
            await until(lambda: told(desk, node))
            for dialog in desk.window.findChildren(QFileDialog):
                dialog.reject()

    gui(work)


def test_the_menus_behind_buttons(gui, qapp, tmp_path):
    """Of the composer and of the address book."""
    (tmp_path / "a").write_text("a")
    node = furnished()

    async def opened(desk, owner, text, told):
        try:
            await open_menu(desk.window, owner)
            await go(owner.menu(), entry(owner.menu(), text))
        finally:
            close_menus()
        await until(lambda: told(desk))
        for dialog in desk.window.findChildren(QFileDialog):
            dialog.reject()
        await until(lambda: not desk.window.findChildren(QFileDialog))

    def dialog(desk):
        return desk.window.findChildren(QFileDialog)

    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            window.activateWindow()
            await composer(desk, tmp_path / "a")
            add = next(b for b in visible(window.composer, QToolButton) if b.text() == "Add…")
            await opened(desk, add, "Files…", dialog)
            await opened(desk, add, "Folder…", dialog)
            QApplication.clipboard().setText("rubbish")
            await opened(desk, add, "Paste", lambda desk: "This is text" in window.banner.text)
            await book(desk)
            more = desk.book.page.more
            await opened(desk, more, "Import from a file…", dialog)
            await opened(desk, more, "Export to a file…", dialog)
            QApplication.clipboard().setText("jetstream://lab.example/connect?name=Lab")
            await opened(desk, more, "Paste a link or an address",
                         lambda desk: window.card is not None and window.card.name.text() == "Lab")

    gui(work)


def test_enter_in_a_field_of_a_card_and_on_a_button(gui, qapp):
    """Enter presses what the card is for, and the button that has the focus, whatever kind it is."""
    node = MemoryNode()

    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            await until(lambda: isinstance(desk.context.session.status, Connected))
            desk.book.edit(None)
            card = window.card
            card.address.setFocus()
            QTest.keyClick(card.address, Qt.Key.Key_Return)
            assert window.card is card  # there is nothing to save yet
            card.address.setText("b.example")
            card.port.setFocus()
            QTest.keyClick(card.port, Qt.Key.Key_Enter)
            await until(lambda: [one.destination_address for one in node.destinations.values()] == ["b.example"])
            desk.book.edit(None)
            card = window.card
            card.test.setFocus()
            QTest.keyClick(card.test, Qt.Key.Key_Return)
            assert window.card is card
            cancel = next(one for one in card.findChildren(QPushButton) if one.text() == "Cancel")
            cancel.setFocus()
            QTest.keyClick(cancel, Qt.Key.Key_Return)
            assert window.card is None
            desk.context.say("Something.")
            window.banner.passing.close_button.setFocus()
            assert isinstance(window.banner.passing.close_button, QToolButton)
            QTest.keyClick(window.banner.passing.close_button, Qt.Key.Key_Return)
            assert not window.banner.isVisible()

    gui(work)


def marked(view, row, parent=None):
    """Whether the stroke of the focus stands at the beginning of a row."""
    index = view.model().index(row, 0) if parent is None else view.model().index(row, 0, parent)
    area = view.visualRect(index)
    colour = view.viewport().grab().toImage().pixelColor(area.left() + 1, area.center().y())
    return colour.name() == view._theme.colour("accent").name()


def test_the_row_that_the_keyboard_is_in_is_always_seen(gui, qapp, tmp_path):
    """Also where nothing is selected, and where Ctrl moves on without selecting."""
    (tmp_path / "reel").mkdir()
    node = furnished()

    async def work():
        async with running(qapp, node.connect) as desk:
            window, table = desk.window, desk.window.table
            await until(lambda: table.model().rowCount() == 4)
            window.activateWindow()
            await until(window.isActiveWindow)
            window.toolbar.search.setFocus()
            assert not any(marked(table, row) for row in range(4))
            table.setFocus(Qt.FocusReason.TabFocusReason)
            assert [marked(table, row) for row in range(4)] == [True, False, False, False]
            QTest.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
            QTest.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
            assert [marked(table, row) for row in range(4)] == [False, False, True, False]
            assert table.selected_keys() == []
            QTest.keyClick(table, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
            assert len(table.selected_keys()) == 1
            desk.compose.drop([str(tmp_path / "reel")], None)
            tree = window.composer.tree
            await until(lambda: tree.model().rowCount() == 1)
            assert not marked(tree, 0)
            tree.setFocus(Qt.FocusReason.TabFocusReason)
            assert marked(tree, 0)
            await until(lambda: desk.context.poller.destinations)
            window.show_page(desk.book.page)
            tree = desk.book.page.tree
            await until(lambda: tree.model().rowCount())
            tree.setFocus(Qt.FocusReason.TabFocusReason)
            assert marked(tree, 0)

    gui(work)
