"""The first run and the empty table: three plain choices, where received files go, and a test of the whole path."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.text import home_relative, plain_tooltip, printable
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import IconLabel, button, column, label, panel, row, scrolled

_LOW = 340
"""Below that height there is no room for what the choices say of themselves."""


class Choice(QPushButton):
    """A card that is a button: an icon, a title, a sentence."""

    def __init__(self, theme: Theme, icon: str, title: str, sentence: str) -> None:
        super().__init__()
        self.setProperty("role", "choice")
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self._theme = theme
        self._sentence = sentence
        self.setMinimumHeight(round(126 * theme.scale))
        self.setMaximumWidth(round(250 * theme.scale))
        layout = column(margins=(18, 18, 16, 14), spacing=6)
        layout.addWidget(IconLabel(theme, icon, "accent", 22))
        layout.addSpacing(2)
        name = label(title, "section", wrap=True)
        name.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addWidget(name)
        self._words = label(sentence, "dim", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._words, 1)
        self.setLayout(layout)
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_low(self, low: bool) -> None:
        """The title alone; the sentence is in the tool tip."""
        self._words.setVisible(not low)
        self.setToolTip(plain_tooltip(self._sentence) if low else "")
        self.setMinimumHeight(round((96 if low else 126) * self._theme.scale))


class Welcome(QWidget):
    """What stands where the table will be. It scrolls where it does not fit: beside somebody who asks, say."""

    send_wanted = Signal()
    share_wanted = Signal()
    get_wanted = Signal()
    folder_wanted = Signal()
    test_wanted = Signal()
    back_wanted = Signal()
    """Away from here: there are transfers to see."""
    copy_wanted = Signal(str, str)

    def __init__(self, theme: Theme, home: str) -> None:
        super().__init__()
        self.setProperty("role", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._home = home
        self._low = round(_LOW * theme.scale)
        self._title = label("", "heading", wrap=True)
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._cards = self._choices(theme)
        self._folder = label("", "dim")
        self._change = self._link(tr("Change…"), self.folder_wanted.emit, tr("Change the folder for received files"))
        self._address = label("", "dim", selectable=True)
        self._copy = self._link(tr("Copy"), self._copy_address, tr("Copy the address of this computer"))
        self._test = self._link(tr("Send a test file to myself"), self.test_wanted.emit)
        self._back = self._link(tr("Back to the transfers"), self.back_wanted.emit)
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        self._escape.setContext(Qt.ShortcutContext.WindowShortcut)
        self._escape.activated.connect(self.back_wanted)
        for late in (self._change, self._copy):
            _keep_room(late)
        outer = column()
        outer.addWidget(scrolled(panel(self._lay_out())))
        self.setLayout(outer)
        self._node = LOCAL
        self._own = ""
        self.offer_back(False)
        self.show_node(LOCAL)

    def _choices(self, theme: Theme) -> list[Choice]:
        made = []
        for signal, icon, name, sentence in (
            (self.send_wanted, "up", tr("Send to someone I know"),
             tr("Type the address of their computer. They say yes there, and it starts.")),
            (self.share_wanted, "share", tr("Give a link to anyone"),
             tr("They fetch the files without an account, until the link ends.")),
            (self.get_wanted, "down", tr("Get files"), tr("Paste a link or type a token, choose a folder, done.")),
        ):
            card = Choice(theme, icon, name, sentence)
            card.clicked.connect(signal)
            made.append(card)
        return made

    def _link(self, text: str, slot: Callable[[], object], name: str = "") -> QPushButton:
        made = button(text, "link")
        if name:
            made.setAccessibleName(name)
        made.clicked.connect(slot)
        return made

    def _lay_out(self) -> QVBoxLayout:
        layout = column(margins=(24, 12, 24, 8), spacing=0)
        layout.addStretch(5)
        layout.addWidget(self._title)
        layout.addSpacing(18)
        cards = row(spacing=14)
        cards.addStretch(1)
        for card in self._cards:
            cards.addWidget(card, 6)
        cards.addStretch(1)
        layout.addLayout(cards)
        layout.addSpacing(16)
        for parts in ((self._folder, self._change), (self._address, self._copy), (self._test,), (self._back,)):
            layout.addLayout(_centred(*parts))
            layout.addSpacing(4)
        layout.addStretch(6)
        return layout

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for card in self._cards:
            card.set_low(self.height() < self._low)

    def show_node(self, node: OpenNode) -> None:
        """Whose files it is about: only those of this computer can be dropped."""
        self._node = node
        self._title.setText(tr("Drop files anywhere to send them") if node.local else
                            tr("Nothing here yet: choose files of {node} to send", node=node.title))
        self._test.setVisible(node.local)
        self.show_folder(None)
        self.show_address(None)

    def offer_back(self, offered: bool) -> None:
        """Whether there are transfers that this page hides."""
        self._back.setVisible(offered)
        self._escape.setEnabled(offered)

    def show_address(self, address: str | None) -> None:
        """Where others send to."""
        self._own = address or ""
        self._address.setText(tr("Others send to you at {address}", address=self._own) if address else "")
        self._copy.setVisible(bool(address))

    def _copy_address(self) -> None:
        self.copy_wanted.emit(self._own, tr("Address"))

    def show_folder(self, folder: str | None) -> None:
        """Where received files go; ``None`` before the node has told it."""
        shown = home_relative(printable(folder or ""), self._home if self._node.local else "")
        self._folder.setText(tr("Received files go to {folder}", folder=shown) if folder else "")
        self._change.setVisible(bool(folder))


def _centred(*parts: QWidget) -> QHBoxLayout:
    line = row(spacing=4)
    line.addStretch(1)
    for part in parts:
        line.addWidget(part)
    line.addStretch(1)
    return line


def _keep_room(hidden: QWidget) -> None:
    """Its line stays as high without it: nothing jumps when the node has told what it is about."""
    policy = hidden.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    hidden.setSizePolicy(policy)
