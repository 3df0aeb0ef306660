"""The line between two parts, which can be moved by the arrow keys, too."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

STEP: Final = 24
"""Pixels that one key press moves it."""
_WAYS: Final = {Qt.Key.Key_Up: -STEP, Qt.Key.Key_Down: STEP}


class _Handle(QSplitterHandle):
    """Tab comes to it; Up and Down move it."""

    def __init__(self, parent: QSplitter, name: str) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = _WAYS.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
        else:
            self.moveSplitter(self.splitter().sizes()[0] + way)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.fillRect(self.rect().adjusted(0, 1, 0, -1), self.palette().highlight())
            painter.end()


class Divider(QSplitter):
    """One part above the other.

    :param name: of the line between them, for those who hear it.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        self._name = name
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)

    def createHandle(self) -> QSplitterHandle:
        return _Handle(self, self._name)
