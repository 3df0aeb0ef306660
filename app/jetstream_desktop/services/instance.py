"""One window per person: a second start hands its arguments to the first and ends."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_WAIT_MS = 800
_ANSWER_MS = 20_000
"""The first instance answers from its loop, which does not turn yet while it starts: as long as somebody listens there
is one, and a second click on the icon must not open a second window.
"""
_LONGEST = 1 << 20


def server_name(folder: Path) -> str:
    """The name of the local socket: one per state folder, so per person."""
    return "jetstream-desktop-" + hashlib.sha256(str(folder).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def hand_over(name: str, arguments: Sequence[str]) -> bool:
    """Give *arguments* to the instance that runs already. Answers whether there is one."""
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(_WAIT_MS):
        return False
    socket.write(json.dumps(list(arguments)).encode("ascii") + b"\n")
    socket.waitForBytesWritten(_WAIT_MS)
    taken = socket.waitForReadyRead(_ANSWER_MS)
    socket.disconnectFromServer()
    return taken


class Instance(QObject):
    """Listens for later starts, unless another instance does already. ``asked`` carries their arguments."""

    asked = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The lock decides who is the first: a second server would silently take the name from the one that has it.
        self._lock = QLockFile(str(folder / "desktop.lock"))
        self._lock.setStaleLockTime(0)  # a lock whose process is gone is taken over all the same
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._connected)
        self._name = server_name(folder)
        if self._lock.tryLock(0):
            self._server.listen(self._name)

    def take_over(self) -> None:
        """Listen in the place of one that does not answer any more."""
        if not self._server.isListening():
            QLocalServer.removeServer(self._name)
            self._server.listen(self._name)

    @property
    def listening(self) -> bool:
        """Whether later starts find this one."""
        return self._server.isListening()

    def _connected(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.setParent(self)
            socket.readyRead.connect(self._read)
            socket.disconnected.connect(socket.deleteLater)

    def _read(self) -> None:
        socket = self.sender()
        if not isinstance(socket, QLocalSocket):
            return
        if socket.bytesAvailable() > _LONGEST:
            socket.abort()
            return
        if not socket.canReadLine():
            return
        try:
            value = json.loads(bytes(socket.readLine().data()))
        except ValueError:
            socket.abort()
            return
        socket.write(b"ok\n")
        socket.flush()
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            self.asked.emit(value)

    def close(self) -> None:
        """Stop listening."""
        self._server.close()
        self._lock.unlock()
