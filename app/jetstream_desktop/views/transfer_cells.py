"""The cells of the transfer table: a delegate that paints a row from its snapshot, and what the pointer is told."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QToolTip

from jetstream_desktop.models.roles import SNAPSHOT, Index
from jetstream_desktop.models.transfers import NUMERIC, cell_text, second_line, short_text
from jetstream_desktop.state import numbers
from jetstream_desktop.state.filters import Column
from jetstream_desktop.state.rows import Group, Row
from jetstream_desktop.state.text import plain_tooltip, printable
from jetstream_desktop.views import painting
from jetstream_desktop.views.scrolling import GUTTER
from jetstream_desktop.views.theme import Theme

_PAD = 10
_PERCENT_WIDTH = 46
_BAR = {Group.ACTIVE: "accent", Group.WAITING: "faint", Group.PAUSED: "caution", Group.FAILED: "bad",
        Group.DONE: "good"}


class TransferDelegate(QStyledItemDelegate):
    """Paints a cell from the row's snapshot; asks nothing and keeps nothing."""

    def __init__(self, theme: Theme, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view
        self.hovered = -1
        """The row that the pointer is over."""
        self.last = -1
        """The last column that is shown: it keeps off the scroll bar."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, self._theme.row)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        words = tip(index) if index.isValid() else ""
        QToolTip.showText(event.globalPos(), words, view)
        return True

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row | None = index.data(SNAPSHOT)
        if row is None:
            return
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painting.ground(painter, self._theme, area, selected=selected, hovered=index.row() == self.hovered)
        painting.focus_mark(painter, self._theme, area, self._view, index)
        column = Column(index.column())
        if column is Column.DIRECTION:
            self._direction(painter, area, row)
        elif column is Column.NAME:
            self._name(painter, area, row)
        elif column is Column.PROGRESS:
            self._progress(painter, area, row, "hairline" if selected else "track")
        elif column is Column.STATUS:
            self._status(painter, area, row)
        else:
            self._plain(painter, area, row, column)
        painter.restore()

    def _direction(self, painter: QPainter, area: QRect, row: Row) -> None:
        place = QPoint(area.left() + _PAD, area.center().y() - 8)
        painting.icon(painter, self._theme, "down" if row.incoming else "up", "dim", place, 17, within=area)

    def _name(self, painter: QPainter, area: QRect, row: Row) -> None:
        middle = area.center().y()
        width = area.width() - _PAD
        upper = QRect(area.left() + 8, middle - 19, width - 8, 20)
        lower = QRect(area.left() + 8, middle, width - 8, 18)
        theme = self._theme
        painting.text(painter, upper, printable(row.name), theme.font("name"), theme.colour("text"), within=area)
        painting.text(painter, lower, second_line(row), theme.font("small"), theme.colour("dim"), within=area)

    def _progress(self, painter: QPainter, area: QRect, row: Row, track_colour: str) -> None:
        theme = self._theme
        room = area.width() - _PERCENT_WIDTH - 2 * _PAD
        if room > 24:
            quiet = not row.current or (row.group is Group.DONE and not row.whole)
            colour = "faint" if quiet else _BAR[row.group]
            track = QRectF(area.left() + 8, area.center().y() - 2.5, room, 6)
            painting.bar(painter, track, row.fraction, theme.colour(colour), theme.colour(track_colour), within=area)
        label = QRect(area.right() - _PERCENT_WIDTH - 4, area.top(), _PERCENT_WIDTH, area.height())
        painting.text(painter, label, numbers.percent(row.fraction), theme.font("body"), theme.colour("dim"),
                      within=area)

    def _status(self, painter: QPainter, area: QRect, row: Row) -> None:
        theme, status = self._theme, row.status
        place = QPoint(area.left() + 6, area.center().y() - 7)
        painting.icon(painter, theme, status.icon, status.tone, place, 16, within=area)
        label = QRect(area.left() + 28, area.top(), area.width() - 30, area.height())
        words, font = printable(status.sentence), theme.font("small")
        if status.brief and not painting.fits_in_two(words, QFontMetrics(font), label.width()):
            words = status.brief
        painting.two_lines(painter, label, words, font, theme.colour(status.tone), within=area)

    def _plain(self, painter: QPainter, area: QRect, row: Row, column: Column) -> None:
        theme = self._theme
        align = painting.Align.AlignRight if column in NUMERIC else painting.Align.AlignLeft
        inner = area.adjusted(8, 0, -8 - (GUTTER if column == self.last else 0), 0)
        words, font = cell_text(row, column), theme.font("body")
        if QFontMetrics(font).horizontalAdvance(words) > inner.width():
            words = short_text(row, column)
        painting.text(painter, inner, words, font, theme.colour("text"), align,
                      within=area)


def tip(index: Index) -> str:
    """The tool tip of a cell: what may be cut there."""
    row: Row | None = index.data(SNAPSHOT)
    if row is None:
        return ""
    column = Column(index.column())
    if column is Column.NAME:
        return plain_tooltip(f"{printable(row.name)}\n{second_line(row)}")
    if column is Column.STATUS:
        parts = (printable(row.status.sentence), printable(row.status.advice))
        return plain_tooltip("\n".join(part for part in parts if part))
    if column is Column.RATE and row.rate:
        return numbers.bits(row.rate)
    return plain_tooltip(cell_text(row, column))
