"""What is copied of a transfer runs: the script and the command send the same again, as anybody would run them."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.helpers.build import incoming, transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from helpers.nodes import nodes, tree
from jetstream_desktop.services.local_node import LocalNode, dial
from jetstream_desktop.state.connection import Connected
from jetstream_desktop.state.rows import Group, key_of


async def shell(command, text=""):
    """Runs it where ``jetstream`` and ``python`` are the ones that are tested."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, env={**os.environ, "PATH": path})
    out, _ = await process.communicate(text.encode())
    return process.returncode, out.decode()


def empty(folder):
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def test_what_is_copied_sends_the_same_again(gui, qapp, tmp_path):
    reel = tmp_path / "source" / "Reel's 07"
    reel.mkdir(parents=True)
    (reel / "a b.mov").write_bytes(os.urandom(300_000))
    (reel / "left out.tmp").write_bytes(b"x")
    (tmp_path / "source" / "$(notes) ü.txt").write_text("hello")

    async def work(other):
        own = LocalNode(dial, ["--api-port", "0", "--api-host", "127.0.0.1", "--sandbox-dir", str(tmp_path / "own")])
        async with running(qapp, own.reach, own) as desk:
            await until(lambda: isinstance(desk.context.session.status, Connected))
            async with other.client() as client:
                await client.server.superuser()
                await client.receive.add_authorized_client(desk.context.session.status.server.fingerprint)
            window, composer = desk.window, desk.window.composer
            window.drops.paths_dropped.emit([str(path) for path in (tmp_path / "source").iterdir()], None)
            await until(lambda: len(composer.history.now.items) == 2)
            composer.rename("$(notes) ü.txt", "pa pers/no=1.txt")
            composer._goods.pattern.setText("*.tmp")
            composer._goods.pattern.returnPressed.emit()
            composer.search.setText(f"127.0.0.1:{other.port}")
            composer.folder.setText("2024")
            await until(lambda: composer.send.isEnabled())
            composer.send.click()
            await until(lambda: {row.group for row in desk.context.poller.rows.values()} == {Group.DONE})
            first = tree(other.received)
            assert [path for path in first if "left out" in str(path)] == []
            assert len([path for path in first if "a b.mov" in str(path)]) == 1
            row = next(iter(desk.context.poller.rows))
            for action, run in ((window.actions_.copy_command, None), (window.actions_.copy_python, "python -")):
                empty(other.received)
                window.table.select_key(row)
                QApplication.clipboard().clear()
                action.trigger()
                await until(lambda: QApplication.clipboard().text())
                text = QApplication.clipboard().text()
                code, said = await shell(run or text, text if run else "")
                assert code == 0, said
                assert tree(other.received) == first, said

    with nodes(tmp_path, "b") as (other,):
        gui(lambda: work(other))


def test_what_is_copied_of_arrivals_runs(gui, qapp, tmp_path):
    source = tmp_path / "source" / "Plates 04"
    source.mkdir(parents=True)
    for name in ("a b.dpx", "c's.dpx", "notes.txt"):
        (source / name).write_bytes(os.urandom(3000))

    async def work(other):
        own = LocalNode(dial, ["--api-port", "0", "--api-host", "127.0.0.1", "--sandbox-dir", str(tmp_path / "own")])
        async with running(qapp, own.reach, own) as desk:
            await until(lambda: isinstance(desk.context.session.status, Connected))
            poller, window = desk.context.poller, desk.window
            server = desk.context.session.status.server
            await desk.context.session.client.server.superuser()
            await desk.context.session.client.receive.add_authorized_client(other.fingerprint)
            async with other.client() as client:
                manifest = await client.send.create_manifest({"Plates 04": str(source)})
                token = await client.send.create_shared_token(manifest)
                place = await client.send.create_destination("127.0.0.1", server.receive_port)
                await client.send.create_transfer(place, manifest, destination_path="pushed")
            link = f"jetstream://127.0.0.1:{other.port}/download?token={token.token}"
            await until(lambda: {row.group for row in poller.rows.values()} == {Group.DONE})
            pushed = next(iter(poller.rows))

            async def run(action, key, command):
                window.table.select_key(key)
                QApplication.clipboard().clear()
                action.trigger()
                await until(lambda: QApplication.clipboard().text())
                text = QApplication.clipboard().text()
                return await shell(command or text, text if command else "")

            for action, command in ((window.actions_.copy_python, "python -"), (window.actions_.copy_command, None)):
                code, said = await run(action, pushed, command)
                assert code == 0, said
                assert "Plates 04/c's.dpx" in said
            assert "every byte was read and compared" in said
            for folder, entries in (("by link", None), ("", None), ("a part", [(0, 3)])):
                key = key_of(await desk.context.commands.get(link, None, folder, entries))
                await until(lambda: poller.rows[key].group is Group.DONE if key in poller.rows else False)  # noqa: B023
                came = tmp_path / "own" / folder / "Plates 04"
                first = tree(came)
                assert len(first) == (2 if entries else 3)
                for action, command in ((window.actions_.copy_python, "python -"),
                                        (window.actions_.copy_command, None)):
                    if entries and command is None:
                        action.trigger()
                        assert "which of the files were chosen" in window.banner.text
                        continue
                    empty(came)
                    code, said = await run(action, key, command)
                    assert code == 0, said
                    assert tree(came) == first, said

    with nodes(tmp_path, "b") as (other,):
        gui(lambda: work(other))


def test_what_cannot_be_sent_again_says_why(gui, qapp):
    node = MemoryNode()
    node.put(transfer(1, destination_id="gone"))
    node.put(transfer(2, owner_token="MAYWEBRO", destination_id=""))
    node.put(incoming(3))

    async def work():
        async with running(qapp, node.connect) as desk:
            window, banner = desk.window, desk.window.banner
            await until(lambda: len(desk.context.poller.rows) == 3)
            window.table.select_key("s1")
            window.actions_.copy_python.trigger()
            assert "not in the address book" in banner.text
            window.table.select_key("s2")
            window.actions_.copy_command.trigger()
            assert "fetched this with a token" in banner.text
            window.table.select_key("r3")
            window.actions_.copy_python.trigger()
            assert "recv.getTransfer('3')" in QApplication.clipboard().text()
            window.actions_.copy_path.trigger()
            assert QApplication.clipboard().text() == "/home/me/JetStream"
            window.actions_.copy_name.trigger()
            assert QApplication.clipboard().text() == "Plates 3"

    gui(work)


def test_a_list_that_is_forgotten_and_one_that_is_too_long(gui, qapp):
    from jetstream.entities import Destination, Manifest

    node = MemoryNode()
    node.destinations["d"] = Destination(destination_id="d", destination_address="b.example", destination_port=8886)
    node.manifests["m"] = Manifest(manifest_id="m", status="complete", processing=False,
                                   user_data={"mappings": {"other": "/x/a"}})
    node.put(transfer(1))
    node.manifests["n"] = replace(node.manifests["m"], manifest_id="n", user_data={})
    node.put(transfer(3, manifest_id="n"))
    node.put(transfer(2, manifest_id="forgotten", status="error", processing=False, error_message="Disk full"))

    async def work():
        async with running(qapp, node.connect) as desk:
            window, banner = desk.window, desk.window.banner
            await until(lambda: len(desk.context.poller.rows) == 3 and desk.context.poller.destinations)
            window.table.select_key("s3")
            window.actions_.copy_command.trigger()
            await until(lambda: "Too many things were dropped" in banner.text)
            window.table.select_key("s1")
            window.actions_.copy_command.trigger()
            await until(lambda: "--as other /x/a" in QApplication.clipboard().text())
            window.actions_.copy_python.trigger()
            await until(lambda: "{'other': '/x/a'}" in QApplication.clipboard().text())
            window.table.select_key("s2")
            window.actions_.copy_python.trigger()
            await until(lambda: "not known any more" in banner.text)
            window.actions_.copy_error.trigger()
            assert QApplication.clipboard().text() == "Disk full"

    gui(work)
