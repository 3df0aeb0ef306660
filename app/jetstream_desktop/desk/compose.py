"""The composer: drops, listing, counting, sending."""

from collections.abc import Sequence

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from jetstream_desktop.desk.context import Context
from jetstream_desktop.desk.far import FarDesk
from jetstream_desktop.i18n import tr
from jetstream_desktop.services.disk import Disk
from jetstream_desktop.services.far_disk import FarDisk
from jetstream_desktop.state.address import Choice, folder_of, title_of
from jetstream_desktop.state.basket import Basket, Found, blocked
from jetstream_desktop.state.connection import Connected, Connection
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.options import Options
from jetstream_desktop.state.remote_files import Entry
from jetstream_desktop.state.rows import key_of
from jetstream_desktop.views import dialogs
from jetstream_desktop.views.cards import Card

SEND_FROM_HERE = "send from here"
GO_ON = "go on composing"


class ComposeDesk(QObject):
    """Joins the composer to the disk and the node.

    A node reads from its own disk: files of this computer can only go through the node of this computer.
    """

    def __init__(self, context: Context, far: FarDesk) -> None:
        super().__init__(context.window)
        self._c = context
        self._far = far
        self._held: list[str] = []
        self._left = True
        """The composer was left for another page; a card over it is none."""
        self._view = context.window.composer
        window, view = context.window, self._view
        window.drops.paths_dropped.connect(self.drop)
        window.actions_.send_files.triggered.connect(self._send_files)
        window.actions_.send_folder.triggered.connect(self._send_folder)
        view.files_wanted.connect(self.choose_files)
        view.folder_wanted.connect(self.choose_folder)
        view.paste_wanted.connect(self._paste)
        view.listing_wanted.connect(self._list)
        view.basket_changed.connect(self._count)
        view.send_wanted.connect(self._send)
        view.problem.connect(self._problem)
        context.disk.counted.connect(view.set_counts)
        context.far.counted.connect(view.set_counts)
        context.session.opened.connect(self._opened)
        context.session.changed.connect(self._status)
        window.banner.pressed.connect(self._pressed)
        window.pages.currentChanged.connect(self._page_changed)
        context.poller.destinations_changed.connect(view.set_destinations)

    @property
    def _disk(self) -> Disk | FarDisk:
        return self._c.disk if self._c.session.node.local else self._c.far

    def _count(self, basket: Basket) -> None:
        self._disk.count(basket, self._view.options.values().symlinks)

    def _status(self, status: Connection) -> None:
        if isinstance(status, Connected):
            self._view.side.set_own(status.server.fingerprint)

    def _opened(self, _node: OpenNode) -> None:
        """Another node: what was being put together lies on the other one's disk."""
        self._c.disk.forget()
        self._c.far.forget()
        self._view.folder.clear()
        self._view.start()

    def open(self, destination_id: str | None = None) -> None:
        """Open the composer, with a fresh basket unless it is open already, also below a card. With a destination it
        is there to send, otherwise for what it was opened for.
        """
        if self._left:
            self._disk.forget()
            self._view.set_destinations(self._c.poller.destinations)
            self._view.start_anew(destination_id)
        elif destination_id is not None:
            self._view.choose(destination_id)
            self._view.set_sharing(False)
        self._c.window.show_composer()

    def _page_changed(self, _number: int) -> None:
        """What was put together and not sent is not lost by going somewhere else."""
        page = self._c.window.pages.currentWidget()
        if page is self._view:
            self._left = False
            self._c.window.banner.done(GO_ON)
        elif not self._left and not isinstance(page, Card):
            self._left = True
            if not self._view.history.now.empty:
                self._c.say(tr("Nothing was sent. What you have put together is kept."), "info", tr("Go on with it"),
                            GO_ON)

    def open_empty(self, *, sharing: bool = False) -> None:
        """Open the composer for someone who chooses the destination first, or wants to share what is chosen then."""
        self.open()
        self._view.set_sharing(sharing)
        self._view.first_focus().setFocus()

    def drop(self, paths: Sequence[str], destination_id: str | None) -> None:
        """Files were dropped on the window, or on a destination. With Shift held there they go at once."""
        node = self._c.session.node
        if not node.local:
            self._held = list(paths)
            self._c.say(tr("These files are on this computer; {node} can only send its own.", node=node.title),
                        "caution", tr("Send from this computer"), SEND_FROM_HERE)
            return
        modifiers = QGuiApplication.queryKeyboardModifiers()
        at_once = destination_id is not None and bool(modifiers & modifiers.ShiftModifier)
        self._c.run(self._dropped(list(paths), destination_id, at_once), "drop")

    def _pressed(self, key: str) -> None:
        if key == SEND_FROM_HERE:
            held, self._held = self._held, []
            if not self._c.session.node.local:
                self._c.session.open(LOCAL)
            self._c.run(self._dropped(held, None, False), "drop")
        elif key == GO_ON:
            self._c.window.show_composer()

    async def _dropped(self, paths: Sequence[str], destination_id: str | None, at_once: bool) -> None:
        found = await self._c.disk.find(paths)
        if at_once and await self._sent_at_once(found, destination_id):
            return
        self.open(destination_id)
        self._view.add(found)
        self._view.first_focus().setFocus()  # the button can be pressed only now

    async def _sent_at_once(self, found: Sequence[Found], destination_id: str | None) -> bool:
        basket = Basket().add(found)
        where = next((d for d in self._c.poller.destinations if d.id == destination_id), None)
        if where is None or blocked(basket) is not None:
            return False
        choice = Choice(where.id, title_of(where), "", None, where)
        await self._c.commands.send(basket, choice, Options(folder=folder_of(where)))
        self._c.say(tr("Sending to {where}.", where=choice.title), "good")
        return True

    def _send_files(self) -> None:
        self.open_empty()
        self.choose_files()

    def _send_folder(self) -> None:
        self.open_empty()
        self.choose_folder()

    def choose_files(self) -> None:
        """Choose files in the system's dialog. The composer opens at once, so a destination can be chosen first."""
        self.open()
        if not self._c.session.node.local:
            self._far.choose_files(self._chosen_far)
            return
        title = tr("Choose files to share") if self._view.sharing else tr("Choose files")
        dialogs.choose_files(self._c.window, title, self._chosen)

    def choose_folder(self) -> None:
        """Choose a folder in the system's dialog."""
        self.open()
        if not self._c.session.node.local:
            self._far.choose_files(self._chosen_far)
            return
        title = tr("Choose a folder to share") if self._view.sharing else tr("Choose a folder")
        dialogs.choose_folder(self._c.window, title, self._chosen)

    def _chosen(self, paths: Sequence[str]) -> None:
        self._c.run(self._dropped(list(paths), None, False), "add files")

    def _chosen_far(self, entries: Sequence[Entry]) -> None:
        self.open()
        self._view.add([entry.found for entry in entries])
        self._view.first_focus().setFocus()

    def _paste(self) -> None:
        self._c.window.drops.take(QGuiApplication.clipboard().mimeData())

    def _list(self, path: str) -> None:
        self._c.run(self._listed(path), "list a folder")

    async def _listed(self, path: str) -> None:
        self._view.set_listing(path, await self._disk.list_folder(path))

    def _problem(self, words: str) -> None:
        self._c.say(words, "caution")

    def _send(self, basket: Basket, choice: Choice, options: Options) -> None:
        self._view.send.setEnabled(False)
        self._c.run(self.sent(basket, choice, options), "send", self._failed)

    async def sent(self, basket: Basket, choice: Choice, options: Options) -> str:
        """Send, and show the row that this makes; answers its key."""
        made = await self._c.commands.send(basket, choice, options)
        self._disk.forget()
        if self._view.history.now == basket:  # the test file is put together elsewhere
            self._view.start()
        self._c.window.show_all()
        await self._c.poller.poll()
        self._c.window.table.select_key(key_of(made))
        return key_of(made)

    def _failed(self, words: str) -> None:
        self._view.send.setEnabled(True)
        self._c.say(words, "bad")
