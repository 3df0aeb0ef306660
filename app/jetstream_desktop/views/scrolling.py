"""A vertical scroll bar that lies over the edge of a list: columns stand still when it appears and when it goes."""

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QScrollBar, QStyle

GUTTER = 8
"""What the last column keeps free beside its usual distance, so that the bar covers nothing that is read."""
_MOVED = frozenset({QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show})


class EdgeBar(QScrollBar):
    """Follows the list's own bar, which stays hidden; shown while there is something to scroll."""

    def __init__(self, view: QAbstractScrollArea) -> None:
        super().__init__(Qt.Orientation.Vertical, view)
        self._view = view
        self._own = view.verticalScrollBar()
        view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._own.rangeChanged.connect(self._follow)
        self._own.valueChanged.connect(self.setValue)
        self.valueChanged.connect(self._own.setValue)
        view.viewport().installEventFilter(self)
        self._follow()
        self._place()

    def _follow(self) -> None:
        self.setPageStep(self._own.pageStep())
        self.setSingleStep(self._own.singleStep())
        self.setRange(self._own.minimum(), self._own.maximum())
        self.setValue(self._own.value())
        self.setVisible(self.maximum() > self.minimum())

    def _place(self) -> None:
        page = self._view.viewport().geometry()
        width = self.sizeHint().width()
        right = QRect(page.right() + 1 - width, page.top(), width, page.height())
        self.setGeometry(QStyle.visualRect(self._view.layoutDirection(), page, right))
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVED:
            self._place()
        return False


def edge_bar(view: QAbstractScrollArea) -> EdgeBar:
    """Give *view* a bar over its edge; the bar belongs to it."""
    return EdgeBar(view)
