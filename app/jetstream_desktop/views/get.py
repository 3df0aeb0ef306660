"""Getting: paste or type a token or a link; mistakes are caught while typing."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.getting import Reading, read
from jetstream_desktop.state.text import home_relative, printable
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import button, label, row, set_role


class GetCard(Card):
    """Asks for the link or token, the password if there is one, and the folder below the receiving folder."""

    get_wanted = Signal(str, object, str)
    """Link, password or ``None``, folder."""

    def __init__(self, theme: Theme, receiving_folder: str | None, home: str) -> None:
        super().__init__(theme, tr("Get files"), 560)
        self._reading = Reading()
        self.body.addWidget(label(tr("Paste the link that you were given, or type the token."), "dim", wrap=True))
        self.text = QLineEdit()
        self.text.setAccessibleName(tr("Link or token"))
        self.text.setPlaceholderText("jetstream://…  ·  MAYWEBRO.TRUPO.VEVEEBLU")
        self.text.textChanged.connect(self._typed)
        self.body.addWidget(self.text)
        self.hint = label("", "dim", wrap=True)
        self.body.addWidget(self.hint)
        self.host = QLineEdit()
        self.host.setPlaceholderText(tr("address of the computer that shares"))
        self.host.setAccessibleName(tr("Address of the computer that shares"))
        self.host.textChanged.connect(self._typed)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText(tr("only if one is asked for"))
        self.password.setAccessibleName(tr("Password"))
        self.folder = QLineEdit()
        self.folder.setPlaceholderText(home_relative(printable(receiving_folder or ""), home))
        self.folder.setAccessibleName(tr("Folder inside the receiving folder"))
        self._host_line = self._line(tr("From"), self.host)
        self._line(tr("Password"), self.password)
        self._line(tr("Folder"), self.folder)
        foot = row()
        foot.addStretch(1)
        cancel = button(tr("Cancel"))
        cancel.clicked.connect(self.closed)
        self.get = button(tr("Get files"), "primary", theme=theme, icon="down")
        self.get.clicked.connect(self._get)
        self.text.returnPressed.connect(self._get)
        foot.addWidget(cancel)
        foot.addWidget(self.get)
        self.body.addLayout(foot)
        self._typed()

    def _line(self, name: str, field: QLineEdit) -> QWidget:
        holder = QWidget()
        line = row(spacing=0)
        title = label(name, "field")
        title.setFixedWidth(110)
        line.addWidget(title)
        line.addWidget(field, 1)
        holder.setLayout(line)
        self.body.addWidget(holder)
        return holder

    def first_focus(self) -> QWidget:
        return self.text

    def take(self, text: str) -> None:
        """Start with a link that came from elsewhere."""
        self.text.setText(text)

    def offer_clipboard(self) -> None:
        """Start with what is in the clipboard, if it is a link or a token."""
        text = QGuiApplication.clipboard().text().strip()
        if len(text) < 2000 and read(text, "").complete:
            self.text.setText(text)
            self.text.selectAll()

    def show_problem(self, words: str) -> None:
        """Why it could not be fetched."""
        self.hint.setText(words)
        set_role(self.hint, "bad")
        self.get.setEnabled(self._reading.link is not None)

    def _typed(self, _text: str = "") -> None:
        self._reading = read(self.text.text(), self.host.text())
        self._host_line.setVisible(self._reading.needs_host)
        self.hint.setText(self._reading.hint)
        set_role(self.hint, "bad" if self._reading.wrong else ("good" if self._reading.complete else "dim"))
        self.hint.setVisible(bool(self._reading.hint))
        self.text.setProperty("bad", self._reading.wrong)
        self.text.style().unpolish(self.text)
        self.text.style().polish(self.text)
        self.get.setEnabled(self._reading.link is not None)

    def _get(self) -> None:
        if self._reading.link is not None:
            self.get.setEnabled(False)
            self.get_wanted.emit(self._reading.link, self.password.text() or None, self.folder.text().strip())
