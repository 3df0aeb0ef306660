"""Conveniences over the blocking face: mappings from lists of files, searching manifests, sending in one call."""
# ruff: noqa: N802, N803 - the published API is camelCase

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, Final

from jetstream.blocking.client import APIInterface
from jetstream.constants import DEFAULT_API_PORT
from jetstream.errors import Conflict, ConnectionFailed, InvalidParameters

StrPath = str | os.PathLike[str]

_PAGE: Final = 10_000


class Helper:
    """What scripts often need.

    :param api: a connected interface; ``None`` is enough for :meth:`getFileMappings`.
    """

    def __init__(self, api: APIInterface | None = None) -> None:
        self._api = api

    @staticmethod
    def getFileMappings(fileList: Iterable[StrPath], relative_to: StrPath | None = None) -> dict[str, str]:
        """``{target: source}`` for ``createManifest``, one entry per source.

        :param fileList: absolute paths of files or folders on the node's machine.
        :param relative_to: an absolute folder that all sources are in; targets are relative to it. Without it,
            targets are the whole paths.
        :raises InvalidParameters: if a path is not absolute, not in *relative_to*, or given twice.
        """
        base = None if relative_to is None else _absolute(relative_to, "relative_to")
        mappings: dict[str, str] = {}
        for entry in fileList:
            source = _absolute(entry, "fileList")
            target = _target(source, base)
            if target in mappings:
                raise InvalidParameters(f"{str(source)!r} is in the list twice.", field="fileList")
            mappings[target] = str(source)
        return mappings

    def getFilteredManifestFiles(self, predicate: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """The manifests that hold matching files, each as ``{'manifestId', 'fileMappings': [...]}``.

        :param predicate: called with each file mapping (``srcPath``, ``destPath``, ``fileSize``, ``isEmptyDir``,
            ``executable``, ``modificationTime``); true for those that are wanted.
        """
        api = self._connected()
        found = []
        for manifest in api.send.getManifests():
            matching = [mapping for mapping in _files(api, manifest) if predicate(mapping)]
            if matching:
                found.append({"manifestId": manifest["manifestId"], "fileMappings": matching})
        return found

    def sendFiles(self, fileList: Iterable[StrPath] | Mapping[str, str], destinationAddress: str,
                  destinationPort: int = DEFAULT_API_PORT, *, relative_to: StrPath | None = None,
                  userName: str | None = None, password: str | None = None,
                  **transferOptions: Any) -> "TransferObject":
        """Send files in one call; returns at once when the files have been listed.

        :param fileList: absolute paths, or ``{target: source}`` as for ``createManifest``.
        :param relative_to: as for :meth:`getFileMappings`.
        :param userName: login at the receiving node, with *password*.
        :param transferOptions: further parameters of ``createTransfer``.
        :raises Conflict: if the files cannot be listed; the sentence says why.
        """
        api = self._connected()
        if isinstance(fileList, Mapping):
            mappings = dict(fileList)
        else:
            mappings = self.getFileMappings(fileList, relative_to)
        destination = api.send.createDestination(destinationAddress, destinationPort, userName=userName,
                                                 password=password)
        manifest = api.send.waitForManifest(api.send.createManifest(mappings=mappings))
        if manifest["status"] == "error":
            raise Conflict(f"The files cannot be sent: {manifest.get('errorMessage') or 'they cannot be listed'}")
        return TransferObject(api, api.send.createTransfer(destination, manifest, **transferOptions))

    def _connected(self) -> APIInterface:
        if self._api is None:
            raise ConnectionFailed("This needs a connection: make the Helper with a connected interface.")
        return self._api


class TransferObject:
    """A transfer to hold in the hand. What it shows is as of the last call; :meth:`refresh` asks again.

    :param api: a connected interface.
    :param transfer: the dict of a transfer.
    """

    def __init__(self, api: APIInterface, transfer: dict[str, Any]) -> None:
        self._api = api
        self._transfer = transfer

    def __repr__(self) -> str:
        return f"<TransferObject {self.transferId} {self.status}>"

    @property
    def transfer(self) -> dict[str, Any]:
        """The dict of the transfer, with every field."""
        return self._transfer

    @property
    def transferId(self) -> str:
        """The transfer's id."""
        return str(self._transfer["transferId"])

    @property
    def status(self) -> str:
        """``pending``, ``sending``, ``complete``, ``suspended``, ``error`` or ``cancelled``."""
        return str(self._transfer["status"])

    @property
    def processing(self) -> bool:
        """Whether the node still works on it."""
        return bool(self._transfer["processing"])

    @property
    def errorMessage(self) -> str | None:
        """Why it failed."""
        message = self._transfer.get("errorMessage")
        return None if message is None else str(message)

    @property
    def progress(self) -> float | None:
        """From 0.0 to 1.0, by what the receiver has written; ``None`` while the total is not known."""
        total = self._transfer.get("totalBytes")
        if total is None:
            return None
        if total == 0:
            return 1.0 if self.status == "complete" else 0.0
        return float(self._transfer.get("bytesAcked", 0) / total)

    def refresh(self) -> "TransferObject":
        """Ask the node how it is."""
        return self._take(self._api.send.getTransfer(self._transfer))

    def wait(self, timeout: float | None = None) -> "TransferObject":
        """Block until it is complete, suspended, cancelled or failed; look at :attr:`status`.

        :param timeout: seconds, ``None`` for ever.
        :raises RequestTimeout: when the time is over.
        """
        return self._take(self._api.send.waitForTransfer(self._transfer, timeout))

    def suspend(self) -> "TransferObject":
        """Pause; nothing is lost."""
        return self._take(self._api.send.suspendTransfer(self._transfer))

    def resume(self) -> "TransferObject":
        """Go on after a pause, or try again after an error."""
        return self._take(self._api.send.resumeTransfer(self._transfer))

    def cancel(self) -> "TransferObject":
        """Stop for good; the record stays."""
        return self._take(self._api.send.cancelTransfer(self._transfer))

    def _take(self, transfer: dict[str, Any]) -> "TransferObject":
        self._transfer = transfer
        return self


def _absolute(path: StrPath, field: str) -> Path:
    found = Path(path)
    if not found.is_absolute():
        raise InvalidParameters(f"{str(path)!r} is no absolute path.", field=field)
    return Path(os.path.normpath(found))


def _target(source: PurePath, base: PurePath | None) -> str:
    if base is None:
        return "/" + source.relative_to(source.anchor).as_posix()
    try:
        return source.relative_to(base).as_posix()
    except ValueError as error:
        raise InvalidParameters(f"{str(source)!r} is not in {str(base)!r}.", field="fileList") from error


def _files(api: APIInterface, manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    offset: int | None = 0
    while offset is not None:
        page = api.send.getManifestFiles(manifest, offset=offset, limit=_PAGE)
        yield from page["fileMappings"]
        offset = page.get("nextOffset")
