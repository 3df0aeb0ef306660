"""Destinations tested by a real node against another one, as clients see it."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpers.nodes import nodes
from jetstream.aio import watch_test

ALL = ["name", "route", "protocol", "identity", "login", "folder", "clock", "roundTrip"]


async def test_step_by_step(tmp_path: Path) -> None:
    with nodes(tmp_path, "here", "there") as (here, there):
        async with here.client() as client:
            made = await client.send.create_destination("127.0.0.1", there.port)
            stranger = {check.step: check for check in await client.send.test_destination(made)}
            assert list(stranger) == ALL
            assert stranger["login"].code == "login-asked"
            assert stranger["folder"].outcome == stranger["clock"].outcome == "skipped"

            async with there.client() as other:
                await other.server.superuser()
                await other.receive.allow_only_authorized_clients(True)
            refused = {check.step: check for check in await client.send.test_destination(made)}
            assert refused["login"].code == "login-refused"
            assert here.fingerprint in refused["login"].fix

            await there.let_in(here)
            seen = [found async for found in watch_test(client.call, destination=made)]
            assert [check.step for check in seen[-1]] == ALL
            assert {check.outcome for check in seen[-1]} == {"ok"}
            assert (await client.send.get_destination(made)).last_error is None

            there.stop()
            down = {check.step: check for check in await client.send.test_destination(made)}
            assert (down["route"].code, down["protocol"].outcome) == ("route-refused", "skipped")
            assert (await client.send.get_destination(made)).last_error == "route-refused"

            unsaved = await client.send.test_destination(destination_address="127.0.0.1", destination_port=here.port)
            assert unsaved[4].code == "login-known", "a node may send to itself"


CARRIERS = ["tcpThere", "tcpBack", "udpThere", "udpBack"]


@pytest.mark.parametrize(("here_uses", "there_uses", "codes"), [
    ("auto", "auto", ["tcp-there-ok", "tcp-back-ok", "udp-there-ok", "udp-back-ok"]),
    ("udp", "auto", ["tcp-there-ours-off", "tcp-back-ours-off", "udp-there-ok", "udp-back-ok"]),
    ("auto", "tcp", ["tcp-there-ok", "tcp-back-ok", "udp-there-theirs-off", "udp-back-theirs-off"]),
])
async def test_the_carriers(tmp_path: Path, here_uses: str, there_uses: str, codes: list[str]) -> None:
    options = {"here": ["--carrier", here_uses], "there": ["--carrier", there_uses]}
    with nodes(tmp_path, "here", "there", options=options) as (here, there):
        async with here.client() as client:
            made = await client.send.create_destination("127.0.0.1", there.port)
            stranger = await client.send.test_destination(made, try_carriers=True)
            assert [check.step for check in stranger] == ALL + CARRIERS
            assert {check.outcome for check in stranger[-4:]} == {"skipped"}
            await there.let_in(here)
            found = await client.send.test_destination(made, try_carriers=True)
            system = "ok" if sys.platform == "linux" else "plain"
            wanted = [code if code.startswith("udp") else code.replace("-ok", f"-{system}") for code in codes]
            assert [check.code for check in found[-4:]] == wanted
            for check in found[-4:]:
                if check.code.startswith("udp") and check.outcome == "ok":
                    assert int(check.facts["datagram"] or 0) > 1200, "loopback takes more than the base"
                    assert int(check.facts["rate"] or 0) > 0
            about_itself = {check.step: check for check in await client.server.get_diagnostics()}
            assert about_itself["datagrams"].outcome == "ok"
            assert about_itself["dropped"].facts["forged"] == 0


@contextlib.asynccontextmanager
async def connections_alone(port: int) -> AsyncIterator[int]:
    """A port that passes connections on to *port*, and where datagrams get nowhere."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beyond_reader, beyond_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, beyond_writer), pump(beyond_reader, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_way_that_lets_no_datagrams_through(tmp_path: Path) -> None:
    with nodes(tmp_path, "here", "there") as (here, there):
        await there.let_in(here)
        async with connections_alone(there.port) as port, here.client() as client:
            found = {check.step: check for check in await client.send.test_destination(
                destination_address="127.0.0.1", destination_port=port, try_carriers=True)}
            assert found["tcpThere"].outcome == found["tcpBack"].outcome == "ok"
            assert (found["udpThere"].code, found["udpBack"].code) == ("udp-there-silent", "udp-back-untried")
            assert f"sudo ufw allow {port}/udp" in found["udpThere"].fix
