"""One line that stands for what is folded below it: it says the gist, and a click or the space bar unfolds the rest."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton

from jetstream_desktop.state.text import plain_tooltip, printable
from jetstream_desktop.views.theme import Theme

_ARROW = 14
_ASIDE = _ARROW + 12
"""What the arrow and the style's distances take of the width."""


class FoldLine(QToolButton):
    """Checked means unfolded. What does not fit is cut; the tool tip has all of it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._tone = "dim"
        self._words = ""
        self.setProperty("role", "flat")
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setIconSize(QSize(_ARROW, _ARROW))
        self.toggled.connect(self._show_arrow)
        theme.changed.connect(self._dress)
        self._dress()

    def say(self, words: str, spoken: str, tone: str = "dim") -> None:
        """The gist, what a screen reader says instead, and the tone of the theme."""
        self._words = printable(words)
        self.setAccessibleName(spoken)
        self._cut()
        if tone != self._tone:
            self._tone = tone
            self._dress()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        """At the end, where the least is lost; the style would take something out of the middle."""
        font = self._theme.font("small")
        shown = QFontMetrics(font).elidedText(self._words, Qt.TextElideMode.ElideRight, self.width() - _ASIDE)
        self.setText(shown.replace("&", "&&"))
        self.setToolTip(plain_tooltip(self._words) if shown != self._words else "")

    def _show_arrow(self) -> None:
        self.setIcon(self._theme.icon("expand" if self.isChecked() else "right", "dim", _ARROW))

    def _dress(self) -> None:
        self._show_arrow()
        self.setStyleSheet(f"QToolButton {{ color: {self._theme.colour(self._tone).name()}; padding: 5px 0; "
                           f"text-align: left; font-size: {self._theme.font('small').pixelSize()}px }}")
