"""Every command of the window, once: the toolbar, the menus and the keys all trigger these."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.options import LIMITS, limit_name, policy_names, priority_names
from jetstream_desktop.state.rows import Group, Row
from jetstream_desktop.state.text import sentence_case
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import IconKeeper

UNTIL_TOMORROW = -1
Keys = QKeySequence.StandardKey | str | None


class Actions(QObject):
    """The commands. :meth:`follow` enables those that the selected rows allow."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self.send_files = self._make(tr("Send files…"), "up", "Ctrl+N", tr("Choose files to send"))
        self.send_folder = self._make(tr("Send a folder…"), "folder", "Ctrl+Shift+N", tr("Choose a folder to send"))
        self.get = self._make(tr("Get…"), "down", "Ctrl+G", tr("Fetch files with a token or a link"))
        self.share = self._make(tr("Share"), "share", "Ctrl+H", tr("Make a link by which anyone can fetch files"))
        self.pause = self._make(tr("Pause"), "pause", "Ctrl+P", tr("Pause the selected transfers"))
        self.resume = self._make(tr("Resume"), "play", "Ctrl+R", tr("Go on with the selected transfers"))
        self.retry = self._make(tr("Retry"), "retry", "Ctrl+T", tr("Try the selected transfers again now"))
        self.remove = self._make(tr("Remove"), "close", QKeySequence.StandardKey.Delete,
                                 tr("Remove the selected rows; running transfers are stopped"))
        self.cancel = self._make(tr("Cancel"), "stop", None, tr("Stop for good; the row stays"))
        self.show_in_folder = self._make(tr("Show in folder"), "folder", "Ctrl+O", "")
        self.share_row = self._make(tr("Share…"), "share", None,
                                    tr("Make a link by which anyone can fetch these files"))
        self.verify = self._make(tr("Verify"), "check", "Ctrl+Shift+V",
                                 tr("Read what has arrived and compare it with the hashes made then"))
        self.copy_name = self._make(tr("Name"), "", None, "")
        self.copy_path = self._make(tr("Path"), "", None, "")
        self.copy_error = self._make(tr("Reason"), "", None, "")
        self.copy_python = self._make(tr("As Python"), "", None, "")
        self.copy_command = self._make(tr("As command"), "", None, "")
        self.pause_all = self._make(tr("Pause all"), "pause", "Ctrl+Shift+P", tr("Pause everything that runs"))
        self.pauses = [self._plain(text, minutes) for minutes, text in (
            (30, tr("Pause all for 30 minutes")), (60, tr("Pause all for an hour")),
            (UNTIL_TOMORROW, tr("Pause all until tomorrow")))]
        self.resume_all = self._make(tr("Resume all"), "play", "Ctrl+Shift+R", tr("Go on with everything paused"))
        self.remove_done = self._make(tr("Remove finished rows"), "trash", None, "")
        self.search = self._make(tr("Search"), "search", QKeySequence.StandardKey.Find, "")
        self.connect_node = self._make(tr("Connect to another node…"), "computer", "Ctrl+K",
                                       tr("Show JetStream on another computer in this window"))
        self.this_computer = self._make(tr("Back to this computer"), "computer", "Ctrl+Shift+K",
                                        tr("Show the node of this computer again"))
        self.allowed = self._make(tr("Who may send to me…"), "key", None, "")
        self.settings = self._make(tr("Settings…"), "settings", "Ctrl+,", "")
        self.first_run = self._make(tr("Show the start page"), "info", None, "")
        self.check_node = self._make(tr("Check this node…"), "bolt", None,
                                     tr("Look for what slows the node down or keeps others out"))
        self.shortcuts = self._make(tr("Keyboard shortcuts"), "key", "F1", "")
        self.about = self._make(tr("About JetStream"), "info", None, "")
        self.quit = self._make(tr("Quit"), "", QKeySequence.StandardKey.Quit, "")
        self.limits = [self._choice(sentence_case(limit_name(limit)), limit) for limit in LIMITS]
        self.priorities = [self._choice(sentence_case(name), value) for value, name in priority_names().items()]
        self.policies = [self._choice(sentence_case(name), value) for value, name in policy_names().items()]
        self.follow(())

    def _make(self, text: str, icon: str, keys: Keys, tip: str) -> QAction:
        action = QAction(text, self)
        action.setIconText(text)
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if keys is not None:
            action.setShortcut(keys if isinstance(keys, str) else QKeySequence(keys))
        if icon:
            IconKeeper(action, self._theme, icon)
        shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        words = tip or text.rstrip("…")
        action.setToolTip(f"{words} ({shown})" if shown else words)
        return action

    def _plain(self, text: str, value: int) -> QAction:
        action = QAction(text, self)
        action.setData(value)
        return action

    def _choice(self, text: str, value: int | str | None) -> QAction:
        action = QAction(text, self)
        action.setData(value)
        action.setCheckable(True)
        return action

    def all(self) -> list[QAction]:
        """Every action that may have a key."""
        return [value for value in vars(self).values() if isinstance(value, QAction)]

    def show_local(self, local: bool) -> None:
        """What only the node of this computer can do is there only while it is shown."""
        self.show_in_folder.setVisible(local)
        self.this_computer.setVisible(not local)

    def hold(self, held: bool) -> None:
        """Nothing can be done while the stop sign is up, except to leave."""
        for action in self.all():
            if action not in (self.quit, self.this_computer):
                action.setEnabled(not held)
        if not held:
            self.follow(())

    def follow(self, rows: Sequence[Row]) -> None:
        """Enable what these rows allow."""
        single = len(rows) == 1
        self.pause.setEnabled(any(row.can_pause for row in rows))
        self.resume.setEnabled(any(row.can_resume for row in rows))
        self.retry.setEnabled(any(row.can_retry for row in rows))
        self.cancel.setEnabled(any(row.can_cancel for row in rows))
        self.remove.setEnabled(bool(rows))
        self.show_in_folder.setEnabled(single)
        self.share_row.setEnabled(single and (rows[0].whole or not rows[0].incoming))
        self.verify.setEnabled(any(row.incoming and row.group is Group.DONE for row in rows))
        self.copy_name.setEnabled(bool(rows))
        self.copy_path.setEnabled(any(row.path for row in rows))
        self.copy_error.setEnabled(any(row.error for row in rows))
        for action in (self.copy_python, self.copy_command):
            action.setEnabled(single)
        adjustable = [row for row in rows if not row.incoming and row.finished is None]
        first = adjustable[0] if adjustable else None
        for group, value in ((self.limits, first and first.limit), (self.priorities, first and first.priority),
                             (self.policies, first and first.policy)):
            for action in group:
                action.setEnabled(first is not None)
                action.setChecked(first is not None and action.data() == value)
