"""Sharing: the card that makes a token, and the card that shows one and keeps everything about it editable."""


from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QWidget

from jetstream.entities import Token
from jetstream_desktop.i18n import tr
from jetstream_desktop.state import numbers, sharing
from jetstream_desktop.state.text import printable
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.flow import Flow
from jetstream_desktop.views.qr import QrCode
from jetstream_desktop.views.share_form import ShareForm
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import ElidedLabel, IconLabel, button, column, label, row, set_role

_TOKEN_ROOM = 410
_ROOM_BESIDE = 740
"""A card in less room has the QR code below, not beside."""


class ShareCard(Card):
    """Makes a token for *what*, then shows it."""

    create_wanted = Signal(object)
    update_wanted = Signal(str, object)
    revoke_wanted = Signal(str)
    reissue_wanted = Signal(object)
    """The :class:`Token` that another one is to replace."""
    copy_wanted = Signal(str, str)
    """Text for the clipboard, and what it is."""
    save_wanted = Signal(object)
    """PNG bytes of the QR code."""

    def __init__(self, theme: Theme, what: str, line: str, now: int, replaces: Token | None = None) -> None:
        title = tr("Share “{what}”", what=printable(what))
        super().__init__(theme, tr("Re-issue “{what}”", what=printable(what)) if replaces else title, 700)
        self._what = printable(what)
        self._now = now
        self._token: Token | None = None
        self._line = label(line, "dim", wrap=True)
        self.body.addWidget(self._line)
        self.form = ShareForm(theme, now)
        if replaces is not None:
            self.form.load_again(replaces, now)
        self.form.changed.connect(self._edited)
        self._result = self._result_box()
        self._result.hide()
        self.body.addWidget(self._result)  # above what it was given, so that it is seen without scrolling
        self.body.addWidget(self.form)
        self.problem = label("", "bad", wrap=True)
        self.problem.hide()
        self.body.addWidget(self.problem)
        foot = row()
        foot.addStretch(1)
        self.revoke = button(tr("Revoke"), "danger")
        self.revoke.clicked.connect(self._revoke)
        self.revoke.hide()
        self.reissue = button(tr("Re-issue…"), tip=tr("A new token takes its place; this one stops working"))
        self.reissue.clicked.connect(self._reissue)
        self.reissue.hide()
        self.apply = button(tr("Save changes"))
        self.apply.clicked.connect(self._save)
        self.apply.hide()
        self.cancel = button(tr("Cancel"))
        self.cancel.clicked.connect(self.closed)
        words = tr("Make the link") if replaces is None else tr("Replace the token")
        self.make = button(words, "primary", theme=theme, icon="share")
        self.make.clicked.connect(self._create)
        self.default = self.make
        for widget in (self.revoke, self.reissue, self.apply, self.cancel, self.make):
            foot.addWidget(widget)
        self.body.addLayout(foot)

    def first_focus(self) -> QWidget:
        return self.make

    def _result_box(self) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "inset")
        left = column(spacing=8)
        self.token = label("", "token", selectable=True)
        self.link = ElidedLabel("", "dim", Qt.TextElideMode.ElideRight)
        left.addWidget(self.token)
        left.addWidget(self.link)
        self.copy_link = button(tr("Copy link"), "primary", theme=self._theme, icon="copy")
        self.copy_token = button(tr("Copy token"))
        self.copy_message = button(tr("Copy message"))
        for widget, slot in ((self.copy_link, self._copy_link), (self.copy_token, self._copy_token),
                             (self.copy_message, self._copy_message)):
            widget.clicked.connect(slot)
        left.addLayout(Flow(self.copy_link, self.copy_token, self.copy_message, spacing=8))
        state = row(spacing=6)
        self._state_icon = IconLabel(self._theme, "check", "good", 16)
        self._state = label("", "good")
        state.addWidget(self._state_icon)
        state.addWidget(self._state, 1)
        left.addLayout(state)
        right = column(spacing=6)
        self.qr = QrCode()
        right.addWidget(self.qr)
        self.save_qr = button(tr("Save QR code…"), "link")
        self.save_qr.clicked.connect(self._save_qr)
        right.addWidget(self.save_qr, 0, Qt.AlignmentFlag.AlignLeft)
        self._beside = row(margins=(16, 14, 16, 12), spacing=14)
        self._beside.addLayout(left, 1)
        self._beside.addLayout(right)
        frame.setLayout(self._beside)
        return frame

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.viewport().width() < round(_ROOM_BESIDE * self._theme.scale)
        self._beside.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def show_token(self, token: Token, now: int) -> None:
        """The token that was made, or a newer state of it."""
        first = self._token is None
        self._token, self._now = token, now
        self.problem.hide()
        if first:
            self.form.load(token)
            self.form.password.clear()
            self.make.hide()
            self.default = self.apply
            self.revoke.show()
            self.reissue.show()
            self.cancel.setText(tr("Done"))
            self._result.show()
            self.apply.hide()
        self.token.setText(token.token)
        self.token.setAccessibleName(tr("Token: {token}", token=token.token))
        self._fit_token()
        self.link.setText(token.link or "")
        self.copy_link.setVisible(bool(token.link))
        self.qr.show_text(token.link or token.token)
        alive = sharing.alive(token, now)
        self._state_icon.show_icon("check" if alive else "alert", "good" if alive else "caution")
        set_role(self._state, "good" if alive else "caution")
        self._state.setText(f"{sharing.used(token)}, {sharing.until(token, now)}")
        if first:
            (self.copy_link if token.link else self.copy_token).setFocus()

    def show_saved(self, token: Token, now: int) -> None:
        """What was changed is what *token* has now."""
        self.show_token(token, now)
        self.form.password.clear()
        self.form.show_lock(token)
        self.apply.hide()

    def _fit_token(self) -> None:
        """The token as large as it goes on one line."""
        font = self._theme.font("token")
        size = font.pixelSize()
        while size > 13 and QFontMetrics(_sized(font, size)).horizontalAdvance(self.token.text()) > _TOKEN_ROOM:
            size -= 1
        self.token.setStyleSheet(f"font-size: {size}px")

    def show_problem(self, words: str) -> None:
        """Why it could not be made or changed."""
        self.problem.setText(words)
        self.problem.show()
        self.make.setEnabled(True)

    @property
    def shown(self) -> Token | None:
        """The token on the card."""
        return self._token

    def _create(self) -> None:
        self.make.setEnabled(False)
        self.create_wanted.emit(self.form.values())

    def _edited(self) -> None:
        if self._token is not None:
            self.apply.show()

    def _save(self) -> None:
        if self._token is not None:
            self.apply.hide()
            self.update_wanted.emit(self._token.token, self.form.changes(self._token))

    def _revoke(self) -> None:
        if self._token is not None:
            self.revoke_wanted.emit(self._token.token)

    def _reissue(self) -> None:
        if self._token is not None:
            self.reissue_wanted.emit(self._token)

    def _copy_link(self) -> None:
        if self._token is not None:
            self.copy_wanted.emit(self._token.link or "", tr("Link"))

    def _copy_token(self) -> None:
        if self._token is not None:
            self.copy_wanted.emit(self._token.token, tr("Token"))

    def _copy_message(self) -> None:
        if self._token is not None:
            self.copy_wanted.emit(sharing.message(self._token, self._what, self._now), tr("Message"))

    def _save_qr(self) -> None:
        self.save_wanted.emit(self.qr.png())


def _sized(font: QFont, size: int) -> QFont:
    made = QFont(font)
    made.setPixelSize(size)
    return made


def share_line(files: int | None, size: int | None) -> str:
    """The sentence below the title."""
    rule = tr("Whoever has the link can fetch it, without an account, until it ends.")
    if files is None or size is None:
        return rule
    return f"{numbers.files(files)}, {numbers.size(size)}. {rule}"
