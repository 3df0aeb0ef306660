"""What stands where a list will be, as long as there is nothing in it: what it is for, and the buttons that fill it."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QPushButton, QWidget

from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import IconLabel, button, column, label

Offer = tuple[str, str, Callable[[], object]]
"""A button: its text, its role and what it does."""


class Invitation(QWidget):
    """An icon, a title, a sentence and buttons, in the middle of the room.

    :param dashed: with the dashed frame of a place for drops.
    """

    def __init__(self, theme: Theme, icon: str, *, dashed: bool = False) -> None:
        super().__init__()
        self.setProperty("role", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._dashed = dashed
        self.title = label("", "section", wrap=True)
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.sentence = label("", "dim", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.icon = IconLabel(theme, icon, "accent", 28)
        self._offers = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._offers.setSpacing(8)
        self._made: list[QPushButton] = []
        layout = column(margins=(24, 24, 24, 24), spacing=8)
        layout.addStretch(4)
        layout.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.sentence)
        layout.addSpacing(8)
        layout.addLayout(self._offers)
        layout.addStretch(5)
        self.setLayout(layout)

    def say(self, title: str, sentence: str = "") -> None:
        """Other words."""
        self.title.setText(title)
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))

    def offer(self, offers: Sequence[Offer]) -> list[QPushButton]:
        """The buttons, in the middle of their line."""
        self._offers.addStretch(1)
        for text, role, slot in offers:
            one = button(text, role)
            one.ensurePolished()  # bold, and so wider, before the layout asks
            one.clicked.connect(slot)
            self._offers.addWidget(one)
            self._made.append(one)
        self._offers.addStretch(1)
        return self._made

    def minimumSizeHint(self) -> QSize:
        return QSize(120, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = sum(one.sizeHint().width() + 8 for one in self._made) + 110
        self._offers.setDirection(QBoxLayout.Direction.TopToBottom if wanted > self.width()
                                  else QBoxLayout.Direction.LeftToRight)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._dashed:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("faint"), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(16.5, 16.5, -16.5, -16.5), 8, 8)
        painter.end()
