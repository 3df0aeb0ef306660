"""The card that opens a node elsewhere: who it is, what it shows at first contact, which were open lately."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.address import Address, parse_address
from jetstream_desktop.state.details import grouped
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.state.text import printable
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.details import field_label, form
from jetstream_desktop.views.near_button import NearButton
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import ElidedLabel, button, clear, column, icon_button, label, panel, row


def fingerprint_lines(fingerprint: str) -> str:
    """A fingerprint as four lines of four groups: what two people can compare by reading aloud."""
    groups = grouped(fingerprint).split()
    return "\n".join("  ".join(groups[i : i + 4]) for i in range(0, len(groups), 4))


class Figures(QLabel):
    """A whole fingerprint, its groups below each other."""

    def __init__(self, theme: Theme, name: str, fingerprint: str = "") -> None:
        super().__init__()
        self._name = name
        family = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
        self.setStyleSheet(f"font-family: '{family}'; font-size: {theme.font('body').pixelSize() + 4}px")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse
                                     | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.show_fingerprint(fingerprint)

    def show_fingerprint(self, fingerprint: str) -> None:
        """Another one."""
        self.setText(fingerprint_lines(fingerprint))
        self.setAccessibleName(f"{self._name}: {grouped(fingerprint)}")


class NodeCard(Card):
    """Asks for address, user and password; then, at first contact, whether the identity is the right one."""

    connect_wanted = Signal(object, str, str, bool)
    """:class:`Address`, user, password, and whether to keep the password in the keyring."""
    trusted = Signal()
    open_wanted = Signal(object)
    """One of the nodes that were open lately."""
    forget_wanted = Signal(object)
    home_wanted = Signal()

    def __init__(self, theme: Theme, recent: Sequence[OpenNode], *, at_home: bool) -> None:
        super().__init__(theme, tr("Connect to another node"), 600)
        self._asking = panel(self._question())
        self._confirming = panel(self._confirmation())
        self._confirming.hide()
        self.body.addWidget(self._asking)
        self.body.addWidget(self._confirming)
        self._home.setVisible(not at_home)
        self.show_recent(recent)
        self.show_keyring(None)
        self._typed()

    # Building

    def _question(self) -> QVBoxLayout:
        layout = column(spacing=12)
        layout.addWidget(label(tr("Watch and steer JetStream on another computer. Its owner has to allow it there "
                                  "(--api-allow-remote-control) and to give you an account."), "dim", wrap=True))
        self.address = self._field(tr("Address"), tr("host name or IP address[:port]"))
        self.user = self._field(tr("User there"), "")
        self.password = self._field(tr("Password"), "")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.keep = QCheckBox(tr("Keep the password in the keyring of this system"))
        self.keyring = label("", "dim", wrap=True)
        self.near = NearButton(self._theme)
        self.near.chosen.connect(self._pick)
        where = row()
        where.addWidget(self.address, 1)
        where.addWidget(self.near)
        fields = form()
        fields.addRow(field_label(tr("Address")), where)
        for name, widget in ((tr("User there"), self.user), (tr("Password"), self.password)):
            fields.addRow(field_label(name), widget)
        fields.addRow(self.keep)  # beside the labels there is no room for it in a small window
        layout.addLayout(fields)
        layout.addWidget(self.keyring)
        self.problem = label("", "bad", wrap=True)
        self.problem.hide()
        layout.addWidget(self.problem)
        self._recent = column(spacing=2)
        layout.addLayout(self._recent)
        foot = row()
        self._home = button(tr("Back to this computer"), theme=self._theme, icon="computer")
        self._home.clicked.connect(self.home_wanted)
        foot.addWidget(self._home)
        foot.addStretch(1)
        cancel = button(tr("Cancel"))
        cancel.clicked.connect(self.closed)
        self.go = button(tr("Connect"), "primary")
        self.go.clicked.connect(self._connect)
        foot.addWidget(cancel)
        foot.addWidget(self.go)
        layout.addLayout(foot)
        for field in (self.address, self.user, self.password):
            field.textChanged.connect(self._typed)
            field.returnPressed.connect(self._connect)
        return layout

    def _confirmation(self) -> QVBoxLayout:
        layout = column(spacing=12)
        self._who = label("", "section", wrap=True)
        self._identity = Figures(self._theme, tr("Identity of the node"))
        layout.addWidget(self._who)
        layout.addWidget(label(tr("This computer has not met it before. Nothing was told to it yet. Its owner sees its "
                                  "identity there under “Who may send to me”; let them read it to you."),
                               "dim", wrap=True))
        layout.addWidget(self._identity, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(label(tr("If it is the same, it is remembered, and another one will never be accepted in its "
                                  "place."), "dim", wrap=True))
        foot = row()
        self._back = button(tr("Back"))
        self._back.clicked.connect(self.ask_again)
        self.trust = button(tr("It is the same, connect"), "primary")
        self.trust.clicked.connect(self._trust)
        foot.addWidget(self._back)
        foot.addStretch(1)
        foot.addWidget(self.trust)
        layout.addLayout(foot)
        return layout

    def _field(self, name: str, placeholder: str) -> QLineEdit:
        made = QLineEdit()
        made.setAccessibleName(name)
        made.setPlaceholderText(placeholder)
        return made

    def first_focus(self) -> QWidget:
        if not self.address.text():
            return self.address
        return self.password if self.user.text() else self.user

    # What is shown

    def show_recent(self, recent: Sequence[OpenNode]) -> None:
        """The nodes that were open lately."""
        clear(self._recent)
        if recent:
            self._recent.addWidget(label(tr("Open lately"), "section"))
        for node in recent:
            line = row(spacing=10)
            opening = button(node.title, "link")
            opening.setProperty("node", node)
            opening.setAccessibleName(tr("Open {name}", name=node.title))
            opening.clicked.connect(self._open)
            remove = icon_button(self._theme, "trash", tr("Remove {name} from this list", name=node.title), "dim")
            remove.setProperty("node", node)
            remove.clicked.connect(self._forget)
            line.addWidget(opening)
            line.addWidget(ElidedLabel(node.line, "dim"), 1)
            line.addWidget(remove)
            self._recent.addLayout(line)

    def show_keyring(self, available: bool | None) -> None:
        """Whether this system can keep passwords; ``None`` while that is being found out."""
        self.keep.setEnabled(bool(available))
        self.keep.setChecked(bool(available))
        self.keep.setVisible(available is not False)
        self.keyring.setText(tr("This system has no keyring, so the password is asked for each time. JetStream writes "
                                "it nowhere."))
        self.keyring.setVisible(available is False)

    def fill(self, node: OpenNode) -> None:
        """Start with what is known of *node*."""
        self.address.setText(str(node.address))
        self.user.setText(node.user)
        self.first_focus().setFocus()

    def show_busy(self, words: str) -> None:
        """It is being tried; *words* on the button."""
        self.problem.hide()
        for made in (self.go, self.trust):
            made.setEnabled(False)
            made.setText(words)

    def show_problem(self, words: str) -> None:
        """Why it could not be opened."""
        self.ask_again()
        self.problem.setText(printable(words))
        self.problem.show()
        self.first_focus().setFocus()

    def show_identity(self, address: Address, name: str, version: str, fingerprint: str) -> None:
        """Ask whether what answers is what is meant."""
        self._who.setText(tr("“{name}” answers at {address}, JetStream {version}", name=printable(name)[:80],
                             address=str(address), version=printable(version)[:20]))
        self._identity.show_fingerprint(fingerprint)
        self._asking.hide()
        self._confirming.show()
        self.problem.hide()
        self.trust.setEnabled(True)
        self.trust.setText(tr("It is the same, connect"))
        self._back.setFocus()  # whoever types on without reading must not trust by that

    def ask_again(self) -> None:
        """Back to the fields."""
        self._confirming.hide()
        self._asking.show()
        self.problem.hide()
        self.go.setText(tr("Connect"))
        self._typed()

    # What the person does

    def _pick(self, near: Near) -> None:
        self.address.setText(str(near.address))
        self.user.setFocus()

    def _typed(self, _text: str = "") -> None:
        self.go.setEnabled(parse_address(self.address.text()) is not None)

    def _connect(self) -> None:
        address = parse_address(self.address.text())
        if address is not None and self.go.isEnabled():
            self.connect_wanted.emit(address, self.user.text().strip(), self.password.text(),
                                     self.keep.isEnabled() and self.keep.isChecked())

    def _trust(self) -> None:
        self.trusted.emit()

    def _open(self) -> None:
        self.open_wanted.emit(self._node())

    def _forget(self) -> None:
        self.forget_wanted.emit(self._node())

    def _node(self) -> object:
        sender = self.sender()
        return sender.property("node") if sender is not None else None
