"""Getting: links and tokens, the list of what they give, and a part of it."""

import asyncio

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.helpers.build import transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream.errors import Conflict

LINK = "jetstream://studio-b/download?token=MAYWEBRO.TRUPO.VEVEEBLU"


@pytest.fixture
def node():
    made = MemoryNode()
    made.put(transfer(1))
    return made


def rows_of(desk):
    return desk.context.poller.rows


def test_getting(gui, qapp, node):
    from jetstream.tokens import new_token

    token = new_token(lambda n: bytes(range(n)))

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(rows_of(desk)) == 1)
            QApplication.clipboard().setText("rubbish \x00 <b>" * 50)
            desk.window.actions_.get.trigger()
            card = desk.window.card
            assert card.text.text() == ""
            QTest.keyClicks(card.text, token[1] + token[0] + token[2:])
            assert not card.get.isEnabled()
            assert card.text.property("bad")
            card.take(token)
            assert card._host_line.isVisible()
            QTest.keyClicks(card.host, "studio-b")
            QTest.keyClick(card.text, Qt.Key.Key_Return)
            await until(lambda: "r1" in rows_of(desk))
            assert "entries" not in next(params for name, params in node.calls if name == "recv.createDownload")

    gui(work)


def test_getting_a_part(gui, qapp, node):
    node.shared_files = 4500

    async def work():
        async with running(qapp, node.connect) as desk:
            desk.get.get(LINK)
            card = desk.window.card
            await until(lambda: card.get.isEnabled() and "4,500 of 4,500" in card.sum.text())
            assert (card.headline.text(), "45 KB" in card.conditions.text()) == ("Reel 07 from Studio <b>B</b>", True)
            tree = card.pick.tree
            model = tree.model()
            top = model.index(0, 0)
            assert tree.isExpanded(top)
            assert model.index(0, 0, top).data() == "picture"
            QTest.mouseClick(card.pick.none, Qt.MouseButton.LeftButton)
            assert not card.get.isEnabled()
            assert top.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
            found = [n for n in range(4500) if "400" in f"{n:03}" and n % 3]
            QTest.keyClicks(card.pick.search, "400 Sound")
            await until(lambda: model.rowCount(model.index(0, 0, model.index(0, 0))) == len(found))
            QTest.mouseClick(card.pick.all, Qt.MouseButton.LeftButton)
            card.pick.search.clear()
            await until(lambda: model.rowCount(model.index(0, 0)) == 2)
            assert model.index(0, 0).data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.PartiallyChecked
            tree.setFocus()
            tree.expand(model.index(0, 0, model.index(0, 0)))
            tree.setCurrentIndex(model.index(0, 0, model.index(0, 0, model.index(0, 0))))
            QTest.keyClick(tree, Qt.Key.Key_Space)
            assert card.get.text() == f"Get {len(found) + 1} files"
            assert card.sum.text() == f"{len(found) + 1} of 4,500 files, {len(found) + 1}0 B"
            card.folder.setText("films")
            card.get.click()
            await until(lambda: "r1" in rows_of(desk))
            made = next(params for name, params in node.calls if name == "recv.createDownload")
            chosen = [n for first, count in made["entries"] for n in range(first, first + count)]
            assert chosen == [0, *found]
            assert made["destinationPath"] == "films"

    gui(work)


def test_a_link_that_comes_before_the_connection_is_listed_after_it(gui, qapp, node):
    ready = asyncio.Event()

    async def connect(step):
        await ready.wait()
        return await node.connect(step)

    async def work():
        async with running(qapp, connect) as desk:
            desk.shell.take([LINK])
            card = desk.window.card
            await until(lambda: desk.get._asked is not None)
            assert "list of files" in card.hint.text()
            ready.set()
            await until(lambda: "30 of 30" in card.sum.text())
            assert card.folder.placeholderText() == "/received"

    gui(work)


def test_a_click_on_the_box_picks(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            desk.get.get(LINK)
            card = desk.window.card
            await until(lambda: "30 of 30" in card.sum.text())
            tree = card.pick.tree
            top = tree.model().index(0, 0)
            place = tree._delegate.box(tree.visualRect(top)).center()
            QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
            assert card.sum.text() == "0 of 30 files, 0 B"
            QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
            assert card.get.text() == "Get files"
            QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place + QPoint(60, 0))
            assert card.get.text() == "Get files"

    gui(work)


def test_what_cannot_be_listed_says_why_and_can_still_be_fetched(gui, qapp, node):
    node.refuse["recv.previewDownload"] = Conflict("Studio B runs an older JetStream.")

    async def work():
        async with running(qapp, node.connect) as desk:
            desk.get.get(LINK)
            card = desk.window.card
            await until(lambda: card.hint.text() == "Studio B runs an older JetStream.")
            assert not card.list.isVisible()
            node.refuse.clear()
            QTest.keyClicks(card.password, "secret")
            QTest.keyClick(card.password, Qt.Key.Key_Return)
            await until(lambda: card.list.isVisible())
            asked = [params for name, params in node.calls if name == "recv.previewDownload"]
            assert asked[-1]["password"] == "secret"
            QTest.keyClicks(card.text, "x")
            assert not card.list.isVisible()
            assert not card.get.isEnabled()

    gui(work)
