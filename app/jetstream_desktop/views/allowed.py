"""Who may send here: the identities that are let in, and this computer's own identity to give to others."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.allowed import Allowed, fingerprint_in
from jetstream_desktop.state.details import grouped, short_fingerprint
from jetstream_desktop.state.text import printable
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import ElidedLabel, button, clear, column, icon_button, label, row


class AllowedCard(Card):
    """A list with a field to add to it."""

    add_wanted = Signal(str, str)
    """Fingerprint and name."""
    remove_wanted = Signal(str)
    copy_wanted = Signal(str, str)
    asking_allowed = Signal(bool)

    def __init__(self, theme: Theme, own: str, *, strangers_ask: bool) -> None:
        super().__init__(theme, tr("Who may send to me"), 640)
        self._own = own
        self.body.addWidget(label(tr("Computers on this list send here without asking. “Accept always” adds one."),
                                  "dim", wrap=True))
        self._list = column(spacing=6)
        self.body.addLayout(self._list)
        self.strangers = QCheckBox(tr("All others may ask; they wait until I say yes"))
        self.strangers.setChecked(strangers_ask)
        self.strangers.clicked.connect(self.asking_allowed)
        self.body.addWidget(self.strangers)
        self.identity = QLineEdit()
        self.identity.setPlaceholderText(tr("identity of the other computer (64 figures)"))
        self.identity.setAccessibleName(tr("Identity of the other computer"))
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("name"))
        self.name.setAccessibleName(tr("Name of the other computer"))
        self.name.setMaximumWidth(150)
        self.add = button(tr("Let in"), "primary")
        self.add.clicked.connect(self._add)
        self.identity.textChanged.connect(self._typed)
        self.identity.returnPressed.connect(self._add)
        line = row()
        line.addWidget(self.identity, 1)
        line.addWidget(self.name)
        line.addWidget(self.add)
        self.body.addLayout(line)
        self.problem = label("", "bad", wrap=True)
        self.problem.hide()
        self.body.addWidget(self.problem)
        mine = row()
        mine.addWidget(label(tr("My identity"), "field"))
        mine.addWidget(ElidedLabel(grouped(own)), 1)
        copy = button(tr("Copy my identity"), theme=theme, icon="copy")
        copy.clicked.connect(self._copy)
        mine.addWidget(copy)
        self.body.addLayout(mine)
        foot = row()
        foot.addStretch(1)
        done = button(tr("Done"))
        done.clicked.connect(self.closed)
        foot.addWidget(done)
        self.body.addLayout(foot)
        self._typed("")

    def first_focus(self) -> QWidget:
        return self.identity

    def show_allowed(self, allowed: Sequence[Allowed]) -> None:
        """The list."""
        clear(self._list)
        if not allowed:
            self._list.addWidget(label(tr("Nobody yet, except this computer itself.")))
        for one in allowed:
            line = row()
            line.addWidget(label(printable(one.name) or tr("without a name"), "section"))
            line.addWidget(label(short_fingerprint(one.fingerprint), "field"), 1)
            words = tr("Do not let {name} in any more", name=printable(one.name) or one.fingerprint)
            remove = icon_button(self._theme, "trash", words)
            remove.setProperty("fingerprint", one.fingerprint)
            remove.clicked.connect(self._remove)
            line.addWidget(remove)
            self._list.addLayout(line)

    def show_asking(self, allowed: bool) -> None:
        """Whether others may ask."""
        self.strangers.setChecked(allowed)

    def show_problem(self, words: str) -> None:
        """Why it could not be done."""
        self.problem.setText(words)
        self.problem.show()

    def _typed(self, _text: str) -> None:
        text = self.identity.text()
        good = fingerprint_in(text) is not None
        self.add.setEnabled(good)
        self.problem.setVisible(len(text.strip()) >= 64 and not good)
        self.problem.setText(tr("This is no identity: it has 64 figures from 0 to 9 and a to f."))

    def _add(self) -> None:
        found = fingerprint_in(self.identity.text())
        if found is not None:
            self.add_wanted.emit(found, self.name.text().strip())
            self.identity.clear()
            self.name.clear()

    def _remove(self) -> None:
        sender = self.sender()
        if isinstance(sender, QWidget):
            self.remove_wanted.emit(str(sender.property("fingerprint")))

    def _copy(self) -> None:
        self.copy_wanted.emit(self._own, tr("Identity"))
