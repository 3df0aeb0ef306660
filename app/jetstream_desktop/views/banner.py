"""The thin bar above the page: what is wrong or was done, and the one button that helps. Never a dialog."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QCursor
from PySide6.QtWidgets import QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import ElidedLabel, IconLabel, button, icon_button, label, row

_SHOW_MS = 6000
OFFER_MS = 15_000
"""How long a line stays whose button may be wanted."""
_STILL_MS = 700
"""A mouse that stood still for so long is not on its way."""
_TONES = {"info": ("info", "accent_ink", "wash"), "good": ("check", "good", "wash"),
          "caution": ("alert", "caution", "wash"), "bad": ("alert", "bad", "wash")}


@dataclass(frozen=True, slots=True)
class Line:
    """What the bar says: a sentence, how serious it is, a button with the key that it reports, and words beside."""

    text: str
    tone: str = "info"
    label: str = ""
    key: str = ""
    aside: str = ""


class Banner(QWidget):
    """One line with an icon, at most one button and a way to close it.

    A line that stays gives way to one that passes and comes back after it, so that both can be read.
    """

    left = Signal()
    """The line is gone while it had the keyboard, which belongs to the page now."""
    pressed = Signal(str)
    """The button was pressed; the value is what :meth:`show_line` was given for it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.page: QWidget | None = None
        """What moves up when the line goes."""
        self._line = Line("")
        self._standing: Line | None = None
        self._spoken = ""
        self._icon = IconLabel(theme, "info", "accent_ink", 16)
        self._text = ElidedLabel()
        self._aside = label("", "field")
        self._button = button("", "link")
        self._button.clicked.connect(self._clicked)
        self._close = icon_button(theme, "close", tr("Close this message"), "dim")
        self._close.clicked.connect(self.close_line)
        for part in (self._button, self._close):  # a click must not take the keyboard from the page, to lose it here
            part.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        line = row(margins=(16, 3, 8, 3), spacing=8)
        for widget in (self._icon, self._text, self._aside, self._button, self._close):
            line.addWidget(widget, 1 if widget is self._text else 0)
        self.setLayout(line)
        self.setMinimumHeight(round(36 * theme.scale))  # with a button or without: the table must not jump
        self.setAutoFillBackground(True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._expired)
        self._pointer = QPoint()
        theme.changed.connect(self._colour)
        self.hide()

    def show_line(self, text: str, tone: str = "info", label: str = "", key: str = "", *, stays: bool = False,
                  aside: str = "") -> None:
        """Show *text*; *label* is the button's, *key* what it reports. It goes by itself unless it *stays*.

        :param aside: stands whole beside the text however long that is, and may change without being announced.
        """
        line = Line(text, tone, label, key, aside)
        if stays:
            self._standing = line
            if self._timer.isActive():
                return  # it is shown when the other one has been read
        else:
            self._timer.start(OFFER_MS if label else _SHOW_MS)
        self._show(line)

    def _show(self, line: Line) -> None:
        self._line = line
        self._icon.show_icon(_TONES[line.tone][0], _TONES[line.tone][1])
        self._text.setText(line.text)
        self._aside.setText(line.aside)
        self._aside.setVisible(bool(line.aside))
        self.setAccessibleName(f"{line.text} {line.aside}".strip())
        self._button.setText(line.label)
        self._button.setVisible(bool(line.label))
        self._close.setVisible(line is not self._standing)
        self._colour()
        self.show()
        if self._spoken != line.text:
            self._spoken = line.text
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    @property
    def text(self) -> str:
        """What is shown, empty while nothing is."""
        return f"{self._line.text} {self._line.aside}".strip() if not self.isHidden() else ""

    def _expired(self) -> None:
        """Its time is over; but the page below comes up by its height: not under a mouse that is on its way."""
        pointer, self._pointer = self._pointer, QCursor.pos()
        if self.page is not None and self.page.underMouse() and pointer != self._pointer:
            self._timer.start(_STILL_MS)
        else:
            self.close_line()

    def close_line(self) -> None:
        """What passes is over; what stays comes back."""
        self._timer.stop()
        if self._standing is not None:
            self._show(self._standing)
            return
        had_keyboard = self._button.hasFocus() or self._close.hasFocus()
        self.hide()
        if had_keyboard:
            self.left.emit()

    def done(self, key: str) -> None:
        """The line called *key* is no longer true."""
        if self._standing is not None and self._standing.key == key:
            self._standing = None
        if self._line.key == key:
            self.close_line()

    def clear(self) -> None:
        """Nothing that was said counts any more."""
        self._standing = None
        self.close_line()

    def _colour(self) -> None:
        palette = self.palette()
        palette.setColor(self.backgroundRole(), self._theme.colour(_TONES[self._line.tone][2]))
        self.setPalette(palette)

    def _clicked(self) -> None:
        self.pressed.emit(self._line.key)
