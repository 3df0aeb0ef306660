"""Undo and redo by key where fields of text are beside something that has its own undo."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget


class UndoKeys(QObject):
    """A field takes the keys while it has something to undo or to redo itself, and leaves them to *owner* otherwise."""

    def __init__(self, owner: QWidget) -> None:
        super().__init__(owner)
        for field in owner.findChildren(QLineEdit):
            field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(watched, QLineEdit) \
                or not isinstance(event, QKeyEvent):
            return False
        undo, redo = event.matches(QKeySequence.StandardKey.Undo), event.matches(QKeySequence.StandardKey.Redo)
        if undo and not watched.isUndoAvailable() or redo and not watched.isRedoAvailable():
            event.ignore()
            return True
        return False
