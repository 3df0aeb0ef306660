"""The columns of the table: chosen, moved, sorted, and as they were at the next start."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton

from app.helpers.build import transfer
from app.helpers.memory_node import knowing_studio_b
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream_desktop.models.roles import KEY
from jetstream_desktop.state.filters import Column


@pytest.fixture
def node():
    made = knowing_studio_b()
    for number, total in ((1, 500), (2, 9000), (3, 40)):
        made.put(transfer(number, total_bytes=total, bytes_acked=0))
    return made


def keys(desk):
    model = desk.window.table.model()
    return [model.index(row, 0).data(KEY) for row in range(model.rowCount())]


def action(actions, column):
    return next(one for one in actions if one.data() == column)


def test_chosen_moved_and_sorted_columns_are_there_at_the_next_start(gui, qapp, node):
    async def first():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(keys(desk)) == 3)
            table = desk.window.table
            assert table.isColumnHidden(Column.OTHER)
            action(table.columns.choices, Column.OTHER).trigger()
            action(table.columns.choices, Column.DIRECTION).trigger()
            header = table.horizontalHeader()
            header.moveSection(header.visualIndex(Column.STATUS), 0)
            header.sectionClicked.emit(Column.DONE)
            assert keys(desk) == ["s2", "s1", "s3"]
            assert table.model().index(0, Column.OTHER).data() == "Studio B"

    async def second():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(keys(desk)) == 3)
            table = desk.window.table
            assert not table.isColumnHidden(Column.OTHER)
            assert table.isColumnHidden(Column.DIRECTION)
            assert table.horizontalHeader().logicalIndex(0) == Column.STATUS
            assert keys(desk) == ["s2", "s1", "s3"]
            assert table.horizontalHeader().isSortIndicatorShown()
            assert not table.columns.own_widths
            table.horizontalHeader().resizeSection(Column.NAME, 321)

    async def third():
        async with running(qapp, node.connect) as desk:
            desk.window.resize(1100, 700)
            assert desk.window.table.columnWidth(Column.NAME) == 321

    for work in (first, second, third):
        gui(work)


def test_nine_columns_at_first_and_fewer_in_a_small_window(gui, qapp, node):
    node.move("1", average_rate=800_000, request_time=1_732_600_000_000_000)

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(keys(desk)) == 3)
            table = desk.window.table
            desk.window.resize(1280, 800)
            await until(lambda: not table.isColumnHidden(Column.ADDED))
            shown = [column for column in Column if not table.isColumnHidden(column)]
            assert len(shown) == 9
            assert sum(table.columnWidth(column) for column in shown) <= table.viewport().width()
            widths = [table.columnWidth(column) for column in Column]
            index = table.model().index(keys(desk).index("s1"), Column.ADDED)
            assert "Nov, " in index.data()
            assert table.model().index(index.row(), Column.AVERAGE).data() == "100 MB/s"
            node.move("1", rate=99_999_999, bytes_acked=777)
            await until(lambda: table.model().index(index.row(), Column.DONE).data() != "100 of 500 B")
            assert [table.columnWidth(column) for column in Column] == widths
            desk.window.resize(800, 500)
            await until(lambda: table.isColumnHidden(Column.ADDED))
            choice = action(table.columns.choices, Column.ADDED)
            assert choice.isChecked()
            assert choice.text() == "Added (in a wider window)"
            desk.window.resize(1280, 800)
            await until(lambda: choice.text() == "Added")

    gui(work)


def test_a_click_sorts_twice_and_then_no_more(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(keys(desk)) == 3)
            desk.window.resize(1200, 700)
            await until(lambda: not desk.window.table.isColumnHidden(Column.DONE))
            header, natural = desk.window.table.horizontalHeader(), keys(desk)
            place = QPoint(header.sectionViewportPosition(Column.DONE) + 20, 10)
            for expected in (["s2", "s1", "s3"], ["s3", "s1", "s2"], natural):
                QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
                assert keys(desk) == expected

    gui(work)


def test_the_menus_do_what_the_header_does(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(keys(desk)) == 3)
            natural = keys(desk)
            menus = {menu.title(): menu for menu in desk.window.toolbar.more.menu().findChildren(QMenu)}
            menus |= {menu.title(): menu for menu in desk.window.toolbar.findChildren(QMenu)}
            sorts = menus["Sort by"].actions()
            action(sorts, Column.DONE).trigger()
            assert keys(desk) == ["s2", "s1", "s3"]
            action(sorts, Column.DONE).trigger()
            assert keys(desk) == ["s3", "s1", "s2"]
            assert action(sorts, Column.DONE).isChecked()
            sorts[0].trigger()
            assert keys(desk) == natural
            action(menus["Columns"].actions(), Column.RATE).trigger()
            assert desk.window.table.isColumnHidden(Column.RATE)
            assert not action(menus["Columns"].actions(), Column.NAME).isEnabled()

    gui(work)


def test_in_a_window_from_right_to_left_what_is_done_is_one_piece(gui, qapp, node, mirrored):
    node.put(transfer(4, total_bytes=40_000_000_000, bytes_acked=31_000_000_000))

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(keys(desk)) == 4)
            model = desk.window.table.model()
            texts = [model.index(row, Column.DONE).data() for row in range(4)]
            assert "\u206831.0 of 40.0 GB\u2069" in texts
            added = model.index(0, Column.ADDED).data()
            assert (added[0], added[-1]) == ("\u2068", "\u2069")
            desk.window.table.select_key("s4")
            desk.window.actions_.share.trigger()
            chips = [made.text() for made in desk.window.card.form.until.findChildren(QPushButton)]
            assert "\u20681 day\u2069" in chips

    gui(work)


def test_columns_are_brought_back_as_they_were_at_first(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(keys(desk)) == 3)
            desk.window.resize(1000, 700)
            table = desk.window.table
            menu = table.columns.menus(desk.window)[0]
            menu.aboutToShow.emit()
            assert not table.columns.reset.isEnabled()  # it would do nothing
            table.columns.sort(Column.NAME)
            table.horizontalHeader().resizeSection(Column.NAME, 900)
            table.horizontalHeader().moveSection(0, 4)
            assert table.horizontalScrollBar().maximum() > 0
            menu.aboutToShow.emit()
            table.columns.reset.trigger()
            await until(lambda: table.horizontalScrollBar().maximum() == 0)
            assert table.horizontalHeader().logicalIndex(0) == Column.DIRECTION
            assert table.model().query.column is Column.NAME
            assert not table.columns.own_widths

    gui(work)


def test_in_a_small_window_the_name_has_the_room_of_what_says_nothing(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(keys(desk)) == 3)
            desk.window.resize(800, 500)
            table = desk.window.table
            await until(lambda: table.isColumnHidden(Column.ADDED))
            assert not table.isColumnHidden(Column.RATE)
            before = table.columnWidth(Column.NAME)
            for number in ("1", "2", "3"):
                node.move(number, status="complete", processing=False)
            await until(lambda: table.isColumnHidden(Column.RATE))
            assert table.isColumnHidden(Column.TIME_LEFT)
            assert table.columnWidth(Column.NAME) > before + 100
            assert action(table.columns.choices, Column.RATE).text() == "Rate (while something moves)"
            node.move("2", status="sending", processing=True)
            await until(lambda: not table.isColumnHidden(Column.RATE))
            assert table.columnWidth(Column.NAME) == before

    gui(work)
