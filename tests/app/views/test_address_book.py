"""The address book on a node in memory."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream.checks import check, untried
from jetstream.entities import Destination
from jetstream.errors import Conflict
from jetstream.findings import Step
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
            assert not card.again.isEnabled()
            node.findings = [*node.findings, check("route-refused", host="host1.example", port=8886),
                             untried(Step.PROTOCOL)]
            await until(lambda: "host1.example is there, but nothing listens on port 8886." in texts(card))
            node.findings_done = True
            await until(lambda: "It fails at: Route and port." in texts(card))
            assert card.again.isEnabled()
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
            assert card.test.isEnabled()

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
            desk.window.close_card()
            await until(lambda: desk.book._trial._card is None)

    gui(work)
