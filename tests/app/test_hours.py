"""Eight hours of polling in some seconds, by a fast clock: nothing grows."""

import asyncio
import gc
import sys
from collections import Counter

import pytest
from PySide6.QtCore import QObject, QTimer

from app.helpers.build import NOW, incoming, transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream.entities import Destination
from jetstream_desktop import application
from jetstream_desktop.services import poller as polling
from jetstream_desktop.state.history import Point

POLLS = 512
STEP = 8 * 3600 * 1_000_000 // POLLS
LIVING = 6


class Hours:
    """A node on which something always happens, and the clock of the window."""

    def __init__(self):
        self.now = NOW
        self.node = MemoryNode()
        self.node.destinations["d"] = Destination(destination_id="d", destination_address="b.example",
                                                  destination_port=8886, name="Studio B")
        self._made = 0

    def step(self):
        self.now += STEP
        self._made += 1
        number = str(self._made)
        self.node.put(transfer(self._made, bytes_acked=0, total_bytes=10**9, request_time=self.now))
        for place, entity in enumerate(list(self.node.transfers.values())):
            if place % 3:
                self.node.put(transfer(int(entity.id), bytes_acked=entity.bytes_acked + 7 * 10**7, total_bytes=10**9,
                                       request_time=entity.request_time, snapshot_time=self.now))
        self.node.put(incoming(1, bytes_recv=self._made % 1000, snapshot_time=self.now))
        ended = str(self._made - LIVING // 2)
        if ended in self.node.transfers:
            self.node.move(ended, status="complete" if int(number) % 2 else "error", processing=False,
                           error_message=None if int(number) % 2 else f"Disk full, try {number}", end_time=self.now)
        gone = str(self._made - LIVING)
        if gone in self.node.transfers:
            del self.node.transfers[gone]
            self.node.cursor += 1
            self.node.gone = [(type(transfer()), gone, self.node.cursor)]


def objects():
    gc.collect()
    found = Counter(type(thing).__name__ for thing in gc.get_objects())
    del found[Point.__name__]  # histories are bounded, which is looked at by itself
    return found


def grown(before, after):
    return {name: after[name] - before[name] for name in after if after[name] - before[name] > 60}


def timers(desk):
    return len(desk.window.findChildren(QTimer)), len(desk.window.findChildren(QObject))


def none_references(desk):
    """References of None, but for those that the gaps of bounded histories hold."""
    histories = desk.context.poller.histories.values()
    points = [point for history in histories for point in history._samples]
    return sys.getrefcount(None) - sum((point.rate is None) + (point.share is None) for point in points)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from 3.12 on, so nothing can be counted")
def test_eight_hours_leave_nothing_behind(gui, qapp, monkeypatch):
    hours = Hours()
    monkeypatch.setattr(application, "clock", lambda: hours.now)
    monkeypatch.setattr(polling, "SIDE_SECONDS", 0.0)

    async def live(desk, polls):
        for _ in range(polls):
            hours.step()
            hours.node.calls.clear()
            await desk.context.poller.poll()
            if desk.window.table.model().rowCount() and not desk.window.table.selected_keys():
                desk.window.table.selectRow(0)
            desk.window.table.viewport().repaint()
        desk.shell._together.timeout.emit()  # what ended waits two real seconds, so that it is told in one notification
        await asyncio.sleep(0)

    async def work():
        async with running(qapp, hours.node.connect) as desk:
            await until(lambda: hours.node.clients)
            for tab in (1, 2, 3, 0):
                desk.window.details.tabs.setCurrentIndex(tab)
                await live(desk, POLLS // 16)
            tasks, none, seen, before = len(asyncio.all_tasks()), none_references(desk), timers(desk), objects()
            for tab in range(4):
                desk.window.details.tabs.setCurrentIndex(tab)
                await live(desk, POLLS * 3 // 16)
            desk.window.details.tabs.setCurrentIndex(0)
            await live(desk, 1)
            assert hours.now - NOW >= 8 * 3600 * 1_000_000
            assert grown(before, objects()) == {}
            assert len(asyncio.all_tasks()) <= tasks + 1
            assert all(now <= then for now, then in zip(timers(desk), seen, strict=True))
            # Qt makes classes when they are first used, some hundred references at once; what leaks, leaks many a poll.
            assert abs(none_references(desk) - none) < 2 * POLLS
            assert len(desk.context.poller.rows) <= LIVING + 2
            assert set(desk.context.poller.histories) <= set(desk.context.poller.rows)
            assert all(len(history) <= 7200 for history in desk.context.poller.histories.values())
            assert len(desk.context.poller._maker._estimators) <= LIVING + 2
            assert set(desk.rows._known_sources) <= set(desk.context.poller.rows)

    gui(work)
