"""What bad input gets, from a real node: a clear answer, and the node is unharmed."""

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.nodes import NodeProcess, nodes, tree, until
from jetstream.aio import AsyncClient, connect
from jetstream.entities import Manifest
from jetstream.errors import AuthenticationFailed, JetStreamError
from jetstream.tokens import new_token
from jetstream_server.catalog import Catalog
from jetstream_server.handlers.server_info import outward_address
from jetstream_server.lock import StateLock

Two = tuple[NodeProcess, NodeProcess]
REFUSED = 3


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """One node for everything that leaves it unharmed."""
    with nodes(tmp_path_factory.mktemp("node"), "a") as (node,):
        yield node


async def listed(client: AsyncClient, mappings: dict[str, str], **options: Any) -> Manifest:
    return await client.send.wait_for_manifest(await client.send.create_manifest(mappings, **options), 60)


async def sent_to_itself(node: NodeProcess, mappings: dict[str, str], **options: Any) -> str:
    """Send *mappings* from the node to itself; what was wrong, or ''."""
    async with node.client() as client:
        manifest = await listed(client, mappings, **options)
        if manifest.status == "error":
            return manifest.error_message or "no reason given"
        destination = await client.send.create_destination("127.0.0.1", node.port)
        transfer = await client.send.wait_for_transfer(await client.send.create_transfer(destination, manifest), 60)
        return "" if transfer.status == "complete" else transfer.error_message or "no reason given"


# -- the port ---------------------------------------------------------------------------------------------------------


async def test_strangers_at_the_port_do_no_harm(node: NodeProcess) -> None:
    first_words = (
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"JSD1" + bytes(34), b"\xff" * 5000,
    )
    open_and_silent = [await asyncio.open_connection("127.0.0.1", node.port) for _ in range(20)]
    for words in first_words * 25:
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
        writer.write(words)
        if words.startswith(b"GET"):
            assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()
    before = node.log().count("\n")
    async with node.client() as client:
        assert await client.server.echo("still here") == "still here"
    assert node.log().count("\n") - before < 5
    assert before < 30
    assert "Traceback" not in node.log()
    for _, writer in open_and_silent:
        writer.close()


# -- targets and sources ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["../out", "a/../../out", "C:/out", "a\\..\\out", "nul\0", "/..", "x" * 300])
async def test_hostile_targets_are_refused_by_path(node: NodeProcess, tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_text("x")
    try:
        problem = await sent_to_itself(node, {target: str(tmp_path / "file")})
    except JetStreamError as error:
        problem = str(error)
    assert problem
    assert "out" not in {path.name for path in node.folder.rglob("*")}


async def test_absolute_targets_stay_inside(node: NodeProcess, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert await sent_to_itself(node, {"/etc/jetstream-absolute//./x": str(tmp_path / "file")}) == ""
    assert (node.received / "etc" / "jetstream-absolute" / "x").read_text() == "x"
    assert not Path("/etc/jetstream-absolute").exists()


def deep(folder: Path, name: str, levels: int) -> None:
    """A file at the end of a path that is too long for one system call."""
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=descriptor)
        below = os.open(name, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    with os.fdopen(os.open("end", os.O_WRONLY | os.O_CREAT, dir_fd=descriptor), "wb") as file:
        file.write(b"deep")
    os.close(descriptor)


def everything(folder: Path) -> dict[bytes, bytes | None]:
    """Paths and contents, however long the paths are."""
    base = os.fsencode(folder)
    found: dict[bytes, bytes | None] = {}
    for path, folders, files, descriptor in os.fwalk(base):
        found |= {os.path.join(path, name)[len(base) :]: None for name in folders}
        for name in files:
            with open(os.open(name, os.O_RDONLY, dir_fd=descriptor), "rb") as file:
                found[os.path.join(path, name)[len(base) :]] = file.read()
    return found


async def test_awkward_names_arrive_byte_for_byte(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    source = tmp_path / "source"
    source.mkdir()
    names = [
        b"new\nline\n", b"tab\there", b"x" * 255, b"\xff\xfe\x80 not utf-8", b"\xed\xa0\x80", b" blank ", b"-rf", b"*?",
        unicodedata.normalize("NFC", "é").encode(), unicodedata.normalize("NFD", "é").encode(), "日本語".encode(),
        b"quote\"'", b"\x01\x7f", b"...",
    ]
    for number, name in enumerate(names):
        (source / os.fsdecode(name)).write_bytes(b"%d" % number)
        (source / os.fsdecode(name[:250] + b".d")).mkdir()
    deep(source, "d" * 199, 20)
    async with sender.client() as client:
        manifest = await listed(client, {"in": str(source)})
        assert manifest.status == "complete", manifest.error_message
        destination = await client.send.create_destination("127.0.0.1", receiver.port)
        transfer = await client.send.wait_for_transfer(await client.send.create_transfer(destination, manifest), 60)
        assert transfer.status == "complete", transfer.error_message
    expected = everything(source)
    assert max(map(len, expected)) >= 4000
    assert everything(receiver.received / "in") == expected


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "missing", "unreadable link"])
async def test_what_is_no_file_is_named_or_skipped(node: NodeProcess, tmp_path: Path, kind: str) -> None:
    source = tmp_path / "s"
    source.mkdir()
    (source / "good").write_text("x")
    odd = source / "odd one"
    mappings = {"it": str(source)}
    if kind == "fifo":
        os.mkfifo(odd)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(os.path.relpath(odd) if len(str(odd)) > 100 else str(odd))
    elif kind == "device":
        odd = Path("/dev/zero")
        mappings["zero"] = str(odd)
    elif kind == "missing":
        mappings["missing"] = str(odd)
    else:
        odd.symlink_to(tmp_path / "nowhere")
    async with node.client() as client:
        failed = await listed(client, mappings)
        assert failed.status == "error"
        assert odd.name in (failed.error_message or "")
        skipping = await listed(client, mappings, skip_unreadable=True)
        assert (skipping.status, skipping.total_files, skipping.skipped) == ("complete", 1, 1)
        assert odd.name in skipping.skipped_sample[0]


async def test_a_folder_that_vanishes_while_it_is_scanned(node: NodeProcess, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for number in range(400):
        (source / f"d{number:03}").mkdir(parents=True)
        for name in range(20):
            (source / f"d{number:03}" / str(name)).touch()
    async with node.client() as client:
        manifest = await client.send.create_manifest({"it": str(source)})
        await asyncio.to_thread(shutil.rmtree, source)
        done = await client.send.wait_for_manifest(manifest, 60)
        # Either it was quicker, or it says what was gone.
        assert done.status == "complete" or "source" in (done.error_message or "")
        (source / "back").mkdir(parents=True)
        assert (await listed(client, {"it": str(source)})).status == "complete"


# -- secrets ----------------------------------------------------------------------------------------------------------


async def refusal(node: NodeProcess, log_in: str, *credentials: str) -> tuple[str, str]:
    """How a stranger is refused: kind and words."""
    async with connect("127.0.0.1", node.port, ticket=False, verify=node.fingerprint) as guest:
        with pytest.raises(AuthenticationFailed) as caught:
            await getattr(guest.server, log_in)(*credentials)
        return type(caught.value).__name__, caught.value.message


async def closed_tokens(node: NodeProcess, file: Path) -> list[tuple[str, str | None]]:
    """Tokens and passwords that do not open, for five reasons."""
    file.write_text("x")
    async with node.client() as client:
        manifest = await listed(client, {"file": str(file)})
        expiring = await client.send.create_shared_token(manifest, expiry_time=time.time_ns() // 1000 + 700_000)
        deleted = await client.send.create_shared_token(manifest)
        await client.send.delete_shared_token(deleted)
        locked = await client.send.create_shared_token(manifest, password="right")
        used_up = await client.send.create_shared_token(manifest, download_limit=1)
        fetched = await client.receive.create_download(
            f"jetstream://127.0.0.1:{node.port}/download?token={used_up.token}", destination_path="used up"
        )
        await until(lambda: client.receive.get_transfer(fetched), lambda now: now.status == "complete")
    await asyncio.sleep(max(0.0, (expiring.expiry_time or 0) / 1e6 - time.time() + 0.001))
    return [
        (new_token(os.urandom), None), (expiring.token, None), (deleted.token, None), (locked.token, "wrong"),
        (used_up.token, None),
    ]


async def test_tokens_that_do_not_open_are_refused_alike(alone: NodeProcess, tmp_path: Path) -> None:
    refusals = {
        await refusal(alone, "auth_token", token, *([password] if password else []))
        for token, password in await closed_tokens(alone, tmp_path / "file")
    }
    assert len(refusals) == 1, refusals


async def test_downloads_that_do_not_open_are_refused_alike(two: Two, tmp_path: Path) -> None:
    sharer, fetcher = two
    tokens = await closed_tokens(sharer, tmp_path / "file")
    messages = set()
    async with fetcher.client() as client:
        for token, password in tokens:
            link = f"jetstream://127.0.0.1:{sharer.port}/download?token={token}"
            begun = await client.receive.create_download(link, password=password)
            done = await until(lambda begun=begun: client.receive.get_transfer(begun), lambda now: not now.processing)
            assert done.status == "error"
            messages.add(done.error_message)
    assert len(messages) == 1, messages
    assert tree(fetcher.received) == {} if fetcher.received.exists() else True


async def test_users_are_refused_alike_and_from_afar_unless_allowed(tmp_path: Path) -> None:
    address = outward_address()  # of this machine: what is sent there stays on it
    options = {"a": ["--api-host", "0.0.0.0"], "b": ["--api-host", "0.0.0.0", "--api-allow-remote-control"]}
    with nodes(tmp_path, "a", "b", options=options) as (closed, allowed):
        for node in (closed, allowed):
            async with node.client() as client:
                await client.server.superuser()
                await client.server.create_user("ann", "a long secret")
        assert await refusal(closed, "auth", "ann", "wrong") == await refusal(closed, "auth", "nobody", "wrong")
        async with connect("127.0.0.1", closed.port, ticket=False, verify=closed.fingerprint) as guest:
            await guest.server.auth("ann", "a long secret")
        if address.startswith("127.") or address == socket.gethostname():
            pytest.skip("this machine has no address but its own loopback")
        async with connect(address, closed.port, ticket=False, verify=closed.fingerprint) as guest:
            with pytest.raises(JetStreamError, match=r"--api-allow-remote-control|not right"):
                await guest.server.auth("ann", "a long secret")
        async with connect(address, allowed.port, ticket=False, verify=allowed.fingerprint) as guest:
            await guest.server.auth("ann", "a long secret")


# -- the state folder -------------------------------------------------------------------------------------------------


def state_of(folder: Path) -> dict[str, bytes]:
    """Every byte below *folder* but the scratch memory of the database."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


def start_refused(folder: Path, tmp_path: Path) -> str:
    """A node that must not start on this state folder: what it says."""
    before = state_of(folder)
    environment = {**os.environ, "JETSTREAM_HOME": str(tmp_path / "home"), "HOME": str(tmp_path / "home")}
    command = [
        sys.executable, "-m", "jetstream_server", "--api-host", "127.0.0.1", "--api-port", "0",
        "--persistent-state-dir", str(folder), "--sandbox-dir", str(tmp_path / "received"),
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (REFUSED, ""), done.stderr
    assert done.stderr.startswith("jetstream server: ")
    assert done.stderr.count("\n") == 1
    assert state_of(folder) == before
    return done.stderr


@pytest.fixture
async def state(tmp_path: Path) -> Path:
    """The state folder of a node that has run."""
    folder = tmp_path / "state"
    with StateLock(folder):
        pass
    async with await Catalog.open(folder / "catalog.db") as catalog:
        await catalog.settings.set("some", "thing")
    return folder


async def test_a_state_folder_from_a_newer_version(state: Path, tmp_path: Path) -> None:
    database = sqlite3.connect(state / "catalog.db")
    with database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    assert "newer version" in start_refused(state, tmp_path)


async def test_a_damaged_catalog(state: Path, tmp_path: Path) -> None:
    with (state / "catalog.db").open("r+b") as file:
        file.write(b"no database at all")
    assert "damaged" in start_refused(state, tmp_path)


async def test_a_state_folder_that_cannot_be_written(state: Path, tmp_path: Path) -> None:
    mount = ["mount", "--bind", str(state), str(state)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("nothing can be made read-only here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(state)], check=True)
        assert "cannot be written" in start_refused(state, tmp_path)
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)


async def test_a_second_node_on_the_same_folder(node: NodeProcess, tmp_path: Path) -> None:
    assert node.process is not None
    said = start_refused(node.state, tmp_path)
    assert f"process {node.process.pid}" in said
    async with node.client() as client:
        assert await client.server.echo("still here") == "still here"
