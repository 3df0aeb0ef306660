"""Listens to what nodes announce on the local network, with ``zeroconf``; where there is no network, it waits for one.

All in the loop: nothing here blocks, and nothing that anybody sends can do more than add a line to a list of limited
length.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from jetstream.nearby import SERVICE_TYPE
from jetstream_desktop.state.nearby import Near, near_from

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf

log = logging.getLogger("jetstream.desktop")

AGAIN_SECONDS = 60.0
_RESOLVE_MS = 5000
_MOST = 200
"""Announcements that are followed at a time."""
Spawn = Callable[[Coroutine[Any, Any, Any], str], "asyncio.Task[Any]"]


def own_addresses() -> list[str]:
    """This computer's addresses with the length of their networks."""
    from ifaddr import get_adapters

    return [f"{entry.ip if isinstance(entry.ip, str) else entry.ip[0]}/{entry.network_prefix}"
            for adapter in get_adapters() for entry in adapter.ips]


class Nearby(QObject):
    """``changed`` carries all that is announced now, as a tuple of :class:`Near`.

    :param spawn: starts background work.
    :param interfaces: addresses of the interfaces to listen on; none: all.
    """

    changed = Signal(object)

    def __init__(self, spawn: Spawn, interfaces: Sequence[str] = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._spawn = spawn
        self._interfaces = tuple(interfaces)
        self._asking: dict[str, asyncio.Task[Any]] = {}
        self._found: dict[str, Near] = {}

    async def run(self) -> None:
        """Listen until cancelled."""
        logging.getLogger("zeroconf").setLevel(logging.ERROR)  # what anybody sends wrongly is no news
        try:
            for package in ("zeroconf.asyncio", "ifaddr"):
                await asyncio.to_thread(import_module, package)  # a tenth of a second that would be felt
        except ImportError as error:
            log.info("nodes nearby are not looked for: %s", error)
            return
        trouble = ""
        while True:
            try:
                await self._listen()
            except Exception as error:  # zeroconf raises what the system's sockets raise, and errors of its own
                said = str(error) or type(error).__name__
                if said != trouble:
                    log.info("nodes nearby cannot be looked for: %s; tried again every minute", said)
                trouble = said
            await asyncio.sleep(AGAIN_SECONDS)

    async def _listen(self) -> None:
        from zeroconf import InterfaceChoice, IPVersion
        from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

        network = (AsyncZeroconf(interfaces=list(self._interfaces)) if self._interfaces else
                   AsyncZeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.All))
        try:
            browser = AsyncServiceBrowser(network.zeroconf, SERVICE_TYPE, handlers=[self._heard])
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                await browser.async_cancel()
        finally:
            for task in self._asking.values():
                task.cancel()
            self._asking.clear()
            self._found.clear()
            self._tell()
            await network.async_close()

    def _heard(self, zeroconf: "Zeroconf", service_type: str, name: str, state_change: "ServiceStateChange") -> None:
        known = self._asking.pop(name, None)
        if known is not None:
            known.cancel()
        if state_change.name == "Removed":
            if self._found.pop(name, None) is not None:
                self._tell()
        elif name in self._found or len(self._found) + len(self._asking) < _MOST:
            self._asking[name] = self._spawn(self._resolve(zeroconf, name), "a node nearby")

    async def _resolve(self, zeroconf: "Zeroconf", name: str) -> None:
        from zeroconf import Error
        from zeroconf.asyncio import AsyncServiceInfo

        try:
            info = AsyncServiceInfo(SERVICE_TYPE, name)
            if not await info.async_request(zeroconf, _RESOLVE_MS):
                return
            near = near_from(info.properties, info.port, info.parsed_addresses(), own_addresses())
        except (Error, OSError, ValueError) as error:
            log.info("an announcement nearby cannot be read: %s", error)
            return
        finally:
            if self._asking.get(name) is asyncio.current_task():
                del self._asking[name]
        before = self._found.pop(name, None)
        if near is not None:
            self._found[name] = near
        if near != before:
            self._tell()

    def _tell(self) -> None:
        self.changed.emit(tuple(self._found.values()))
