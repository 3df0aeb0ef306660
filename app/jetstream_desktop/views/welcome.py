"""The first run and the empty table: three plain choices, where received files go, and a test of the whole path."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.text import home_relative, plain_tooltip, printable
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import IconLabel, button, column, label, row

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
        layout.addWidget(label(title, "section", wrap=True))
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
    """What stands where the table will be."""

    send_wanted = Signal()
    share_wanted = Signal()
    get_wanted = Signal()
    folder_wanted = Signal()
    test_wanted = Signal()
    copy_wanted = Signal(str, str)

    def __init__(self, theme: Theme, home: str) -> None:
        super().__init__()
        self.setProperty("role", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._home = home
        self._cards: list[Choice] = []
        self._low = round(_LOW * theme.scale)
        layout = column(margins=(24, 16, 24, 16), spacing=0)
        layout.addStretch(5)
        self._title = label("", "heading", wrap=True)
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._title)
        layout.addSpacing(22)
        cards = row(spacing=14)
        cards.addStretch(1)
        for signal, icon, name, sentence in (
            (self.send_wanted, "up", tr("Send to someone I know"),
             tr("Type the address of their computer. They say yes there, and it starts.")),
            (self.share_wanted, "share", tr("Give a link to anyone"),
             tr("They fetch the files without an account, until the link ends.")),
            (self.get_wanted, "down", tr("Get files"), tr("Paste a link or type a token, choose a folder, done.")),
        ):
            card = Choice(theme, icon, name, sentence)
            card.clicked.connect(signal)
            cards.addWidget(card, 6)
            self._cards.append(card)
        cards.addStretch(1)
        layout.addLayout(cards)
        layout.addSpacing(18)
        foot = row(spacing=4)
        self._folder = label("", "dim")
        change = self._change = button(tr("Change…"), "link")
        change.setAccessibleName(tr("Change the folder for received files"))
        change.clicked.connect(self.folder_wanted)
        self._test = button(tr("Send a test file to myself"), "link")
        self._test.clicked.connect(self.test_wanted)
        foot.addStretch(1)
        for widget in (self._folder, change):
            foot.addWidget(widget)
        foot.addStretch(1)
        layout.addLayout(foot)
        layout.addSpacing(4)
        mine = row(spacing=4)
        self._address = label("", "dim", selectable=True)
        self._copy = button(tr("Copy"), "link")
        self._copy.setAccessibleName(tr("Copy the address of this computer"))
        self._copy.clicked.connect(self._copy_address)
        mine.addStretch(1)
        mine.addWidget(self._address)
        mine.addWidget(self._copy)
        mine.addStretch(1)
        layout.addLayout(mine)
        layout.addSpacing(4)
        layout.addWidget(self._test, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(6)
        self.setLayout(layout)
        self._node = LOCAL
        self._own = ""
        self.show_node(LOCAL)

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

    def show_address(self, address: str | None) -> None:
        """Where others send to."""
        self._own = address or ""
        self._address.setText(tr("Others send to you at {address}", address=self._own) if address else "")
        self._copy.setVisible(bool(address))

    def _copy_address(self) -> None:
        self.copy_wanted.emit(self._own, tr("Address"))

    def show_folder(self, folder: str | None) -> None:
        """Where received files go."""
        shown = printable(folder) if folder else tr("the folder of the node")
        if self._node.local:
            shown = home_relative(shown, self._home)
        self._change.setVisible(self._node.local or folder is not None)
        self._folder.setText(tr("Received files go to {folder}", folder=shown))
