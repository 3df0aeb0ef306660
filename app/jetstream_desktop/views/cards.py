"""Cards: pages of the window that ask or show something. They are not dialogs; nothing waits for them."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import column, label, row

_FIELDS = (QLineEdit, QAbstractSpinBox, QComboBox)


class Card(QScrollArea):
    """A card in the middle of a quiet ground. Escape closes it; subclasses fill :attr:`body`.

    :param tall: as high as the page, for lists, instead of as high as what is in it.
    """

    closed = Signal()

    def __init__(self, theme: Theme, title: str, width: int = 620, *, tall: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        frame = QFrame()
        frame.setProperty("role", "card")
        frame.setMaximumWidth(round(width * theme.scale))
        self.body = QVBoxLayout()
        self.body.setContentsMargins(24, 22, 24, 22)
        self.body.setSpacing(12)
        self.title: QLabel = label(title, "title", wrap=True)
        self.body.addWidget(self.title)
        frame.setLayout(self.body)
        outer = row(margins=(20, 20, 20, 20))
        outer.addStretch(1)
        outer.addWidget(frame, 100)
        outer.addStretch(1)
        middle = column()
        middle.addStretch(0 if tall else 1)
        middle.addLayout(outer, 1 if tall else 0)
        middle.addStretch(0 if tall else 1)
        ground = QWidget()
        ground.setProperty("role", "ground")
        ground.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        ground.setLayout(middle)
        self.setWidget(ground)
        self.setAccessibleName(title)
        self.default: QAbstractButton | None = None
        """What Enter in a field presses, if it can be pressed."""
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.closed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(self.focusWidget(), _FIELDS):
            self.entered()
            return
        super().keyPressEvent(event)

    def entered(self) -> None:
        """Enter was pressed in a field."""
        if self.default is not None and self.default.isVisible() and self.default.isEnabled():
            self.default.click()

    def bring_into_sight(self, part: QWidget) -> None:
        """Scroll to *part*, which has just been shown, once it has its place."""
        QTimer.singleShot(0, part, lambda: self.ensureWidgetVisible(part))

    def first_focus(self) -> QWidget | None:
        """Where the cursor goes when the card opens."""
        return None
