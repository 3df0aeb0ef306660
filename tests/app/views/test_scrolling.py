"""Scroll bars come and go over the edge of a list, and nothing in it moves for them."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.helpers.build import transfer
from app.helpers.memory_node import knowing_studio_b
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream.entities import Manifest, Token
from jetstream_desktop.state.basket import Found, Kind
from jetstream_desktop.state.filters import Column
from jetstream_desktop.views.details import FILES
from jetstream_desktop.views.scrolling import EdgeBar

MANY = 60


@pytest.fixture
def node():
    made = knowing_studio_b()
    made.put(transfer(1))
    return made


def bar_of(view):
    (bar,) = [child for child in view.findChildren(EdgeBar) if child.parent() is view]
    return bar


def widths(header):
    return [header.sectionSize(place) for place in range(header.count())]


def fill(node):
    for number in range(2, MANY):
        node.put(transfer(number, status="complete", processing=False))


def empty(node):
    for number in range(2, MANY):
        node.cursor += 1
        node.gone.append((type(node.transfers["1"]), str(number), node.cursor))
        del node.transfers[str(number)]


@pytest.mark.parametrize("size", [(1280, 800), (800, 500), (640, 372)])
def test_no_column_of_the_table_moves_when_rows_come_and_go(gui, qapp, node, size):
    async def work():
        async with running(qapp, node.connect) as desk:
            table = desk.window.table
            desk.window.resize(*size)
            await until(lambda: len(desk.context.poller.rows) == 1)
            bar, before = bar_of(table), widths(table.horizontalHeader())
            assert not bar.isVisible()
            room = table.viewport().width()
            fill(node)
            desk.context.poller.soon()
            await until(bar.isVisible)
            assert widths(table.horizontalHeader()) == before
            assert table.viewport().width() == room
            empty(node)
            desk.context.poller.soon()
            await until(lambda: not bar.isVisible())
            assert widths(table.horizontalHeader()) == before

    gui(work)


def test_the_bar_moves_the_table_and_the_table_the_bar(gui, qapp, node):
    fill(node)

    async def work():
        async with running(qapp, node.connect) as desk:
            table = desk.window.table
            await until(lambda: len(desk.context.poller.rows) == MANY - 1)
            bar = bar_of(table)
            await until(bar.isVisible)
            assert bar.geometry().right() == table.viewport().geometry().right()
            assert bar.geometry().top() == table.viewport().geometry().top()
            assert bar.height() == table.viewport().height()
            table.scrollToBottom()
            assert bar.value() == bar.maximum() > 0
            bar.setValue(0)
            assert table.rowAt(0) == 0
            QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(5, bar.height() - 20))
            assert table.rowAt(0) > 0
            now = bar.value()
            place = QPointF(5, 50)
            wheel = QWheelEvent(place, bar.mapToGlobal(place), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
                                Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
            QApplication.sendEvent(bar, wheel)
            assert bar.value() > now
            desk.window.resize(1000, 600)
            await until(lambda: bar.geometry().right() == table.viewport().geometry().right())
            assert bar.height() == table.viewport().height()

    gui(work)


def test_the_bar_covers_nothing_that_is_read(gui, qapp, node):
    """The figures of the last column end before it, whichever that is."""
    fill(node)

    async def work():
        async with running(qapp, node.connect) as desk:
            table = desk.window.table
            await until(lambda: len(desk.context.poller.rows) == MANY - 1)
            header = table.horizontalHeader()
            desk.window.resize(1280, 800)
            await until(lambda: not table.isColumnHidden(Column.ADDED))
            assert table._delegate.last == Column.ADDED
            header.moveSection(header.visualIndex(Column.RATE), header.count() - 1)
            assert table._delegate.last == Column.RATE
            desk.window.resize(800, 500)
            await until(lambda: table.isColumnHidden(Column.ADDED))
            assert table._delegate.last == Column.RATE
            shown = [column for column in Column if not table.isColumnHidden(column)]
            assert sum(table.columnWidth(column) for column in shown) == table.viewport().width()

    gui(work)


def test_from_right_to_left_the_bar_is_at_the_left(gui, qapp, node, mirrored):
    fill(node)

    async def work():
        async with running(qapp, node.connect) as desk:
            table = desk.window.table
            bar = bar_of(table)
            await until(bar.isVisible)
            assert bar.geometry().left() == table.viewport().geometry().left()

    gui(work)


def test_neither_do_columns_of_other_lists(gui, qapp, node):
    node.manifests["m"] = Manifest(manifest_id="m", status="complete", processing=False, label="Reel")

    def tokens(number):
        return [Token(token=f"T{n}", manifest_id="m", description=f"Reel {n}", creation_time=n)
                for n in range(number)]

    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            window.resize(1000, 600)
            await until(lambda: len(desk.context.poller.rows) == 1)
            page, composer = desk.share.page, window.composer
            window.show_page(page)
            page.show_tokens(tokens(1), {})
            await steady(page.table, lambda: page.show_tokens(tokens(MANY), {}))
            desk.compose.open("d")
            composer.add([Found("/x/a", Kind.FILE, 5)])
            await steady(composer.tree, lambda: composer.add(
                [Found(f"/x/{n}", Kind.FILE, 5) for n in range(MANY)]))
            window.show_all()
            window.table.select_key("s1")
            window.details.tabs.setCurrentIndex(FILES)
            table = window.details.files.table
            table.setColumnHidden(1, False)
            await until(lambda: table.model().rowCount() == 500)
            with_bar = widths(table.horizontalHeader())
            window.details.files.search.setText("0007")
            await until(lambda: table.model().rowCount() == 1)
            await until(lambda: not bar_of(table).isVisible())
            assert widths(table.horizontalHeader()) == with_bar

    async def steady(view, fill_up):
        header = view.horizontalHeader() if hasattr(view, "horizontalHeader") else view.header()
        bar = bar_of(view)
        await until(lambda: view.isVisible() and view.model().rowCount() == 1)
        assert not bar.isVisible()
        before = widths(header)
        fill_up()
        await until(bar.isVisible)
        assert widths(header) == before

    gui(work)


def test_rows_go_on_to_the_edge_where_the_columns_end_before_it(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            table = desk.window.table
            await until(lambda: len(desk.context.poller.rows) == 1)
            table.setColumnWidth(Column.STATUS, 60)
            table.select_key("s1")
            used = table.horizontalHeader().length()
            assert used < table.viewport().width() - 20
            picture = table.viewport().grab().toImage()
            wash = desk.context.theme.colour("wash")
            assert picture.pixelColor(table.viewport().width() - 5, 20) == wash
            assert picture.pixelColor(used + 2, 20) == wash
            assert picture.pixelColor(used + 2, 300) != wash

    gui(work)
