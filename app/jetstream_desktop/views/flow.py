"""A row that goes on in the next line where there is no room for all of it."""

from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLayout, QLayoutItem, QStyle, QWidget


class Flow(QLayout):
    """Widgets beside each other, as wide as they like to be; no line is wider than the room."""

    def __init__(self, *widgets: QWidget, spacing: int = 6) -> None:
        super().__init__()
        self._parts: list[QLayoutItem] = []
        self._gap = spacing
        self.setContentsMargins(0, 0, 0, 0)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        self._parts.append(item)

    def count(self) -> int:
        return len(self._parts)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._parts[index] if 0 <= index < len(self._parts) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._parts.pop(index) if 0 <= index < len(self._parts) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        lines = self._lines(width)
        return sum(line.height for line in lines) + self._gap * (len(lines) - 1)

    def minimumSize(self) -> QSize:
        whole = QSize(0, 0)
        for part in self._shown():
            whole = whole.expandedTo(part.minimumSize())
        return whole

    def sizeHint(self) -> QSize:
        sizes = [part.sizeHint() for part in self._shown()]
        width = sum(size.width() for size in sizes) + self._gap * max(0, len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        top = rect.top()
        for line in self._lines(rect.width()):
            left = rect.left()
            for part in line.parts:
                size = _fitting(part, rect.width())
                place = QRect(QPoint(left, top + (line.height - size.height()) // 2), size)
                part.setGeometry(QStyle.visualRect(QGuiApplication.layoutDirection(), rect, place))
                left += size.width() + self._gap
            top += line.height + self._gap

    def _shown(self) -> list[QLayoutItem]:
        return [part for part in self._parts if not part.isEmpty()]

    def _lines(self, width: int) -> list["_Line"]:
        lines = [_Line()]
        for part in self._shown():
            size = _fitting(part, width)
            line = lines[-1]
            if line.parts and line.width + self._gap + size.width() > width:
                line = _Line()
                lines.append(line)
            line.width += size.width() + (self._gap if line.parts else 0)
            line.height = max(line.height, size.height())
            line.parts.append(part)
        return lines


@dataclass
class _Line:
    """What stands beside each other, each in the middle of the line's height."""

    parts: list[QLayoutItem] = field(default_factory=list)
    width: int = 0
    height: int = 0


def _fitting(part: QLayoutItem, width: int) -> QSize:
    size = part.sizeHint()
    return QSize(min(size.width(), width), size.height())
