"""The progress of all transfers on the program's icon in the taskbar or dock, where the desktop has a way for it.

On Linux that is the signal ``com.canonical.Unity.LauncherEntry.Update`` on the session bus, which the docks of Ubuntu,
KDE Plasma and others listen to; who does not listen loses nothing. Qt 6 has no such thing for Windows and macOS.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection

APPLICATION: Final = "application://jetstream-desktop.desktop"
PATH: Final = "/com/canonical/unity/launcherentry/jetstream"
INTERFACE: Final = "com.canonical.Unity.LauncherEntry"


def session_bus() -> "QDBusConnection | None":
    """The person's bus, ``None`` where there is none. Asking for one that is not there would start it."""
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    if sys.platform != "linux" or not (address or Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"), "bus").exists()):
        return None
    from PySide6.QtDBus import QDBusConnection

    bus = QDBusConnection.sessionBus()
    return bus if bus.isConnected() else None


class Taskbar(QObject):
    """Shows a share from 0 to 1, or nothing. Says it only when a percent or more has changed."""

    def __init__(self, bus: "QDBusConnection | None", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bus = bus
        self._shown: int | None = None

    @property
    def available(self) -> bool:
        """Whether there is a bus to say it on."""
        return self._bus is not None

    def show(self, progress: float | None) -> None:
        """Show *progress*; ``None`` takes it away."""
        percent = None if progress is None else round(min(1.0, max(0.0, progress)) * 100)
        if self._bus is None or percent == self._shown:
            return
        from PySide6.QtDBus import QDBusMessage

        self._shown = percent
        signal = QDBusMessage.createSignal(PATH, INTERFACE, "Update")
        signal.setArguments([APPLICATION, {"progress": (percent or 0) / 100, "progress-visible": percent is not None}])
        self._bus.send(signal)
