"""A text of some lines whose height follows from its width, as layouts inside a scrolled page need it."""

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QSizePolicy

from jetstream_desktop.state.text import plain_tooltip
from jetstream_desktop.views.widgets import set_role


class Wrapped(QLabel):
    """Plain text, broken at spaces where there are some and anywhere else where a word is too long. After *most* lines
    it is cut with an ellipsis, and the tool tip has the whole.
    """

    def __init__(self, role: str = "", most: int = 3) -> None:
        super().__init__()
        self._most = most
        self._lines: list[str] = []
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if role:
            set_role(self, role)

    def setText(self, text: str) -> None:
        if text != self.text():
            super().setText(text)
            self._break()

    def sizeHint(self) -> QSize:
        return QSize(60, max(1, len(self._lines)) * QFontMetrics(self.font()).lineSpacing())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._break()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._break()

    def _break(self) -> None:
        lines = broken(self.text(), self, self.width())
        cut = len(lines) > self._most
        if cut:
            rest = " ".join(lines[self._most - 1:])
            lines = lines[: self._most - 1] + [
                QFontMetrics(self.font()).elidedText(rest, Qt.TextElideMode.ElideRight, self.width())]
        if lines != self._lines:
            self._lines = lines
            self.setToolTip(plain_tooltip(self.text()) if cut else "")
            self.updateGeometry()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        height = QFontMetrics(self.font()).lineSpacing()
        for number, line in enumerate(self._lines):
            painter.drawText(QRect(0, number * height, self.width(), height),
                             self.alignment() | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, line)
        painter.end()


def broken(text: str, widget: QLabel, width: int) -> list[str]:
    """The lines of *text* in the font of *widget* where there is room for *width* pixels."""
    layout = QTextLayout(text, widget.font())
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    lines = []
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(20, width))
        line.setPosition(QPointF(0, 0))
        lines.append(text[line.textStart() : line.textStart() + line.textLength()].rstrip())
    layout.endLayout()
    return lines
