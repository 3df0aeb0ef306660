"""Messages to the person are data. Services publish them; the window decides where they appear."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Signal

Tone = Literal["info", "good", "caution", "bad"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence, how serious it is, and optionally a button with the key of what it does."""

    text: str
    tone: Tone = "info"
    label: str = ""
    key: str = ""


class Notices(QObject):
    """Hands notices to whoever listens; keeps those that come before anyone does."""

    published = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[Notice] = deque(maxlen=20)
        self._open = False

    def publish(self, notice: Notice) -> None:
        """Show *notice*, at once or when someone listens."""
        if self._open:
            self.published.emit(notice)
        else:
            self._waiting.append(notice)

    def open(self) -> None:
        """Someone listens now: hand over what has waited."""
        self._open = True
        while self._waiting:
            self.published.emit(self._waiting.popleft())
