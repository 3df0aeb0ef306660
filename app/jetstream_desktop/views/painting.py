"""Drawing that several delegates share."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyle, QTableView

from jetstream_desktop.models.roles import Index
from jetstream_desktop.views.theme import Theme

Align = Qt.AlignmentFlag


def text(painter: QPainter, area: QRect, words: str, font: QFont, colour: QColor,
         align: Qt.AlignmentFlag = Align.AlignLeft, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
         within: QRect | None = None) -> bool:
    """One line of text, cut with an ellipsis if there is no room. Answers whether it was cut.

    Left is where the reading begins: the alignment is mirrored from right to left, and so is the place *within* a cell.
    """
    area = mirrored(painter, area, within)
    if not words or area.width() < 12:
        return False
    metrics = QFontMetrics(font)
    shown = words
    if metrics.horizontalAdvance(words) > area.width():
        shown = metrics.elidedText(words, mode, area.width())
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(area, align | Align.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
    return shown != words


def two_lines(painter: QPainter, area: QRect, words: str, font: QFont, colour: QColor,
              within: QRect | None = None) -> None:
    """One line of text, or two where one is too short for *words*; the second is cut with an ellipsis."""
    first, rest = broken(words, QFontMetrics(font), area.width())
    if not rest:
        text(painter, area, words, font, colour, within=within)
        return
    height = QFontMetrics(font).lineSpacing()
    upper = QRect(area.left(), area.center().y() - height + 1, area.width(), height)
    text(painter, upper, first, font, colour, within=within)
    text(painter, upper.translated(0, height), rest, font, colour, within=within)


def fits_in_two(words: str, metrics: QFontMetrics, width: int) -> bool:
    """Whether :func:`two_lines` shows all of *words*."""
    first, rest = broken(words, metrics, width)
    return max(map(metrics.horizontalAdvance, (first, rest))) <= width


def broken(words: str, metrics: QFontMetrics, width: int) -> tuple[str, str]:
    """What fits into the first line, at a space; the rest is empty if all fits, or if nothing can be broken off."""
    if metrics.horizontalAdvance(words) <= width:
        return words, ""
    parts = words.split(" ")
    first = parts.pop(0)
    while parts and metrics.horizontalAdvance(f"{first} {parts[0]}") <= width:
        first += f" {parts.pop(0)}"
    fits = metrics.horizontalAdvance(first) <= width
    return (first, " ".join(parts)) if parts and fits else (words, "")


def keep_focus_seen(view: QAbstractItemView) -> None:
    """Let *view* paint its whole row anew when the keyboard moves on: :func:`focus_mark` stands at its beginning."""
    view.selectionModel().currentRowChanged.connect(view.viewport().update)


def focus_mark(painter: QPainter, theme: Theme, area: QRect, view: QAbstractItemView, index: Index) -> None:
    """A stroke at the beginning of the row that the keyboard is in, selected or not, while the view has the focus."""
    current = view.currentIndex()
    here = current.row() == index.row() and current.parent() == index.parent()
    if here and view.hasFocus() and index.column() == _leading(view):
        place = mirrored(painter, QRect(area.left(), area.top() + 8, 3, area.height() - 17), area)
        painter.fillRect(place, theme.colour("accent"))


def _leading(view: QAbstractItemView) -> int:
    """The column at which rows begin: the first that is shown."""
    if not isinstance(view, QTableView):
        return 0
    header = view.horizontalHeader()
    places = (header.logicalIndex(place) for place in range(header.count()))
    return next((column for column in places if not header.isSectionHidden(column)), 0)


def mirrored(painter: QPainter, place: QRect, within: QRect | None) -> QRect:
    """Where *place* of a cell lies if people read from right to left; as it is without a cell."""
    return place if within is None else QStyle.visualRect(painter.layoutDirection(), within, place)


def bar(painter: QPainter, area: QRectF, fraction: float | None, colour: QColor, track: QColor,
        within: QRect | None = None) -> None:
    """A progress bar with round ends; without a fraction only its track."""
    if within is not None and painter.layoutDirection() == Qt.LayoutDirection.RightToLeft:
        area = QRectF(within.left() + within.right() + 1 - area.right(), area.top(), area.width(), area.height())
    radius = area.height() / 2
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(track)
    painter.drawRoundedRect(area, radius, radius)
    if fraction:
        filled = QRectF(area)
        filled.setWidth(max(area.height(), area.width() * min(1.0, fraction)))
        if painter.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            filled.moveRight(area.right())
        painter.setBrush(colour)
        painter.drawRoundedRect(filled, radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def icon(painter: QPainter, theme: Theme, name: str, colour: str, corner: QPoint, size: int,
         within: QRect | None = None) -> None:
    """An icon at *corner*, sharp at the painter's scale."""
    ratio = painter.device().devicePixelRatio()
    place = mirrored(painter, QRect(corner, QSize(size, size)), within)
    painter.drawPixmap(place.topLeft(), theme.pixmap(name, colour, size, max(1.0, ratio)))


def ground(painter: QPainter, theme: Theme, area: QRect, *, selected: bool, hovered: bool = False,
           line: bool = True) -> None:
    """The ground of a cell: the wash of a selection, the breath of the pointer, and the hairline below."""
    painter.fillRect(area, theme.colour("wash" if selected else "hover" if hovered else "pane"))
    if line:
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), theme.colour("hairline"))


def dot(painter: QPainter, centre: QPoint, colour: QColor, filled: bool = True, size: int = 8,
        within: QRect | None = None) -> None:
    """A round mark: filled for reachable, a ring for what is not known or not there."""
    centre = mirrored(painter, QRect(centre, QSize(1, 1)), within).topLeft()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = QRectF(centre.x() - size / 2, centre.y() - size / 2, size, size)
    if filled:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(area)
    else:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.5))
        painter.drawEllipse(area.adjusted(0.75, 0.75, -0.75, -0.75))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def branch(painter: QPainter, theme: Theme, area: QRect, indent: int, *, is_open: bool) -> None:
    """The arrow of a row of a tree that can be opened, at the end of its branches."""
    backward = painter.layoutDirection() == Qt.LayoutDirection.RightToLeft
    closed = "left" if backward else "right"
    left = area.left() + indent - 17 if backward else area.right() - indent + 3
    icon(painter, theme, "expand" if is_open else closed, "dim", QPoint(left, area.center().y() - 6), 14)
