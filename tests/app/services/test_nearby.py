"""Listening on the loopback alone, to announcements that are really sent."""

import asyncio
import contextlib
import logging

from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from app.helpers.waiting import until
from jetstream.nearby import SERVICE_TYPE, Beacon, host_name, instance_name, to_properties
from jetstream_desktop.services import nearby
from jetstream_desktop.services.nearby import Nearby
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.tasks import Tasks

LOOPBACK = "127.0.0.1"


def service(name, *, properties=None, uid="u1", port=4711):
    beacon = Beacon(uid, "ab" * 32, name, port)
    return AsyncServiceInfo(SERVICE_TYPE, instance_name(beacon), port=port, server=host_name(beacon),
                            properties=to_properties(beacon) if properties is None else properties,
                            parsed_addresses=[LOOPBACK])


@contextlib.asynccontextmanager
async def listening():
    problems = []
    tasks = Tasks(problems.append)
    found = Nearby(tasks.spawn, [LOOPBACK])
    seen = []
    found.changed.connect(seen.append)
    tasks.spawn(found.run(), "nodes nearby")
    try:
        yield seen
    finally:
        await tasks.stop()
        assert not problems


async def test_nodes_come_and_go_and_rubbish_is_passed_over(qapp):
    network = AsyncZeroconf(interfaces=[LOOPBACK])
    try:
        async with listening() as seen:
            rubbish = service("Rubbish", properties={"v": "1", "uid": "../..", "fp": "<b>"}, uid="u2")
            await (await network.async_register_service(rubbish))
            studio = service("Studio B")
            await (await network.async_register_service(studio))
            wanted = Near("u1", "Studio B", LOOPBACK, 4711, "ab" * 32)
            await until(lambda: seen and wanted in seen[-1])
            assert all(near.server_uid != "u2" for near in seen[-1])
            await (await network.async_unregister_service(studio))
            await until(lambda: wanted not in seen[-1])
    finally:
        await network.async_close()


async def test_without_multicast_it_is_said_once_and_tried_again(qapp, monkeypatch, caplog):
    tries = asyncio.Semaphore(0)

    def refused(**_):
        tries.release()
        raise OSError(19, "No such device")

    monkeypatch.setattr(nearby, "AGAIN_SECONDS", 0.001)
    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", refused)
    with caplog.at_level(logging.INFO):
        async with listening():
            for _ in range(4):
                await tries.acquire()
    assert len([record for record in caplog.records if "No such device" in record.getMessage()]) == 1


async def test_without_the_package_nothing_happens(qapp, monkeypatch, caplog):
    monkeypatch.setitem(__import__("sys").modules, "zeroconf.asyncio", None)
    with caplog.at_level(logging.INFO):
        async with listening():
            await until(lambda: any("not looked for" in record.getMessage() for record in caplog.records))
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
