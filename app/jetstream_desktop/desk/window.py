"""The window as a whole: connection, pages, settings, closing, what other starts of the program ask for."""

import asyncio
import logging
import platform
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, qVersion

from jetstream.constants import BUILD_VERSION
from jetstream.entities import Destination, Token
from jetstream.errors import JetStreamError
from jetstream.links import parse_link
from jetstream_desktop.desk.book import BookDesk
from jetstream_desktop.desk.compose import ComposeDesk
from jetstream_desktop.desk.context import Context
from jetstream_desktop.desk.far import FarDesk
from jetstream_desktop.desk.get import GetDesk
from jetstream_desktop.desk.pace import PaceDesk
from jetstream_desktop.desk.share import ShareDesk
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.models.sidebar import Entry, EntryKind, SidebarModel
from jetstream_desktop.models.transfers import TransferTableModel
from jetstream_desktop.services.notices import Notice
from jetstream_desktop.settings import Settings
from jetstream_desktop.state import announcing, columns, sharing
from jetstream_desktop.state.address import recent_first
from jetstream_desktop.state.changes import Changes
from jetstream_desktop.state.connection import (
    Connected,
    Connecting,
    Connection,
    Disconnected,
    Failed,
    seconds_until,
)
from jetstream_desktop.state.details import grouped
from jetstream_desktop.state.filters import totals
from jetstream_desktop.state.rows import Group, Row
from jetstream_desktop.views.about import AboutCard, CloseCard, ShortcutsCard
from jetstream_desktop.views.announcer import Announcer
from jetstream_desktop.views.dialogs import choose_folder
from jetstream_desktop.views.settings_card import EDITED, SettingsCard
from jetstream_desktop.views.tray import Tray

log = logging.getLogger("jetstream.desktop")

RECONNECT = "reconnect"
TROUBLE = "trouble"
_TOGETHER_MS = 2_000
"""Transfers that end within so short a time are told in one notification."""


class WindowDesk(QObject):
    """Joins the frame of the window to the services."""

    quit_wanted = Signal()
    progressed = Signal(object)
    """How far all that moves is, from 0 to 1, or ``None``."""
    nearby_allowed = Signal(bool)

    def __init__(self, context: Context, compose: ComposeDesk, share: ShareDesk, get: GetDesk, book: BookDesk,
                 tray: Tray, far: FarDesk, pace: PaceDesk, table: TransferTableModel, sidebar: SidebarModel,
                 ends_node: Callable[[], bool]) -> None:
        super().__init__(context.window)
        self._c = context
        self._compose = compose
        self._share = share
        self._get = get
        self._book = book
        self._tray = tray
        self._far = far
        self._pace = pace
        self._ends_node = ends_node
        self._table = table
        self._sidebar = sidebar
        self.announcer = Announcer(context.window.table)
        self._card: SettingsCard | None = None
        self._countdown = QTimer(self)
        self._countdown.setInterval(1000)
        self._countdown.timeout.connect(self._show_failure)
        pace.minute.timeout.connect(self._come_back)
        self._ended: list[Row] = []
        self._together = QTimer(self)
        self._together.setSingleShot(True)
        self._together.setInterval(_TOGETHER_MS)
        self._together.timeout.connect(self._notify)
        self._connect()
        self._restore()

    def _connect(self) -> None:
        window, poller = self._c.window, self._c.poller
        self._c.session.changed.connect(self._status)
        self._c.notices.published.connect(self._notice)
        window.banner.pressed.connect(self._pressed)
        window.entry_chosen.connect(self._entry)
        window.drops.links_dropped.connect(self.take)
        window.close_wanted.connect(self.close)
        poller.changed.connect(self._changed)
        poller.finished.connect(self._finished)
        poller.polled.connect(window.transfers.settle)
        poller.trouble.connect(self._trouble)
        poller.destinations_changed.connect(self._destinations)
        poller.tokens_changed.connect(self._tokens)
        actions = window.actions_
        actions.settings.triggered.connect(self._settings)
        actions.about.triggered.connect(self._about)
        actions.shortcuts.triggered.connect(self._shortcuts)
        actions.first_run.triggered.connect(window.show_welcome)
        actions.quit.triggered.connect(self.quit_wanted)
        welcome = window.welcome
        welcome.send_wanted.connect(self._compose.open_empty)
        welcome.share_wanted.connect(self._share.share)
        welcome.get_wanted.connect(self._get.get)
        welcome.folder_wanted.connect(self._choose_folder)
        welcome.copy_wanted.connect(self._c.copy)
        self._tray.open_wanted.connect(self.open)

    def _restore(self) -> None:
        now = self._c.settings.now
        self._c.window.restore_state(now.geometry)
        self._c.window.table.columns.restore(columns.parse(now.header))
        self._c.window.details.tabs.setCurrentIndex(now.tab)
        if now.welcomed:
            self._c.window.transfers.expect()

    def remember(self) -> None:
        """Keep size, columns and tab for the next start."""
        window = self._c.window
        self._c.settings.change(geometry=window.geometry_state(),
                                header=columns.dump(window.table.columns.arrangement()),
                                welcomed=bool(self._table.rows),
                                tab=window.details.tabs.currentIndex())

    # What the services tell

    def _status(self, status: Connection) -> None:
        window = self._c.window
        window.status.show_connection(status)
        self._countdown.stop()
        if not isinstance(status, Connected | Connecting | Disconnected):
            window.transfers.settle()
        if not isinstance(status, Failed | Connecting):
            window.banner.done(RECONNECT)
        if isinstance(status, Failed):
            self._show_failure()
            self._countdown.start()
        elif isinstance(status, Connected):
            window.welcome.show_folder(status.server.receiving_folder)
            window.welcome.show_address(status.server.receive_address)
            if self._card is not None:
                self._card.show_folder(status.server.receiving_folder)
        elif isinstance(status, Connecting) and self._c.poller.rows:
            words = tr("JetStream connects to its node again; transfers go on where they stopped.")
            window.banner.show_line(words if self._c.session.node.local else status.step, "caution", stays=True,
                                    key=RECONNECT)

    def _show_failure(self) -> None:
        status = self._c.session.status
        if not isinstance(status, Failed):
            return
        left = seconds_until(status, self._loop_time())
        aside = tr("next try in {n} s", n=left) if left else tr("trying again")
        self._c.window.banner.show_line(status.reason, "bad", tr("Try now"), RECONNECT, stays=True, aside=aside)

    def _loop_time(self) -> float:
        return asyncio.get_running_loop().time()

    def _notice(self, notice: Notice) -> None:
        self._c.window.banner.show_line(notice.text, notice.tone, notice.label, notice.key)

    def _pressed(self, key: str) -> None:
        if key == RECONNECT:
            self._c.session.retry_now()

    def _changed(self, changes: Changes) -> None:
        self.announcer.say(announcing.sentence(self._table.rows, changes))
        self._table.apply(changes)
        sums = totals(self._table.rows.values())
        self._c.window.show_sums(sums)
        self._tray.show_totals(sums)
        self.progressed.emit(sums.progress)

    def _finished(self, rows: Sequence[Row]) -> None:
        if self._c.settings.now.notify:
            self._ended += rows
            if not self._together.isActive():
                self._together.start()

    def _notify(self) -> None:
        """One notification for all that ended within some seconds; none for what is looked at."""
        ended, self._ended = self._ended, []
        if not self._c.window.isActiveWindow():
            self._tray.notify(ended)

    def _trouble(self, words: str) -> None:
        """A node that hangs, or talks nonsense: what is shown is old, and both bars say so until it is not."""
        if words:
            self._c.window.banner.show_line(words, "caution", key=TROUBLE, stays=True)
            self._c.window.status.show_silence()
        else:
            self._c.window.banner.done(TROUBLE)
            self._c.window.status.show_connection(self._c.session.status)

    def _destinations(self, destinations: Sequence[Destination]) -> None:
        self._sidebar.set_destinations(recent_first(destinations))

    def _tokens(self, tokens: Sequence[Token]) -> None:
        self._sidebar.set_shared(sum(sharing.alive(token, self._c.clock()) for token in tokens))

    # What the person does

    def _entry(self, entry: Entry) -> None:
        if entry.kind is EntryKind.SHARED:
            self._c.window.show_page(self._share.page)
        elif entry.kind is EntryKind.ALL_DESTINATIONS:
            self._c.window.show_page(self._book.page)

    def _choose_folder(self) -> None:
        if not self._c.session.node.local:
            self._far.choose_folder(self._far_folder_chosen)
            return
        choose_folder(self._c.window, tr("Choose the folder for received files"), self._folder_chosen)

    def _far_folder_chosen(self, path: str) -> None:
        self._c.run(self._c.commands.receiving_folder(path), "receiving folder")

    def _folder_chosen(self, paths: Sequence[str]) -> None:
        for path in paths[:1]:
            self._c.run(self._c.commands.receiving_folder(path), "receiving folder")

    def _settings(self) -> None:
        status = self._c.session.status
        folder = status.server.receiving_folder if isinstance(status, Connected) else None
        card = SettingsCard(self._c.theme, self._c.settings.now, folder, self._c.home, tray=self._tray.available,
                            node=self._c.session.node.title)
        card.changed.connect(self._settings_changed)
        card.folder_wanted.connect(self._choose_folder)
        card.node_wanted.connect(self._c.window.actions_.connect_node.trigger)
        card.destroyed.connect(partial(self._card_gone, card))
        self._card = card
        self._c.window.show_card(card)

    def _card_gone(self, card: SettingsCard) -> None:
        if self._card is card:  # another one may be open by now
            self._card = None

    def _settings_changed(self, fresh: Settings) -> None:
        if fresh.appearance != self._c.settings.now.appearance:
            self._c.theme.set_appearance(fresh.appearance)  # type: ignore[arg-type]
        if fresh.nearby != self._c.settings.now.nearby:
            self.nearby_allowed.emit(fresh.nearby)
        before = self._c.settings.now
        self._c.settings.change(**{name: getattr(fresh, name) for name in EDITED})
        self._pace.settings_changed(before)

    def diagnostics(self) -> list[tuple[str, str]]:
        """Versions and state, without names of files or secrets."""
        status = self._c.session.status
        lines = [("JetStream", ".".join(map(str, BUILD_VERSION)))]
        if isinstance(status, Connected):
            lines += [(tr("Node"), f"{status.server.version}, API {status.server.api_version}"),
                      (tr("Port"), str(status.server.api_control_port)),
                      (tr("Identity"), grouped(status.server.fingerprint))]
        lines += [("Qt", qVersion()), ("Python", platform.python_version()), (tr("System"), platform.platform()),
                  (tr("Transfers"), str(len(self._table.rows)))]
        return lines

    def _about(self) -> None:
        card = AboutCard(self._c.theme, self.diagnostics())
        card.copy_wanted.connect(self._c.copy)
        self._c.window.show_card(card)

    def _shortcuts(self) -> None:
        self._c.window.show_card(ShortcutsCard(self._c.theme, self._c.window.actions_.all()))

    # Opening and closing

    def open(self) -> None:
        """Show the window and bring it to the front."""
        window = self._c.window
        window.show()
        if window.isMinimized():
            window.showNormal()
        window.raise_()
        window.activateWindow()

    def asked(self, arguments: Sequence[str]) -> None:
        """What another start of the program was asked: paths to send, or a link."""
        self.open()
        self.take(arguments)

    def take(self, arguments: Sequence[str]) -> None:
        """Paths open the composer, a download link opens Get, a link to a node opens a new destination."""
        links = [text for text in arguments if text.startswith("jetstream:")]
        paths = [text for text in arguments if not text.startswith("jetstream:")]
        for number, text in enumerate(links, 1):
            if self._opened_link(text):
                if number < len(links):
                    self._c.say(tr("One link at a time: the first is open. Open the others after it."), "caution")
                break
        if paths:
            self._compose.drop(paths, None)

    def _opened_link(self, text: str) -> bool:
        try:
            link = parse_link(text)
        except JetStreamError as error:
            self._c.say(say(str(error)), "caution")
            return False
        if link.action == "download":
            self._get.get(text)
        else:
            self._book.new(text)
        return True

    def close(self) -> None:
        """The window's close button: asked once, then as chosen."""
        choice, tray = self._c.settings.now.on_close, self._tray.available
        stopped = self._c.window.stop_page is not None  # a question behind the stop sign would not be seen
        idle = not any(row.group is Group.ACTIVE for row in self._table.rows.values()) or not self._ends_node()
        if choice == "quit" or (not tray and (stopped or idle)):
            self.quit_wanted.emit()
        elif tray and (choice == "tray" or stopped):
            self._c.window.hide()
        else:
            card = CloseCard(self._c.theme, tray=tray, ends=self._ends_node())
            card.chosen.connect(self._close_chosen)
            self._c.window.show_card(card)

    def _come_back(self) -> None:
        """A window that waits in a tray that is gone could not be reached any more."""
        if not self._c.window.isVisible() and not self._tray.available:
            self.open()

    def _close_chosen(self, choice: str) -> None:
        self._c.settings.change(on_close=choice)
        self._c.window.close_card()
        self.close()
