"""The program as people run it: a node of its own, a second node somewhere else, real files, bytes compared."""

import asyncio
import gc
import os
import random
import socket
import subprocess
import sys
import threading

import pytest
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.helpers.running import running
from app.helpers.waiting import until
from app.views.drops import drop, files
from helpers.nodes import nodes, tree
from jetstream.constants import OVERWRITE_NEVER
from jetstream.local import state_folder
from jetstream_desktop import application
from jetstream_desktop.services.local_node import LocalNode, dial
from jetstream_desktop.services.notices import Notices
from jetstream_desktop.state.connection import Connected, Failed
from jetstream_desktop.state.rows import Group


@pytest.fixture
def own_node(tmp_path):
    """Makes the program's own node, on a free port of the loopback."""
    made = []

    def make():
        made.append(LocalNode(dial, [
            "--api-port", "0", "--api-host", "127.0.0.1", "--sandbox-dir", str(tmp_path / "own")]))
        return made[-1]

    return make


@pytest.fixture
def reel(tmp_path):
    folder = tmp_path / "source" / "Reel 07"
    (folder / "graded").mkdir(parents=True)
    (folder / "empty").mkdir()
    chance = random.Random(7)
    for number in range(30):
        (folder / "graded" / f"R07_{number:04}.exr").write_bytes(chance.randbytes(700_000))
    (folder / "<b>notes ü.txt").write_text("hello")
    return folder


async def connected(desk):
    await until(lambda: isinstance(desk.context.session.status, Connected))
    return desk.context.session.status.server


def groups(desk):
    return {row.group for row in desk.context.poller.rows.values()}


async def let_in(node, fingerprint):
    async with node.client() as client:
        await client.server.superuser()
        await client.receive.add_authorized_client(fingerprint)


def test_drop_compose_send_watch_pause_resume_complete(gui, qapp, tmp_path, own_node, reel):
    async def work(other):
        own = own_node()
        async with running(qapp, own.reach, own) as desk:
            window, composer = desk.window, desk.window.composer
            await let_in(other, (await connected(desk)).fingerprint)
            window.activateWindow()
            assert drop(window, files(reel)) == "Drop to send “Reel 07”"
            await until(lambda: composer.history.now.items)
            QTest.keyClicks(composer.search, f"127.0.0.1:{other.port}")
            await until(lambda: composer.send.text().startswith("Send 31 files to 127.0.0.1"))
            composer.options.limit.setCurrentIndex(composer.options.limit.findData(40_000))
            QTest.mouseClick(composer.send, Qt.MouseButton.LeftButton)
            await until(lambda: any(row.done and row.group is Group.ACTIVE
                                    for row in desk.context.poller.rows.values()))
            QTest.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
            await until(lambda: groups(desk) == {Group.PAUSED})
            window.actions_.limits[0].trigger()
            QTest.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
            await until(lambda: groups(desk) == {Group.DONE})
            assert tree(other.received) == tree(reel.parent)
            window.details.tabs.setCurrentIndex(1)
            await until(lambda: window.details.files_table.model().rowCount() >= 31)
            window.details.tabs.setCurrentIndex(3)
            await until(lambda: desk.files._events.rowCount() >= 3)

    with nodes(tmp_path, "b") as (other,):
        gui(lambda: work(other))


def test_what_was_sent_before_is_said_to_be_there(gui, qapp, tmp_path, own_node, reel):
    """The card of the composer, with a real node at both ends."""
    notes = reel / "<b>notes ü.txt"

    async def work(other):
        own = own_node()
        async with running(qapp, own.reach, own) as desk:
            window, composer, card = desk.window, desk.window.composer, desk.window.composer.card
            await let_in(other, (await connected(desk)).fingerprint)
            client = desk.context.session.client
            there = await client.send.create_destination("127.0.0.1", other.port, name="Studio B")
            manifest = await client.send.wait_for_manifest(await client.send.create_manifest(
                {f"Reel 07/{notes.name}": str(notes)}))
            sent = await client.send.wait_for_transfer(await client.send.create_transfer(
                there, manifest, destination_path="day 1"))
            assert sent.status == "complete"
            await until(lambda: desk.context.poller.destinations)
            drop(window, files(reel))
            await until(lambda: composer.history.now.items)
            composer.list.step(1)
            composer.folder.setText("day 1")
            await until(lambda: card.text("there") and not card.running)
            assert card.text("there") == "1 file, unchanged"
            assert card.text("checked") == "identity, rights, folder"
            composer.tree.expand(composer.model.index(0, 0))
            inside = composer.model.index(0, 0)
            await until(lambda: composer.model.rowCount(inside) == 3)
            remarks = {composer.model.index(row, 0, inside).data(): composer.model.index(row, 3, inside).data()
                       for row in range(3)}
            assert remarks[notes.name] == "already there, unchanged"
            notes.write_text("hello again")
            composer.options.overwrite.setCurrentIndex(composer.options.overwrite.findData(OVERWRITE_NEVER))
            await until(lambda: card.text("there") == "1 file, kept" and not card.running)
            composer.folder.setText("day 2")
            await until(lambda: card.text("checked") == "identity, rights, folder" and not card.running)
            assert card.text("there") == ""
            assert tree(other.received / "day 1").keys() == {b"Reel 07", b"Reel 07/" + os.fsencode(notes.name)}

    with nodes(tmp_path, "b") as (other,):
        gui(lambda: work(other))


def test_two_people_who_do_not_know_each_other(gui, qapp, tmp_path, own_node, reel):
    """A stranger sends here, the card asks, Accept lets it in; a no tells the stranger."""

    async def work(stranger):
        own = own_node()
        async with running(qapp, own.reach, own) as desk:
            server, bar = await connected(desk), desk.window.offers
            async with stranger.client() as client:
                manifest = await client.send.wait_for_manifest(
                    await client.send.create_manifest({"Reel 07": str(reel)}))
                there = await client.send.create_destination("127.0.0.1", server.api_control_port)
                sent = await client.send.create_transfer(there, manifest)
                await until(bar.isVisible)
                assert "wants to send you “Reel 07”" in bar.card.accessibleName()
                assert "31 files" in bar.card.accessibleDescription()
                bar.card.accept.click()
                await until(lambda: groups(desk) == {Group.DONE})
                assert (await client.send.wait_for_transfer(sent)).status == "complete"
                assert tree(tmp_path / "own") == tree(reel.parent)

                refused = await client.send.create_transfer(there, manifest)
                await until(bar.isVisible)
                bar.card.decline.click()
                desk.offers._later.timeout.emit()  # the time for undoing is over
                failed = await client.send.wait_for_transfer(refused)
                assert failed.status == "error"
                assert "said no to this transfer" in failed.error_message

    with nodes(tmp_path, "stranger") as (stranger,):
        gui(lambda: work(stranger))


def test_share_and_get_from_a_second_profile(gui, qapp, tmp_path, own_node, reel):
    async def work(other):
        async with other.client() as client:
            manifest = await client.send.wait_for_manifest(await client.send.create_manifest({"Reel 07": str(reel)}))
            token = await client.send.create_shared_token(manifest, password="kettle", download_limit=1)
        link = f"jetstream://127.0.0.1:{other.port}/download?token={token.token}"
        own = own_node()
        async with running(qapp, own.reach, own) as desk:
            await connected(desk)
            desk.shell.take([link])
            card = desk.window.card
            card.password.setText("wrong")
            card.get.click()
            await until(lambda: Group.FAILED in groups(desk))
            desk.shell.take([link])
            desk.window.card.password.setText("kettle")
            desk.window.card.get.click()
            await until(lambda: Group.DONE in groups(desk))
            assert tree(tmp_path / "own") == tree(reel.parent)

    with nodes(tmp_path, "b") as (other,):
        gui(lambda: work(other))


def test_what_was_received_is_shared_from_where_it_lies(gui, qapp, tmp_path, own_node, reel):
    async def work(other):
        async with other.client() as client:
            manifest = await client.send.wait_for_manifest(await client.send.create_manifest({"Reel 07": str(reel)}))
            token = await client.send.create_shared_token(manifest)
            own = own_node()
            async with running(qapp, own.reach, own) as desk:
                port = (await connected(desk)).api_control_port
                desk.shell.take([f"jetstream://127.0.0.1:{other.port}/download?token={token.token}"])
                desk.window.card.get.click()
                await until(lambda: groups(desk) == {Group.DONE})
                (tmp_path / "own" / "Reel 07" / "of somebody else.txt").write_text("not shared")
                (row,) = desk.context.poller.rows.values()
                desk.window.table.select_key(row.key)
                desk.window.actions_.share.trigger()
                card = desk.window.card
                QTest.keyClick(card.make, Qt.Key.Key_Space)
                await until(lambda: card.shown is not None)
                again = await client.receive.create_download(
                    f"jetstream://127.0.0.1:{port}/download?token={card.shown.token}", destination_path="again")
                assert (await client.receive.wait_for_transfer(again)).status == "complete"
        expected = {path: held for path, held in tree(reel.parent).items() if not path.endswith(b"empty")}
        assert tree(other.received / "again") == expected

    with nodes(tmp_path, "b") as (other,):
        gui(lambda: work(other))


def test_one_profile_shares_in_its_window_and_another_gets_in_its_own(gui, qapp, tmp_path, monkeypatch, reel):
    """Two windows with two nodes: drop, share by token, type the token, get; bytes compared."""

    def node(name):
        return LocalNode(dial, ["--api-port", "0", "--api-host", "127.0.0.1", "--sandbox-dir", str(tmp_path / name)])

    async def work():
        monkeypatch.setenv("JETSTREAM_HOME", str(tmp_path / "first"))
        one, two = node("in-first"), node("in-second")
        async with running(qapp, one.reach, one) as sharing:
            port = (await connected(sharing)).api_control_port
            drop(sharing.window, files(reel))
            await until(lambda: sharing.window.composer.share.isEnabled())
            QTest.mouseClick(sharing.window.composer.share, Qt.MouseButton.LeftButton)
            card = sharing.window.card
            QTest.keyClicks(card.form.password, "kettle")
            QTest.keyClick(card.make, Qt.Key.Key_Space)
            await until(lambda: card.shown is not None)
            QTest.mouseClick(card.copy_token, Qt.MouseButton.LeftButton)
            token = QApplication.clipboard().text()
            monkeypatch.setenv("JETSTREAM_HOME", str(tmp_path / "second"))
            async with running(qapp, two.reach, two) as getting:
                assert (await connected(getting)).api_control_port != port
                getting.window.actions_.get.trigger()
                get = getting.window.card
                assert get.text.text() == token  # the clipboard is offered
                QTest.keyClicks(get.host, f"127.0.0.1:{port}")
                QTest.keyClicks(get.password, "kettle")
                QTest.keyClick(get.password, Qt.Key.Key_Return)
                await until(lambda: "31 of 31" in get.sum.text())
                QTest.mouseClick(get.get, Qt.MouseButton.LeftButton)
                await until(lambda: groups(getting) == {Group.DONE})
                assert tree(tmp_path / "in-second") == tree(reel.parent)
            sharing.window.show_page(sharing.share.page)
            page = sharing.share.page
            await until(lambda: page.table.model().rowCount() and page.table.model().index(0, 2).data() == "used once")

    gui(work)


def test_a_part_of_a_share_is_listed_chosen_and_fetched(gui, qapp, tmp_path, own_node, reel):
    async def work(other):
        async with other.client() as client:
            manifest = await client.send.wait_for_manifest(await client.send.create_manifest({"Reel 07": str(reel)}))
            token = await client.send.create_shared_token(manifest, password="kettle")
        own = own_node()
        async with running(qapp, own.reach, own) as desk:
            await connected(desk)
            desk.shell.take([f"jetstream://127.0.0.1:{other.port}/download?token={token.token}"])
            card = desk.window.card
            await until(lambda: card.hint.property("role") == "bad")
            card.password.setText("kettle")
            card.look.click()
            await until(lambda: "31 of 31" in card.sum.text())
            card.pick.none.click()
            card.pick.search.setText("notes")
            await until(lambda: len(card.pick.tree.model().picking.shown) == 1)
            card.pick.all.click()
            card.get.click()
            await until(lambda: groups(desk) == {Group.DONE})
            (row,) = desk.context.poller.rows.values()
            assert (row.files, row.total) == (1, 5)
            (name,) = (tmp_path / "own" / "Reel 07").iterdir()
            assert (name.name, name.read_text()) == ("<b>notes ü.txt", "hello")

    with nodes(tmp_path, "b") as (other,):
        gui(lambda: work(other))


def test_a_test_file_to_oneself(gui, qapp, tmp_path, own_node, monkeypatch):
    async def work():
        own = own_node()
        async with running(qapp, own.reach, own) as desk:
            await connected(desk)
            desk.window.welcome.test_wanted.emit()
            await until(lambda: desk.window.banner.text == "The test file has arrived. Everything works.")
            assert [path.name for path in (tmp_path / "own").iterdir()] == ["JetStream test file.txt"]
            await until(lambda: len(desk.context.poller.rows) == 2 and groups(desk) == {Group.DONE})
            opened = []
            monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
            desk.window.banner.passing.button.click()
            assert opened == [str(tmp_path / "own")]

    gui(work)


def test_the_node_dies_and_comes_back(gui, qapp, own_node):
    async def work():
        own = own_node()
        async with running(qapp, own.reach, own) as desk:
            first = await connected(desk)
            own._process.kill()
            await until(lambda: isinstance(desk.context.session.status, Failed))
            desk.context.session.retry_now()
            second = await connected(desk)
            assert (second.server_uid, second.server_id != first.server_id) == (first.server_uid, True)

    gui(work)


def test_the_node_of_a_window_that_died_ends_with_the_next_one(gui, qapp, own_node):
    async def work():
        died, after = own_node(), own_node()
        client = await died.reach(lambda _step: None)
        await client.close()  # and so the window is gone, without stopping what it has started
        assert died.started_here
        async with running(qapp, after.reach, after) as desk:
            await connected(desk)
            assert (after.started_here, after.ends_here) == (False, True)
        await until(lambda: not died.started_here)
        stranger = own_node()
        client = await died.reach(lambda _step: None)
        (state_folder() / "desktop.node").unlink()  # one that no window has started
        await (await stranger.reach(lambda _step: None)).close()
        assert not stranger.ends_here
        await stranger.stop()
        await client.close()
        assert died.started_here
        await died.stop()

    gui(work)


def test_the_node_keeps_its_port_for_those_who_were_told_it(gui, qapp, tmp_path):
    kept = state_folder() / "desktop.port"
    kept.parent.mkdir(parents=True, exist_ok=True)

    async def port_of_one():
        own = LocalNode(dial, ["--api-host", "127.0.0.1", "--sandbox-dir", str(tmp_path / "own")])
        own.start_early()
        client = await own.reach(lambda _step: None)
        info = await client.server.get_server_info()
        await client.close()
        await own.stop()
        return info.api_control_port

    async def work():
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        kept.write_text(str(port))
        assert await port_of_one() == port
        with socket.create_server(("127.0.0.1", port)):
            other = await port_of_one()
        assert other != port
        assert kept.read_text() == str(other)
        kept.write_text("70000")  # a damaged file costs the port, never the start
        assert await port_of_one() != 70000

    gui(work)


def test_leaving_with_transfers_running_loses_nothing(gui, qapp, tmp_path, own_node, reel):
    async def first(other):
        own = own_node()
        async with running(qapp, own.reach, own) as desk:
            await let_in(other, (await connected(desk)).fingerprint)
            window, composer = desk.window, desk.window.composer
            window.drops.paths_dropped.emit([str(reel)], None)
            await until(lambda: composer.history.now.items)
            composer.search.setText(f"127.0.0.1:{other.port}")
            composer.options.limit.setCurrentIndex(composer.options.limit.findData(8_000))
            await until(lambda: composer.send.isEnabled())
            composer.send.click()
            await until(lambda: any(row.done for row in desk.context.poller.rows.values()))
            window.close()
            assert window.isVisible()
        assert not own.started_here

    async def second(other):
        own = own_node()
        async with running(qapp, own.reach, own) as desk:
            await until(lambda: desk.context.poller.rows)
            desk.window.table.selectAll()
            desk.window.actions_.limits[0].trigger()
            await until(lambda: groups(desk) == {Group.DONE})
            assert tree(other.received) == tree(reel.parent)

    with nodes(tmp_path, "b") as (other,):
        gui(lambda: first(other))
        gui(lambda: second(other))


def test_a_node_that_cannot_start_says_why(gui, qapp):
    async def work():
        own = LocalNode(dial, ["--no-such-option"])
        async with running(qapp, own.reach, own) as desk:
            await until(lambda: "no option" in desk.window.banner.text)
            assert isinstance(desk.context.session.status, Failed)
            assert not own.started_here

    gui(work)


def test_errors_in_slots_tasks_and_threads_reach_one_place(gui, qapp):
    """Real ones: a slot, a slot of a timer, a task that nobody waits for, one that is spawned, a thread."""
    seen = []

    class Sender(QObject):
        sent = Signal()

    async def fail(words):
        raise ValueError(words)

    def fail_in(words):
        raise ValueError(words)

    async def work():
        notices = Notices()
        notices.published.connect(lambda notice: seen.append(notice.text.split(": ")[1].split(".")[0]))
        notices.open()
        hooks = application.Hooks(notices)
        loop = asyncio.get_running_loop()
        before = loop._exception_handler if hasattr(loop, "_exception_handler") else None
        hooks.install(loop)
        sender = Sender()
        sender.sent.connect(lambda: fail_in("slot"))
        sender.sent.emit()
        QTimer.singleShot(0, sender, lambda: fail_in("timer"))
        await until(lambda: len(seen) == 2)
        application.Tasks(hooks.report).spawn(fail("spawned"), "fail")
        loop.call_soon(fail_in, "callback")
        await until(lambda: len(seen) == 4)
        lost = loop.create_task(fail("forgotten"))
        await until(lost.done)
        del lost
        gc.collect()
        threading.Thread(target=fail_in, args=("thread",)).start()
        await until(lambda: len(seen) == 6)
        loop.set_exception_handler(before)

    gui(work)
    assert seen[:2] == ["slot", "timer"]
    assert set(seen) == {"slot", "timer", "spawned", "callback", "forgotten", "thread"}


def test_the_real_program_starts_and_ends_by_a_signal(tmp_path):
    environment = {**os.environ, "JETSTREAM_HOME": str(tmp_path / "home"), "QT_QPA_PLATFORM": "offscreen",
                   "JETSTREAM_API_PORT": "0", "JETSTREAM_API_HOST": "127.0.0.1",
                   "JETSTREAM_SANDBOX_DIR": str(tmp_path / "in")}
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "desktop.json").write_text('{"nearby": false}')  # tests keep to the loopback
    process = subprocess.Popen([sys.executable, "-m", "jetstream_desktop", "--verbose"], env=environment,
                               stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if "connection: Connected" in line:
                break
        process.terminate()
        rest = process.stderr.read()
        assert process.wait(30) == 0, rest
        assert "Traceback" not in rest
    finally:
        process.kill()
        process.stderr.close()
        process.wait()
    assert "geometry" in (tmp_path / "home" / "desktop.json").read_text()
