"""Numbers of the window: ``python -m benchmarks.desktop``. Run it on a quiet machine; it takes about a minute.

What is measured, each against its bar:

- 10,000 transfers in the table, 1,000 of them changing four times a second, while someone scrolls and sorts: how late a
  timer of 5 ms fires (a stall of the event loop), and the share of a core;
- a dropped folder with 100,000 files: how late the timer fires until everything is counted, and when the first rows
  are there;
- from nothing to a usable window, the node included, and again when its folder exists; memory and load when idle.

``python -m benchmarks.desktop hours`` runs eight hours of polling by a fast clock, one poll for every second, and
prints the memory after the first hours, when all histories are full, and in the end. It takes some minutes.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import qasync  # type: ignore[import-untyped]
from PySide6.QtCore import Qt, QTimer

from jetstream.entities import Manifest, ServerInfo, Transfer
from jetstream_desktop import application
from jetstream_desktop.program import Application
from jetstream_desktop.services.local_node import LocalNode, dial
from jetstream_desktop.services.node import NodeClient
from jetstream_desktop.services.notices import Notices
from jetstream_desktop.state.connection import Connected
from jetstream_desktop.state.filters import Column

ROWS, MOVING, PER_SECOND, SECONDS = 10_000, 1_000, 4, 10
FILES = 100_000
HOURS = 8


class Lateness:
    """Fires every 5 ms and notes how much later than that it came: what a person feels as a stall."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._fired)
        self._timer.start()

    def _fired(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, now - self._last - 0.005) * 1000)
        self._last = now

    def summary(self) -> dict[str, float]:
        """Worst, 99th percentile and mean, in milliseconds."""
        self._timer.stop()
        ordered = sorted(self.late)
        return {"worst_ms": round(ordered[-1], 1), "p99_ms": round(ordered[int(len(ordered) * 0.99)], 1),
                "mean_ms": round(sum(ordered) / len(ordered), 2)}


class _Feed:
    """Stands where a node's groups of calls stand and answers with transfers that were made before."""

    def __init__(self) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.next: list[Transfer] = []

    @property
    def server(self) -> Any:
        return self

    send = receive = server

    async def call(self, wire_name: str, params: dict[str, Any]) -> Any:
        raise NotImplementedError(f"the window is not expected to call {wire_name} here")

    async def close(self) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    async def get_server_info(self) -> ServerInfo:
        return ServerInfo(api_version=40, version="0", server_id="", server_uid="", server_name="", host_name="",
                          api_control_port=1, receive_port=1, public_key="", fingerprint="", auth_required=False)

    async def get_transfers(self, modified_since: int | None = None) -> list[Transfer]:
        found, self.next = self.next, []
        return found

    async def get_destinations(self) -> list[Any]:
        return []

    async def get_manifest(self, manifest: str) -> Manifest:
        return Manifest(manifest_id=manifest, status="complete", processing=False)

    async def get_manifest_files(self, manifest: str, limit: int = 0) -> dict[str, Any]:
        return {"fileMappings": []}

    async def get_shared_tokens(self) -> list[Any]:
        return []

    async def get_offers(self, modified_since: int | None = None) -> list[Any]:
        return []

    async def get_transfer_events(self, transfer: str) -> list[Any]:
        return []


async def _feed(_step: Callable[[str], None]) -> NodeClient:
    return _Feed()


def _transfer(number: int, done: int) -> Transfer:
    return Transfer(transfer_id=str(number), manifest_id="m", destination_id="d", status="sending" if number < MOVING
                    else "complete", processing=number < MOVING, phase="sending", label=f"Reel {number:05}",
                    total_bytes=10**9, total_files=400, bytes_acked=done, request_time=number, start_time=1,
                    end_time=None if number < MOVING else 2)


async def table(desk: application.Desk) -> dict[str, Any]:
    """10,000 rows, 1,000 of them changing: all that the window does with what a node answers, but for reading it."""
    feed, model, table_ = desk.context.session.client, desk.window.table.model(), desk.window.table
    assert isinstance(feed, _Feed)
    start = time.perf_counter()
    feed.next = [_transfer(n, 0) for n in range(ROWS)]
    desk.context.poller.soon()
    while model.rowCount() < ROWS:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    filled = time.perf_counter() - start
    answers = [[_transfer(n, step * 10**5 + n) for n in range(MOVING)] for step in range(1, PER_SECOND * SECONDS + 1)]
    table_.select_key("s3")
    await asyncio.sleep(1)
    lateness, used, begun = Lateness(), _cpu(), time.perf_counter()
    bar = table_.verticalScrollBar()
    for step, answer in enumerate(answers, 1):
        feed.next = answer
        desk.context.poller.soon()
        bar.setValue(step * 97 % max(1, bar.maximum()))
        if step % 8 == 0:
            model.sort((Column.NAME, Column.RATE, Column.PROGRESS)[step // 8 % 3], Qt.SortOrder.DescendingOrder)
        await asyncio.sleep(max(0.0, begun + step / PER_SECOND - time.perf_counter()))
    load = (_cpu() - used) / (time.perf_counter() - begun)
    assert table_.selected_keys() == ["s3"]
    return {"fill_s": round(filled, 2), "core": round(load, 3), **lateness.summary()}


async def drop(desk: application.Desk) -> dict[str, Any]:
    """A folder with 100,000 files."""
    with tempfile.TemporaryDirectory() as place:
        for number in range(FILES // 1000):
            folder = Path(place, f"{number:03}")
            folder.mkdir()
            for name in range(1000):
                (folder / f"{name:03}.exr").touch()
        composer, lateness, start = desk.window.composer, Lateness(), time.perf_counter()
        desk.compose.drop([place], None)
        first = None
        while not (count := composer.counted.get(place)) or not count.complete:
            if first is None and composer.model.rowCount():
                first = time.perf_counter() - start
                composer.tree.setExpanded(composer.model.index(0, 0), True)
            await asyncio.sleep(0.005)
        return {"first_rows_ms": round((first or 0) * 1000), "counted_s": round(time.perf_counter() - start, 2),
                "files": count.files, **lateness.summary()}


async def idle(desk: application.Desk) -> dict[str, Any]:
    """Memory and load while nothing happens."""
    await asyncio.sleep(2)
    used, begun = _cpu(), time.perf_counter()
    await asyncio.sleep(10)
    return {"core": round((_cpu() - used) / (time.perf_counter() - begun), 4), "rss_mib": _rss_mib()}


async def hours(desk: application.Desk) -> dict[str, Any]:
    """Eight hours in which ten transfers of fifty move all the time, one ends every ten seconds, and one begins."""
    feed, clock = desk.context.session.client, _FastClock(time.time_ns() // 1000)
    assert isinstance(feed, _Feed)
    desk.context.poller._clock = clock
    memory: list[float] = []
    for second in range(HOURS * 3600):
        clock.now += 1_000_000
        first = second // 10
        feed.next = [_transfer(n, second * 10**5) for n in range(first % MOVING, first % MOVING + 10)]
        if second % 10 == 0:
            feed.next.append(Transfer(transfer_id=str((first - 50) % MOVING), manifest_id="m", destination_id="d",
                                      status="cancelled", processing=False, deleted=True))
        await desk.context.poller.poll()
        if second % 3600 == 3599:
            memory.append(_rss_mib())
    return {"polls": HOURS * 3600, "rss_mib_by_hour": memory, "tasks": len(asyncio.all_tasks())}


class _FastClock:
    """Time in µs that somebody else moves."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


Work = Callable[[application.Desk], Awaitable[dict[str, Any]]]


def with_window(work: Work, node: LocalNode | None) -> dict[str, Any]:
    """Run *work* with the whole window, on *node* or on a feed without one."""
    app = Application(["jetstream-desktop"])

    async def main() -> dict[str, Any]:
        notices = Notices()
        problems: list[BaseException] = []
        if node is not None:
            node.start_early()
        desk = application.build(app, _feed if node is None else node.reach, problems.append, notices)
        desk.window.show()
        application.calm_collector()
        desk.context.tasks.spawn(desk.context.session.run(), "session")
        while not isinstance(desk.context.session.status, Connected):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        try:
            result = await work(desk)
        finally:
            await application.leave(desk, node, None)
        if problems:  # a window that has stopped asking would be fast
            raise problems[0]
        return result

    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(app)) as runner:
        return runner.run(main())


def _own_node() -> LocalNode:
    return LocalNode(dial, ["--api-port", "0", "--api-host", "127.0.0.1", "--sandbox-dir",
                                        str(Path(os.environ["JETSTREAM_HOME"], "in"))])


START = """
import os, signal, time
from jetstream_desktop.services.session import Session
from jetstream_desktop.starting import run

def told(status, shown=[]):
    if type(status).__name__ == "Connected" and not shown:
        shown.append(status)
        print(time.time(), flush=True)
        os.kill(os.getpid(), signal.SIGTERM)

made = Session.__init__
def make(self, *arguments, **options):
    made(self, *arguments, **options)
    self.changed.connect(told)
Session.__init__ = make
raise SystemExit(run([]))
"""
"""The program as people start it; it says when it is connected, and leaves."""


def start() -> dict[str, Any]:
    """From nothing to a usable window, the node included."""
    begun = time.time()
    environment = {**os.environ, "JETSTREAM_API_PORT": "0", "JETSTREAM_API_HOST": "127.0.0.1"}
    done = subprocess.run([sys.executable, "-c", START], env=environment, check=True, stdout=subprocess.PIPE)
    return {"to_usable_window_s": round(float(done.stdout.split()[0]) - begun, 2)}


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "table": lambda: with_window(table, None),
    "drop": lambda: with_window(drop, None),
    "start": start,
    "idle": lambda: with_window(idle, _own_node()),
    "hours": lambda: with_window(hours, None),
}


def main() -> None:
    """Each part runs in a process of its own, so that none inherits another's memory."""
    if len(sys.argv) > 1:
        print(json.dumps(PARTS[sys.argv[1]]()))
        return
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "JETSTREAM_HOME": home}
        for name in ("table", "drop", "start", "start", "idle"):
            done = subprocess.run([sys.executable, "-m", "benchmarks.desktop", name], env=environment, check=True,
                                  stdout=subprocess.PIPE)
            print(f"{name}: {done.stdout.decode().strip()}", flush=True)


if __name__ == "__main__":
    main()
