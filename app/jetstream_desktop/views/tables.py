"""Pages with a list of values: what all of them have, and that of the shared tokens."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QPushButton, QStackedWidget, QWidget

from jetstream.entities import Token
from jetstream_desktop.i18n import tr
from jetstream_desktop.models.lists import ValueTableModel
from jetstream_desktop.models.roles import SNAPSHOT
from jetstream_desktop.state import sharing
from jetstream_desktop.state.text import printable
from jetstream_desktop.views.invitation import Invitation
from jetstream_desktop.views.listing import plain_table
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import button, column, hairline, label, row


class ListPage(QWidget):
    """A title, buttons, and a view of a list; an invitation while the list is empty."""

    def __init__(self, theme: Theme, title: str, view: QAbstractItemView, icon: str,
                 invitation: tuple[str, str]) -> None:
        super().__init__()
        self.setProperty("role", "pane")
        self._theme = theme
        self.table = view
        model = view.model()
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self.setFocusProxy(self.table)
        model.modelReset.connect(self._selected)
        head = row(margins=(16, 10, 16, 10), spacing=6)
        head.addWidget(label(title, "title"))
        head.addStretch(1)
        self.buttons = row(spacing=6)
        head.addLayout(self.buttons)
        self.head = head
        self._needs_row: list[QPushButton] = []
        self._texts: list[tuple[QPushButton, str]] = []
        self._gains: dict[QPushButton, int] = {}
        """How much wider each button is with its text."""
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self.invitation = Invitation(theme, icon)
        self.invitation.say(*invitation)
        self._stack.addWidget(self.invitation)
        layout = column()
        layout.addLayout(head)
        layout.addWidget(hairline())
        layout.addWidget(self._stack, 1)
        self.setLayout(layout)
        self.refresh()

    def add_button(self, text: str, icon: str, slot: Callable[[], object], *, role: str = "",
                   needs_row: bool = True) -> None:
        """A button of the page; one that *needs_row* is enabled while a row is selected."""
        made = button(text, role, theme=self._theme, icon=icon)
        made.clicked.connect(slot)
        made.setAccessibleName(text.rstrip("…"))
        made.setToolTip(text.rstrip("…"))
        self.buttons.addWidget(made)
        self._texts.append((made, text))
        if needs_row:
            self._needs_row.append(made)
            made.setEnabled(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()  # something in the line came or went
        return done

    def _fit(self) -> None:
        """Where there is little room buttons are their icons: the chief one last, the others from the end."""
        if not self._gains:
            self._gains = {made: _gain(made, text) for made, text in self._texts}
        spare = self.width() - self.head.sizeHint().width()
        spare += sum(self._gains[made] for made, _ in self._texts if made.text())
        for made, text in sorted(self._texts, key=lambda pair: pair[0].property("role") != "primary"):
            spare -= self._gains[made]
            shown = text if spare >= 0 else ""
            if made.text() != shown:
                made.setText(shown)

    def selected(self) -> list[object]:
        """Values of the selected rows."""
        return [index.data(SNAPSHOT) for index in self.table.selectionModel().selectedRows()]

    def refresh(self) -> None:
        """Show the table or the invitation."""
        self._stack.setCurrentIndex(0 if self.table.model().rowCount() else 1)
        self._selected()

    def _selected(self) -> None:
        chosen = bool(self.table.selectionModel().selectedRows())
        for made in self._needs_row:
            made.setEnabled(chosen)


def _gain(made: QPushButton, text: str) -> int:
    made.ensurePolished()
    shown, widths = made.text(), []
    for words in ("", text):
        made.setText(words)
        widths.append(made.sizeHint().width())
    made.setText(shown)
    return widths[1] - widths[0]


def _newest_first(token: Token) -> int:
    return -(token.creation_time or 0)


class SharedPage(ListPage):
    """The shared tokens with their live use."""

    open_wanted = Signal(object)
    extend_wanted = Signal(object)
    """A list of tokens, as for :attr:`revoke_wanted`."""
    reissue_wanted = Signal(object)
    revoke_wanted = Signal(object)
    copy_wanted = Signal(str, str)
    share_wanted = Signal()

    def __init__(self, theme: Theme, now: Callable[[], int]) -> None:
        self._now = now
        model: ValueTableModel[object] = ValueTableModel(
            (tr("What"), tr("Token"), tr("Used"), tr("Valid"), tr("Password")), self._cell,
            lambda t: t.token if isinstance(t, Token) else "")
        self.model = model
        self._names: dict[str, str] = {}
        table = plain_table(theme, model, tr("Shared"), 0, lines=True)
        table.verticalHeader().setDefaultSectionSize(36)
        table.horizontalHeader().setFixedHeight(32)
        super().__init__(theme, tr("Shared"), table, "share", (
            tr("Nothing is shared"), tr("Anyone to whom you give a link can fetch the files, without an account.")))
        self.invitation.offer([(tr("Share files…"), "primary", self.share_wanted.emit)])
        self.add_button(tr("Copy link"), "copy", self._copy)
        self.add_button(tr("Open…"), "edit", self._open)
        self.add_button(tr("Extend by a week"), "clock", self._extend)
        self.add_button(tr("Re-issue…"), "retry", self._reissue)
        self.add_button(tr("Revoke"), "trash", self._revoke)
        self._table = table
        table.doubleClicked.connect(self._open)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        tight = self.width() < 860
        for place, width in enumerate((0, 130, 190, 0) if tight else (260, 150, 190, 80), 1):
            self._table.setColumnHidden(place, not width)  # half a token says nothing: its card has it whole
            if width:
                self._table.setColumnWidth(place, width)

    def show_tokens(self, tokens: Sequence[Token], names: dict[str, str]) -> None:
        """The tokens; *names* are those of their manifests by id."""
        self._names = names
        self.model.replace([*sorted(tokens, key=_newest_first)])
        if tokens and not self._table.selectionModel().hasSelection():
            self._table.selectRow(0)
        self.refresh()

    def _one(self) -> Token | None:
        chosen = self.selected()
        return chosen[0] if chosen and isinstance(chosen[0], Token) else None

    def _cell(self, value: object, place: int) -> str:
        if not isinstance(value, Token):
            return ""
        if place == 0:
            return printable(value.description or self._names.get(value.manifest_id, "")) or tr("files")
        if place == 1:
            return value.token
        if place == 2:
            return sharing.used(value)
        if place == 3:
            return sharing.until(value, self._now())
        return tr("yes") if value.password_required else tr("no")

    def _copy(self) -> None:
        one = self._one()
        if one is not None:
            self.copy_wanted.emit(one.link or one.token, tr("Link"))

    def _open(self) -> None:
        one = self._one()
        if one is not None:
            self.open_wanted.emit(one)

    def _extend(self) -> None:
        self.extend_wanted.emit(self.selected())

    def _reissue(self) -> None:
        one = self._one()
        if one is not None:
            self.reissue_wanted.emit(one)

    def _revoke(self) -> None:
        self.revoke_wanted.emit(self.selected())
