"""The window on a node elsewhere: a real second node with an account, its identity, its files."""

import contextlib
import getpass
import shutil
import socket
from dataclasses import replace

import pytest
from PySide6.QtTest import QTest

from app.helpers.build import transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.rings import MemoryRing
from app.helpers.running import running
from app.helpers.waiting import until
from app.test_whole import connected, groups
from helpers.nodes import nodes, tree
from jetstream.trust import KnownNodes, Place
from jetstream_desktop.services.local_node import LocalNode, dial
from jetstream_desktop.services.vault import Vault
from jetstream_desktop.state.basket import Found, Kind
from jetstream_desktop.state.connection import Connected, Failed, IdentityChanged
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.state.nodes import LOCAL, OpenNode

PASSWORD = "kettle-Swan-9"


@pytest.fixture
def there(tmp_path):
    """A node elsewhere, with an account for the one who runs it."""
    with nodes(tmp_path, "b", options={"b": ["--server-name", "Studio B"]}) as (node,):
        yield node


@contextlib.asynccontextmanager
async def window(qapp, tmp_path, there, ring=None):
    own = LocalNode(dial, ["--api-port", "0", "--api-host", "127.0.0.1",
                                       "--sandbox-dir", str(tmp_path / "own")])
    async with there.client() as client:
        await client.server.superuser()
        users = [user["user"] for user in await client.server.get_users()]
        if getpass.getuser() not in users:
            await client.server.create_user(getpass.getuser(), PASSWORD)
    async with running(qapp, own.reach, own, Vault(lambda: ring)) as desk:
        await connected(desk)
        yield desk


async def open_there(desk, there, password=PASSWORD, *, known=False):
    desk.window.actions_.connect_node.trigger()
    card = desk.window.card
    card.address.setText(f"127.0.0.1:{there.port}")
    card.user.setText(getpass.getuser())
    card.password.setText(password)
    await until(lambda: card.keyring.isVisible() or card.keep.isEnabled())
    card.go.click()
    if not known:
        await until(lambda: card.trust.isVisible() and card.trust.isEnabled())
    return card


async def shown(desk, node):
    await until(lambda: desk.context.session.node.local is node.local
                and isinstance(desk.context.session.status, Connected))


def test_the_identity_is_shown_first_and_nothing_is_pinned_before(gui, qapp, tmp_path, there):
    async def work():
        async with window(qapp, tmp_path, there) as desk:
            place = Place("127.0.0.1", there.port)
            card = await open_there(desk, there, "wrong")
            shown_code = "".join(card._identity.text().split())
            assert shown_code == there.fingerprint
            assert "Studio B" in card._who.text()
            assert KnownNodes().get(place) is None
            assert not card.trust.hasFocus()
            card.trust.click()
            await until(lambda: card.problem.isVisible())
            assert "not right" in card.problem.text()
            assert KnownNodes().get(place) == there.fingerprint
            assert desk.context.session.node is LOCAL
            card.password.setText(PASSWORD)
            card.go.click()
            await until(lambda: desk.window.windowTitle() == "JetStream – Studio B")
            assert desk.window.card is None
            assert "Studio B" in desk.window.status._node.accessibleName()
            assert not desk.window.actions_.show_in_folder.isVisible()
            desk.window.status._home.click()
            await shown(desk, LOCAL)
            assert desk.window.windowTitle() == "JetStream – This computer"
            assert desk.window.actions_.show_in_folder.isVisible()

    gui(work)


def test_files_over_there_go_from_there_and_files_from_here_do_not(gui, qapp, tmp_path, there):
    source = there.folder / "films"
    (source / "Reel").mkdir(parents=True)
    (source / "Reel" / "a.mov").write_bytes(b"a" * 300_000)
    (source / "Reel" / "b.tmp").write_bytes(b"b" * 100)
    (tmp_path / "here.txt").write_text("here")

    async def work():
        async with window(qapp, tmp_path, there) as desk:
            own = desk.context.session.status.server
            (await open_there(desk, there)).trust.click()
            await until(lambda: not desk.context.session.node.local
                        and isinstance(desk.context.session.status, Connected))
            composer = desk.window.composer
            desk.window.drops.paths_dropped.emit([str(tmp_path / "here.txt")], None)
            assert "Studio B can only send its own" in desk.window.banner.text
            assert not composer.history.now.items
            desk.window.actions_.send_files.trigger()
            card = desk.window.card
            await until(lambda: card.path == "/")
            card.listing_wanted.emit(str(source))
            await until(lambda: card.path == str(source))
            card.table.selectRow(0)
            card.done.click()
            await until(lambda: composer.isVisible() and "2 files" in composer.card.text("goes"))
            composer.search.setText(f"127.0.0.1:{own.receive_port}")
            await until(lambda: composer.send.isEnabled())
            composer.send.click()
            await until(lambda: desk.context.poller.rows)
            row = next(iter(desk.context.poller.rows.values()))
            assert not row.incoming
            # The node of this computer does not know that one yet: its own window lets it in.
            desk.window.activateWindow()
            await until(desk.window.isActiveWindow)
            QTest.keySequence(desk.window, desk.window.actions_.this_computer.shortcut())
            await shown(desk, LOCAL)
            assert not desk.context.poller.rows
            await desk.context.commands.let_in(there.fingerprint, "Studio B")
            desk.nodes.open(desk.context.settings.now.nodes[0])
            await until(lambda: desk.window.card is not None)
            desk.window.card.password.setText(PASSWORD)
            desk.window.card.go.click()
            await until(lambda: desk.context.poller.rows)
            desk.window.table.selectAll()
            desk.window.actions_.retry.trigger()
            desk.window.actions_.resume.trigger()
            await until(lambda: len(groups(desk)) == 1 and next(iter(groups(desk))).name == "DONE")
            assert tree(tmp_path / "own") == tree(source)

    gui(work)


def test_this_computer_is_a_destination_of_the_other_node_where_it_gets_through(gui, qapp, tmp_path, there):
    source = there.folder / "films"
    source.mkdir()
    (source / "a.mov").write_bytes(b"a" * 300_000)

    async def work():
        async with window(qapp, tmp_path, there) as desk:
            own = desk.context.session.status.server
            assert own.client_address == "127.0.0.1"
            (await open_there(desk, there)).trust.click()
            await shown(desk, OpenNode("127.0.0.1"))
            composer = desk.window.composer
            desk.compose.open()
            composer.add([Found(str(source / "a.mov"), Kind.FILE, 300_000)])
            await until(lambda: composer.list.values.rowCount() and composer.list.values.value(0).reachable)
            composer.list.step(1)
            choice = composer.list.current()
            assert (choice.title, choice.line) == ("This computer", f"127.0.0.1:{own.receive_port}")
            assert "asks before it takes files from Studio B" in composer.card.note.text()
            composer.send.click()
            await until(lambda: desk.context.poller.rows)
            assert desk.context.poller.destinations[0].permitted_destination_public_key == own.fingerprint
            desk.nodes.go_home()
            await shown(desk, LOCAL)
            assert composer.list.values.rowCount() == 0
            await until(lambda: desk.window.offers.isVisible())
            await desk.context.commands.let_in(there.fingerprint, "Studio B")
            await until(lambda: tree(tmp_path / "own") == tree(source))
            desk.nodes.open(desk.context.settings.now.nodes[0])
            await until(lambda: desk.window.card is not None)
            desk.window.card.password.setText(PASSWORD)
            desk.window.card.go.click()
            await shown(desk, OpenNode("127.0.0.1"))
            await until(lambda: desk.context.poller.destinations)
            desk.compose.open()
            await until(lambda: composer.list.values.rowCount() == 1 and composer.list.values.value(0).reachable)
            assert composer.list.values.value(0).destination is not None
            assert composer.list.values.value(0).note == ""

    gui(work)


def test_where_it_does_not_get_through_it_is_said_why(gui, qapp, tmp_path, there):
    async def work():
        async with window(qapp, tmp_path, there) as desk:
            with socket.socket() as nobody:  # bound, and it does not listen
                nobody.bind(("127.0.0.1", 0))
                desk.here._own = replace(desk.here._own, receive_port=nobody.getsockname()[1])
                (await open_there(desk, there)).trust.click()
                await shown(desk, OpenNode("127.0.0.1"))
                composer = desk.window.composer
                desk.compose.open()
                composer.add([Found("/x/a.mov", Kind.FILE, 5)])
                await until(lambda: composer.list.values.rowCount()
                            and composer.list.values.value(0).reachable is False)
                composer.list.step(1)
                assert composer.list.current().line == "not reached from there"
                assert "Studio B sees this computer at 127.0.0.1" in composer.card.note.text()
                assert "Share by link instead" in composer.card.note.text()

    gui(work)


def test_another_identity_is_a_stop_sign(gui, qapp, tmp_path, there):
    ring = MemoryRing()

    async def work():
        async with window(qapp, tmp_path, there, ring) as desk:
            (await open_there(desk, there)).trust.click()
            await until(lambda: not desk.context.session.node.local
                        and isinstance(desk.context.session.status, Connected))
            await until(lambda: ring.kept)
            assert list(ring.kept.values()) == [PASSWORD]
            there.kill()
            await until(lambda: isinstance(desk.context.session.status, Failed))
            old = there.fingerprint
            shutil.rmtree(there.state)
            there.start()
            assert there.fingerprint != old
            desk.context.session.retry_now()
            await until(lambda: isinstance(desk.context.session.status, IdentityChanged))
            page = desk.window.stop_page
            assert page.isVisible()
            assert not desk.window.actions_.send_files.isEnabled()
            assert not page.trust.isEnabled()
            page.figures.setText(old[:8])
            assert not page.trust.isEnabled()
            page.figures.setText(f"{there.fingerprint[:4]} {there.fingerprint[4:8]}".upper())
            assert page.trust.isEnabled()
            page.home.click()
            await shown(desk, LOCAL)
            assert desk.window.stop_page is None
            assert desk.window.actions_.send_files.isEnabled()
            # The list leads to the same stop sign, and the password in the keyring is not sent.
            desk.nodes.open(desk.context.settings.now.nodes[0])
            await until(lambda: desk.window.stop_page)
            assert desk.context.session.node is LOCAL
            page = desk.window.stop_page
            page.figures.setText(there.fingerprint[:8])
            page.trust.click()
            assert KnownNodes().get(Place("127.0.0.1", there.port)) == there.fingerprint
            assert desk.window.card.password.text() == ""
            assert desk.context.settings.now.nodes[0].fingerprint == there.fingerprint

    gui(work)


def test_a_node_can_be_taken_off_the_list_with_its_password(gui, qapp, tmp_path, there):
    ring = MemoryRing()

    async def work():
        async with window(qapp, tmp_path, there, ring) as desk:
            (await open_there(desk, there)).trust.click()
            await until(lambda: ring.kept)
            desk.nodes.go_home()
            await shown(desk, LOCAL)
            # One click on the list, and the keyring knows the password.
            desk.nodes.open(desk.context.settings.now.nodes[0])
            await until(lambda: desk.window.windowTitle() == "JetStream – Studio B")
            desk.nodes.open_card()
            desk.window.card.forget_wanted.emit(desk.context.settings.now.nodes[0])
            await until(lambda: not ring.kept)
            assert desk.context.settings.now.nodes == ()

    gui(work)


def test_what_is_near_is_offered_wherever_an_address_is_asked_for(gui, qapp, tmp_path, there):
    async def work():
        async with window(qapp, tmp_path, there) as desk:
            own = desk.context.session.status.server
            studio = Near("u1", "Studio <b>", "127.0.0.1", there.port, there.fingerprint)
            myself = Near(own.server_uid, "me", "127.0.0.1", own.receive_port, own.fingerprint)
            desk.near._nearby.changed.emit((studio, myself))
            composer = desk.window.composer
            desk.compose.open()
            assert [choice.title for choice in composer.list.values.values] == ["Studio <b>"]
            (tmp_path / "a.txt").write_text("a")
            desk.window.drops.paths_dropped.emit([str(tmp_path / "a.txt")], None)
            await until(lambda: composer.history.now.items)
            composer.search.setText("studio")
            composer.list.setCurrentIndex(composer.list.values.index(0, 0))
            await until(lambda: composer.send.isEnabled())
            composer.send.click()
            await until(lambda: desk.context.poller.destinations)
            made = desk.context.poller.destinations[0]
            assert (made.name, made.destination_port) == ("Studio <b>", there.port)
            assert made.permitted_destination_public_key == there.fingerprint
            # It is in the address book now, so it is offered no more, but for opening it.
            await until(lambda: desk.book.page.near.isHidden())
            desk.nodes.open_card()
            assert [action.data() for action in desk.window.card.near.menu().actions()] == [studio]
            desk.window.card.near.menu().actions()[0].trigger()
            assert desk.window.card.address.text() == f"127.0.0.1:{there.port}"
            desk.get.get()
            card = desk.window.card
            card.text.setText("MAYWEBRO.TRUPO.VEVEEBLU")
            card.near.menu().actions()[0].trigger()
            assert card.host.text() == f"127.0.0.1:{there.port}"
            desk.near._nearby.changed.emit((Near("u2", "Lab", "127.0.0.1", 9, "cd" * 32),))
            assert not desk.book.page.near.isHidden()
            desk.window.show_page(desk.book.page)
            desk.book.page.near.menu().actions()[0].trigger()
            assert (desk.window.card.name.text(), desk.window.card.port.value()) == ("Lab", 9)
            assert desk.window.card.identity.text() == "cd" * 32

    gui(work)


def test_the_receiving_folder_over_there_is_chosen_over_there(gui, qapp, tmp_path, there):
    (there.folder / "inbox").mkdir()

    async def work():
        async with window(qapp, tmp_path, there) as desk:
            (await open_there(desk, there)).trust.click()
            await until(lambda: not desk.context.session.node.local
                        and isinstance(desk.context.session.status, Connected))
            desk.window.welcome.folder_wanted.emit()
            card = desk.window.card
            await until(lambda: card.path == "/")
            card.listing_wanted.emit(str(there.folder))
            await until(lambda: card.path == str(there.folder))
            assert all(entry.folder for entry in card.model.values)
            card.listing_wanted.emit(str(there.folder / "nothing"))
            await until(lambda: card.problem.isVisible())
            assert card.path == str(there.folder)
            card.go_up()
            await until(lambda: card.path == str(there.folder.parent))
            card.listing_wanted.emit(str(there.folder / "inbox"))
            await until(lambda: card.path == str(there.folder / "inbox"))
            card.done.click()
            await until(lambda: desk.context.session.status.server.receiving_folder == str(there.folder / "inbox"))

    gui(work)


def test_what_is_left_out_is_not_counted_over_there(gui, qapp, tmp_path, there):
    source = there.folder / "films"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "a.mov").write_bytes(b"a" * 3000)
    (source / "deep" / "b.tmp").write_bytes(b"b" * 100)

    async def work():
        async with window(qapp, tmp_path, there) as desk:
            (await open_there(desk, there)).trust.click()
            await until(lambda: not desk.context.session.node.local
                        and isinstance(desk.context.session.status, Connected))
            composer = desk.window.composer
            desk.compose.open()
            composer.add([Found(str(source), Kind.FOLDER)])
            await until(lambda: "2 files" in composer.card.text("goes"))
            composer._goods.pattern.setText("*.tmp")
            composer._goods._exclude()
            await until(lambda: "1 file, 3 KB" in composer.card.text("goes"))
            index = composer.model.index(0, 0)
            composer.tree.expand(index)
            await until(lambda: composer.model.rowCount(index) == 1)
            # Back at home what was put together there is gone: its files are not here.
            desk.window.status._home.click()
            assert not composer.history.now.items

    gui(work)


def test_a_pause_until_later_ends_on_the_node_that_was_paused(gui, qapp):
    here, elsewhere = MemoryNode(), MemoryNode()
    for node in (here, elsewhere):
        node.put(transfer(1))

    async def work():
        async with running(qapp, here.connect) as desk:
            await until(lambda: desk.context.poller.rows)
            desk.window.actions_.pauses[0].trigger()
            await until(lambda: here.transfers["1"].status == "suspended")
            desk.context.session.open(OpenNode("b.example", fingerprint="ab" * 32), elsewhere.connect)
            await until(lambda: desk.context.poller.rows)
            elsewhere.move("1", status="suspended", processing=False)
            desk.pausing._pauses = {place: replace(pause, until=1) for place, pause in desk.pausing._pauses.items()}
            await desk.context.poller.poll()
            assert elsewhere.transfers["1"].status == "suspended"
            desk.nodes.go_home()
            await until(lambda: here.transfers["1"].status == "sending")

    gui(work)
