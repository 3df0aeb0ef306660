"""The options of a transfer, folded under one line that shows their current values."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state import options
from jetstream_desktop.state.options import Options
from jetstream_desktop.state.text import plain_tooltip, printable, sentence_case
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import column, drop_down, label


class _Scrolled(QScrollArea):
    """As high as its content where there is room, and scrolled where there is not."""

    def __init__(self, inner: QWidget, least: int) -> None:
        super().__init__()
        self._inner, self._least = inner, least
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(inner)
        self.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)

    def sizeHint(self) -> QSize:
        """The content's."""
        return self._inner.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """One option and a half, so that it shows that there is more."""
        return QSize(0, self._least)


class OptionsBox(QWidget):
    """Options folded under one line that shows their current values."""

    changed = Signal()
    unfolded = Signal(bool)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._line = QToolButton()
        self._line.setProperty("role", "flat")
        self._line.setCheckable(True)
        self._line.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._line.setStyleSheet("QToolButton { color: palette(placeholder-text); padding: 5px 0; text-align: left; "
                                 f"font-size: {theme.font('small').pixelSize()}px }}")
        self._line.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._line.toggled.connect(self._unfold)
        self._boxes: list[QComboBox] = []
        inner = QWidget()
        layout = column(margins=(0, 4, 0, 2), spacing=5)
        self.overwrite = self._box(tr("Files that are there already"), options.overwrite_names(), layout)
        self.limit = self._box(tr("Speed"), {n or 0: options.limit_name(n) for n in options.LIMITS}, layout)
        self.priority = self._box(tr("Priority"), options.priority_names(), layout)
        self.policy = self._box(tr("When others use the line"), options.policy_names(), layout)
        self.policy.setToolTip(tr("Counts where files travel as datagrams, which is so on long lines."))
        self.symlinks = self._box(tr("Symbolic links"), options.symlink_names(), layout)
        self.priority.setCurrentIndex(1)
        self.label = self._label_field(layout)
        inner.setLayout(layout)
        self._inner = _Scrolled(inner, round(84 * theme.scale))
        self._inner.hide()
        outer = column(spacing=4)
        outer.addWidget(self._line)
        outer.addWidget(self._inner)
        self.setLayout(outer)
        theme.changed.connect(self._show)
        self._show()

    def _box(self, name: str, values: Mapping[int, str] | Mapping[str, str], layout: Any) -> QComboBox:
        box = drop_down(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
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
        self._show()

    def _show(self) -> None:
        if not hasattr(self, "label"):
            return
        self._line.setIcon(self._theme.icon("expand" if self._line.isChecked() else "right", "dim", 14))
        self._line.setIconSize(QSize(14, 14))
        words = printable(options.summary(self.values()))
        self._line.setText(words.replace("&", "&&"))
        self._line.setToolTip(plain_tooltip(words))
        self._line.setAccessibleName(tr("Options: {values}", values=words))
        self.changed.emit()

    def values(self) -> Options:
        """What is chosen."""
        return Options(self.overwrite.currentData(), self.limit.currentData() or None, self.priority.currentData(),
                       self.symlinks.currentData(), policy=self.policy.currentData(),
                       label=" ".join(self.label.text().split()))
