"""Whoever cannot see the window hears what everything in it is."""

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QTabBar,
)

from app.helpers.running import running
from app.helpers.waiting import until
from app.views.surfaces import furnished, surfaces, visible
from jetstream_desktop.views.graph import SpeedGraph
from jetstream_desktop.views.qr import QrCode
from jetstream_desktop.views.settings_card import WeekGrid
from jetstream_desktop.views.widgets import Chips

KINDS = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QAbstractItemView, QTabBar, SpeedGraph, QrCode,
         WeekGrid, Chips)

DIRECT = Qt.FindChildOption.FindDirectChildrenOnly


def name_of(control):
    """What a screen reader says: the name, else the text of a button."""
    return control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")


def inner(control):
    """Parts of other controls, which speak for them: fields of boxes, lists of boxes, icons in fields."""
    above = control.parentWidget()
    return isinstance(above, QAbstractSpinBox | QComboBox | QLineEdit) or (
        above is not None and isinstance(above.parentWidget(), QComboBox)) or type(control).__name__ == "QHeaderView"


def test_every_visible_control_of_every_page_has_a_name(gui, qapp, tmp_path):
    (tmp_path / "reel" / "a").mkdir(parents=True)
    (tmp_path / "reel" / "b.tmp").write_bytes(b"x")
    node = furnished()

    async def work():
        async with running(qapp, node.connect) as desk:
            seen, nameless = 0, []
            for page, show in surfaces(desk, node, tmp_path / "reel"):
                await show()
                await asyncio.sleep(0)
                for control in visible(desk.window, KINDS):
                    if inner(control):
                        continue
                    seen += 1
                    if isinstance(control, QComboBox):  # on Linux Qt names a list by its label alone
                        beside = control.parentWidget().findChildren(QLabel, options=DIRECT)
                        assert control.accessibleName() in [one.text() for one in beside if one.buddy() is control]
                    if not name_of(control).strip():
                        nameless.append((page, type(control).__name__, type(control.parentWidget()).__name__))
            assert nameless == []
            assert seen > 300

    gui(work)


def heard(view, place=0, parent=None):
    """What is said when the arrows come to a row."""
    index = view.model().index(place, 0) if parent is None else view.model().index(place, 0, parent)
    return index.data(Qt.ItemDataRole.AccessibleTextRole)


def test_the_first_cell_of_every_list_says_the_whole_row(gui, qapp, tmp_path):
    (tmp_path / "reel").mkdir()
    (tmp_path / "reel" / "b.tmp").write_bytes(b"x")
    node = furnished()

    async def work():
        async with running(qapp, node.connect) as desk:
            window, composer = desk.window, desk.window.composer
            desk.compose.drop([str(tmp_path / "reel"), str(tmp_path / "gone.mov")], None)
            await until(lambda: any(count.complete for count in composer.counted.values()))
            assert {heard(composer.tree, 0), heard(composer.tree, 1)} == {
                "reel, 1 file · 1 B", "gone.mov, is not there any more"}
            composer.rename("reel", "Reel 07")
            assert "reel, goes as Reel 07, 1 file · 1 B, renamed" in (heard(composer.tree, 0), heard(composer.tree, 1))
            window.show_page(desk.book.page)
            await until(lambda: desk.book.page.tree.model().rowCount())
            tree = desk.book.page.tree
            assert heard(tree, 0, tree.model().index(0, 0)).startswith("Studio D, d.example, reachable, last used: ")
            window.show_page(desk.share.page)
            await until(lambda: desk.share.page.table.model().rowCount())
            table = desk.share.page.table
            assert all(table.model().index(0, column).data() in heard(table)
                       for column in range(table.model().columnCount()))

    gui(work)


def test_a_token_is_read_out_and_rates_have_words(gui, qapp):
    node = furnished()

    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            window.show_page(desk.share.page)
            await until(lambda: desk.share.page.table.model().rowCount())
            desk.share.page.table.selectAll()
            desk.share.page._open()
            assert window.card.token.accessibleName() == f"Token: {window.card.token.text()}"
            await until(lambda: window.status._up.accessibleName() == "Sending 0 B/s")
            assert window.status._limit.accessibleName() == "Speed limit of this node: No limit"
            assert QAccessible.queryAccessibleInterface(window.card.token).text(QAccessible.Text.Name) == "Token: T"

    gui(work)
