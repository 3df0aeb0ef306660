"""The thin bar above the page: what is wrong or was done, and the one button that helps. Never a dialog."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import ElidedLabel, IconLabel, button, icon_button, row

_SHOW_MS = 6000
_OFFER_MS = 15_000
"""How long a line stays whose button may be wanted."""
_TONES = {"info": ("info", "accent_ink", "wash"), "good": ("check", "good", "wash"),
          "caution": ("alert", "caution", "wash"), "bad": ("alert", "bad", "wash")}


class Banner(QWidget):
    """One line with an icon, at most one button and a way to close it."""

    pressed = Signal(str)
    """The button was pressed; the value is what :meth:`show_line` was given for it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._key = ""
        self._tone = "info"
        self._spoken = ""
        self._icon = IconLabel(theme, "info", "accent_ink", 16)
        self._text = ElidedLabel()
        self._button = button("", "link")
        self._button.clicked.connect(self._clicked)
        self._close = icon_button(theme, "close", tr("Close this message"), "dim")
        self._close.clicked.connect(self.hide)
        line = row(margins=(16, 3, 8, 3), spacing=8)
        for widget in (self._icon, self._text, self._button, self._close):
            line.addWidget(widget, 1 if widget is self._text else 0)
        self.setLayout(line)
        self.setAutoFillBackground(True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOW_MS)
        self._timer.timeout.connect(self.hide)
        theme.changed.connect(self._colour)
        self.hide()

    def show_line(self, text: str, tone: str = "info", label: str = "", key: str = "", *, stays: bool = False) -> None:
        """Show *text*; *label* is the button's, *key* what it reports. It goes by itself unless it *stays*."""
        self._tone, self._key = tone, key
        self._icon.show_icon(_TONES[tone][0], _TONES[tone][1])
        self._text.setText(text)
        self.setAccessibleName(text)
        self._button.setText(label)
        self._button.setVisible(bool(label))
        self._close.setVisible(not stays)
        self._colour()
        self.show()
        if self._spoken != text:
            self._spoken = text
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        if stays:
            self._timer.stop()
        else:
            self._timer.start(_OFFER_MS if label else _SHOW_MS)

    @property
    def text(self) -> str:
        """What is shown, empty while nothing is."""
        return self._text.text() if not self.isHidden() else ""

    def done(self, key: str) -> None:
        """Hide the line if it is the one called *key*."""
        if self._key == key:
            self.hide()

    def _colour(self) -> None:
        palette = self.palette()
        palette.setColor(self.backgroundRole(), self._theme.colour(_TONES[self._tone][2]))
        self.setPalette(palette)

    def _clicked(self) -> None:
        self.pressed.emit(self._key)
