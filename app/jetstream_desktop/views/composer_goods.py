"""The left side of the composer: the tree of what goes, the invitation while it is empty, names to leave out."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.views.composer_tree import BasketTree
from jetstream_desktop.views.invitation import Invitation
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import button, clear, column, hairline, panel, row

_ZONE = 96
_ASIDE = 16


class ComposerGoods(QWidget):
    """Holds the *tree*; what a pattern does to the basket is decided elsewhere."""

    files_wanted = Signal()
    folder_wanted = Signal()
    exclude_wanted = Signal(str)
    include_wanted = Signal(str)

    def __init__(self, theme: Theme, tree: BasketTree) -> None:
        super().__init__()
        self._tree = tree
        self._empty = Invitation(theme, "up", dashed=True)
        self._empty_buttons = self._empty.offer([
            (tr("Choose files…"), "primary", self.files_wanted.emit),
            (tr("Choose a folder…"), "", self.folder_wanted.emit)])
        self._goes = QStackedWidget()
        self._goes.addWidget(tree)
        self._goes.addWidget(self._empty)
        self.pattern = QLineEdit()
        self.pattern.setPlaceholderText(tr("Leave out names like *.tmp"))
        self.pattern.setAccessibleName(tr("Pattern of names to leave out"))
        self.pattern.setMaximumWidth(230)
        self.pattern.returnPressed.connect(self._exclude)
        self._patterns = row(spacing=6)
        self._foot = self._under()
        layout = column()
        layout.addWidget(self._goes, 1)
        layout.addWidget(self._foot)
        self.setLayout(layout)
        self.setProperty("role", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def _under(self) -> QWidget:
        foot = row(margins=(14, 8, 14, 10), spacing=6)
        foot.addWidget(self.pattern, 10)  # nearly all of the room, up to its width
        foot.addLayout(self._patterns)
        foot.addStretch(1)
        under = column()
        under.addWidget(hairline())
        under.addLayout(foot)
        return panel(under)

    def show_node(self, node: OpenNode) -> None:
        """Whose files these are."""
        self._empty_buttons[1].setVisible(node.local)  # there one list has both
        if node.local:
            self._empty.say(tr("Drop files or folders here"), tr("Nothing is sent before you say so."))
        else:
            self._empty.say(tr("Choose files of {node}", node=node.title),
                            tr("It sends what lies on its own disk; nothing is sent before you say so."))

    @property
    def first_focus(self) -> QWidget:
        """Where something is chosen, while there is nothing yet."""
        return self._empty_buttons[0]

    def show_empty(self, empty: bool) -> None:
        """Whether there is nothing yet."""
        self._goes.setCurrentWidget(self._empty if empty else self._tree)
        self._foot.setVisible(not empty)

    def drop_zone(self) -> QRect:
        """The lowest part of the list, all of it while it is empty."""
        page = self._goes.geometry()
        if self._goes.currentWidget() is self._empty:
            return page.adjusted(_ASIDE, _ASIDE, -_ASIDE, -_ASIDE)
        high = min(_ZONE, page.height() - self._tree.header().height() - _ASIDE)
        return QRect(page.left() + _ASIDE, page.bottom() - _ASIDE - high, page.width() - 2 * _ASIDE, high)

    def show_patterns(self, patterns: Sequence[str]) -> None:
        """What is left out, each with a way back."""
        clear(self._patterns)
        for pattern in patterns:
            chip = button(f"{pattern}  ×", "chip", tip=tr("Send names like this after all"))
            chip.setProperty("pattern", pattern)
            chip.clicked.connect(self._include)
            self._patterns.addWidget(chip)

    def _exclude(self) -> None:
        self.exclude_wanted.emit(self.pattern.text())
        self.pattern.clear()

    def _include(self) -> None:
        chip = self.sender()
        if isinstance(chip, QWidget):
            self.include_wanted.emit(str(chip.property("pattern")))
