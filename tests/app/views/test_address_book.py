"""The address book on a node in memory."""

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream.checks import check, untried
from jetstream.entities import Destination
from jetstream.errors import Conflict, InvalidParameters
from jetstream.findings import Step
from jetstream_desktop.state import bookfile
from jetstream_desktop.views.destination_editor import DestinationCard
from jetstream_desktop.views.test_card import TestCard


def destination(number, **more):
    return Destination(**({"destination_id": str(number), "destination_address": f"host{number}.example",
                           "destination_port": 8886, "creation_time": number} | more))


@pytest.fixture
def node():
    made = MemoryNode()
    made.destinations["1"] = destination(1, name="Studio B", last_rate=8000)
    return made


def texts(widget):
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


async def ready(desk):
    await until(lambda: desk.context.poller.destinations)
    desk.window.show_page(desk.book.page)


def test_a_test_shows_its_steps_as_they_end(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            node.findings = [check("name-found", host="host1.example", addresses="10.0.0.7")]
            desk.book.test(desk.context.poller.destinations[0])
            card = desk.window.card
            assert isinstance(card, TestCard)
            await until(lambda: "host1.example is 10.0.0.7." in texts(card))
            assert "testing…" in texts(card)
            node.findings = [*node.findings, check("route-refused", host="host1.example", port=8886),
                             untried(Step.PROTOCOL)]
            await until(lambda: "host1.example is there, but nothing listens on port 8886." in texts(card))
            node.findings_done = True
            await until(lambda: "It fails at: Route and port." in texts(card))
            asked = [params for name, params in node.calls if name == "send.testDestinationAsync"]
            assert asked == [{"destination": "1"}]
            QTest.keyClick(card, Qt.Key.Key_Escape)
            assert desk.window.card is None

    gui(work)


def test_the_editor_tests_what_stands_in_it(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            desk.book.edit(desk.context.poller.destinations[0])
            card = desk.window.card
            assert isinstance(card, DestinationCard)
            card.address.setText("elsewhere.example:9000")
            card.password.setText("secret")
            node.findings, node.findings_done = [check("name-unknown", host="elsewhere.example")], True
            card.test.click()
            await until(lambda: "The name elsewhere.example is not known here." in texts(card))
            asked = next(params for name, params in node.calls if name == "send.testDestinationAsync")
            assert asked == {"destination": "1", "destinationAddress": "elsewhere.example", "destinationPort": 9000,
                             "userName": "", "password": "secret", "permittedDestinationPublicKey": ""}
            node.refuse["send.testDestinationAsync"] = Conflict("Not now.")
            card.test.click()
            await until(lambda: "Not now." in texts(card))
            assert card.test.text() == "Test"

    gui(work)


def test_a_test_ends_with_its_card_and_not_with_another_one(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            one = desk.context.poller.destinations[0]
            desk.book.test(one)
            desk.book.test(one)
            node.findings, node.findings_done = [check("name-unknown", host="x")], True
            await until(lambda: "It fails at: Name." in texts(desk.window.card))
            assert desk.book._trial._card is desk.window.card, "the end of the first ends no other one"
            desk.window.close_card()
            await until(lambda: desk.book._trial._card is None)
            assert desk.book._trial._task is None

    gui(work)


def test_the_node_looks_at_itself(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            node.findings = [check("ports-all", port=8886), check("buffers-small", buffer=1, wanted=2, wanted_bytes=2)]
            desk.window.actions_.check_node.trigger()
            card = desk.window.card
            await until(lambda: "The node works. Something could be better." in texts(card))
            await until(lambda: "Port 8886 is open on every interface, for programs and nodes." in texts(card))
            card.copy.click()
            assert "Buffers: look." in qapp.clipboard().text()
            node.refuse["server.getDiagnostics"] = InvalidParameters("There is no method.", field="method")
            card.again.click()
            await until(lambda: any("too old to look at itself" in text for text in texts(card)))

    gui(work)


# -- groups, files, links -------------------------------------------------------------------------------------------


def shown(desk):
    model = desk.book.page.model
    return [(model.index(row, 0).data(), model.rowCount(model.index(row, 0))) for row in range(model.rowCount())]


def choose(desk, key):
    tree = desk.book.page.tree
    tree.setCurrentIndex(desk.book.page.model.find(key))


def test_groups_fold_and_stay_folded(gui, qapp, node):
    node.destinations["2"] = destination(2, name="Archive", user_data={"group": "Archives"})

    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            page = desk.book.page
            await until(lambda: shown(desk) == [("Archives", 1), ("Without a group", 1)])
            assert page.tree.isExpanded(page.model.index(0, 0))
            choose(desk, "group:Archives")
            assert not any(made.isEnabled() for made in page._one_needed)
            QTest.keyClick(page.tree, Qt.Key.Key_Left)
            assert not page.tree.isExpanded(page.model.index(0, 0))
            assert desk.context.settings.now.closed_groups == "Archives"
            node.destinations["3"] = destination(3, name="New", user_data={"group": "Labs"})
            desk.context.poller.soon()
            await until(lambda: len(shown(desk)) == 3)
            assert [page.tree.isExpanded(page.model.index(row, 0)) for row in range(3)] == [False, True, True]
            sidebar = [entry.text for entry in desk.window.sidebar.list.model()._entries]
            assert sidebar[sidebar.index("Destinations") + 1 :] == [
                "Studio B", "Labs", "New", "Archives", "Archive", "All destinations…"]
            page.search.setText("new")
            assert shown(desk) == [("Labs", 1)]
            page.search.setText("nothing like that")
            assert "Nothing fits “nothing like that”" in texts(page)

    gui(work)


def test_a_group_is_given_in_the_editor_and_other_data_stays(gui, qapp, node):
    node.destinations["1"] = destination(1, name="Studio B", send_rate_max=512, user_data={"kept": 1})

    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            choose(desk, "1")
            QTest.keyClick(desk.book.page.tree, Qt.Key.Key_Return)
            card = desk.window.card
            card.group.setText(" Studios ")
            card.save.click()
            await until(lambda: node.destinations["1"].user_data == {"kept": 1, "group": "Studios"})
            assert node.destinations["1"].send_rate_max == 512, "finer than the field shows"

    gui(work)


def test_a_card_goes_back_to_the_page_below_it_and_to_no_other(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            pages, seen = desk.window.pages, []
            desk.book.edit(None)
            pages.currentChanged.connect(lambda _number: seen.append(pages.currentWidget()))
            QTest.keyClick(desk.window.card, Qt.Key.Key_Escape)
            assert set(seen) == {desk.book.page}

    gui(work)


def test_files_go_to_the_folder_of_the_destination(gui, qapp, node):
    node.destinations["1"] = destination(1, name="Studio B", user_data={"folder": "dailies"})
    node.destinations["2"] = destination(2, name="Archive")

    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            desk.compose.open("1")
            composer = desk.window.composer
            assert composer.folder.text() == "dailies"
            composer.list.show_choices(list(composer.list.values.values), "2")
            assert composer.folder.text() == ""
            composer.folder.setText("typed")
            composer.list.show_choices(list(composer.list.values.values), "1")
            assert composer.folder.text() == "typed"
            desk.book.edit(desk.context.poller.destinations[0])
            desk.window.card.folder.setText("reels")
            desk.window.card.save.click()
            await until(lambda: node.destinations["1"].user_data == {"folder": "reels"})

    gui(work)


def test_enter_saves_and_what_was_saved_is_chosen(gui, qapp, node):
    node.destinations["2"] = destination(2, name="Studio C")

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(desk.context.poller.destinations) == 2)
            desk.window.show_page(desk.book.page)
            desk.book.edit(None)
            card = desk.window.card
            assert card.save.toolTip() == "It needs an address first."
            QTest.keyClicks(card.name, "Harbour")
            QTest.keyClick(card.name, Qt.Key.Key_Return)
            assert card.address.hasFocus()  # what is still missing
            assert len(node.destinations) == 2
            QTest.keyClicks(card.address, "harbour.example")
            QTest.keyClick(card.address, Qt.Key.Key_Return)
            await until(lambda: [one.name for one in desk.book.page.chosen()] == ["Harbour"])
            assert desk.window.card is None
            desk.book.page._remove()
            await until(lambda: len(desk.context.poller.destinations) == 2)
            assert desk.window.banner.text == "Removed Harbour."
            QTest.mouseClick(desk.window.banner.passing.button, Qt.MouseButton.LeftButton)
            await until(lambda: [one.name for one in desk.book.page.chosen()] == ["Harbour"])
            assert desk.book.page.tree.hasFocus()

    gui(work)


def test_what_can_be_left_out_comes_after_what_is_needed(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            desk.book.edit(None)
            card = desk.window.card
            await until(lambda: card.name.hasFocus())
            for field in (card.address, card.port, card.group):
                QTest.keyClick(qapp.focusWidget(), Qt.Key.Key_Tab)
                assert field.hasFocus()

    gui(work)


def test_removing_is_taken_back_whole(gui, qapp, node):
    node.destinations["1"] = destination(1, name="Studio B", password_set=True, user_data={"group": "G"})

    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            await until(lambda: shown(desk) == [("G", 1)])
            choose(desk, "1")
            QTest.keyClick(desk.book.page.tree, Qt.Key.Key_Delete)
            await until(lambda: not node.destinations)
            await until(lambda: "Removed Studio B." in desk.window.banner.text)
            desk.window.banner.pressed.emit("undo-remove-destination")
            await until(lambda: node.destinations)
            assert node.destinations["1"].password_set

    gui(work)


def test_export_import_and_undo(gui, qapp, node, tmp_path):
    node.destinations["2"] = destination(2, name="Archive", user_data={"group": "Archives"})
    path = tmp_path / "book.json"

    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            await desk.book._files.give(str(path), desk.context.poller.destinations)
            assert "2 destinations are in book.json. Passwords are not in it." in desk.window.banner.text
            del node.destinations["2"]
            node.destinations["1"] = destination(1, name="Renamed")
            desk.context.poller.soon()
            await until(lambda: [d.name for d in desk.context.poller.destinations] == ["Renamed"])
            desk.book._files.take(str(path))
            await until(lambda: "Imported: 1 new, 1 changed." in desk.window.banner.text)
            assert {d.name for d in node.destinations.values()} == {"Studio B", "Archive"}
            desk.window.banner.pressed.emit("undo-import-destinations")
            await until(lambda: [d.name for d in node.destinations.values()] == ["Renamed"])

    gui(work)


def test_an_import_that_stops_halfway_can_be_taken_back(gui, qapp, node, tmp_path):
    path = tmp_path / "book.json"
    path.write_text(bookfile.write([destination(7, name="Seven"), destination(1, name="One")]))
    node.refuse["send.updateDestination"] = Conflict("The node is busy.")

    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            desk.book._files.take(str(path))
            await until(lambda: "The import stopped halfway: The node is busy." in desk.window.banner.text)
            assert len(node.destinations) == 2
            desk.window.banner.pressed.emit("undo-import-destinations")
            await until(lambda: [d.name for d in node.destinations.values()] == ["Studio B"])

    gui(work)


def test_files_that_cannot_be_used(gui, qapp, node, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text("{")

    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            desk.book._files.take(str(broken))
            await until(lambda: "This is no address book: the file is no JSON." in desk.window.banner.text)
            desk.book._files.take(str(tmp_path / "missing.json"))
            await until(lambda: "missing.json cannot be read" in desk.window.banner.text)
            await desk.book._files.give(str(tmp_path / "no" / "x.json"), desk.context.poller.destinations)
            assert "x.json cannot be written" in desk.window.banner.text
            desk.book._files.ask_export([])
            assert "no destinations to export" in desk.window.banner.text

    gui(work)


def test_pasting_and_copying_links(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            clipboard = qapp.clipboard()
            clipboard.setText("neither this nor that")
            desk.book.page.tree.setFocus()
            QTest.keyClick(desk.book.page.tree, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
            assert "neither an address nor a jetstream: link" in desk.window.banner.text
            clipboard.setText(f"jetstream://lab.example:9000/connect?name=Lab&identity={'ab' * 32}")
            QTest.keyClick(desk.book.page.tree, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
            card = desk.window.card
            assert (card.address.text(), card.port.value(), card.name.text()) == ("lab.example", 9000, "Lab")
            assert card.identity.text() == "ab" * 32
            card.address.setText("jetstream://other.example:7000/connect?name=Other")
            assert (card.address.text(), card.port.value(), card.name.text()) == ("other.example", 7000, "Lab")
            desk.shell.take(["jetstream://third.example/connect?name=Third"])
            assert desk.window.card.name.text() == "Third"
            desk.window.close_card()
            desk.book._copy_link(desk.context.poller.destinations[0])
            assert clipboard.text() == "jetstream://host1.example/connect?name=Studio%20B"

    gui(work)


def test_buttons_keep_their_texts_as_long_as_there_is_room(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await ready(desk)
            page = desk.book.page
            buttons = {text.rstrip("…"): made for made, text in page._texts}

            async def shown(width):
                desk.window.resize(width, 600)
                await until(lambda: desk.window.width() == width)
                for _turn in range(6):  # layouts follow their events one after the other
                    await asyncio.sleep(0)
                return [name for name, made in buttons.items() if made.text()]

            assert await shown(1280) == ["Send", "Test", "Edit", "Remove", "Add"]
            page.near.setText("3 nearby")
            page.near.show()
            some = await shown(1100)
            assert some == [*list(buttons)[:len(some) - 1], "Add"]
            assert 1 < len(some) < 5
            page.near.hide()
            assert len(await shown(1101)) > len(some)
            assert await shown(600) in ([], ["Add"])

    gui(work)
