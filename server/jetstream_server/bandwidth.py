"""Limits of the whole node: from the command line (then fixed), or set through the API and kept; and their lending."""

import asyncio
from collections.abc import Callable
from typing import Final

from jetstream.entities import BandwidthLimits, to_wire
from jetstream.errors import Conflict
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.config import Settings
from jetstream_server.link.lending import Direction, effective
from jetstream_server.link.limiter import BYTES_PER_KBIT, Bucket

LIMITS: Final = "bandwidthLimits"

LEND_EVERY_SECONDS: Final = 0.1


class Bandwidth:
    """The node's limits.

    :param incoming, outgoing: what holds the limits.
    :param steady: seconds of a steady clock.
    :param changed: called after a change, so that whoever waits for a limit follows the new one at once.
    """

    def __init__(
        self,
        catalog: Catalog,
        incoming: Bucket,
        outgoing: Bucket,
        steady: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self._catalog = catalog
        self._incoming = incoming
        self._outgoing = outgoing
        self._steady = steady
        self._changed = changed
        self._lending: asyncio.Task[None] | None = None
        self._limits = BandwidthLimits()
        self._fixed = False

    @property
    def limits(self) -> BandwidthLimits:
        """What holds now."""
        return self._limits

    async def start(self, settings: Settings) -> None:
        """Take limits from the command line, else those that were kept."""
        if settings.incoming_rate_limit or settings.outgoing_rate_limit:
            self._fixed = True
            self._limits = BandwidthLimits(
                incoming=settings.incoming_rate_limit,
                outgoing=settings.outgoing_rate_limit,
                borrow_incoming=settings.borrow_incoming,
                borrow_outgoing=settings.borrow_outgoing,
            )
        else:
            kept = await self._catalog.settings.get(LIMITS)
            if isinstance(kept, dict):
                self._limits = BandwidthLimits(
                    incoming=kept.get("incoming"),
                    outgoing=kept.get("outgoing"),
                    borrow_incoming=bool(kept.get("borrowIncoming")),
                    borrow_outgoing=bool(kept.get("borrowOutgoing")),
                )
        self._apply()

    async def stop(self) -> None:
        """Lend no more."""
        if self._lending is not None:
            self._lending.cancel()
            await asyncio.gather(self._lending, return_exceptions=True)
            self._lending = None

    def _apply(self) -> None:
        limits = self._limits
        self._set(limits.incoming, limits.outgoing)
        both = limits.incoming is not None and limits.outgoing is not None
        wanted = both and (limits.borrow_incoming or limits.borrow_outgoing)
        if wanted and self._lending is None:
            self._lending = asyncio.create_task(self._lend(), name="lending")
        elif not wanted and self._lending is not None:
            self._lending.cancel()
            self._lending = None

    def _set(self, incoming: int | None, outgoing: int | None) -> None:
        now = self._steady()
        if (self._incoming.rate, self._outgoing.rate) != (incoming, outgoing):
            self._incoming.set_rate(incoming, now)
            self._outgoing.set_rate(outgoing, now)
            self._changed()

    async def _lend(self) -> None:
        before, taken_in, taken_out = self._steady(), self._incoming.taken, self._outgoing.taken
        while True:
            await asyncio.sleep(LEND_EVERY_SECONDS)
            now, seconds = self._steady(), max(0.001, self._steady() - before)
            limits = self._limits
            used_in = (self._incoming.taken - taken_in) / seconds / BYTES_PER_KBIT
            used_out = (self._outgoing.taken - taken_out) / seconds / BYTES_PER_KBIT
            before, taken_in, taken_out = now, self._incoming.taken, self._outgoing.taken
            inward = Direction(limits.incoming, used_in, limits.borrow_incoming)
            outward = Direction(limits.outgoing, used_out, limits.borrow_outgoing)
            self._set(effective(inward, outward), effective(outward, inward))

    async def update(
        self, incoming: int | None, outgoing: int | None, borrow_incoming: bool | None, borrow_outgoing: bool | None
    ) -> BandwidthLimits:
        """Change what is given; 0 lifts a limit.

        :raises Conflict: while the command line fixes them.
        """
        if self._fixed:
            raise Conflict("The limits were fixed when the node was started; start it without them to set them here.")
        old = self._limits
        self._limits = BandwidthLimits(
            incoming=old.incoming if incoming is None else incoming or None,
            outgoing=old.outgoing if outgoing is None else outgoing or None,
            borrow_incoming=old.borrow_incoming if borrow_incoming is None else borrow_incoming,
            borrow_outgoing=old.borrow_outgoing if borrow_outgoing is None else borrow_outgoing,
        )
        await self._catalog.settings.set(LIMITS, to_wire(self._limits))
        self._apply()
        return self._limits
