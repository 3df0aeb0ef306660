"""The lines of a test, one a step. They are kept and only their texts change, so that nothing jumps."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QFontMetrics
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from jetstream.checks import Check
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.findings import About, Line, a_destination, lines, outcome_words, step_names, summary
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import IconLabel, column, label, set_role

_GAP = 8


@dataclass(frozen=True)
class _Row:
    icon: IconLabel
    name: QLabel
    word: QLabel
    text: QLabel
    fix: QLabel


class Findings(QWidget):
    """How far a test has come: icon, step, word, sentence, and what to do."""

    def __init__(self, theme: Theme, about: About | None = None) -> None:
        super().__init__()
        self._theme = theme
        self._about = about or a_destination()
        self._rows: dict[str, _Row] = {}
        self.text = ""
        """All of it, to copy."""
        self.setAccessibleName(tr("What the test found"))
        self.summary = label("", "section", wrap=True)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(7)
        self._grid.setColumnStretch(3, 1)
        layout = column(spacing=8)
        layout.addWidget(self.summary)
        layout.addLayout(self._grid)
        self.setLayout(layout)
        self.hide()

    def show_findings(self, found: Sequence[Check], running: bool) -> None:
        """What was found so far; while the test is *running* the steps to come are there, too."""
        words, tone = (tr("Testing…"), "accent_ink") if running else summary(found, self._about)
        self.summary.setText(words)
        set_role(self.summary, tone)
        shown = lines(found, running, self._about)
        for line in shown:
            self._show(line)
        self.text = "\n".join([words, *(line.spoken for line in shown)])
        self.setAccessibleDescription(self.text)
        self.show()
        if not running:
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def _show(self, line: Line) -> None:
        if line.step not in self._rows:
            self._rows[line.step] = self._add(len(self._rows), line)
        made = self._rows[line.step]
        made.icon.show_icon(line.icon, line.tone)
        made.word.setText(line.word)
        set_role(made.word, "field" if line.tone == "dim" else line.tone)
        set_role(made.text, "field" if line.tone == "dim" else "text")
        made.text.setText(line.text)
        made.fix.setText(line.fix)
        made.fix.setVisible(bool(line.fix))
        made.text.setAccessibleName(line.spoken)

    def _add(self, number: int, line: Line) -> _Row:
        made = _Row(IconLabel(self._theme, line.icon, line.tone, 16), label(line.name, "field"), label(line.word),
                    label("", wrap=True), label("", "dim", wrap=True))
        for words in (made.text, made.fix):  # by the mouse alone: sixteen stops of the Tab key would help nobody
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        metrics = QFontMetrics(self._theme.font("body"))
        for shown, known in ((made.name, step_names()), (made.word, outcome_words())):  # so that no word is cut
            shown.setFixedWidth(max(map(metrics.horizontalAdvance, known)) + _GAP)
        top = Qt.AlignmentFlag.AlignTop
        for place, widget in enumerate((made.icon, made.name, made.word)):
            self._grid.addWidget(widget, 2 * number, place, top)
        made.text.setContentsMargins(0, 1, 0, 0)  # a text that can be selected stands a pixel higher than others
        self._grid.addWidget(made.text, 2 * number, 3)
        self._grid.addWidget(made.fix, 2 * number + 1, 3)
        return made
