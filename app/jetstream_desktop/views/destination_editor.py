"""The card that adds or changes a destination, and tests it layer by layer."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from jetstream.checks import Check
from jetstream.constants import DEFAULT_API_PORT
from jetstream.entities import Destination
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.address import FOLDER, GROUP, folder_of, parse_address
from jetstream_desktop.state.book import MAX_NAME, clean_name, group_of, pasted
from jetstream_desktop.state.details import short_fingerprint
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.state.options import MAX_LIMIT
from jetstream_desktop.state.text import printable
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.details import field_label, form
from jetstream_desktop.views.findings import Findings
from jetstream_desktop.views.near_button import NearButton
from jetstream_desktop.views.rate_field import RateField
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import button, label, number_field, panel, row


class DestinationCard(Card):
    """Fields of an address-book record. ``saved`` carries the fields in the names of the API."""

    saved = Signal(object, object)
    """The id or ``None`` for a new one, and the fields."""
    test_wanted = Signal(object, object)
    """The id of the destination that is changed or ``None``, and the fields as they stand in the card."""
    remove_wanted = Signal(str)

    def __init__(self, theme: Theme, destination: Destination | None, groups: Sequence[str] = ()) -> None:
        super().__init__(theme, tr("Edit destination") if destination else tr("New destination"), 600)
        self._destination = destination
        self._loaded = destination
        self.name = self._field(tr("Name"), tr("what you call it"))
        self.group = self._field(tr("Group"), tr("for the list; may stay empty"))
        self.group.setMaxLength(MAX_NAME)
        completer = QCompleter(list(groups), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.group.setCompleter(completer)
        self.address = self._field(tr("Address"), tr("host name, IP address or jetstream: link"))
        self.port = number_field(tr("Port"), 1, 65535)
        self.port.setValue(DEFAULT_API_PORT)
        self.folder = self._field(tr("Folder there"), tr("below its receiving folder; empty: that one"))
        self.user = self._field(tr("User there"), tr("only if it asks for one"))
        self.password = self._field(tr("Password"), "")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.identity = self._field(tr("Identity"), tr("fingerprint; empty: the first one seen"))
        self.limit = RateField(tr("Speed limit"), 0, MAX_LIMIT)
        self.limit.setSpecialValueText(tr("no limit"))
        self.near = NearButton(theme)
        self.near.chosen.connect(self.fill)
        where = row()
        where.addWidget(self.address, 1)
        where.addWidget(self.near)
        fields = form()
        for name, widget in ((tr("Name"), self.name), (tr("Address"), panel(where)), (tr("Port"), self.port),
                             (tr("Group"), self.group), (tr("Folder there"), self.folder),
                             (tr("User there"), self.user), (tr("Password"), self.password),
                             (tr("Identity"), self.identity), (tr("Speed limit"), self.limit)):
            fields.addRow(field_label(name), widget)
        self.body.addLayout(fields)
        self._findings = Findings(theme)
        self.body.addWidget(self._findings)
        self.problem = label("", "bad", wrap=True)
        self.problem.hide()
        self.body.addWidget(self.problem)
        self._foot()
        self.address.textChanged.connect(self._typed)
        if destination is not None:
            self._load(destination)
        self._typed()

    def _field(self, name: str, placeholder: str) -> QLineEdit:
        made = QLineEdit()
        made.setAccessibleName(name)
        made.setPlaceholderText(placeholder)
        return made

    def _foot(self) -> None:
        foot = row()
        if self._destination is not None:
            remove = button(tr("Remove"), "danger")
            remove.clicked.connect(self._remove)
            foot.addWidget(remove)
        self.test = button(tr("Test"), theme=self._theme, icon="bolt")
        self.test.clicked.connect(self._test)
        foot.addWidget(self.test)
        foot.addStretch(1)
        cancel = button(tr("Cancel"))
        cancel.clicked.connect(self.closed)
        self.save = button(tr("Save"), "primary")
        self.save.clicked.connect(self._save)
        foot.addWidget(cancel)
        foot.addWidget(self.save)
        self.body.addLayout(foot)

    def entered(self) -> None:
        self._save()

    def first_focus(self) -> QWidget:
        return self.name if self._destination is None else self.address

    def _load(self, destination: Destination) -> None:
        self.name.setText(destination.name)
        self.group.setText(group_of(destination))
        self.folder.setText(folder_of(destination))
        self.address.setText(destination.destination_address)
        self.port.setValue(destination.destination_port)
        self.user.setText(destination.user_name or "")
        if destination.password_set:
            self.password.setPlaceholderText(tr("kept as it is"))
        self.identity.setText(destination.permitted_destination_public_key or "")
        self.identity.setCursorPosition(0)
        if destination.destination_public_key and not destination.permitted_destination_public_key:
            code = short_fingerprint(destination.destination_public_key)
            self.identity.setPlaceholderText(tr("last seen: {code}", code=code))
        self.limit.set_kbps(destination.send_rate_max or 0)

    def fill(self, near: Near) -> None:
        """What a node nearby says of itself."""
        self.address.setText(near.host)
        self.port.setValue(near.port)
        self.identity.setText(near.fingerprint)
        if not self.name.text():
            self.name.setText(near.name)

    def paste(self, text: str) -> None:
        """An address, or a link that may say what is there, too."""
        found = pasted(text)
        if found is None:
            self.address.setText(text)
            return
        self.address.setText(found.address.host)
        self.port.setValue(found.address.port)
        if found.name and not self.name.text():
            self.name.setText(found.name)
        if found.identity:
            self.identity.setText(found.identity)
            self.identity.setCursorPosition(0)  # its beginning is what people compare

    def as_new(self) -> None:
        """Save as another destination than the one that was loaded."""
        self._destination = None
        self.title.setText(tr("New destination"))
        if self._loaded is not None and self._loaded.password_set:
            self.password.setPlaceholderText(tr("not copied; type it again"))

    def _typed(self) -> None:
        text = self.address.text()
        if text.strip().lower().startswith("jetstream:") and pasted(text) is not None:
            self.paste(text)  # comes back here with the host alone
            return
        address = parse_address(text)
        if address is not None and address.port != DEFAULT_API_PORT:
            self.port.setValue(address.port)
        for needs_address in (self.save, self.test):
            needs_address.setEnabled(address is not None)
            needs_address.setToolTip("" if address is not None else tr("It needs an address first."))

    def values(self) -> dict[str, Any]:
        """The fields in the names of the API."""
        address = parse_address(self.address.text())
        result: dict[str, Any] = {
            "destination_address": address.host if address else "", "destination_port": self.port.value(),
            "name": self.name.text().strip(), "user_name": self.user.text().strip() or None,
            "permitted_destination_public_key": self.identity.text().strip() or None,
            "send_rate_max": self.limit.kbps() or None, "user_data": self._user_data(),
        }
        if self.password.text():
            result["password"] = self.password.text()
        return result

    def _user_data(self) -> dict[str, Any]:
        kept = dict(self._loaded.user_data) if self._loaded is not None else {}
        typed = {GROUP: clean_name(self.group.text()), FOLDER: self.folder.text().strip()}
        others = {name: value for name, value in kept.items() if name not in typed}
        return {**others, **{name: value for name, value in typed.items() if value}}

    def show_findings(self, found: Sequence[Check], running: bool) -> None:
        """How far the test has come."""
        self.problem.hide()
        self._testing(running)
        self._findings.show_findings(found, running)
        self._findings.ensurePolished()
        self.ensureWidgetVisible(self._findings)

    def _testing(self, running: bool) -> None:
        self.test.setText(tr("Testing…") if running else tr("Test"))

    def show_problem(self, words: str) -> None:
        """Why it could not be saved, or tested."""
        self._testing(False)
        self._findings.hide()
        self.problem.setText(printable(words))
        self.problem.show()

    def _test(self) -> None:
        self.test_wanted.emit(self._destination.id if self._destination else None, self.values())

    def _save(self) -> None:
        if not self.save.isEnabled():
            self.address.setFocus()
            return
        self.saved.emit(self._destination.id if self._destination else None, self.values())

    def _remove(self) -> None:
        if self._destination is not None:
            self.remove_wanted.emit(self._destination.id)
