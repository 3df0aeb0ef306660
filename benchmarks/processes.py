"""Programs of others: finding them, running them as pipes, starting and ending servers."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from benchmarks.common import Missing

Command = Sequence[str | os.PathLike[str]]
Process = subprocess.Popen[bytes]

START_SECONDS: Final = 10.0
_SYSTEM_FOLDERS: Final = "/usr/local/sbin:/usr/sbin:/sbin"


def program(name: str) -> str:
    """The path of an installed program.

    :raises Missing: if it is not installed.
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_FOLDERS}")
    if path is None:
        raise Missing(f"{name} is not installed")
    return path


def inside(namespace: str | None, command: Command) -> list[str]:
    """*command*, to be run in a network namespace."""
    words = [os.fspath(word) for word in command]
    return [program("ip"), "netns", "exec", namespace, *words] if namespace else words


@contextlib.contextmanager
def server(command: Command, folder: Path, port: int, namespace: str | None = None) -> Iterator[Process]:
    """A server that listens on *port*; what it says goes to ``log`` in *folder*. It ends with the block."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(inside(namespace, command), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for_listener(process, port)
        yield process
    finally:
        end(process)


def end(process: Process) -> None:
    """End it, gently if it lets us."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def wait_for_listener(process: Process, port: int) -> None:
    """Wait until somebody in the network of *process* listens on *port*; without connecting, which some answer once.

    :raises Missing: if it does not come to that.
    """
    until = time.monotonic() + START_SECONDS
    while not _listens(process.pid, port):
        if process.poll() is not None or time.monotonic() > until:
            raise Missing(f"it did not start: {process.args!r}")
        time.sleep(0.01)


def _listens(pid: int, port: int) -> bool:
    wanted = f":{port:04X}"
    for kind in ("tcp", "tcp6"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/net/{kind}", encoding="ascii") as file:
            for line in file:
                columns = line.split()
                if columns[1].endswith(wanted) and columns[3] == "0A":
                    return True
    return False


class Pipe:
    """Commands, each reading what the one before it writes. Made by starting them."""

    def __init__(self, *commands: Command, source: IO[bytes] | None = None, sink: IO[bytes] | None = None) -> None:
        self._processes: list[Process] = []
        self._errors: list[IO[bytes]] = []
        given: IO[bytes] | int = source or subprocess.DEVNULL
        for number, command in enumerate(commands):
            last = number == len(commands) - 1
            self._errors.append(tempfile.TemporaryFile())
            process = subprocess.Popen(
                command, stdin=given, stdout=(sink or subprocess.DEVNULL) if last else subprocess.PIPE,
                stderr=self._errors[-1],
            )
            if number and not isinstance(given, int):
                given.close()  # the process has it; its end must not depend on us
            given = process.stdout or subprocess.DEVNULL
            self._processes.append(process)

    @property
    def first(self) -> Process:
        """The first of the commands."""
        return self._processes[0]

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all have ended. False if *timeout* seconds were over first; they are ended then.

        :raises RuntimeError: if one of them failed.
        """
        until = None if timeout is None else time.monotonic() + timeout
        try:
            for process in reversed(self._processes):
                process.wait(None if until is None else max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            for process in self._processes:
                end(process)
            return False
        finally:
            said = [self._said(errors) for errors in self._errors]
        for process, words in zip(self._processes, said, strict=True):
            if process.returncode:
                raise RuntimeError(f"{process.args!r} failed with {process.returncode}: {words}")
        return True

    def _said(self, errors: IO[bytes]) -> str:
        with errors:
            errors.seek(0)
            return errors.read().decode(errors="replace").strip()[-500:]


def run(*commands: Command, source: IO[bytes] | None = None, timeout: float | None = None) -> bool:
    """Run a pipe to its end; see :meth:`Pipe.wait`."""
    return Pipe(*commands, source=source).wait(timeout)
