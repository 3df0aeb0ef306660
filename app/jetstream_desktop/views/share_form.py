"""What a token is given: until when, how often, with which password, what it says."""

from typing import Any

from PySide6.QtCore import QDateTime, Qt, Signal
from PySide6.QtWidgets import QDateTimeEdit, QLineEdit, QWidget

from jetstream.entities import Token
from jetstream_desktop.i18n import apart, tr
from jetstream_desktop.state import sharing
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import Chips, button, column, label, row, set_role

CUSTOM = "custom"


class ShareForm(QWidget):
    """Until when, how often, with which password, what it says. Used for a new token and for one that exists."""

    changed = Signal()

    def __init__(self, theme: Theme, now: int) -> None:
        super().__init__()
        self._now = now
        day, week = now + sharing.DAY, now + 7 * sharing.DAY
        self._week = week
        self.until = Chips(tr("Until"), [(apart(tr("1 day")), day), (apart(tr("1 week")), week), (tr("Never"), None),
                                         (tr("Date…"), CUSTOM)], week, wraps=True)
        self.until.set_text(week, apart(tr("1 week · {when}", when=sharing.moment(week))))
        self.date = QDateTimeEdit(QDateTime.fromMSecsSinceEpoch(week // 1000))
        self.date.setCalendarPopup(True)
        self.date.setDisplayFormat(tr("d MMM yyyy, hh:mm"))
        self.date.setMinimumDateTime(QDateTime.fromMSecsSinceEpoch(now // 1000))
        self.date.setAccessibleName(tr("Date and time when the token ends"))
        self.date.hide()
        self.limit = Chips(tr("Downloads"), [(tr("Once"), 1), ("5", 5), (tr("Any number"), None)], None,
                           wraps=True)
        self.password = QLineEdit()
        self.password.setPlaceholderText(tr("none"))
        self.password.setAccessibleName(tr("Password"))
        self.generate = button(tr("Generate"))
        self.lift = button(tr("No password"), tip=tr("Fetching asks for no password any more"))
        self.lift.hide()
        self._lifted = False
        self.strength = label("", "dim")
        self.description = QLineEdit()
        self.description.setPlaceholderText(tr("what the other person reads"))
        self.description.setAccessibleName(tr("Description"))
        self.until.chosen.connect(self._until_chosen)
        self.date.dateTimeChanged.connect(self.changed)
        self.limit.chosen.connect(self.changed)
        self.password.textChanged.connect(self._password_typed)
        self.generate.clicked.connect(self._generate)
        self.lift.clicked.connect(self._lift)
        self.description.textEdited.connect(self.changed)
        self._lay_out()

    def _lay_out(self) -> None:
        layout = column(spacing=10)
        until = column(spacing=6)
        until.addWidget(self.until)
        dated = row()
        dated.addWidget(self.date)
        dated.addStretch(1)
        until.addLayout(dated)
        password = row()
        password.addWidget(self.password, 2)
        password.addWidget(self.generate)
        password.addWidget(self.lift)
        password.addWidget(self.strength, 1)
        self.password.setMinimumWidth(130)
        self.password.setMaximumWidth(210)
        for name, part in ((tr("Until"), until), (tr("Downloads"), self.limit), (tr("Password"), password),
                           (tr("Description"), self.description)):
            line = row(spacing=0)
            title = label(name, "field")
            first = self.until if part is until else self.generate if part is password else part
            title.setFixedSize(110, first.sizeHint().height())
            line.addWidget(title, 0, Qt.AlignmentFlag.AlignTop)  # beside the first line of what has several
            if isinstance(part, QWidget):
                line.addWidget(part, 1)
            else:
                line.addLayout(part, 1)
            layout.addLayout(line)
        self.setLayout(layout)

    def load(self, token: Token) -> None:
        """Show what *token* has."""
        if token.expiry_time is None:
            self.until.set_value(None)
        elif token.expiry_time != self.until.value():  # else it was just made here, and nothing moves
            self.until.set_value(CUSTOM)
            self.date.setMinimumDateTime(QDateTime.fromMSecsSinceEpoch(min(self._now, token.expiry_time) // 1000))
            self.date.setDateTime(QDateTime.fromMSecsSinceEpoch(token.expiry_time // 1000))
            self.date.show()
            self.until.set_text(self._week, apart(tr("1 week")))
        self.limit.set_value(token.download_limit)
        self.description.setText(token.description)
        self.show_lock(token)

    def show_lock(self, token: Token) -> None:
        """Whether *token* has a password; what it is nobody can show."""
        self._lifted = False
        self.lift.setVisible(token.password_required)
        self.password.setPlaceholderText(tr("kept as it is") if token.password_required else tr("none"))

    def load_again(self, token: Token, now: int) -> None:
        """The same once more for a new token in the place of *token*; what has ended gets another week."""
        self.load(token)
        if token.expiry_time is not None and token.expiry_time <= now:
            self.until.set_value(self._week)
            self.date.hide()
        self.lift.hide()
        if token.password_required:
            self.password.setPlaceholderText(tr("it had one: type it again"))

    def _until_chosen(self, value: object) -> None:
        self.date.setVisible(value == CUSTOM)
        self.changed.emit()

    def _lift(self) -> None:
        self.password.clear()
        self._lifted = True
        self.password.setPlaceholderText(tr("none"))
        self.lift.hide()
        self.changed.emit()

    def _password_typed(self, text: str) -> None:
        level, word = sharing.strength(text)
        self.strength.setText(tr("{word} · send it by another way", word=word) if text else "")
        set_role(self.strength, {1: "caution", 3: "good"}.get(level, "dim"))
        self.changed.emit()

    def _generate(self) -> None:
        self.password.setText(sharing.generate_password())

    def values(self) -> dict[str, Any]:
        """``expiry_time``, ``download_limit``, ``password``, ``description`` as the API takes them."""
        until = self.until.value()
        expiry = self.date.dateTime().toMSecsSinceEpoch() * 1000 if until == CUSTOM else until
        return {"expiry_time": expiry, "download_limit": self.limit.value(), "password": self.password.text() or None,
                "description": self.description.text().strip()}

    def changes(self, token: Token) -> dict[str, Any]:
        """What differs from *token*. The rest is not sent: an end that is over may stay, but not be set."""
        values = self.values()
        if token.expiry_time is not None and self.until.value() == CUSTOM and self._untouched(token.expiry_time):
            del values["expiry_time"]
        elif values["expiry_time"] == token.expiry_time:
            del values["expiry_time"]
        for name, known in (("download_limit", token.download_limit), ("description", token.description)):
            if values[name] == known:
                del values[name]
        if values["password"] is None:
            del values["password"]
        if self._lifted:
            values["password"] = ""
        return values

    def _untouched(self, expiry: int) -> bool:
        return self.date.dateTime() == QDateTime.fromMSecsSinceEpoch(expiry // 1000)
