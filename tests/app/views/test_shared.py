"""Shared tokens after they were made: everything can be changed, extended, replaced and revoked."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from app.helpers.build import NOW
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream.entities import Manifest, Token
from jetstream_desktop.state.sharing import DAY
from jetstream_desktop.views import dialogs
from jetstream_desktop.views.share import ShareCard

OLD = "OLDTOKEN"
LATER = 4_000_000_000_000_000


@pytest.fixture
def node():
    made = MemoryNode()
    made.manifests["m"] = Manifest(manifest_id="m", status="complete", processing=False, total_files=3, total_size=9,
                                   label="Reel 07")
    made.tokens[OLD] = Token(token=OLD, manifest_id="m", description="For Anna", expiry_time=LATER, download_limit=5,
                             password_required=True, creation_time=1)
    return made


def press(page, name):
    next(b for b in page.findChildren(QPushButton) if b.accessibleName() == name).click()


async def opened(desk, node):
    page = desk.share.page
    desk.window.show_page(page)
    await until(lambda: page.table.model().rowCount() == len(node.tokens))
    page.table.selectAll()
    return page


def changes(node):
    return [params["changes"] for name, params in node.calls if name == "send.updateSharedToken"]


def test_only_what_was_changed_is_sent(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            press(await opened(desk, node), "Open")
            card = desk.window.card
            assert card.form.password.placeholderText() == "kept as it is"
            card.form.description.setText("For Ben")
            card.form.description.textEdited.emit("For Ben")
            card.apply.click()
            await until(lambda: changes(node) == [{"description": "For Ben"}])
            card.form.lift.click()
            assert card.apply.isVisible()
            card.apply.click()
            await until(lambda: changes(node)[1:] == [{"password": ""}])

    gui(work)


def test_what_has_ended_can_still_be_described(gui, qapp, node):
    """Its end is over, which is no end that could be set."""
    node.tokens[OLD] = Token(token=OLD, manifest_id="m", expiry_time=NOW, creation_time=1)

    async def work():
        async with running(qapp, node.connect) as desk:
            press(await opened(desk, node), "Open")
            desk.window.card.form.description.setText("x")
            desk.window.card.apply.show()
            desk.window.card.apply.click()
            await until(lambda: changes(node) == [{"description": "x"}])
            assert node.tokens[OLD].expiry_time == NOW

    gui(work)


def test_all_that_are_selected_are_extended(gui, qapp, node):
    node.tokens["NEVER"] = Token(token="NEVER", manifest_id="m", creation_time=2)
    node.tokens["THIRD"] = Token(token="THIRD", manifest_id="m", expiry_time=LATER + 5, creation_time=3)

    async def work():
        async with running(qapp, node.connect) as desk:
            press(await opened(desk, node), "Extend by a week")
            await until(lambda: node.tokens["THIRD"].expiry_time == LATER + 5 + 7 * DAY
                        and node.tokens[OLD].expiry_time == LATER + 7 * DAY)
            assert node.tokens["NEVER"].expiry_time is None

    gui(work)


def test_a_token_is_replaced_by_another_one(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            press(await opened(desk, node), "Re-issue")
            card = desk.window.card
            assert card.form.values() | {"password": "x"} == {
                "expiry_time": LATER, "download_limit": 5, "password": "x", "description": "For Anna"}
            assert "type it again" in card.form.password.placeholderText()
            card.form.password.setText("kettle")
            card.make.click()
            await until(lambda: set(node.tokens) == {"MAYWEBRO.TRUPO.VEVEEBLU"})
            await until(lambda: "replaces the old one" in desk.window.banner.text)
            assert card.token.text() == "MAYWEBRO.TRUPO.VEVEEBLU"
            assert node.tokens["MAYWEBRO.TRUPO.VEVEEBLU"].manifest_id == "m"

    gui(work)


def test_replacing_from_the_card_of_a_token_shows_the_new_one(gui, qapp, node):
    """The old card goes while the new one is open, and takes nothing with it."""

    async def work():
        async with running(qapp, node.connect) as desk:
            press(await opened(desk, node), "Open")
            desk.window.card.reissue.click()
            desk.window.card.make.click()
            await until(lambda: set(node.tokens) == {"MAYWEBRO.TRUPO.VEVEEBLU"})
            await until(lambda: desk.window.card.token.text() == "MAYWEBRO.TRUPO.VEVEEBLU")
            assert node.tokens["MAYWEBRO.TRUPO.VEVEEBLU"].manifest_id == "m"

    gui(work)


def test_a_second_card_outlives_the_first(gui, qapp, node):
    """Asking twice for the same card must not leave one that hears no answers."""

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: node.tokens and desk.context.poller.tokens)
            for desk_of, action in ((desk.get, desk.window.actions_.get), (desk.allowed, desk.window.actions_.allowed),
                                    (desk.shell, desk.window.actions_.settings)):
                gone = []
                action.trigger()
                desk.window.card.destroyed.connect(lambda *_, gone=gone: gone.append(True))
                action.trigger()
                await until(lambda gone=gone: gone)
                assert desk_of._card is desk.window.card

    gui(work)


def test_in_little_room_the_name_has_it_and_no_token_is_cut(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            page = await opened(desk, node)
            table = page.table
            desk.window.resize(800, 500)
            await until(lambda: table.isColumnHidden(1))
            assert [table.isColumnHidden(place) for place in range(5)] == [False, True, False, False, True]
            assert table.columnWidth(0) > 200
            desk.window.resize(1280, 800)
            await until(lambda: not table.isColumnHidden(1))
            assert table.columnWidth(1) == 260

    gui(work)


def test_with_nothing_selected_the_composer_is_there_to_share(gui, qapp, node, monkeypatch, tmp_path):
    titles = []
    for name in ("choose_files", "choose_folder"):
        monkeypatch.setattr(dialogs, name, lambda _parent, title, _chosen: titles.append(title))
    (tmp_path / "a.txt").write_text("a")

    async def work():
        async with running(qapp, node.connect) as desk:
            window, composer = desk.window, desk.window.composer
            window.actions_.share.trigger()
            assert composer.sharing
            assert "Choose files to share" in [one.text() for one in composer.findChildren(QLabel)]
            assert window.focusWidget().text() == "Choose files…"
            assert (composer.share.text(), composer.share.property("role")) == ("Share by link", "primary")
            assert (composer.send.text(), composer.send.property("role")) == ("Send instead", "")
            await until(lambda: composer.share.y() < composer.send.y())
            composer.files_wanted.emit()
            composer.folder_wanted.emit()
            assert titles == ["Choose files to share", "Choose a folder to share"]
            desk.compose.drop([str(tmp_path / "a.txt")], None)
            await until(lambda: window.focusWidget() is composer.share)
            QTest.keyClick(composer.search, Qt.Key.Key_Return)
            assert window.focusWidget() is composer.share
            QTest.keyClick(composer.share, Qt.Key.Key_Return)
            await until(lambda: isinstance(window.card, ShareCard))
            window.close_card()
            assert composer.sharing

    gui(work)


def test_leaving_the_composer_that_is_there_to_share_leaves_nothing_behind(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            window, composer = desk.window, desk.window.composer
            window.actions_.share.trigger()
            composer.closed.emit()
            assert window.banner.text == ""
            desk.compose.open_empty()
            assert not composer.sharing
            assert (composer.send.property("role"), composer.share.text()) == ("primary", "Share by link instead")

    gui(work)
