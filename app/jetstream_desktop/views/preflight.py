"""The card of the composer that says what a transfer would meet: one look before the first byte goes.

Its rows are made once and only change their texts. While the node looks the card keeps the height that it had, so that
nothing beside it moves.
"""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state import preview
from jetstream_desktop.state.preview import Card, Row
from jetstream_desktop.views.announcer import Announcer
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import IconLabel, button, column, label, row, set_role
from jetstream_desktop.views.wrapped import Wrapped

_MARGINS = (12, 10, 12, 10)
_BETWEEN = 7
_USUAL_ROWS = 4
_ICON = 14


class PreflightRow(QWidget):
    """A line of the card: what, an icon, the answer, and below it what to do."""

    def __init__(self, theme: Theme, width: int) -> None:
        super().__init__()
        self.name = label("", "dim")
        self.name.setFixedWidth(width)
        self.icon = IconLabel(theme, "check", "good", _ICON)
        self.text = Wrapped("text-small")
        self.fix = Wrapped("dim", most=4)
        answer = row(spacing=6)
        answer.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        answer.addWidget(self.text, 1)
        upper = row(spacing=4)
        upper.addWidget(self.name, 0, Qt.AlignmentFlag.AlignTop)
        upper.addLayout(answer, 1)
        layout = column(spacing=2)
        layout.addLayout(upper)
        layout.addWidget(self.fix)
        self.setLayout(layout)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_row(self, shown: Row) -> None:
        """What it says now."""
        self.name.setText(shown.name)
        self.text.setText(shown.text)
        set_role(self.text, f"{shown.tone}-small")
        self.icon.setVisible(bool(shown.icon))
        if shown.icon:
            self.icon.show_icon(shown.icon, shown.tone)
        self.fix.setText(shown.fix)
        self.fix.setVisible(bool(shown.fix))
        self.show()


class Preflight(QFrame):
    """Shows a :class:`~jetstream_desktop.state.preview.Card`."""

    details_wanted = Signal()
    """Somebody wants to see the whole test of the destination."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown = Card()
        self._told = ""
        self._least = 0
        self.announcer = Announcer(self)
        self.setProperty("role", "inset")
        self.setAccessibleName(tr("Before it is sent"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.note = Wrapped("dim", most=6)
        self.note.hide()
        metrics = QFontMetrics(theme.font("small"))
        width = max(metrics.horizontalAdvance(name) for name in preview.names().values()) + 6
        self.rows = [PreflightRow(theme, width) for _key in preview.KEYS]
        self.details = button(tr("Look at every step…"), "link")
        self.details.setStyleSheet("padding-left: 0; padding-right: 0")
        self.details.clicked.connect(self.details_wanted)
        self.details.hide()
        layout = column(margins=_MARGINS, spacing=_BETWEEN)
        layout.addWidget(self.note)
        for made in self.rows:
            layout.addWidget(made)
        layout.addWidget(self.details, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        self.setLayout(layout)

    def begin(self) -> None:
        """Of another basket: what was said before may be said again."""
        self._told = ""
        self._least = 0
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width(), max(hint.height(), self._least))

    def show_card(self, card: Card, *, testable: bool) -> None:
        """What is known now; *testable* says whether there is a test of the destination to look at."""
        if card == self._shown and self.details.isHidden() != (testable and card.stopped):
            return
        ended = self._shown.running and not card.running
        self._keep_height(card)
        self._shown = card
        self.note.setText(card.note)
        self.note.setVisible(bool(card.note))
        set_role(self.note, "bad-small" if card.note_tone == "bad" else "dim")
        for number, made in enumerate(self.rows):
            if number < len(card.rows):
                made.show_row(card.rows[number])
            else:
                made.hide()
        self.details.setVisible(testable and card.stopped)
        self.setAccessibleDescription(card.spoken)
        if ended:
            self._tell(card)

    @property
    def running(self) -> bool:
        """Whether the node still looks."""
        return self._shown.running

    def text(self, key: str) -> str:
        """What a row says, empty if it is not there."""
        return next((shown.text for shown in self._shown.rows if shown.key == key), "")

    def height_of(self, rows: int) -> int:
        """How high it is with so many rows of one line."""
        line = QFontMetrics(self._theme.font("small")).lineSpacing()
        return rows * line + (rows - 1) * _BETWEEN + _MARGINS[1] + _MARGINS[3] + 2

    def _keep_height(self, card: Card) -> None:
        """While it is looked at nothing shrinks: what was said a moment ago is likely to be said again."""
        looked = any(shown.key == preview.CHECKED for shown in card.rows)
        usual = self.height_of(_USUAL_ROWS) if looked else 0
        self._least = max(usual, self.sizeHint().height()) if card.running and self._shown.rows else usual
        self.updateGeometry()

    def _tell(self, card: Card) -> None:
        """Once, when the look has ended with something to know; nobody is interrupted for good news."""
        words = card.problem.spoken if card.problem is not None else ""
        if words and words != self._told:
            self.announcer.say(words)
        self._told = words
