"""Getting: a token or a link is pasted or typed, its files are listed, some or all of them are chosen, and where to."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QWidget

from jetstream_desktop.i18n import apart, tr, trn
from jetstream_desktop.models.picking import PickModel
from jetstream_desktop.state import numbers
from jetstream_desktop.state.getting import Reading, read
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.state.picking import Picking, SharedFile, conditions, headline
from jetstream_desktop.state.text import home_relative, printable
from jetstream_desktop.views import dialogs
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.near_button import NearButton
from jetstream_desktop.views.pick_tree import PickPane
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import ElidedLabel, button, column, label, panel, row, set_role

_PAUSE_MS = 400


class GetCard(Card):
    """Asks for the link or token, lists what it gives, and asks which files and where to."""

    look_wanted = Signal(str, object)
    """Link and password or ``None``: list its files."""
    get_wanted = Signal(str, object, str, object)
    """Link, password or ``None``, folder, chosen entries or ``None`` for everything."""

    def __init__(self, theme: Theme, receiving_folder: str | None, home: str) -> None:
        super().__init__(theme, tr("Get files"), 640)
        self._reading = Reading()
        self._listing = False
        self._picks = PickModel(Picking(), self)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_PAUSE_MS)
        self._wait.timeout.connect(self._look)
        self.body.addWidget(label(tr("Paste the link that you were given, or type the token."), "dim", wrap=True))
        self._home = home
        self._build_fields()
        self._build_foot()
        self.show_folder(receiving_folder)
        self._typed()

    def _build_fields(self) -> None:
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
        self.near = NearButton(self._theme)
        self.near.chosen.connect(self._pick)
        self._host_line = self._line(tr("From"), self.host, self.near)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText(tr("only if one is asked for"))
        self.password.setAccessibleName(tr("Password"))
        self.look = button(tr("List the files"), icon="list", theme=self._theme)
        self.look.clicked.connect(self._look)
        self.password.returnPressed.connect(self._look)
        self._line(tr("Password"), self.password, self.look)
        self._build_list()
        self.folder = QLineEdit()
        self.folder.setAccessibleName(tr("Where to: a folder, or one inside the receiving folder"))
        choose = button(tr("Choose…"), icon="folder", theme=self._theme)
        choose.setAccessibleName(tr("Choose the folder"))
        choose.clicked.connect(self._choose_folder)
        self._line(tr("Folder"), self.folder, choose)

    def _build_list(self) -> None:
        self.headline = ElidedLabel(role="strong")
        self.conditions = ElidedLabel(role="dim")
        self.pick = PickPane(self._theme, self._picks)
        self.pick.changed.connect(self._show_sum)
        inside = column(spacing=6)
        for part in (self.headline, self.conditions, self.pick):
            inside.addWidget(part)
        self.list = panel(inside)
        self.list.hide()
        self.body.addWidget(self.list)

    def _build_foot(self) -> None:
        foot = row()
        self.sum = label("", "dim")
        foot.addWidget(self.sum)
        foot.addStretch(1)
        cancel = button(tr("Cancel"))
        cancel.clicked.connect(self.closed)
        self.get = button(tr("Get files"), "primary", theme=self._theme, icon="down")
        self.get.clicked.connect(self._get)
        self.text.returnPressed.connect(self._get)
        foot.addWidget(cancel)
        foot.addWidget(self.get)
        self.body.addLayout(foot)

    def _line(self, name: str, field: QLineEdit, *more: QWidget) -> QWidget:
        holder = QWidget()
        line = row(spacing=8)
        title = label(name, "field")
        title.setFixedWidth(round(96 * self._theme.scale))
        line.addWidget(title)
        line.addWidget(field, 1)
        for widget in more:
            line.addWidget(widget)
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

    # What the node answers

    def show_folder(self, receiving_folder: str | None) -> None:
        """The folder that is taken if none is typed."""
        self.folder.setPlaceholderText(home_relative(printable(receiving_folder or ""), self._home))

    def show_listing(self, facts: Mapping[str, Any]) -> None:
        """The first page of the list has come."""
        self._picks.picking = Picking()
        self.headline.setText(headline(facts))
        self.conditions.setText(conditions(facts))
        self.list.show()
        self.hint.hide()
        self.add_files(facts["files"], last=facts["nextOffset"] is None)
        self.pick.refresh()

    def add_files(self, files: Sequence[Mapping[str, Any]], *, last: bool) -> None:
        """A page of the list; the tree is made anew when the *last* one is there."""
        self._picks.picking.add(SharedFile.of(file) for file in files)
        self._listing = not last
        if last:
            self.pick.refresh()
        self.pick.setEnabled(last)
        self._show_sum()

    def show_problem(self, words: str) -> None:
        """Why it could not be listed or fetched."""
        if self._listing:
            self._forget()  # half a list would choose half
        self._say(words, "bad")
        self.get.setEnabled(self._reading.link is not None)

    def ask_password(self, words: str) -> None:
        """It could not be listed without a password."""
        self.show_problem(words)
        if self.text.hasFocus():
            self.password.setFocus()

    # What the person does

    def _pick(self, near: Near) -> None:
        self.host.setText(str(near.address))

    def _typed(self, _text: str = "") -> None:
        before = self._reading.link
        self._reading = read(self.text.text(), self.host.text())
        self._host_line.setVisible(self._reading.needs_host)
        self._say(self._reading.hint, "bad" if self._reading.wrong else ("good" if self._reading.complete else "dim"))
        self.text.setProperty("bad", self._reading.wrong)
        self.text.style().unpolish(self.text)
        self.text.style().polish(self.text)
        if self._reading.link != before:
            self._forget()
            if self._reading.link is not None:
                self._wait.start()
        self._show_sum()

    def _say(self, words: str, role: str) -> None:
        self.hint.setText(words)
        set_role(self.hint, role)
        self.hint.setVisible(bool(words))

    def _forget(self) -> None:
        self._wait.stop()
        self._listing = False
        self._picks.picking = Picking()
        self._picks.refresh()
        self.list.hide()

    def _look(self) -> None:
        self._wait.stop()
        if self._reading.link is not None:
            self._forget()
            self._listing = True
            self._say(tr("Asking for the list of files…"), "dim")
            self._show_sum()
            self.look_wanted.emit(self._reading.link, self.password.text() or None)

    def _show_sum(self) -> None:
        picking = self._picks.picking
        words = ""
        if self._listing and picking.files:
            words = tr("Listing: {files} so far…", files=numbers.files(len(picking.files)))
        elif picking.files:
            words = apart(tr("{n} of {total}, {size}", n=numbers.count(picking.count),
                             total=numbers.files(picking.total), size=numbers.size(picking.size)))
        self.sum.setText(words)
        some = bool(picking.files) and not picking.everything
        verb = trn("Get one file", "Get {count} files", picking.count) if picking.count else tr("Get empty folders")
        self.get.setText(tr("Nothing chosen") if some and picking.nothing else verb if some else tr("Get files"))
        self.get.setEnabled(self._reading.link is not None and (not picking.files or not picking.nothing))

    def _choose_folder(self) -> None:
        dialogs.choose_folder(self, tr("Choose where the files go"), self._folder_chosen)

    def _folder_chosen(self, paths: Sequence[str]) -> None:
        for path in paths[:1]:
            self.folder.setText(path)

    def _get(self) -> None:
        if self._reading.link is not None and self.get.isEnabled():
            self._wait.stop()
            self.get.setEnabled(False)
            self.get_wanted.emit(self._reading.link, self.password.text() or None, self.folder.text().strip(),
                                 self._picks.picking.entries())
