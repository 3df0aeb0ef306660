"""Looking before sending, with two real nodes, and with one that knows nothing of it."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from helpers.liars import listening, somebody
from helpers.nodes import NodeProcess, make_tree, nodes, tree
from jetstream.aio import connect, watch_preview
from jetstream.constants import OVERWRITE_IN_PLACE_NEVER, OVERWRITE_KEEP_BOTH, OVERWRITE_NEVER
from jetstream.errors import Conflict, InvalidParameters, NotFound, PermissionDenied
from jetstream.previews import Preview
from jetstream_server.link.handshake import Myself
from jetstream_server.link.messages import Admission, FolderState, Message, ProbeAnswer
from jetstream_server.link.peer import PeerConnection

STEPS = ["name", "route", "protocol", "identity", "login", "folder", "roundTrip", "files", "names", "room"]


def codes(found: Preview) -> dict[str, str]:
    return {check.step: check.code for check in found.checks}


def there_at(node: NodeProcess) -> dict[str, Any]:
    return {"destination_address": "127.0.0.1", "destination_port": node.port}


async def test_before_and_after_a_transfer(tmp_path: Path) -> None:
    source = make_tree(tmp_path / "source", small=10, large=1)
    size = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    files = sum(path.is_file() for path in source.rglob("*"))
    with nodes(tmp_path, "here", "there") as (here, there):
        async with here.client() as client:
            mappings = {"film": str(source)}

            async def look(**changes: Any) -> Preview:
                return await client.send.preview_transfer(**there_at(there), mappings=mappings, **changes)

            stranger = await look()
            assert [check.step for check in stranger.checks] == STEPS
            assert (stranger.admission, stranger.total_files, stranger.total_size) == ("ask", files, size)
            assert {stranger.free_space, stranger.needed_space, stranger.present, stranger.refused} == {None}
            assert codes(stranger)["names"] == "names-private"
            assert stranger.complete
            assert stranger.would_work

            await there.let_in(here)
            fresh = await look()
            assert {check.outcome for check in fresh.checks} == {"ok"}
            assert (fresh.present, fresh.unchanged, fresh.refused_total, fresh.needed_space) == (0, 0, 0, size)
            assert abs((fresh.free_space or 0) - shutil.disk_usage(tmp_path).free) < 1 << 30
            assert not there.received.exists() or not os.listdir(there.received), "nothing is stored"
            assert await client.send.get_manifests() == []
            assert await client.send.get_destinations() == []

            made = await client.send.create_destination("127.0.0.1", there.port)
            manifest = await client.send.wait_for_manifest(await client.send.create_manifest(mappings), 60)
            sent = await client.send.wait_for_transfer(await client.send.create_transfer(made, manifest), 60)
            assert sent.status == "complete", sent.error_message
            for step in (await look(), await client.send.preview_transfer(made, manifest=manifest)):
                assert (step.present, step.unchanged, step.present_size, step.needed_space) == (files, files, size, 0)

            landed = there.received / "film"
            (landed / "large0.bin").write_bytes(b"changed")
            (landed / "empty.dat").unlink()
            (landed / "empty.dat").mkdir()
            before = tree(landed)
            changed = await look()
            assert (changed.present, changed.unchanged) == (files - 1, files - 2)
            assert changed.present_sample[0] == "film/large0.bin"
            assert [(one.path, one.reason) for one in changed.refused or ()] == [("film/empty.dat", "is a directory")]
            assert not changed.would_work
            kept = await look(overwrite_mode=OVERWRITE_KEEP_BOTH)
            assert kept.refused_total == 0
            assert kept.needed_space == (source / "large0.bin").stat().st_size
            assert (await look(overwrite_mode=OVERWRITE_IN_PLACE_NEVER)).needed_space == 0
            beside = await look(destination_path="elsewhere/below", overwrite_mode=OVERWRITE_NEVER)
            assert (beside.present, beside.needed_space) == (0, size)
            assert tree(landed) == before, "looking changes nothing"


async def test_told_while_it_goes_on(tmp_path: Path) -> None:
    with nodes(tmp_path, "here", "there") as (here, there):
        source = make_tree(tmp_path / "source", small=3, large=0)
        await there.let_in(here)
        async with here.client() as client:
            known = {"destinationAddress": "127.0.0.1", "destinationPort": there.port, "mappings": {"x": str(source)}}
            seen = [found async for found in watch_preview(client.call, **known)]
            assert [check.step for check in seen[-1].checks] == STEPS
            assert seen[-1].complete
            assert not any(found.complete for found in seen[:-1])


async def test_what_cannot_be_asked(tmp_path: Path) -> None:
    with nodes(tmp_path, "here") as (here,):
        (tmp_path / "file").write_text("x")
        some: dict[str, Any] = {"mappings": {"x": str(tmp_path / "file")}}
        async with here.client() as client:
            ask = client.send.preview_transfer
            for wrong in ({}, {**some, "manifest": "1"}, {"mappings": {}}, {"mappings": {"x": ""}},
                          {**some, "destination_path": "../x"}, {"mappings": {"../x": str(tmp_path)}}):
                with pytest.raises(InvalidParameters):
                    await ask(**there_at(here), **wrong)
            with pytest.raises(InvalidParameters, match="destinationAddress"):
                await ask(**some)
            with pytest.raises(NotFound):
                await ask(**there_at(here), manifest="77")
            broken = await client.send.create_manifest({"x": str(tmp_path / "none")})
            await client.send.wait_for_manifest(broken, 60)
            with pytest.raises(Conflict, match="cannot be sent: .*no such file"):
                await ask(**there_at(here), manifest=broken)
            lost = await ask(**there_at(here), mappings={"x": str(tmp_path / "none"), "y": str(tmp_path / "file")})
            assert (lost.unreadable_total, codes(lost)["files"], lost.total_files) == (1, "files-unreadable", 1)
            skipping = await ask(**there_at(here), mappings={"x": str(tmp_path / "none")}, skip_unreadable=True)
            assert codes(skipping)["files"] == "files-left-out"
            nobody = await ask(destination_address="127.0.0.1", destination_port=1, **some)
            assert codes(nobody)["route"] == "route-refused"
            assert (nobody.admission, nobody.total_files, nobody.would_work) == (None, 1, False)


async def test_accounts_see_their_own_folders_alone(tmp_path: Path) -> None:
    """Neither on the side that looks nor on the other one is anything told of what lies outside."""
    with nodes(tmp_path, "here", "there") as (here, there):
        for node in (here, there):
            home = node.folder / "ann"
            home.mkdir()
            (home / "mine").write_text("mine")
            (home / "out").symlink_to(node.folder)
            (node.folder / "secret").write_text("secret")
            async with node.client() as owner:
                await owner.server.superuser()
                await owner.server.create_user("ann", "long enough pw")
                await owner.server.set_sandbox_mapping("ann", {"": str(home)})
        async with connect("127.0.0.1", here.port, ticket=False) as client:
            await client.server.auth("ann", "long enough pw")

            async def look(mappings: dict[str, str], **changes: Any) -> Preview:
                return await client.send.preview_transfer(
                    **there_at(there), user_name="ann", password="long enough pw", mappings=mappings, **changes)

            found = await look({"mine": "/mine"})
            assert (found.admission, found.present, codes(found)["login"]) == ("yes", 1, "login-account")
            assert (await look({"secret": "/mine"})).present == 0
            for target in ("out/secret", "out/nothing"):
                through = await look({target: "/mine"})
                assert (through.present, through.refused_total) == (0, 1)
                assert (through.refused or ())[0].reason == "is a link, and links are not followed"
            for source in ("/out/secret", "/out/nothing", "/../secret", "/../nothing"):
                with pytest.raises(PermissionDenied):
                    await look({"x": source})
            inside = await look({"all": "/"})
            assert inside.total_files == 1
            assert inside.unreadable == ()
        token_folder = here.folder / "ann" / "small"
        token_folder.mkdir()
        async with here.client() as owner:
            token = await owner.server.create_api_token(path=str(token_folder), permissions=1)
            weak = await owner.server.create_api_token(path=str(token_folder), permissions=2)
        async with connect("127.0.0.1", here.port, ticket=False) as client:
            await client.server.auth_token(token.token)
            with pytest.raises(PermissionDenied):
                await client.send.preview_transfer(**there_at(there), mappings={"x": "/../mine"})
        async with connect("127.0.0.1", here.port, ticket=False) as client:
            await client.server.auth_token(weak.token)
            with pytest.raises(PermissionDenied):
                await client.send.preview_transfer(**there_at(there), mappings={"x": "/"})


@contextlib.asynccontextmanager
async def answering(myself: Myself, **answers: Any) -> AsyncIterator[int]:
    """A node that answers these requests of a session and knows no others; its port."""

    def proven(peer: PeerConnection) -> None:
        for method, answer in answers.items():
            peer.on_request(method, answer)

    async with listening(myself, proven) as port:
        yield port


async def lets_in(_: dict[str, Any]) -> Message:
    return ProbeAnswer(admission=Admission.YES, folder=FolderState.OK, free=10, time=1)


async def test_a_node_that_is_too_old(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345678901")
    mappings = {"x": str(tmp_path / "file")}
    old = somebody(tmp_path / "old", "Old")
    with nodes(tmp_path, "here") as (here,):
        async with here.client() as client, answering(old, probe=lets_in) as port:
            found = await client.send.preview_transfer(destination_address="127.0.0.1", destination_port=port,
                                                       mappings=mappings)
            assert (found.admission, found.present, found.refused, found.complete) == ("yes", None, None, True)
            assert (codes(found)["names"], codes(found)["room"]) == ("names-old", "room-short")
            assert (found.free_space, found.needed_space) == (10, None)
        async with here.client() as client, answering(old) as port:
            oldest = await client.send.preview_transfer(destination_address="127.0.0.1", destination_port=port,
                                                        mappings=mappings)
            assert (oldest.admission, oldest.total_size, codes(oldest)["login"]) == (None, 11, "login-unsaid")
            assert oldest.would_work


async def test_a_node_that_lies(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1")

    async def lie(_: dict[str, Any]) -> Any:
        return {"looked": 1, "present": 4000}

    liar = somebody(tmp_path / "liar", "Liar")
    with nodes(tmp_path, "here") as (here,):
        async with here.client() as client, answering(liar, probe=lets_in, survey=lie) as port:
            found = await client.send.preview_transfer(destination_address="127.0.0.1", destination_port=port,
                                                       mappings={"x": str(tmp_path / "file")})
            assert codes(found)["names"] == "names-broken"
            assert (found.present, found.would_work) == (None, False)
            assert "Traceback" not in here.log()


@pytest.mark.parametrize("how", ["cancelRequest", "leaving the watch", "hanging up"])
async def test_it_ends_when_its_caller_does(tmp_path: Path, how: str) -> None:
    """The other node sees the session end, although its answer would never have come."""
    (tmp_path / "file").write_bytes(b"1")
    asked, gone = asyncio.Event(), asyncio.Event()

    async def silent(_: dict[str, Any]) -> Any:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()

    slow = somebody(tmp_path / "slow", "Slow")
    with nodes(tmp_path, "here") as (here,):
        async with here.client() as client, answering(slow, probe=lets_in, survey=silent) as port:
            values = {"destinationAddress": "127.0.0.1", "destinationPort": port,
                      "mappings": {"x": str(tmp_path / "file")}}
            if how == "leaving the watch":
                async with contextlib.aclosing(watch_preview(client.call, **values)) as seen:
                    async for _ in seen:
                        if asked.is_set():
                            break
            else:
                request = await client.call("send.previewTransferAsync", values)
                await asyncio.wait_for(asked.wait(), 60)
                if how == "cancelRequest":
                    await client.server.cancel_request(request)
                    with pytest.raises(Conflict, match="ended this request"):
                        await client.server.get_request_result(request)
                else:
                    await client.close()
            await asyncio.wait_for(gone.wait(), 60)
        async with here.client() as client:
            again = await client.send.preview_transfer(**there_at(here), mappings={"x": str(tmp_path / "file")})
            assert again.complete, "the node has threads left"

