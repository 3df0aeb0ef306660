"""Every page, card, tab and bar of the window, shown one after another, for tests that look at all of them."""

from PySide6.QtWidgets import QWidget

from app.helpers.build import incoming, transfer
from app.helpers.memory_node import FINGERPRINT, MemoryNode
from app.helpers.waiting import until
from jetstream.checks import check
from jetstream.entities import Destination, Manifest, PathProblem, Preview, Token
from jetstream_desktop.state.address import Address
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.views.about import CloseCard
from jetstream_desktop.views.stop_page import StopPage

LINK = "jetstream://studio-b/download?token=MAYWEBRO.TRUPO.VEVEEBLU"


def furnished():
    """A node in which there is something of everything."""
    node = MemoryNode()
    for id, group in (("d", "Studios"), ("e", ""), ("f", "Studios")):
        node.destinations[id] = Destination(
            destination_id=id, destination_address=f"{id}.example", destination_port=8886, name=f"Studio {id.upper()}",
            last_rate=8000, last_used_time=5, user_data={"group": group} if group else {})
    node.manifests["m"] = Manifest(manifest_id="m", status="complete", processing=False, total_files=3, label="Reel")
    node.tokens["T"] = Token(token="T", manifest_id="m", link=LINK, creation_time=1, password_required=True)
    node.findings = [check("route-refused", host="host1.example", port=8886)]
    node.findings_done = True
    node.preview = Preview(checks=tuple(node.findings), complete=True, free_space=5, needed_space=7, present=3,
                           refused=(PathProblem(path="reel/a", reason="the name is too long"),), refused_total=1)
    node.put(transfer(1))
    node.put(transfer(2, status="suspended", processing=False))
    node.put(transfer(3, status="error", processing=False, error_message=f"Disk full; let {FINGERPRINT} in."))
    node.put(incoming(4, status="complete", processing=False, end_time=5))
    return node


async def table(desk):
    desk.window.show_all()
    await until(lambda: len(desk.context.poller.rows) >= 4 and desk.context.poller.destinations)
    desk.window.table.select_key("s3")


async def tab(desk, number):
    await table(desk)
    desk.window.details.tabs.setCurrentIndex(number)


async def composer(desk, folder):
    await until(lambda: desk.context.poller.destinations)
    desk.compose.drop([str(folder)], "d")
    await until(lambda: desk.window.composer.history.now.items)
    desk.preflight.settled.setInterval(0)
    await until(lambda: desk.window.composer.card.text("refused"))
    desk.window.composer._goods.pattern.setText("*.tmp")
    desk.window.composer._goods.pattern.returnPressed.emit()
    desk.window.composer.options._line.setChecked(True)
    desk.window.composer.tree.expandAll()


async def share(desk):
    await table(desk)
    desk.window.table.select_key("s1")
    desk.window.actions_.share.trigger()
    desk.window.card.form.until._group.button(3).click()


async def shared(desk):
    desk.window.show_page(desk.share.page)
    await until(lambda: desk.share.page.table.model().rowCount())
    desk.share.page.table.selectAll()


async def token(desk):
    await shared(desk)
    desk.share.page._open()
    desk.window.card.form.changed.emit()


async def book(desk):
    desk.window.show_page(desk.book.page)
    await until(lambda: desk.book.page.tree.model().rowCount())
    tree = desk.book.page.tree
    tree.setCurrentIndex(tree.model().index(0, 0, tree.model().index(0, 0)))


async def get(desk):
    desk.get.get(LINK)
    await until(lambda: desk.window.card.list.isVisible() and desk.window.card.pick.isEnabled())


async def identity(desk):
    desk.window.actions_.connect_node.trigger()
    desk.window.card.show_recent([OpenNode("b.example", fingerprint="ab" * 32)])
    desk.window.card.show_identity(Address("b.example"), "B", "1", "ab" * 32)


async def settings(desk):
    desk.window.actions_.settings.trigger()
    desk.window.card.limited.setChecked(True)


async def offers(desk, node):
    desk.window.show_all()
    for number in "12":
        node.offer(number)
    desk.context.poller.soon()
    await until(lambda: desk.window.offers.isVisible())


async def all_offers(desk, node):
    await offers(desk, node)
    desk.window.show_page(desk.offers.page)


async def banner(desk):
    desk.window.show_all()
    desk.context.say("Removed.", "info", "Undo", "key")


async def over_there(desk):
    desk.far.choose_files(list)
    await until(lambda: desk.window.card.isVisible())


async def plainly(show):
    show()


def surfaces(desk, node, folder):
    """``(name, coroutine function)`` of all of them; each can follow any other but the last, which is the stop sign."""
    window, actions = desk.window, desk.window.actions_
    plain = {
        "new destination": lambda: desk.book.edit(None), "settings": None, "about": actions.about.trigger,
        "shortcuts": actions.shortcuts.trigger, "allowed": actions.allowed.trigger, "get": desk.get.get,
        "check node": actions.check_node.trigger, "welcome": window.show_welcome,
        "connect": actions.connect_node.trigger,
        "edit destination": lambda: desk.book.edit(node.destinations["d"]),
        "test destination": lambda: desk.book.test(node.destinations["d"]),
        "close": lambda: window.show_card(CloseCard(desk.context.theme, tray=True)),
    }
    special = {
        "table": lambda: table(desk), "files": lambda: tab(desk, 1), "speed": lambda: tab(desk, 2),
        "events": lambda: tab(desk, 3), "composer": lambda: composer(desk, folder), "share": lambda: share(desk),
        "shared": lambda: shared(desk), "token": lambda: token(desk), "book": lambda: book(desk),
        "get a list": lambda: get(desk), "identity": lambda: identity(desk), "settings": lambda: settings(desk),
        "over there": lambda: over_there(desk), "banner": lambda: banner(desk),
        "offers": lambda: offers(desk, node), "all offers": lambda: all_offers(desk, node),
        "stop": lambda: plainly(lambda: window.show_stop(
            StopPage(desk.context.theme, "B", "ab" * 32, "cd" * 32, local=False))),
    }
    for name, show in plain.items():
        if show is not None:
            yield name, lambda show=show: plainly(show)
    yield from special.items()


def visible(widget, kinds):
    """What of these *kinds* can be seen, without the parts that Qt itself puts into its widgets."""
    found = [child for child in widget.findChildren(QWidget) if isinstance(child, kinds) and child.isVisible()]
    return [child for child in found if not child.objectName().startswith("qt_")]
