"""What is wrong or was done, in one line, with the one button that helps. Never a dialog, and the page never jumps."""

from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import ElidedLabel, IconLabel, button, icon_button, label, row

_SHOW_MS = 6000
OFFER_MS = 15_000
"""How long a line stays whose button may be wanted."""
_STILL_MS = 700
"""A line under the mouse stays until that is elsewhere."""
_HEIGHT = 36
_TONES = {"info": ("info", "accent_ink", "wash"), "good": ("check", "good", "wash"),
          "caution": ("alert", "caution", "wash"), "bad": ("alert", "bad", "wash")}


@dataclass(frozen=True, slots=True)
class Line:
    """What a bar says: a sentence, how serious it is, a button with the key that it reports, and words beside."""

    text: str
    tone: str = "info"
    label: str = ""
    key: str = ""
    aside: str = ""

    @property
    def whole(self) -> str:
        """The sentence with the words beside."""
        return f"{self.text} {self.aside}".strip()


class Bar(QWidget):
    """One line with an icon, and at most one button."""

    pressed = Signal()
    closed = Signal()
    """The way to close it was taken."""

    def __init__(self, theme: Theme, *, closable: bool) -> None:
        super().__init__()
        self._theme = theme
        self.line = Line("")
        self._spoken = ""
        self._icon = IconLabel(theme, "info", "accent_ink", 16)
        self._text = ElidedLabel()
        self._aside = label("", "field")
        self.button = button("", "link")
        self.button.clicked.connect(self.pressed)
        self.close_button = icon_button(theme, "close", tr("Close this message"), "dim")
        self.close_button.clicked.connect(self.closed)
        for part in (self.button, self.close_button):  # a click must not take the keyboard, to lose it here
            part.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        line = row(margins=(16, 3, 8, 3), spacing=8)
        for widget in (self._icon, self._text, self._aside, self.button, self.close_button):
            line.addWidget(widget, 1 if widget is self._text else 0)
        self.close_button.setVisible(closable)
        self.setLayout(line)
        self.setMinimumHeight(round(_HEIGHT * theme.scale))  # with a button or without
        self.setAutoFillBackground(True)
        theme.changed.connect(self._colour)
        self.hide()

    def show_line(self, line: Line) -> None:
        """Say *line*; a screen reader says it when the sentence is another one."""
        self.line = line
        self._icon.show_icon(_TONES[line.tone][0], _TONES[line.tone][1])
        self._text.setText(line.text)
        self._aside.setText(line.aside)
        self._aside.setVisible(bool(line.aside))
        self.setAccessibleName(line.whole)
        self.button.setText(line.label)
        self.button.setVisible(bool(line.label))
        self._colour()
        self.show()
        self.raise_()
        if self._spoken != line.text:
            self._spoken = line.text
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    @property
    def has_keyboard(self) -> bool:
        """Whether one of its buttons has it."""
        return self.button.hasFocus() or self.close_button.hasFocus()

    def _colour(self) -> None:
        palette = self.palette()
        palette.setColor(self.backgroundRole(), self._theme.colour(_TONES[self.line.tone][2]))
        self.setPalette(palette)


class Banner(QObject):
    """Two bars. What stays until it is no longer true stands above the page; what passes lies over the line of state at
    the lower edge, so that nothing moves when it comes and goes.
    """

    left = Signal()
    """A line is gone while it had the keyboard, which belongs to the page now."""
    pressed = Signal(str)
    """The button was pressed; the value is what :meth:`show_line` was given for it."""

    def __init__(self, theme: Theme, below: QWidget) -> None:
        """:param below: the line of state that what passes lies over."""
        super().__init__(below)
        self._below = below
        self.standing = Bar(theme, closable=False)
        self.passing = Bar(theme, closable=True)
        self.standing.pressed.connect(lambda: self.pressed.emit(self.standing.line.key))
        self.passing.pressed.connect(lambda: self.pressed.emit(self.passing.line.key))
        self.passing.closed.connect(self.close_line)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._expired)
        below.installEventFilter(self)

    def eventFilter(self, below: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.ParentChange, QEvent.Type.Show):
            self._lay()
        return False

    def _lay(self) -> None:
        around = self._below.parentWidget()
        if around is None:
            return
        if self.passing.parentWidget() is not around:
            self.passing.setParent(around)
        place = self._below.geometry()
        high = max(place.height(), self.passing.minimumHeight())
        self.passing.setGeometry(QRect(place.left(), place.bottom() + 1 - high, place.width(), high))

    def show_line(self, text: str, tone: str = "info", label: str = "", key: str = "", *, stays: bool = False,
                  aside: str = "") -> None:
        """Show *text*; *label* is the button's, *key* what it reports. It goes by itself unless it *stays*.

        :param aside: stands whole beside the text however long that is, and may change without being announced.
        """
        line = Line(text, tone, label, key, aside)
        if stays:
            self.standing.show_line(line)
        else:
            self._timer.start(OFFER_MS if label else _SHOW_MS)
            self._come_first()
            self.passing.show_line(line)

    def _come_first(self) -> None:
        """Tab reaches the line before what it lies over."""
        covered = [part for part in self._below.findChildren(QWidget)
                   if part.focusPolicy() & Qt.FocusPolicy.TabFocus]
        if covered and self._below.window() is self.passing.window():
            for before, after in pairwise((self.passing.button, self.passing.close_button, *covered)):
                QWidget.setTabOrder(before, after)

    def isVisible(self) -> bool:
        """Whether anything is said."""
        return self.passing.isVisible() or self.standing.isVisible()

    @property
    def text(self) -> str:
        """What is shown, what passes before what stays; empty while nothing is."""
        return next((bar.line.whole for bar in (self.passing, self.standing) if not bar.isHidden()), "")

    def _expired(self) -> None:
        """Its time is over; but not under a mouse that may be about to press its button."""
        if self.passing.underMouse():
            self._timer.start(_STILL_MS)
        else:
            self.close_line()

    def close_line(self) -> None:
        """What passes is over."""
        self._timer.stop()
        self._hide(self.passing)

    def done(self, key: str) -> None:
        """The line called *key* is no longer true."""
        if self.standing.line.key == key:
            self._hide(self.standing)
        if self.passing.line.key == key:
            self.close_line()

    def clear(self) -> None:
        """Nothing that was said counts any more."""
        self._hide(self.standing)
        self.close_line()

    def _hide(self, bar: Bar) -> None:
        had_keyboard = bar.has_keyboard
        bar.hide()
        bar.line = Line("")
        if had_keyboard:
            self.left.emit()
