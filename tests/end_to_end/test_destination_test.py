"""Destinations tested by a real node against another one, as clients see it."""

from pathlib import Path

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
