"""The composition root: the loop, the hooks for errors, every part joined once, and the one way out.

Quitting is requested, never executed: the close button, the menu, Ctrl-C, the end of the desktop session all set the
same event, and :func:`serve` ends by the same steps. Nothing is awaited after Qt's loop has ended.
"""

import asyncio
import gc
import logging
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from jetstream.local import state_folder
from jetstream_desktop.desk.allowed import AllowedDesk
from jetstream_desktop.desk.book import BookDesk
from jetstream_desktop.desk.compose import ComposeDesk
from jetstream_desktop.desk.context import Context, SettingsStore
from jetstream_desktop.desk.copies import CopyDesk
from jetstream_desktop.desk.far import FarDesk
from jetstream_desktop.desk.files import FilesDesk
from jetstream_desktop.desk.get import GetDesk
from jetstream_desktop.desk.health import HealthDesk
from jetstream_desktop.desk.here import HereDesk
from jetstream_desktop.desk.nearby import NearbyDesk
from jetstream_desktop.desk.nodes import NodesDesk
from jetstream_desktop.desk.offers import OffersDesk
from jetstream_desktop.desk.pace import PaceDesk
from jetstream_desktop.desk.pausing import PauseDesk
from jetstream_desktop.desk.preflight import PreflightDesk
from jetstream_desktop.desk.rehearsal import RehearsalDesk
from jetstream_desktop.desk.removing import RemoveDesk
from jetstream_desktop.desk.rows import RowDesk
from jetstream_desktop.desk.share import ShareDesk
from jetstream_desktop.desk.verify import VerifyDesk
from jetstream_desktop.desk.window import WindowDesk
from jetstream_desktop.i18n import mirror, tr
from jetstream_desktop.models.lists import ValueTableModel
from jetstream_desktop.models.paged import PagedTableModel
from jetstream_desktop.models.sidebar import SidebarModel
from jetstream_desktop.models.transfers import TransferTableModel
from jetstream_desktop.program import Application
from jetstream_desktop.services.commands import Commands
from jetstream_desktop.services.disk import Disk
from jetstream_desktop.services.far_disk import FarDisk
from jetstream_desktop.services.instance import Instance
from jetstream_desktop.services.local_node import LocalNode
from jetstream_desktop.services.nearby import Nearby
from jetstream_desktop.services.node import Connect
from jetstream_desktop.services.notices import Notice, Notices
from jetstream_desktop.services.poller import Poller
from jetstream_desktop.services.session import Session
from jetstream_desktop.services.taskbar import Taskbar, session_bus
from jetstream_desktop.services.vault import Vault
from jetstream_desktop.state.connection import Connected, Connection
from jetstream_desktop.state.details import event_line
from jetstream_desktop.state.files import cell
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.tasks import Tasks
from jetstream_desktop.views.actions import Actions
from jetstream_desktop.views.composer import Composer
from jetstream_desktop.views.destinations_page import DestinationsPage
from jetstream_desktop.views.details import Details
from jetstream_desktop.views.main_window import MainWindow
from jetstream_desktop.views.offers import OffersPage
from jetstream_desktop.views.tables import SharedPage
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.tray import Tray
from jetstream_desktop.views.welcome import Welcome

log = logging.getLogger("jetstream.desktop")

LEAVING_SECONDS = 12.0


@dataclass(frozen=True)
class Desk:
    """Everything that was joined. Held by the main coroutine for as long as the program runs."""

    context: Context
    window: MainWindow
    shell: WindowDesk
    compose: ComposeDesk
    preflight: PreflightDesk
    share: ShareDesk
    get: GetDesk
    book: BookDesk
    offers: OffersDesk
    rows: RowDesk
    pace: PaceDesk
    rehearsal: RehearsalDesk
    pausing: PauseDesk
    removing: RemoveDesk
    files: FilesDesk
    copies: CopyDesk
    verify: VerifyDesk
    allowed: AllowedDesk
    health: HealthDesk
    nodes: NodesDesk
    near: NearbyDesk
    here: HereDesk
    far: FarDesk
    tray: Tray
    taskbar: Taskbar
    polling: "Polling"


def clock() -> int:
    """The time in µs UTC."""
    return time.time_ns() // 1000


def build(application: QApplication, connect: Connect, report: Callable[[BaseException], None],
          notices: Notices, vault: Vault | None = None, nearby: Nearby | None = None,
          ends_node: Callable[[], bool] = lambda: True) -> Desk:
    """Join all parts. Nothing runs yet. *ends_node* says whether the node of this computer ends with the window."""
    mirror(application.layoutDirection() == Qt.LayoutDirection.RightToLeft)
    settings = SettingsStore(state_folder(), notices)
    theme = Theme(application, settings.now.appearance)  # type: ignore[arg-type]
    application.setWindowIcon(theme.application_icon())
    session = Session(connect)
    poller = Poller(session, clock)
    table, sidebar = TransferTableModel(), SidebarModel()
    files, events = _file_model(), _event_model()
    actions = Actions(theme, application)
    window = MainWindow(theme, table, sidebar, actions, Details(theme, files, events), Composer(theme),
                        Welcome(theme, str(Path.home())))
    for part in (theme, session, poller, table, sidebar, files, events, actions):
        part.setParent(window)
    tasks = Tasks(report)
    context = Context(window, theme, session, poller, Commands(session, poller.soon), Disk(window),
                      FarDisk(session, tasks.spawn, window), tasks, notices, settings, clock)
    polling = Polling(context)
    far = FarDesk(context)
    compose, preflight = ComposeDesk(context, far), PreflightDesk(context)
    share, get = ShareDesk(context, SharedPage(theme, clock), compose), GetDesk(context)
    book = BookDesk(context, DestinationsPage(theme), compose)
    window.composer.test_wanted.connect(book.test)
    tray = Tray(theme, actions, window)
    offers = OffersDesk(context, OffersPage(theme), sidebar, far, tray.say)
    for page in (share.page, book.page, offers.page):
        window.pages.add_page(page)
    rows, copies, verify = RowDesk(context), CopyDesk(context), VerifyDesk(context)
    pausing, removing = PauseDesk(context, rows, table), RemoveDesk(context, table)
    listing = FilesDesk(context, files, events, verify.found)
    allowed, health = AllowedDesk(context), HealthDesk(context)
    nodes = NodesDesk(context, Vault() if vault is None else vault)
    near = NearbyDesk(context, Nearby(tasks.spawn, (), window) if nearby is None else nearby, book, nodes, get)
    here = HereDesk(context)
    pace, rehearsal = PaceDesk(context), RehearsalDesk(context, compose)
    shell = WindowDesk(context, compose, share, get, book, tray, far, pace, table, sidebar, ends_node)
    shell.nearby_allowed.connect(near.allow)
    taskbar = Taskbar(session_bus(), window)
    shell.progressed.connect(taskbar.show)
    return Desk(context, window, shell, compose, preflight, share, get, book, offers, rows, pace, rehearsal, pausing,
                removing, listing, copies, verify, allowed, health, nodes, near, here, far, tray, taskbar, polling)


def _file_model() -> PagedTableModel:
    return PagedTableModel((tr("Name"), tr("Size"), tr("Problem")), cell, lambda line: line, figures=(1,))


def _event_model() -> ValueTableModel[Any]:
    return ValueTableModel((tr("When"), tr("What")), lambda event, column: event_line(event)[column],
                           lambda event: (event.cursor, event.timestamp))


class Hooks:
    """Both ends of lost exceptions: slots report to ``sys.excepthook``, tasks to the loop. One place for both."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take over both hooks."""
        sys.excepthook = self._slot
        threading.excepthook = self._thread
        loop.set_exception_handler(self._loop)

    def report(self, error: BaseException) -> None:
        """Log with traceback, and say it in the window."""
        log.error("unexpected: %s", "".join(traceback.format_exception(error)))
        self._notices.publish(Notice(tr("Something went wrong inside JetStream: {error}. The log has the details.",
                                        error=error or type(error).__name__), "bad"))

    def _slot(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.report(error)

    def _thread(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self.report(arguments.exc_value)

    def _loop(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.report(error)
        else:
            log.error("unexpected: %s", context.get("message"))


class Polling:
    """Runs the poller for as long as there is a connection."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._task: asyncio.Task[Any] | None = None
        context.session.changed.connect(self.follow)
        context.session.opened.connect(self.turn)

    def follow(self, status: Connection) -> None:
        """Start with a connection; the poller ends by itself when it breaks."""
        if isinstance(status, Connected) and (self._task is None or self._task.done()):
            self._task = self._context.tasks.spawn(self._context.poller.run(), "poller")

    def turn(self, _node: OpenNode) -> None:
        """To another node: nothing of the last one stays."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._context.poller.forget()


def calm_collector() -> None:
    """Spare the collector what lives as long as the program, and let it look less often: its pauses are felt."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def serve(application: Application, instance: Instance, node: LocalNode, arguments: Sequence[str], *,
                hidden: bool) -> None:
    """Run the window until it is left. *arguments* are paths and links."""
    loop = asyncio.get_running_loop()
    notices = Notices()
    hooks = Hooks(notices)
    hooks.install(loop)
    leaving = asyncio.Event()
    desk = build(application, node.reach, hooks.report, notices, ends_node=lambda: node.ends_here)
    desk.shell.quit_wanted.connect(leaving.set)
    application.quit_wanted.connect(leaving.set)
    instance.asked.connect(desk.shell.asked)
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, leaving.set)
    hidden = hidden or (desk.context.settings.now.start_hidden and not arguments)
    if not (hidden and desk.tray.available):
        desk.window.show()
    notices.open()
    calm_collector()
    desk.context.tasks.spawn(desk.context.session.run(), "session")
    desk.near.allow(desk.context.settings.now.nearby)
    desk.shell.take(arguments)
    await leaving.wait()
    await leave(desk, node, instance)


async def leave(desk: Desk, node: LocalNode | None, instance: Instance | None) -> None:
    """The one way out, in order: what is seen, what is remembered, what runs, what was started."""
    desk.window.hide()
    desk.taskbar.show(None)
    desk.shell.remember()
    if instance is not None:
        instance.close()
    desk.context.disk.close()
    try:
        async with asyncio.timeout(LEAVING_SECONDS):
            await desk.offers.finish()
            await desk.removing.finish()
            await desk.context.tasks.stop()
            if node is not None:
                await node.stop()
    except TimeoutError:
        log.warning("not everything ended in time")
    desk.window.deleteLater()
    # Now, while Qt's loop still runs: left to Python's collector the widgets would go in any order.
    QApplication.sendPostedEvents(desk.window, QEvent.Type.DeferredDelete)
