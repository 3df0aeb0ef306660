"""What the modules of this package work with, made once by the composition root."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication

from jetstream.errors import JetStreamError, RequestTimeout
from jetstream_desktop import settings
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.services.commands import Commands
from jetstream_desktop.services.disk import Disk
from jetstream_desktop.services.far_disk import FarDisk
from jetstream_desktop.services.notices import Notice, Notices
from jetstream_desktop.services.poller import Poller
from jetstream_desktop.services.session import Session
from jetstream_desktop.settings import Settings
from jetstream_desktop.tasks import Tasks
from jetstream_desktop.views.main_window import MainWindow
from jetstream_desktop.views.theme import Theme


class SettingsStore:
    """The settings and the file that keeps them."""

    def __init__(self, folder: Path, notices: Notices) -> None:
        self._folder = folder
        self._notices = notices
        self.now, problem = settings.load(folder)
        if problem is not None:
            notices.publish(Notice(problem, "caution"))

    def change(self, **values: Any) -> None:
        """Change some values and write the file."""
        self.set(replace(self.now, **values))

    def set(self, fresh: Settings) -> None:
        """Replace all values and write the file."""
        if fresh == self.now:
            return
        self.now = fresh
        try:
            settings.save(self._folder, fresh)
        except OSError as error:
            self._notices.publish(Notice(tr("The settings could not be saved: {error}.", error=error), "caution"))


@dataclass(frozen=True)
class Context:
    """The window and the services. *disk* is this computer's, *far* that of a node elsewhere; *clock* is the time in µs
    UTC.
    """

    window: MainWindow
    theme: Theme
    session: Session
    poller: Poller
    commands: Commands
    disk: Disk
    far: FarDisk
    tasks: Tasks
    notices: Notices
    settings: SettingsStore
    clock: Callable[[], int]

    @property
    def home(self) -> str:
        """The person's home folder, if the node that is shown sees the same disk."""
        return str(Path.home()) if self.session.node.local else ""

    def run(self, work: Coroutine[Any, Any, Any], name: str,
            problem: Callable[[str], None] | None = None) -> asyncio.Task[Any]:
        """Do *work* in the background. What it cannot do is said in the bar, or to *problem*."""
        task = self.tasks.spawn(self._guarded(work, problem), name)
        task.add_done_callback(lambda _task: work.close())  # cancelled before it began, it would never be awaited
        return task

    async def _guarded(self, work: Coroutine[Any, Any, Any], problem: Callable[[str], None] | None) -> None:
        try:
            await work
        except JetStreamError as error:
            if problem is not None:
                problem(words_of(error))
            else:
                self.say(words_of(error), "bad")

    def say(self, text: str, tone: str = "info", label: str = "", key: str = "") -> None:
        """A line in the bar."""
        self.notices.publish(Notice(text, tone, label, key))  # type: ignore[arg-type]

    def copy(self, text: str, what: str) -> None:
        """Put *text* into the clipboard and say so."""
        QGuiApplication.clipboard().setText(text)
        self.say(tr("{what} copied.", what=what), "good")


def words_of(error: JetStreamError) -> str:
    """What went wrong, for people: where no answer came in time, nobody needs to know to which call."""
    if isinstance(error, RequestTimeout):
        return tr("The node did not answer in time. It may still do it; the table shows what it did.")
    return say(str(error))
