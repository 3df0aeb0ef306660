"""Limits of the whole node: from the command line (then fixed), or set through the API and kept."""

from collections.abc import Callable
from typing import Final

from jetstream.entities import BandwidthLimits, to_wire
from jetstream.errors import Conflict
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.config import Settings

LIMITS: Final = "bandwidthLimits"

Apply = Callable[[int | None, int | None], None]
"""Takes the limits for incoming and outgoing data, kbit/s; ``None`` is no limit."""


class Bandwidth:
    """The node's limits.

    :param apply: makes them so, at once.
    """

    def __init__(self, catalog: Catalog, apply: Apply) -> None:
        self._catalog = catalog
        self._apply = apply
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
        self._apply(self._limits.incoming, self._limits.outgoing)

    async def update(
        self, incoming: int | None, outgoing: int | None, borrow_incoming: bool | None, borrow_outgoing: bool | None
    ) -> BandwidthLimits:
        """Change what is given; 0 lifts a limit.

        :raises Conflict: while the command line fixes them.
        """
        if self._fixed:
            raise Conflict("The limits were fixed when the node was started; start it without them to change them here.")
        old = self._limits
        self._limits = BandwidthLimits(
            incoming=old.incoming if incoming is None else incoming or None,
            outgoing=old.outgoing if outgoing is None else outgoing or None,
            borrow_incoming=old.borrow_incoming if borrow_incoming is None else borrow_incoming,
            borrow_outgoing=old.borrow_outgoing if borrow_outgoing is None else borrow_outgoing,
        )
        await self._catalog.settings.set(LIMITS, to_wire(self._limits))
        self._apply(self._limits.incoming, self._limits.outgoing)
        return self._limits
