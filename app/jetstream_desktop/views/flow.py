"""A row that goes on in the next line where there is no room for all of it."""

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
        return self._arrange(QRect(0, 0, width, 0), move=False)

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
        self._arrange(rect, move=True)

    def _shown(self) -> list[QLayoutItem]:
        return [part for part in self._parts if not part.isEmpty()]

    def _arrange(self, area: QRect, *, move: bool) -> int:
        """Places the parts, or only says how high they are together."""
        left, top, line = 0, 0, 0
        for part in self._shown():
            size = part.sizeHint().boundedTo(QSize(area.width(), part.sizeHint().height()))
            if left and left + size.width() > area.width():
                left, top, line = 0, top + line + self._gap, 0
            if move:
                place = QRect(area.topLeft() + QPoint(left, top), size)
                part.setGeometry(QStyle.visualRect(QGuiApplication.layoutDirection(), area, place))
            left += size.width() + self._gap
            line = max(line, size.height())
        return top + line
