"""Tells screen readers what happens without the focus moving."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget


class Announcer(QObject):
    """Says sentences in the name of a widget. Where no screen reader listens this costs nothing."""

    said = Signal(str)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget

    def say(self, text: str) -> None:
        """Say *text* when what is being read is over."""
        if text:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._widget, text))
            self.said.emit(text)
