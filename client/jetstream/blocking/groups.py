"""``api.server``, ``api.send`` and ``api.recv``: the documented calls, each also as its ``...Async`` twin.

Results are plain dicts with the documented camelCase keys. Where an object is asked for, the dict that an earlier call
returned or its bare id will do. Type checkers read ``groups.pyi``.
"""

from time import monotonic, sleep
from typing import Any

from jetstream.api.calls import Waiting, build_params
from jetstream.api.methods import METHODS
from jetstream.blocking.face import Ask, with_methods
from jetstream.errors import ServerError


class _Group:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def _wait(self, getter: str, ref: Any, timeout: float | None) -> Any:
        """Ask *getter* for the object again and again until it is not ``processing`` any more."""
        method = METHODS[getter]
        waiting = Waiting(f"The {method.parameters[0].name}", timeout, monotonic())
        while True:
            found = self._ask(getter, build_params(method, (ref,), {}))
            if not isinstance(found, dict) or "processing" not in found:
                raise ServerError("The node's answer does not say whether it is done.")
            if not found["processing"]:
                return found
            sleep(waiting.pause(monotonic()))


@with_methods("server")
class ServerInterface(_Group):
    """``api.server``: logins, accounts, settings, folders."""


@with_methods("send")
class SendInterface(_Group):
    """``api.send``: manifests, destinations, transfers, shared tokens."""

    def waitForManifest(self, manifest: Any, timeout: float | None = None) -> Any:
        """Block until the manifest is complete or failed; look at its ``status``.

        :param timeout: seconds, ``None`` for ever.
        :raises RequestTimeout: when the time is over.
        """
        return self._wait("send.getManifest", manifest, timeout)

    def waitForTransfer(self, transfer: Any, timeout: float | None = None) -> Any:
        """Block until the transfer is complete, suspended, cancelled or failed; look at its ``status``.

        :param timeout: seconds, ``None`` for ever.
        :raises RequestTimeout: when the time is over.
        """
        return self._wait("send.getTransfer", transfer, timeout)


@with_methods("recv")
class RecvInterface(_Group):
    """``api.recv``: incoming transfers, downloads, who may send here."""

    def waitForTransfer(self, transfer: Any, timeout: float | None = None) -> Any:
        """Block until an incoming transfer is complete, suspended, cancelled or failed; look at its ``status``.

        :param timeout: seconds, ``None`` for ever.
        :raises RequestTimeout: when the time is over.
        """
        return self._wait("recv.getTransfer", transfer, timeout)
