"""The node of this person on this computer: found by its ticket, or started as a process of its own."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment

from jetstream import aio
from jetstream.constants import DEFAULT_API_PORT
from jetstream.errors import ConnectionFailed, JetStreamError
from jetstream.local import Ticket, local_tickets, read_ticket, state_folder
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.services.node import NodeClient
from jetstream_desktop.services.remote_node import Looking

log = logging.getLogger("jetstream.desktop")

Dial = Callable[[int], Awaitable[NodeClient]]
"""Connects to a port of this computer and logs in by ticket."""
DIAL_SECONDS = 5.0
START_SECONDS = 20.0
STOP_SECONDS = 10.0
_REFUSED = 3
_NODE = "desktop.node"
"""The process of the node that a window started last and did not stop."""
_PORT = "desktop.port"
"""Where the last node that a window started was."""


async def dial(port: int) -> NodeClient:
    """Connect to this computer's node and log in by its ticket.

    :raises ConnectionFailed: if what answers there is no node of this person; nothing is pinned for it.
    """
    client = await aio.connect("localhost", port, timeout=DIAL_SECONDS, known=Looking())
    if read_ticket(client.fingerprint) is None:
        await client.close()
        raise ConnectionFailed(tr("The node at port {port} belongs to somebody else.", port=port))
    return client


class LocalNode(QObject):
    """Finds the node or starts one. A node that a window started is stopped with the window, and only that one: also
    by the next window, if the one that started it died.

    :param dial: connects to a port of this computer.
    :param arguments: further arguments of the node, for tests.
    """

    def __init__(self, dial: Dial, arguments: Sequence[str] = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._dial = dial
        self._arguments = tuple(arguments)
        self._process: QProcess | None = None
        self._adopted: Ticket | None = None
        """The node that an earlier window started and could not stop any more."""
        self._ports: list[tuple[str, ...]] = []
        """Arguments for the port that are still to be tried."""
        self._output = b""
        self._errors = b""
        self._moved = asyncio.Event()

    @property
    def started_here(self) -> bool:
        """Whether the running node is a child of this program."""
        return self._process is not None and self._process.state() != QProcess.ProcessState.NotRunning

    @property
    def ends_here(self) -> bool:
        """Whether the running node ends with this program."""
        return self.started_here or self._adopted is not None

    def start_early(self) -> None:
        """Start the node, if none seems to run, before anything else is made: both then happen at the same time."""
        if not any(_alive(ticket) for ticket in local_tickets()):
            self._begin()

    async def reach(self, step: Callable[[str], None]) -> NodeClient:
        """A connection to the node, which is started if there is none.

        :raises JetStreamError: if there is no way.
        """
        found = await self._find()
        if found is not None:
            return found
        step(tr("Starting the node"))
        if not self.started_here:
            self._begin()
        port = await self._announced_somewhere()
        self._mark(port)
        step(tr("Logging in to the node"))
        return await self._dial(port)

    async def _find(self) -> NodeClient | None:
        for ticket in local_tickets():
            if not _alive(ticket):
                continue
            try:
                client = await self._dial(ticket.port)
            except JetStreamError as error:
                log.info("no node behind %r: %s", ticket, error)
                continue
            if self._process is not None and self._process.processId() == ticket.pid:
                self._mark(ticket.port)  # it was started early, and was quicker than this
            elif not self.started_here and ticket.pid == _number(_NODE):
                self._adopted = ticket
            return client
        return None

    def _mark(self, port: int) -> None:
        """Leave word of what was started here, for a window after this one if this one dies, and of where it was."""
        if self._process is not None:
            _keep(_NODE, self._process.processId())
        if "--api-port" not in self._arguments:
            _keep(_PORT, port)

    def _begin(self) -> None:
        """Start the node where it was last time, at the usual port, or at any: an address that was given to others, and
        every link, has the port in it.
        """
        self._ports = [] if "--api-port" in self._arguments else _ports(_number(_PORT))
        self._start()

    async def _announced_somewhere(self) -> int:
        while True:
            try:
                return await self._announced()
            except ConnectionFailed:
                if self._process is None or self._process.exitCode() != _REFUSED or not self._ports:
                    raise
                log.info("a port is taken, trying another one")
                self._start()

    def _start(self) -> None:
        more = self._ports.pop(0) if self._ports else ()
        self._adopted = None
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        process.setProcessEnvironment(environment)
        process.setProgram(sys.executable)
        process.setArguments(["-m", "jetstream_server", "--announce", *self._arguments, *more])
        self._output = self._errors = b""
        process.readyReadStandardOutput.connect(self._read_output)
        process.readyReadStandardError.connect(self._read_errors)
        process.stateChanged.connect(self._moved.set)
        self._process = process
        process.start()

    def _read_output(self) -> None:
        if self._process is not None:
            self._output += bytes(self._process.readAllStandardOutput().data())
            self._moved.set()

    def _read_errors(self) -> None:
        if self._process is not None:
            self._errors = (self._errors + bytes(self._process.readAllStandardError().data()))[-8192:]

    async def _announced(self) -> int:
        """Waits for the line that the node prints once it accepts connections."""
        assert self._process is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                while b"\n" not in self._output:
                    if self._process.state() == QProcess.ProcessState.NotRunning:
                        raise ConnectionFailed(self._why())
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError as error:
            raise ConnectionFailed(tr("The node did not start within {n} seconds.", n=int(START_SECONDS))) from error
        return announced_port(self._output.partition(b"\n")[0])

    def _why(self) -> str:
        lines = self._errors.decode("utf-8", "replace").strip().splitlines()
        words = say(lines[-1].removeprefix("jetstream server: ")) if lines else tr("it gave no reason")
        return tr("The node did not start: {words}", words=words)

    async def stop(self) -> None:
        """Stop the node if it was started here; its transfers are checkpointed and go on with its next start."""
        process, adopted = self._process, self._adopted
        if adopted is not None:
            self._adopted = None
            if read_ticket(adopted.fingerprint) == adopted and _alive(adopted):
                os.kill(adopted.pid, signal.SIGTERM)  # no child of ours: it ends by itself, and nobody can wait for it
            _forget_node()
        if process is None or process.state() == QProcess.ProcessState.NotRunning:
            return
        _forget_node()
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                while process.state() != QProcess.ProcessState.NotRunning:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            log.warning("the node did not stop in time")
            process.kill()
            process.waitForFinished(2000)


def _ports(last: int | None) -> list[tuple[str, ...]]:
    """Arguments that choose the port: the one of last time, the usual one, any."""
    known = last is not None and last != DEFAULT_API_PORT and 0 < last < 1 << 16
    return [*([("--api-port", str(last))] if known else []), (), ("--api-port", "0")]


def _number(name: str) -> int | None:
    """What :func:`_keep` wrote."""
    try:
        return int((state_folder() / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _keep(name: str, number: int) -> None:
    try:
        (state_folder() / name).write_text(str(number), encoding="ascii")
    except OSError as error:
        log.warning("%s cannot be kept: %s", name, error)


def _forget_node() -> None:
    (state_folder() / _NODE).unlink(missing_ok=True)


def announced_port(line: bytes) -> int:
    """The port in the line of JSON that a node prints.

    :raises ConnectionFailed: if it is no such line.
    """
    try:
        return int(json.loads(line)["port"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConnectionFailed(tr("What was started is no JetStream node.")) from error


def _alive(ticket: Ticket) -> bool:
    if sys.platform == "win32":
        return True
    try:
        os.kill(ticket.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
