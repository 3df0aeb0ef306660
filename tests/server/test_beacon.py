"""Announcing: when, on which addresses, and, on the loopback alone, that it is heard and taken back."""

import asyncio
import contextlib
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from jetstream.nearby import SERVICE_TYPE, Beacon, from_properties
from jetstream_server import beacon
from jetstream_server.beacon import announce, announced_addresses, hosts_of, is_wanted
from jetstream_server.config import Settings
from jetstream_server.refusals import StartRefused

SETTINGS = Settings(persistent_state_dir=Path("/state"), sandbox_dir=Path("/in"), server_name="B")
LOOPBACK = "127.0.0.1"


@pytest.mark.parametrize(("changes", "installed", "expected"), [
    ({}, True, True),
    ({}, False, False),
    ({"api_host": LOOPBACK}, True, False),
    ({"api_host": "localhost"}, True, False),
    ({"api_host": LOOPBACK, "recv_port": 9000}, True, True),
    ({"api_host": LOOPBACK, "discoverable": True}, True, True),
    ({"discoverable": False}, True, False),
    ({"api_host": "0.0.0.0"}, True, True),
])
def test_when(changes: dict[str, object], installed: bool, expected: bool) -> None:
    assert is_wanted(replace(SETTINGS, **changes), installed=installed) is expected  # type: ignore[arg-type]


def test_without_the_package_it_cannot_be_asked_for() -> None:
    with pytest.raises(StartRefused, match="nearby"):
        is_wanted(replace(SETTINGS, discoverable=True), installed=False)


def test_on_which_addresses() -> None:
    assert hosts_of(SETTINGS) == hosts_of(replace(SETTINGS, api_host="::")) == []
    assert hosts_of(replace(SETTINGS, api_host=LOOPBACK)) == [LOOPBACK]
    assert announced_addresses([LOOPBACK]) == [LOOPBACK]
    assert LOOPBACK not in announced_addresses([])


async def test_it_is_heard_and_taken_back() -> None:
    wanted = Beacon("u1d", "ab" * 32, "Studio B. <b>", 4711)
    changes: asyncio.Queue[tuple[str, ServiceStateChange]] = asyncio.Queue()

    def heard(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        changes.put_nowait((name, state_change))

    async with contextlib.AsyncExitStack() as stack:
        network = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
        stack.push_async_callback(network.async_close)
        browser = AsyncServiceBrowser(network.zeroconf, SERVICE_TYPE, handlers=[heard])
        stack.push_async_callback(browser.async_cancel)
        task = asyncio.create_task(announce(wanted, [LOOPBACK]))
        async with asyncio.timeout(60):
            found = None
            while found is None:  # somebody else's node may be on this loopback, too
                name, change = await changes.get()
                if change is ServiceStateChange.Removed:
                    continue
                info = AsyncServiceInfo(SERVICE_TYPE, name)
                if await info.async_request(network.zeroconf, 5000):
                    beacon_heard = from_properties(info.properties, info.port)
                    found = name if beacon_heard == wanted else None
            assert info.parsed_addresses() == [LOOPBACK]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            while await changes.get() != (found, ServiceStateChange.Removed):
                pass


async def test_without_a_network_it_is_said_once_and_tried_again(
        monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    tries = asyncio.Semaphore(0)

    def no_network(hosts: object) -> list[str]:
        tries.release()
        return []

    monkeypatch.setattr(beacon, "LOOK_AGAIN_SECONDS", 0.001)
    monkeypatch.setattr(beacon, "announced_addresses", no_network)
    with caplog.at_level(logging.INFO):
        task = asyncio.create_task(announce(Beacon("u", "ab" * 32, "B", 1), []))
        for _ in range(5):
            await tries.acquire()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [record.getMessage() for record in caplog.records if "no network" in record.getMessage()] == [
        "Not announced on the local network: there is no network; tried again every minute"]


async def test_a_system_without_multicast_is_no_fault(
        monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    tries = asyncio.Semaphore(0)

    def refused(*_: object, **__: object) -> None:
        tries.release()
        raise OSError(19, "No such device")

    monkeypatch.setattr(beacon, "LOOK_AGAIN_SECONDS", 0.001)
    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", refused)
    with caplog.at_level(logging.INFO):
        task = asyncio.create_task(announce(Beacon("u", "ab" * 32, "B", 1), [LOOPBACK]))
        for _ in range(3):
            await tries.acquire()
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len([record for record in caplog.records if "No such device" in record.getMessage()]) == 1
