"""The icon in the tray, where there is one: rates, pause all, open, quit; and notifications, grouped."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from jetstream_desktop.i18n import tr, trn
from jetstream_desktop.state import numbers
from jetstream_desktop.state.filters import Totals
from jetstream_desktop.state.rows import Group, Row
from jetstream_desktop.state.text import printable
from jetstream_desktop.views.actions import Actions
from jetstream_desktop.views.theme import Theme


def notification(rows: Sequence[Row]) -> tuple[str, str]:
    """Title and text for transfers that ended: one message for all of them."""
    done = [row for row in rows if row.group is Group.DONE]
    failed = [row for row in rows if row.group is Group.FAILED]
    if len(rows) == 1:
        row = rows[0]
        title = tr("Received") if row.incoming else tr("Sent")
        if failed:
            title = tr("Stopped")
        return title, f"{printable(row.name)}: {printable(row.status.sentence)}"
    parts = []
    if done:
        parts.append(trn("{count} transfer complete", "{count} transfers complete", len(done)))
    if failed:
        parts.append(trn("{count} failed", "{count} failed", len(failed)))
    return "JetStream", ", ".join(parts)


class Tray(QObject):
    """Does nothing where the desktop has no tray."""

    open_wanted = Signal()

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._actions = actions
        self._window = parent
        self._icon: QSystemTrayIcon | None = None
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._icon = self._make()

    def _make(self) -> QSystemTrayIcon:
        actions = self._actions
        menu = QMenu(self._window)
        opened = menu.addAction(tr("Open JetStream"))
        opened.triggered.connect(self.open_wanted)
        menu.addSeparator()
        menu.addActions([actions.pause_all, actions.resume_all])
        menu.addSeparator()
        menu.addAction(actions.quit)
        icon = QSystemTrayIcon(self._theme.application_icon(), self._window)
        icon.setContextMenu(menu)
        icon.activated.connect(self._activated)
        icon.messageClicked.connect(self.open_wanted)
        icon.setToolTip("JetStream")
        icon.show()
        return icon

    @property
    def available(self) -> bool:
        """Whether there is a tray now; it may come later than this program, and may go."""
        there = QSystemTrayIcon.isSystemTrayAvailable()
        if there and self._icon is None:
            self._icon = self._make()
        return there

    def show_totals(self, totals: Totals) -> None:
        """The rates, in the tool tip."""
        if self._icon is not None:
            rates = [f"↑ {numbers.rate(totals.sending)}"] if totals.sending >= 1 else []
            rates += [f"↓ {numbers.rate(totals.receiving)}"] if totals.receiving >= 1 else []
            self._icon.setToolTip("JetStream" + (" – " + "  ".join(rates) if rates else ""))

    def say(self, title: str, text: str) -> None:
        """Show a notification."""
        if self._icon is not None:
            self._icon.showMessage(title, text)

    def notify(self, rows: Sequence[Row]) -> None:
        """Tell that transfers ended."""
        if self._icon is not None and rows:
            self._icon.showMessage(*notification(rows))

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.open_wanted.emit()
