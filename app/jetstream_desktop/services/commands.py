"""What the person asks for, done at the node. Each answers with a value or raises; nothing here shows anything."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from jetstream.aio import Server, watch_preview, watch_test
from jetstream.checks import Check
from jetstream.constants import SYMLINK_PRESERVE
from jetstream.entities import Destination, Event, Manifest, Preview, ReceiveTransfer, Token, Transfer, wire_name
from jetstream.errors import JetStreamError
from jetstream_desktop.i18n import tr
from jetstream_desktop.services.session import Session
from jetstream_desktop.state.address import Choice
from jetstream_desktop.state.arrivals_code import Fetched
from jetstream_desktop.state.basket import Basket
from jetstream_desktop.state.code import Recipe
from jetstream_desktop.state.delivered import sources
from jetstream_desktop.state.files import FileLine
from jetstream_desktop.state.options import LABEL, Options
from jetstream_desktop.state.preview import Question
from jetstream_desktop.state.rows import Row

RESUME = "resume"
PAUSE = "pause"
CANCEL = "cancel"
REMOVE = "remove"
_CALLS = {RESUME: "resume_transfer", PAUSE: "suspend_transfer", CANCEL: "cancel_transfer", REMOVE: "delete_transfer"}
PAGE = 500
PREVIEW_PAGE = 2000
VERIFY_BLOCKS = 64
_REMEMBERED = 50
"""With so few things at most, the manifest keeps what was dropped, for "From" and for copying as a script."""


class Commands:
    """Calls to the node behind the session.

    :param done: called after every change, so that the table is asked for at once.
    """

    def __init__(self, session: Session, done: Callable[[], None]) -> None:
        self._session = session
        self._done = done

    # Rows

    async def act(self, what: str, rows: Iterable[Row]) -> list[JetStreamError]:
        """Pause, resume, cancel or remove rows; what could not be done comes back as errors, the rest is done."""
        problems: list[JetStreamError] = []
        client = self._session.client
        for row in rows:
            group = client.receive if row.incoming else client.send
            try:
                await getattr(group, _CALLS[what])(row.transfer_id)
            except JetStreamError as error:
                problems.append(error)
        self._done()
        return problems

    async def adjust(self, rows: Iterable[Row], *, priority: int | None = None, limit: int | None = None,
                     policy: str | None = None) -> None:
        """Change priority, limit (kbit/s, 0 lifts it) or policy of outgoing rows while they run."""
        client = self._session.client
        for row in rows:
            if not row.incoming:
                await client.send.update_transfer(row.transfer_id, priority=priority, send_rate_max=limit,
                                                  rate_policy=policy)
        self._done()

    # Sending and sharing

    async def manifest(self, basket: Basket, options: Options) -> Manifest:
        """The manifest of a basket; counting goes on in the node."""
        recipe = Recipe(basket.mappings(), basket.exclude, options.symlinks)
        few = len(recipe.mappings) <= _REMEMBERED and recipe.text_only
        return await self._session.client.send.create_manifest(
            mappings=recipe.mappings, user_data=recipe.remembered() if few else None, symlink_mode=options.symlinks,
            exclude=list(basket.exclude), skip_unreadable=True)

    async def send(self, basket: Basket, choice: Choice, options: Options) -> Transfer:
        """Send a basket to a destination that is known or was just typed."""
        client = self._session.client
        if choice.destination is not None:
            destination_id = choice.destination.id
        else:
            assert choice.address is not None
            fields = {"destination_address": choice.address.host, "destination_port": choice.address.port}
            fresh = await client.send.create_destination(**{**fields, **(choice.fields or {})})
            destination_id = fresh.id
        manifest = await self.manifest(basket, options)
        made = await client.send.create_transfer(
            destination=destination_id, manifest=manifest, destination_path=options.folder,
            priority=options.priority, send_rate_max=options.limit, overwrite_mode=options.overwrite,
            rate_policy=options.policy, user_data={LABEL: options.label} if options.label else None)
        self._done()
        return made

    def look(self, question: Question) -> AsyncGenerator[Preview, None]:
        """What sending that would meet, as the node finds it out; nothing is sent."""
        address, port, _user, identity = question.way
        where = {"destination": question.destination} if question.destination is not None else {
            "destinationAddress": address, "destinationPort": port, "permittedDestinationPublicKey": identity}
        return watch_preview(
            self._session.client.call, **where, mappings=dict(question.mappings), symlinkMode=question.symlinks,
            exclude=list(question.exclude), skipUnreadable=True, destinationPath=question.folder,
            overwriteMode=question.overwrite)

    async def manifest_of_received(self, entity: ReceiveTransfer) -> Manifest:
        """The manifest of what a transfer has delivered, from where it lies. A file that is gone fails it."""
        client = self._session.client
        mappings: dict[str, str] = {}
        offset: int | None = 0
        while offset is not None:
            answer = await client.receive.get_transfer_files(entity, offset=offset, limit=PREVIEW_PAGE)
            mappings |= sources(entity, answer["files"])
            offset = answer.get("nextOffset") if answer["files"] else None
        if not mappings:
            raise JetStreamError(tr("This transfer delivered no file."))
        return await client.send.create_manifest(mappings=mappings, symlink_mode=SYMLINK_PRESERVE)

    async def share(self, manifest_id: str, values: Mapping[str, Any]) -> Token:
        """A token for a manifest."""
        made = await self._session.client.send.create_shared_token(manifest=manifest_id, **values)
        self._done()
        return made

    async def update_token(self, token: str, changes: Mapping[str, Any]) -> Token:
        """Change expiry, limit, password or description of a token."""
        made = await self._session.client.send.update_shared_token(token, **changes)
        self._done()
        return made

    async def revoke(self, tokens: Iterable[str]) -> None:
        """Make tokens useless."""
        for token in tokens:
            await self._session.client.send.delete_shared_token(token)
        self._done()

    async def preview(self, link: str, password: str | None, offset: int) -> dict[str, Any]:
        """What a link gives, and a page of its files."""
        return await self._session.client.receive.preview_download(link, password, offset, PREVIEW_PAGE)

    async def get(self, link: str, password: str | None, folder: str,
                  entries: Sequence[tuple[int, int]] | None) -> ReceiveTransfer:
        """Fetch what a link shares: everything, or the chosen *entries*."""
        fetched = Fetched(link, folder, entries, locked=password is not None)
        made = await self._session.client.receive.create_download(
            link=link, password=password, destination_path=folder, entries=entries, user_data=fetched.remembered())
        self._done()
        return made

    async def verify(self, row: Row, offset: int) -> dict[str, Any]:
        """Compare some of what has arrived with its hashes, from block *offset* on."""
        return await self._session.client.receive.verify_transfer(row.transfer_id, offset, VERIFY_BLOCKS)

    # Address book

    async def save_destination(self, known: str | None, values: Mapping[str, Any]) -> Destination:
        """Add or change a destination. *values* in the names of the API, snake_case."""
        client = self._session.client
        if known is None:
            made = await client.send.create_destination(**values)
        else:
            made = await client.send.update_destination(known, **values)
        self._done()
        return made

    async def remove_destinations(self, ids: Sequence[str]) -> None:
        """Forget destinations."""
        for one in ids:
            await self._session.client.send.delete_destination(one)
        self._done()

    async def restore_destinations(self, ids: Sequence[str]) -> None:
        """Bring back destinations that were just forgotten."""
        for one in ids:
            await self._session.client.send.restore_destination(one)
        self._done()

    def test_destination(self, known: str | None, values: Mapping[str, Any]) -> AsyncIterator[list[Check]]:
        """The findings of a test so far, as the node makes them. *values* as for :meth:`save_destination`; what is
        ``None`` in them is taken away from a known destination.
        """
        fields = ("destination_address", "destination_port", "user_name", "password",
                  "permitted_destination_public_key")
        given = {wire_name(name): values[name] for name in fields if name in values}
        if known is not None:
            given = {name: "" if value is None else value for name, value in given.items()}
        return watch_test(self._session.client.call, destination=known, **given)

    async def diagnose(self) -> list[Check]:
        """What the node finds when it looks at itself."""
        return await self._session.client.server.get_diagnostics()

    def look_again(self) -> None:
        """Something may have changed at the node: ask soon."""
        self._done()

    # Looking closer

    async def files(self, entity: Transfer | ReceiveTransfer, offset: int) -> tuple[list[FileLine], int | None]:
        """A page of the files of a transfer, and where the next one begins."""
        client = self._session.client
        if isinstance(entity, Transfer):
            answer = await client.send.get_manifest_files(entity.manifest_id, offset=offset, limit=PAGE)
            entries = answer["fileMappings"]
        else:
            answer = await client.receive.get_transfer_files(entity, offset=offset, limit=PAGE)
            entries = answer["files"]
        following = answer.get("nextOffset")
        return [FileLine(str(e["destPath"]), e["fileSize"]) for e in entries], following if entries else None

    async def events(self, row: Row) -> list[Event]:
        """The event log of one transfer."""
        group = self._session.client.receive if row.incoming else self._session.client.send
        return await group.get_transfer_events(row.transfer_id)

    # The node itself

    async def limit(self, outgoing: int) -> None:
        """Limit what the node sends, in kbit/s; 0 lifts the limit."""
        await self._as_superuser(lambda server: server.update_bandwidth_limits(outgoing=outgoing))
        await self._session.refresh()

    async def allowed(self) -> list[dict[str, Any]]:
        """The identities that may send here."""
        client = self._session.client
        await client.server.superuser()
        return await client.receive.get_authorized_clients()

    async def accept(self, offer: str, folder: str | None, *, always: bool) -> None:
        """Let in what an unknown computer offers; *always* also all that it offers from now on."""
        client = self._session.client
        if always:
            await client.server.superuser()
        await client.receive.accept_offer(offer, folder, always)
        self._done()

    async def decline(self, offer: str) -> None:
        """Say no to an offer."""
        await self._session.client.receive.decline_offer(offer)
        self._done()

    async def let_strangers_ask(self, may: bool) -> None:
        """Whether unknown computers may ask at all."""
        client = self._session.client
        await client.server.superuser()
        await client.receive.allow_only_authorized_clients(not may)
        await self._session.refresh()

    async def let_in(self, fingerprint: str, name: str) -> None:
        """Let the node with this identity send here."""
        client = self._session.client
        await client.server.superuser()
        await client.receive.add_authorized_client(fingerprint, name)

    async def let_out(self, fingerprint: str) -> None:
        """Do not let that node send here any more."""
        client = self._session.client
        await client.server.superuser()
        await client.receive.remove_authorized_client(fingerprint)

    async def receiving_folder(self, path: str) -> None:
        """Where incoming transfers land."""
        await self._as_superuser(lambda server: server.set_receiving_folder(path))
        await self._session.refresh()

    async def _as_superuser(self, call: Callable[[Server], Awaitable[object]]) -> None:
        server = self._session.client.server
        await server.superuser()
        await call(server)
