"""Sharing: making tokens, and the page of tokens."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from jetstream.entities import Manifest, ReceiveTransfer, Token, Transfer
from jetstream.errors import JetStreamError
from jetstream_desktop.desk.compose import ComposeDesk
from jetstream_desktop.desk.context import Context
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.models.sidebar import SHARED_KEY
from jetstream_desktop.services.poller import Entity
from jetstream_desktop.state import sharing
from jetstream_desktop.state.basket import Basket
from jetstream_desktop.state.counting import of_basket
from jetstream_desktop.state.delivered import not_shareable
from jetstream_desktop.state.options import Options
from jetstream_desktop.state.rows import Row
from jetstream_desktop.state.text import base_name
from jetstream_desktop.views import dialogs
from jetstream_desktop.views.share import ShareCard, share_line
from jetstream_desktop.views.tables import SharedPage


class ShareDesk(QObject):
    """Joins the cards for sharing to the node."""

    def __init__(self, context: Context, page: SharedPage, compose: ComposeDesk) -> None:
        super().__init__(context.window)
        self._c = context
        self.page = page
        self._compose = compose
        self._card: ShareCard | None = None
        self._png = b""
        self._basket: tuple[Basket, Options] | None = None
        self._received: ReceiveTransfer | None = None
        self._manifest_id: str | None = None
        self._replaces: str | None = None
        """The token that the next one takes the place of."""
        window = context.window
        for action in (window.actions_.share, window.actions_.share_row):
            action.triggered.connect(self.share)
        window.composer.share_wanted.connect(self._share_basket)
        context.poller.tokens_changed.connect(self._tokens)
        page.open_wanted.connect(self._open)
        page.extend_wanted.connect(self._extend)
        page.revoke_wanted.connect(self._revoke_rows)
        page.reissue_wanted.connect(self._reissue)
        page.copy_wanted.connect(context.copy)
        page.share_wanted.connect(self.share)

    # Sharing

    def share(self) -> None:
        """Share the selected transfer's files, or open the composer to choose files."""
        rows = self._c.window.selected_rows()
        entity = self._c.poller.entities.get(rows[0].key) if len(rows) == 1 else None
        if entity is not None:
            self._share_row(rows[0], entity)
            return
        self._compose.open_empty(sharing=True)

    def _share_row(self, row: Row, entity: Entity) -> None:
        """What was sent, or what has arrived."""
        if isinstance(entity, Transfer):
            self._take(manifest_id=entity.manifest_id)
        else:
            reason = not_shareable(entity)
            if reason is not None:
                self._c.say(reason, "caution")
                return
            self._take(received=entity)
        self._show(ShareCard(self._c.theme, row.name, share_line(row.files, row.total), self._c.clock()))

    def _take(self, *, basket: tuple[Basket, Options] | None = None, received: ReceiveTransfer | None = None,
              manifest_id: str | None = None, replaces: str | None = None) -> None:
        """What the next token is for."""
        self._basket, self._received = basket, received
        self._manifest_id, self._replaces = manifest_id, replaces

    def _share_basket(self, basket: Basket, options: Options) -> None:
        self._take(basket=(basket, options))
        names = [base_name(target) for target in basket.mappings()]
        what = names[0] if len(names) == 1 else tr("{name} and {n} more", name=names[0], n=len(names) - 1)
        count = of_basket(basket, self._c.window.composer.counted, options.symlinks)
        line = share_line(count.files, count.size) if count.complete else share_line(None, None)
        self._show(ShareCard(self._c.theme, what, line, self._c.clock()))

    def _show(self, card: ShareCard) -> None:
        card.create_wanted.connect(self._create)
        card.update_wanted.connect(self._update)
        card.revoke_wanted.connect(self._revoke)
        card.reissue_wanted.connect(self._reissue)
        card.copy_wanted.connect(self._c.copy)
        card.save_wanted.connect(self._save)
        card.destroyed.connect(partial(self._gone, card))
        self._card = card
        self._c.window.show_card(card)

    def _gone(self, card: ShareCard) -> None:
        if self._card is card:  # another one may be open by now
            self._card = None

    def _create(self, values: dict[str, object]) -> None:
        self._c.run(self._created(values), "share", self._problem)

    async def _created(self, values: dict[str, object]) -> None:
        manifest_id = self._manifest_id
        if manifest_id is None:
            manifest = await self._c.session.client.send.wait_for_manifest(await self._listing())
            if manifest.status == "error":
                raise JetStreamError(say(manifest.error_message or "") or tr("The files could not be listed."))
            manifest_id = manifest.id
        token = await self._c.commands.share(manifest_id, values)
        replaces, self._replaces = self._replaces, None
        if self._card is not None:
            self._card.show_token(token, self._c.clock())
            if self._basket is not None:  # the composer below has done its work
                self._c.window.composer.start()
                self._c.window.return_to(self.page, SHARED_KEY)
        if replaces is not None:
            await self._c.commands.revoke([replaces])
            self._c.say(tr("This token replaces the old one, which does not work any more."), "good")

    async def _listing(self) -> Manifest:
        if self._received is not None:
            return await self._c.commands.manifest_of_received(self._received)
        assert self._basket is not None
        return await self._c.commands.manifest(*self._basket)

    def _problem(self, words: str) -> None:
        if self._card is not None:
            self._card.show_problem(words)
        else:
            self._c.say(words, "bad")

    def _update(self, token: str, values: dict[str, object]) -> None:
        self._c.run(self._updated(token, values), "change a token", self._problem)

    async def _updated(self, token: str, values: dict[str, object]) -> None:
        fresh = await self._c.commands.update_token(token, values)
        if self._card is not None:
            self._card.show_saved(fresh, self._c.clock())
        self._c.say(tr("Changed."), "good")

    def _revoke(self, token: str) -> None:
        self._c.window.close_card()
        self._c.run(self._revoked([token]), "revoke")

    def _revoke_rows(self, tokens: Sequence[object]) -> None:
        self._c.run(self._revoked([t.token for t in tokens if isinstance(t, Token)]), "revoke")

    async def _revoked(self, tokens: Sequence[str]) -> None:
        await self._c.commands.revoke(tokens)
        self._c.say(tr("Revoked. Nobody can fetch with it any more."), "good")

    def _save(self, png: bytes) -> None:
        self._png = png
        dialogs.save_file(self._c.window, tr("Save the QR code"), "png", self._save_to)

    def _save_to(self, path: str) -> None:
        try:
            Path(path).write_bytes(self._png)
        except OSError as error:
            self._c.say(tr("It could not be saved: {error}.", error=say(error.strerror or str(error))), "bad")

    # The page of tokens

    def _tokens(self, tokens: Sequence[Token]) -> None:
        names = {m.id: m.label for m in self._c.poller.manifests.values()}
        self.page.show_tokens(tokens, names)
        if self._card is not None and self._card.shown is not None:
            for token in tokens:
                if token.token == self._card.shown.token:
                    self._card.show_token(token, self._c.clock())

    def _open(self, token: Token) -> None:
        card = ShareCard(self._c.theme, self._what(token), self._line(token), self._c.clock())
        self._show(card)
        card.show_token(token, self._c.clock())

    def _reissue(self, token: Token) -> None:
        """The same files with another token, which is shown before the old one stops working."""
        self._take(manifest_id=token.manifest_id, replaces=token.token)
        self._show(ShareCard(self._c.theme, self._what(token), self._line(token), self._c.clock(), token))

    def _what(self, token: Token) -> str:
        manifest = self._c.poller.manifests.get(token.manifest_id)
        return token.description or (manifest.label if manifest else "") or tr("files")

    def _line(self, token: Token) -> str:
        manifest = self._c.poller.manifests.get(token.manifest_id)
        return share_line(manifest.total_files, manifest.total_size) if manifest else share_line(None, None)

    def _extend(self, tokens: Sequence[object]) -> None:
        ending = [token for token in tokens if isinstance(token, Token) and token.expiry_time is not None]
        if not ending:
            self._c.say(tr("This token never ends."))
            return
        self._c.run(self._extended(ending), "extend")

    async def _extended(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            start = max(token.expiry_time or 0, self._c.clock())
            await self._c.commands.update_token(token.token, {"expiry_time": start + 7 * sharing.DAY})
        self._c.say(tr("Changed."), "good")
