"""The options of a transfer, folded under one line that shows their current values."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state import options
from jetstream_desktop.state.options import Options
from jetstream_desktop.state.text import printable, sentence_case
from jetstream_desktop.views.fold_line import FoldLine
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import column, drop_down, label


class _Still(QObject):
    """Lets the wheel scroll the page: nobody wants a value that changes because it came below the pointer."""

    def eventFilter(self, box: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel:
            event.ignore()
            return True
        return False


class OptionsBox(QWidget):
    """Options folded under one line that shows their current values."""

    changed = Signal()
    unfolded = Signal(bool)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._line = FoldLine(theme)
        self._line.toggled.connect(self._unfold)
        self._still = _Still(self)
        self._inner = QWidget()
        layout = column(margins=(0, 4, 0, 2), spacing=5)
        self.overwrite = self._box(tr("Files that are there already"), options.overwrite_names(), layout)
        self.limit = self._box(tr("Speed"), {n or 0: options.limit_name(n) for n in options.LIMITS}, layout)
        self.priority = self._box(tr("Priority"), options.priority_names(), layout)
        self.policy = self._box(tr("When others use the line"), options.policy_names(), layout)
        self.policy.setToolTip(tr("Counts where files travel as datagrams, which is so on long lines."))
        self.symlinks = self._box(tr("Symbolic links"), options.symlink_names(), layout)
        self.priority.setCurrentIndex(1)
        self.label = self._label_field(layout)
        self._inner.setLayout(layout)
        self._inner.hide()
        outer = column(spacing=4)
        outer.addWidget(self._line)
        outer.addWidget(self._inner)
        self.setLayout(outer)
        self._show()

    def _box(self, name: str, values: Mapping[int, str] | Mapping[str, str], layout: Any) -> QComboBox:
        box = drop_down(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        box.installEventFilter(self._still)
        for value, text in values.items():
            box.addItem(sentence_case(text), value)
        box.currentIndexChanged.connect(self._show)
        title = label(name, "dim")
        title.setBuddy(box)
        layout.addWidget(title)
        layout.addWidget(box)
        return box

    def _label_field(self, layout: QVBoxLayout) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(tr("Label"))
        field.setPlaceholderText(tr("what it is called here; empty: as its files"))
        field.setMaxLength(options.MAX_LABEL)
        field.textChanged.connect(self._show)
        layout.addWidget(label(tr("Label"), "dim"))
        layout.addWidget(field)
        return field

    @property
    def is_open(self) -> bool:
        """Whether the options are unfolded."""
        return self._line.isChecked()

    def _unfold(self, open_: bool) -> None:
        self._inner.setVisible(open_)
        self.unfolded.emit(open_)

    def _show(self) -> None:
        if not hasattr(self, "label"):
            return
        words = options.summary(self.values())
        self._line.say(words, tr("Options: {values}", values=printable(words)))
        self.changed.emit()

    def values(self) -> Options:
        """What is chosen."""
        return Options(self.overwrite.currentData(), self.limit.currentData() or None, self.priority.currentData(),
                       self.symlinks.currentData(), policy=self.policy.currentData(),
                       label=" ".join(self.label.text().split()))
