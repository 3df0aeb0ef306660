"""Asks the node what changed and hands differences to the models: often while anything moves, seldom when idle."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from jetstream.entities import Destination, Manifest, Offer, ReceiveTransfer, Token, Transfer
from jetstream.errors import ConnectionLost, InvalidParameters, JetStreamError, RequestTimeout
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.services.node import NodeClient
from jetstream_desktop.services.session import Session
from jetstream_desktop.state.address import title_of
from jetstream_desktop.state.changes import Changes, between
from jetstream_desktop.state.history import SpeedHistory
from jetstream_desktop.state.rows import Group, Names, Row, RowMaker, key_of, outdated

log = logging.getLogger("jetstream.desktop")

BUSY_SECONDS = 0.25
IDLE_SECONDS = 2.0
SIDE_SECONDS = 5.0
"""How often destinations and tokens are asked for."""
_HISTORIES = 50
_AT_A_TIME = 200

_ENDED = (Group.DONE, Group.FAILED)

Entity = Transfer | ReceiveTransfer


class Poller(QObject):
    """Keeps what the node said last. Signals carry differences or whole frozen lists.

    :param clock: the time in µs UTC.
    """

    changed = Signal(object)
    """:class:`Changes` of the table."""
    destinations_changed = Signal(object)
    tokens_changed = Signal(object)
    offers_changed = Signal(object)
    """What unknown computers want to send, all that waits."""
    polled = Signal()
    trouble = Signal(str)
    """Why there is nothing new from the node, for as long as that is so; empty when there is again."""
    finished = Signal(object)
    """Rows that became complete or failed since the last poll."""

    def __init__(self, session: Session, clock: Callable[[], int], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._clock = clock
        self._maker = RowMaker()
        self._wake = asyncio.Event()
        self._cursors: list[int | None] = [None, None]
        self.rows: dict[str, Row] = {}
        self.entities: dict[str, Entity] = {}
        self.destinations: tuple[Destination, ...] = ()
        self.tokens: tuple[Token, ...] = ()
        self.offers: tuple[Offer, ...] = ()
        self._offers_since: int | None = None
        self._asks_nobody = False
        """The node is too old to ask anybody."""
        self.manifests: dict[str, Manifest] = {}
        self.histories: dict[str, SpeedHistory] = {}
        self.watched: str | None = None
        """Key of the row whose details are shown."""
        self._troubled = ""
        self._side_due = 0.0
        self._renamed: set[str] = set()
        """Destinations that are called otherwise since the rows were made."""

    def soon(self) -> None:
        """Ask at once: the person has just done something."""
        self._side_due = 0.0
        self._wake.set()

    def restart(self) -> None:
        """Forget the cursors: another connection, or another node."""
        self._cursors = [None, None]
        self._offers_since, self._asks_nobody = None, False
        self.soon()

    def forget(self) -> None:
        """Forget everything: what was known is another node's. Not while :meth:`run` runs."""
        removed = tuple(self.rows)
        self._maker = RowMaker()
        self.entities, self.manifests, self.histories, self.rows = {}, {}, {}, {}
        self.destinations, self.tokens = (), ()
        self.watched = None
        self._cursors, self._offers_since = [None, None], None
        self._show_offers(())
        self.changed.emit(Changes((), (), removed))
        self.destinations_changed.emit(())
        self.tokens_changed.emit(())

    async def run(self) -> None:
        """Ask until the connection breaks or this is cancelled."""
        self.restart()
        while True:
            self._wake.clear()
            try:
                await self.poll()
            except ConnectionLost:
                self._tell_trouble("")
                self._outdate()
                return
            except (JetStreamError, TypeError, ValueError, KeyError) as error:  # also answers of no known form
                log.warning("nothing new from the node: %r", error)
                self._tell_trouble(_why(error))
                self._outdate()
                await self._pause(IDLE_SECONDS)
                continue
            self._tell_trouble("")
            busy = any(row.group is Group.ACTIVE or row.group is Group.WAITING for row in self.rows.values())
            await self._pause(BUSY_SECONDS if busy else IDLE_SECONDS)

    def _outdate(self) -> None:
        """What moved is not known to move any more; the next answer makes these rows anew."""
        rows = tuple(outdated(row) for row in self.rows.values()
                     if row.current and row.group in (Group.ACTIVE, Group.WAITING))
        self.rows |= {row.key: row for row in rows}
        if rows:
            self.changed.emit(Changes((), rows, ()))

    def _tell_trouble(self, words: str) -> None:
        if words != self._troubled:
            self._troubled = words
            self.trouble.emit(words)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def poll(self) -> None:
        """Ask once and tell what changed."""
        client = self._session.client
        loop = asyncio.get_running_loop()
        if loop.time() >= self._side_due:
            await self._poll_side(client)
            self._side_due = loop.time() + SIDE_SECONDS
        sent_since, received_since = self._cursors
        sent, received = await asyncio.gather(client.send.get_transfers(modified_since=sent_since),
                                              client.receive.get_transfers(modified_since=received_since))
        complete = sent_since is None or received_since is None
        self._cursors = [_newest(sent, sent_since), _newest(received, received_since)]
        await self._take([*sent, *received], complete=complete)
        await self._poll_offers(client)
        self.polled.emit()

    async def _poll_offers(self, client: NodeClient) -> None:
        if self._asks_nobody:
            return
        since = self._offers_since
        try:
            fresh = await client.receive.get_offers(modified_since=since)
        except InvalidParameters as error:
            if error.facts.get("field") != "method":
                raise
            self._asks_nobody = True
            return
        self._offers_since = max((offer.modified_cursor for offer in fresh), default=since or 0)
        waiting = {} if since is None else {offer.id: offer for offer in self.offers}
        waiting |= {offer.id: offer for offer in fresh}
        self._show_offers(tuple(offer for offer in waiting.values() if not offer.deleted))

    def _show_offers(self, offers: tuple[Offer, ...]) -> None:
        if offers != self.offers:
            self.offers = offers
            self.offers_changed.emit(offers)

    async def _poll_side(self, client: NodeClient) -> None:
        destinations, tokens = await asyncio.gather(client.send.get_destinations(), client.send.get_shared_tokens())
        if tuple(destinations) != self.destinations:
            before = _titles(self.destinations)
            self._renamed |= {id for id, title in _titles(destinations).items() if before.get(id) != title}
            self.destinations = tuple(destinations)
            self.destinations_changed.emit(self.destinations)
        if tuple(tokens) != self.tokens:
            missing = {token.manifest_id for token in tokens} - set(self.manifests)
            if missing:
                self.manifests |= {m.id: m for m in await client.send.get_manifests()}
            self.tokens = tuple(tokens)
            self.tokens_changed.emit(self.tokens)

    async def _take(self, fresh: Sequence[Entity], *, complete: bool) -> None:
        now = self._clock()
        names = Names(destinations=_titles(self.destinations))
        gone = {key_of(entity) for entity in fresh if entity.deleted}
        living = {key_of(entity): entity for entity in fresh if not entity.deleted}
        moving = {} if complete else {key: entity for key, entity in self.entities.items()
                                      if (entity.processing or _to(entity) in self._renamed or not self._current(key))
                                      and key not in living and key not in gone}
        self._renamed = set()
        rows: list[Row] = []
        for number, entity in enumerate((*living.values(), *moving.values()), 1):
            rows.append(self._maker.make(entity, names, now))
            if number % _AT_A_TIME == 0:
                await asyncio.sleep(0)  # a thousand rows at once would be felt
        changes = between(self.rows, rows, complete=complete)
        if gone:
            changes = Changes(changes.added, changes.updated,
                              tuple(dict.fromkeys((*changes.removed, *(k for k in gone if k in self.rows)))))
        self.entities |= living
        self._tell(changes, rows, now)

    def _current(self, key: str) -> bool:
        return key not in self.rows or self.rows[key].current

    def _tell(self, changes: Changes, rows: Sequence[Row], now: int) -> None:
        ended = [row for row in changes.updated
                 if row.group in _ENDED and self.rows[row.key].group not in _ENDED]
        for row in (*changes.added, *changes.updated):
            self.rows[row.key] = row
        for key in changes.removed:
            self.rows.pop(key, None)
            self.entities.pop(key, None)
            self.histories.pop(key, None)
            self._maker.forget(key)
        if len(self.histories) >= _HISTORIES:
            self._drop_history()
        for row in rows:
            history = self._history(row.key) if row.group is Group.ACTIVE else self.histories.get(row.key)
            if history is not None:
                history.add(now / 1e6, row.rate if row.group is Group.ACTIVE else None, row.fraction)
        if changes:
            self.changed.emit(changes)
        if ended:
            self.finished.emit(ended)

    def _history(self, key: str) -> SpeedHistory | None:
        """The history of a running row; with very many of them only the first and the watched one have one."""
        found = self.histories.get(key)
        if found is None and (key == self.watched or len(self.histories) < _HISTORIES):
            found = self.histories[key] = SpeedHistory()
        return found

    def _drop_history(self) -> None:
        """Forget the oldest history of a row that no longer moves."""
        for key in self.histories:
            if key != self.watched and self.rows[key].group is not Group.ACTIVE:
                del self.histories[key]
                return


def _why(error: Exception) -> str:
    if isinstance(error, RequestTimeout):
        return tr("The node does not answer. What stands here is what it said last; it is asked again by itself.")
    if isinstance(error, JetStreamError):
        return tr("{reason} What stands here is what the node said last; it is asked again by itself.",
                  reason=say(str(error)))
    return tr("The node's answer cannot be used. What stands here is what it said last; it is asked again by itself.")


def _titles(destinations: Sequence[Destination]) -> dict[str, str]:
    return {destination.id: title_of(destination) for destination in destinations}


def _to(entity: Entity) -> str:
    return entity.destination_id if isinstance(entity, Transfer) else ""


def _newest(entities: Sequence[Entity], before: int | None) -> int:
    return max((entity.modified_cursor for entity in entities), default=before or 0)
