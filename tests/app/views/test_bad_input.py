"""What people drop, paste and meet that makes no sense: each gets a reason where they look, and nothing breaks."""

import asyncio
import gc
import os
import sys

import pytest
from PySide6.QtCore import QByteArray, QMimeData, Qt, QUrl
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.helpers.build import transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from app.views.drops import drop, files
from jetstream.errors import AuthenticationFailed, RequestTimeout
from jetstream_desktop import application
from jetstream_desktop.models.basket import GOES_AS, NAME, SIZE
from jetstream_desktop.services.instance import Instance
from jetstream_desktop.settings import Settings, peek
from jetstream_desktop.state.connection import Failed
from jetstream_desktop.views.drop import dropped_paths
from jetstream_desktop.views.main_window import MainWindow

LINK = "jetstream://studio-b/download?token=MAYWEBRO.TRUPO.VEVEEBLU"


@pytest.fixture
def node():
    made = MemoryNode()
    made.put(transfer(1))
    return made


def cells(composer, column):
    model = composer.model
    return [model.index(row, column).data() for row in range(model.rowCount())]


def test_a_file_that_vanishes_is_named_and_the_rest_goes(gui, qapp, node, tmp_path):
    here = tmp_path / "here.mov"
    here.write_bytes(b"x" * 2000)

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            drop(desk.window, files(here, tmp_path / "gone.mov"))
            await until(lambda: len(composer.history.now.items) == 2)
            assert "not there" in composer.card.note.text()
            assert not composer.send.isEnabled()
            composer.tree.setCurrentIndex(composer.model.index(cells(composer, NAME).index("gone.mov"), 0))
            QTest.keyClick(composer.tree, Qt.Key.Key_Delete)
            await until(lambda: len(composer.history.now.items) == 1)
            assert "not there" not in composer.card.note.text()

    gui(work)


def test_an_empty_folder_and_an_empty_file(gui, qapp, node, tmp_path):
    (tmp_path / "nothing").mkdir()
    (tmp_path / "empty.dat").touch()

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            drop(desk.window, files(tmp_path / "nothing", tmp_path / "empty.dat"))
            await until(lambda: len(composer.history.now.items) == 2)
            await until(lambda: all(count.complete for count in composer.counted.values()) and composer.counted)
            assert "1 file" in composer.card.text("goes")

    gui(work)


def test_a_sparse_file_of_five_terabytes(gui, qapp, node, tmp_path):
    huge = tmp_path / "huge.img"
    try:
        with huge.open("wb") as file:
            file.truncate(5 * 10**12)
    except OSError:
        pytest.skip("this file system has no such large files")

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            drop(desk.window, files(huge))
            await until(lambda: cells(composer, SIZE) == ["5.0 TB"])
            assert "5.0 TB" in composer.card.text("goes")

    gui(work)


@pytest.mark.skipif(sys.platform == "darwin", reason="APFS takes only names in UTF-8")
def test_names_that_no_screen_should_show_as_they_are(gui, qapp, node, tmp_path):
    names = [b"caf\xe9.mov", b"<b>bold</b><img src=x>.mov".replace(b"/", b"-"),
             "annex\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe".encode(), b"line\nbreak", b"n" * 255]
    raw = os.fsencode(tmp_path)
    for name in names:
        with open(raw + b"/" + name, "wb") as file:
            file.write(b"x")

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            desk.compose.drop([os.fsdecode(raw + b"/" + name) for name in names], None)
            await until(lambda: len(composer.history.now.items) == len(names))
            for text in (*cells(composer, NAME), *cells(composer, GOES_AS)):
                assert text.isprintable()
                assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text
                text.encode("utf-8")
            desk.window.grab()

    gui(work)


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="these take only names that are text")
def test_a_dropped_name_that_is_no_utf_8_is_the_file_of_that_name(gui, qapp, node, tmp_path):
    """File managers send the bytes of the name, percent-encoded."""
    raw = os.fsencode(tmp_path) + b"/caf\xe9 \xef\xbf\xbd"
    os.mkdir(raw)
    with open(raw + b"/\xff.mov", "wb") as file:
        file.write(b"12345")
    data = QMimeData()
    data.setData("text/uri-list", QByteArray(f"file://{tmp_path}/caf%E9%20%EF%BF%BD/%FF.mov\r\n".encode()))
    assert dropped_paths(data) == [os.fsdecode(raw + b"/\xff.mov")]

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            drop(desk.window, data)
            await until(lambda: cells(composer, SIZE) == ["5 B"])
            assert not composer.card.note.text()

    gui(work)


def test_a_path_of_nearly_four_thousand_bytes(gui, qapp, node, tmp_path):
    deep = tmp_path
    while len(str(deep)) < 3700:
        deep = deep / ("d" * 200)
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(len(deep.parts) - len(tmp_path.parts)):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        with open("end.mov", "wb") as file:
            file.write(b"x" * 7000)
    finally:
        os.chdir(here)

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = desk.window.composer
            drop(desk.window, files(tmp_path / ("d" * 200)))
            await until(lambda: composer.counted and all(count.complete for count in composer.counted.values()))
            assert "1 file, 7 KB" in composer.card.text("goes")

    gui(work)


@pytest.mark.parametrize(("text", "paths"), [
    ("/a b/c\n", ["/a b/c"]), ("file:///a%20b/%C3%BC", ["/a b/\u00fc"]), ('"/quoted one"', ["/quoted one"]),
    ("https://example.com/file", []), ("C:\\x", []), ("", []), ("\x00\ufffe" * 3000, []), ("file://other/x", []),
])
def test_what_is_pasted_as_text(text, paths):
    data = QMimeData()
    data.setText(text)
    assert dropped_paths(data) == paths


@pytest.mark.parametrize("kind", ["picture", "long", "binary", "markup", "swapped"])
def test_a_clipboard_full_of_rubbish_in_get(gui, qapp, node, kind):
    data = QMimeData()
    if kind == "picture":
        image = QImage(4, 4, QImage.Format.Format_RGB32)
        image.fill(QColor("red"))
        data.setImageData(image)
    else:
        data.setText({"long": "x" * 3_000_000, "binary": "\x00\x01\ud7ff" * 300, "markup": "<img src=x onerror=y>",
                      "swapped": "MAYWEBRO.TRUPO.VEVEEBLE"}[kind])

    async def work():
        async with running(qapp, node.connect) as desk:
            QApplication.clipboard().setMimeData(data)
            desk.window.actions_.get.trigger()
            card = desk.window.card
            assert card.text.text() == ""
            card.text.setText(QApplication.clipboard().text()[:4000])
            assert not card.get.isEnabled()
            assert card.hint.textFormat() == Qt.TextFormat.PlainText
            assert kind == "picture" or card.hint.text()
            QApplication.clipboard().clear()

    gui(work)


def test_a_list_of_no_known_form(gui, qapp, node):
    node.rubbish["recv.previewDownload"] = {"files": [{"entry": "x"}], "nextOffset": None}

    async def work():
        async with running(qapp, node.connect) as desk:
            desk.get.get(LINK)
            card = desk.window.card
            await until(lambda: "cannot be shown" in card.hint.text())
            assert not card.list.isVisible()
            assert card.get.isEnabled()

    gui(work)


def test_a_list_that_breaks_off(gui, qapp, node):
    node.shared_files = 4500
    node.rubbish["recv.previewDownload"] = lambda client, params: (
        client.recv_previewDownload(**params) if "offset" not in params else "rubbish")

    async def work():
        async with running(qapp, node.connect) as desk:
            desk.get.get(LINK)
            card = desk.window.card
            await until(lambda: "cannot be shown" in card.hint.text())
            assert not card.list.isVisible()
            card.get.click()
            await until(lambda: any(name == "recv.createDownload" for name, _ in node.calls))
            assert "entries" not in next(params for name, params in node.calls if name == "recv.createDownload")

    gui(work)


@pytest.mark.parametrize("answer", ["rubbish", 7, [7], [{"transferId": []}], None, {"a": 1}])
def test_a_node_that_answers_with_rubbish(gui, qapp, node, answer):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: "s1" in desk.context.poller.rows)
            node.rubbish["send.getTransfers"] = answer
            desk.context.poller.soon()
            await until(lambda: desk.window.banner.text)
            assert "s1" in desk.context.poller.rows
            node.rubbish.clear()
            node.move("1", bytes_acked=900)
            await until(lambda: desk.context.poller.rows["s1"].done == 900)

    gui(work)


def test_a_node_that_answers_late_or_not_at_all(gui, qapp, node):
    answered = asyncio.Event()

    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            await until(lambda: "s1" in desk.context.poller.rows)
            node.stalled["send.suspendTransfer"] = node.stalled["send.getTransfers"] = answered
            node.stalled["recv.previewDownload"] = answered
            window.table.select_key("s1")
            window.actions_.pause.trigger()
            desk.get.get(LINK)
            await until(lambda: "list of files" in window.card.hint.text())
            window.actions_.settings.trigger()
            window.show_all()
            window.grab()
            assert window.table.model().rowCount() == 1
            answered.set()
            await until(lambda: desk.context.poller.rows["s1"].can_resume)

    gui(work)


@pytest.mark.parametrize("hangs", [True, False])
def test_that_nothing_new_comes_is_said_until_something_does(gui, qapp, node, hangs):
    """Once, without names of calls, and it does not go while it is true."""
    what = "The node at localhost:1 did not answer `send.getTransfers` within 5 seconds; it may still carry it out."

    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            await until(lambda: "s1" in desk.context.poller.rows)
            if hangs:
                node.refuse["send.getTransfers"] = node.refuse["send.suspendTransfer"] = RequestTimeout(what)
            else:
                node.rubbish["send.getTransfers"] = 7
            desk.context.poller.soon()
            await until(lambda: "What stands here is what" in window.banner.text)
            assert window.status._state.text() == "Nothing new from the node"
            assert "active" not in window.windowTitle()
            window.table.select_key("s1")
            window.actions_.pause.trigger()
            if hangs:
                await until(lambda: window.banner.text.startswith("The node did not answer in time."))
                window.banner.close_line()
            assert "What stands here is what" in window.banner.text
            assert not window.banner.passing.close_button.isVisible()
            node.refuse.clear()
            node.rubbish.clear()
            desk.context.poller.soon()
            await until(lambda: not window.banner.isVisible())
            assert window.status._state.text() == "Node running"
            assert ("active" in window.windowTitle()) is hangs  # else it is paused

    gui(work)


def test_leaving_while_the_node_answers_nothing(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: "s1" in desk.context.poller.rows)
            node.stalled["send.getTransfers"] = node.stalled["send.suspendTransfer"] = asyncio.Event()
            desk.window.table.select_key("s1")
            desk.window.actions_.pause.trigger()
            await until(lambda: "send.suspendTransfer" in [name for name, _ in node.calls])
        assert len(desk.context.tasks) == 0
        assert node.transfers["1"].status == "sending", "nobody waited for the answer"

    gui(work)


def test_a_broken_settings_file_is_told_and_kept(gui, qapp, node, tmp_path):
    folder = tmp_path / "state"
    folder.mkdir(exist_ok=True)
    (folder / "desktop.json").write_text("{ this is no JSON")
    assert peek(folder) == Settings()
    assert (folder / "desktop.json").exists()

    async def work():
        async with running(qapp, node.connect) as desk:
            assert "desktop.broken" in desk.window.banner.text
            assert (folder / "desktop.broken").read_text() == "{ this is no JSON"

    gui(work)


@pytest.mark.parametrize("call", ["send.getDestinations", "send.getSharedTokens", "recv.getTransfers",
                                  "recv.getOffers", "send.getTransfers"])
@pytest.mark.parametrize("answer", ["rubbish", [7], None, [{}]])
def test_whatever_is_answered_wrongly_is_said_and_asked_again(gui, qapp, node, call, answer):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: "s1" in desk.context.poller.rows)
            node.rubbish[call] = answer
            desk.context.poller.soon()
            await until(lambda: desk.window.banner.text)
            assert desk.window.table.model().rowCount() == 1
            node.rubbish.clear()
            node.move("1", bytes_acked=900)
            desk.context.poller.soon()
            await until(lambda: desk.context.poller.rows["s1"].done == 900)

    gui(work)


@pytest.mark.parametrize("answer", ["rubbish", None, {}, {"apiVersion": "x"}])
def test_a_node_that_does_not_say_who_it_is(gui, qapp, node, answer):
    """The reason stands in the bar, and it is tried again."""
    node.rubbish["server.getServerInfo"] = answer

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: isinstance(desk.context.session.status, Failed))
            assert desk.window.banner.text
            node.rubbish.clear()
            desk.context.session.retry_now()
            await until(lambda: "s1" in desk.context.poller.rows)

    gui(work)


@pytest.mark.parametrize("content", [
    '{"geometry": "@@@", "header": "AAAA", "tab": 99, "language": "xx", "closed_groups": 7, "nodes": [7, {}]}',
    '{"geometry": 7, "header": [], "week": {"hours": "2"}, "paused": "s1 x", "paused_until": -5, "on_close": "x"}',
    '{"appearance": "pink", "paused": "\\ud800", "paused_until": 99999999999999999999}', "[]", "null", "\x00\xff",
])
def test_settings_that_make_no_sense_cost_no_start(gui, qapp, node, tmp_path, content):
    folder = tmp_path / "state"
    folder.mkdir(exist_ok=True)
    (folder / "desktop.json").write_text(content, encoding="latin-1")

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: "s1" in desk.context.poller.rows)
            desk.window.actions_.settings.trigger()
            desk.window.grab()
        assert (folder / "desktop.json").read_text()

    gui(work)


def test_settings_that_cannot_be_written_are_told(gui, qapp, node, tmp_path):
    async def work():
        async with running(qapp, node.connect) as desk:
            (tmp_path / "state" / "desktop.json.part").mkdir(parents=True)
            desk.context.settings.change(tab=2)
            await until(lambda: "could not be saved" in desk.window.banner.text)
            assert desk.context.settings.now.tab == 2, "they hold for this run"
            (tmp_path / "state" / "desktop.json.part").rmdir()
            desk.context.settings.change(tab=1)
            assert peek(tmp_path / "state").tab == 1

    gui(work)


def test_a_start_hidden_in_a_tray_that_is_not_there_shows_the_window(gui, qapp, node, tmp_path):
    """The display of the tests has neither tray nor bus."""
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "desktop.json").write_text('{"nearby": false}')  # tests keep to the loopback

    class Node:
        reach = staticmethod(node.connect)

        async def stop(self):
            return None

    async def work():
        def windows():
            return [one for one in qapp.topLevelWidgets() if isinstance(one, MainWindow) and one.isVisible()]

        leaving = asyncio.ensure_future(application.serve(qapp, Instance(tmp_path / "state"), Node(), [],
                                                          hidden=True))
        try:
            await until(windows)
        finally:
            qapp.quit_wanted.emit()
            qapp.quit_wanted.emit()  # twice at once
            await leaving
        assert not windows()

    before = gc.get_threshold()
    try:
        gui(work)
    finally:  # the program calms the collector for as long as it lives
        gc.unfreeze()
        gc.set_threshold(*before)


def test_a_share_that_wants_a_password_asks_for_it(gui, qapp, node):
    node.refuse["recv.previewDownload"] = AuthenticationFailed("This token, or its password, is not right.")

    async def work():
        async with running(qapp, node.connect) as desk:
            desk.get.get(LINK)
            card = desk.window.card
            await until(lambda: "has a password" in card.hint.text())
            card.password.setText("wrong")
            card.look.click()
            await until(lambda: card.hint.text() == "This token, or its password, is not right.")
            asked = [params.get("password") for name, params in node.calls if name == "recv.previewDownload"]
            assert asked == [None, "wrong"]

    gui(work)


@pytest.mark.parametrize("kind", ["text", "address"])
def test_a_link_that_is_dropped_or_pasted_is_opened(gui, qapp, node, kind):
    data = QMimeData()
    if kind == "text":
        data.setText(f"Fetch it here: {LINK} until Friday")
    else:
        data.setUrls([QUrl(LINK)])

    async def work():
        async with running(qapp, node.connect) as desk:
            assert drop(desk.window, data) == "Drop to open the link"
            assert desk.window.card.text.text() == LINK
            desk.window.close_card()
            desk.compose.open()
            QApplication.clipboard().setMimeData(data)
            desk.window.composer.paste_wanted.emit()
            assert desk.window.card.text.text() == LINK
            QApplication.clipboard().clear()

    gui(work)


def test_of_several_links_the_first_that_is_one_is_opened(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            desk.shell.take(["jetstream:rubbish", LINK, "jetstream://b.example/connect"])
            assert desk.window.card.text.text() == LINK
            assert "One link at a time" in desk.window.banner.text
            desk.shell.take(["jetstream:rubbish"])
            assert "A link looks like" in desk.window.banner.text

    gui(work)
