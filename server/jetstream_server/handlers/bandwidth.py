"""``server.updateBandwidthLimits``."""

from collections.abc import Mapping
from typing import Any

from jetstream.entities import to_wire
from jetstream_server.bandwidth import Bandwidth
from jetstream_server.dispatch import Call, Handler


class BandwidthHandlers:
    """The API's view of the node's limits."""

    def __init__(self, bandwidth: Bandwidth) -> None:
        self._bandwidth = bandwidth

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {"server.updateBandwidthLimits": self.update}

    async def update(
        self,
        call: Call,
        *,
        incoming: int | None,
        outgoing: int | None,
        borrow_incoming: bool | None,
        borrow_outgoing: bool | None,
    ) -> dict[str, Any]:
        """Change what is given; returns what holds now."""
        return to_wire(await self._bandwidth.update(incoming, outgoing, borrow_incoming, borrow_outgoing))
