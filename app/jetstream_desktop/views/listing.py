"""A quiet table of text, for lists of values."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
)

from jetstream_desktop.models.lists import ValueTableModel
from jetstream_desktop.models.roles import Index
from jetstream_desktop.state.text import plain_tooltip
from jetstream_desktop.views import painting
from jetstream_desktop.views.scrolling import GUTTER, edge_bar
from jetstream_desktop.views.theme import Theme

_PAD = 8


class PlainDelegate(QStyledItemDelegate):
    """Paints the text of a cell; what is cut there is in the tool tip. The last column keeps off the scroll bar, and
    the first one as far from the other edge."""

    def __init__(self, theme: Theme, table: QTableView, *, lines: bool) -> None:
        super().__init__(table)
        self._theme = theme
        self._table = table
        self._lines = lines

    def _room(self, area: QRect, index: Index) -> QRect:
        """Where the text of a cell stands, if people read from left to right."""
        shown = [column for column in range(index.model().columnCount()) if not self._table.isColumnHidden(column)]
        before = GUTTER if index.column() == shown[0] else 0
        after = GUTTER if index.column() == shown[-1] else 0
        return area.adjusted(_PAD + before, 0, -_PAD - after, 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        area, theme = option.rect, self._theme
        painter.save()
        painting.ground(painter, theme, area, selected=bool(option.state & QStyle.StateFlag.State_Selected),
                        line=self._lines)
        painting.focus_mark(painter, theme, area, self._table, index)
        right = index.data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight
        painting.text(painter, self._room(area, index), str(index.data()), theme.font("body"), theme.colour("text"),
                      painting.Align.AlignRight if right else painting.Align.AlignLeft, within=area)
        painter.restore()

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        words = str(index.data()) if index.isValid() else ""
        metrics = QFontMetrics(self._theme.font("body"))
        cut = bool(words) and metrics.horizontalAdvance(words) > self._room(option.rect, index).width()
        QToolTip.showText(event.globalPos(), plain_tooltip(words) if cut else "", view)
        return True


def plain_table(theme: Theme, model: ValueTableModel[object], name: str, stretch: int, *,
                lines: bool = False) -> QTableView:
    """A quiet table of text for lists of values; *lines* is whether there is one below each row."""
    table = QTableView()
    table.setProperty("role", "list")
    table.setModel(model)
    table.setItemDelegate(PlainDelegate(theme, table, lines=lines))
    painting.keep_focus_seen(table)
    table.setAccessibleName(name)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(28)
    table.horizontalHeader().setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
    table.horizontalHeader().setHighlightSections(False)
    edge_bar(table)
    return table
