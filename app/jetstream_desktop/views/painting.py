"""Drawing that several delegates share."""

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from jetstream_desktop.views.theme import Theme

Align = Qt.AlignmentFlag


def text(painter: QPainter, area: QRect, words: str, font: QFont, colour: QColor,
         align: Qt.AlignmentFlag = Align.AlignLeft, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> bool:
    """One line of text, cut with an ellipsis if there is no room. Answers whether it was cut."""
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


def bar(painter: QPainter, area: QRectF, fraction: float | None, colour: QColor, track: QColor) -> None:
    """A progress bar with round ends; without a fraction only its track."""
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


def icon(painter: QPainter, theme: Theme, name: str, colour: str, corner: QPoint, size: int) -> None:
    """An icon at *corner*, sharp at the painter's scale."""
    ratio = painter.device().devicePixelRatio()
    painter.drawPixmap(corner, theme.pixmap(name, colour, size, max(1.0, ratio)))


def ground(painter: QPainter, theme: Theme, area: QRect, *, selected: bool, line: bool = True) -> None:
    """The ground of a cell: the wash of a selection, and the hairline below."""
    painter.fillRect(area, theme.colour("wash" if selected else "pane"))
    if line:
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), theme.colour("hairline"))


def dot(painter: QPainter, centre: QPoint, colour: QColor, filled: bool = True, size: int = 8) -> None:
    """A round mark: filled for reachable, a ring for what is not known or not there."""
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
