"""The system's file dialogs and small menus. All open without waiting: a nested event loop would stop every task."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

_LAST_FOLDER = "lastFolder"
"""Property of a window: where its last file dialog was left."""


def choose_files(parent: QWidget, title: str, chosen: Callable[[Sequence[str]], None]) -> QFileDialog:
    """Ask for files."""
    return _open(parent, title, QFileDialog.FileMode.ExistingFiles, chosen)


def choose_folder(parent: QWidget, title: str, chosen: Callable[[Sequence[str]], None]) -> QFileDialog:
    """Ask for a folder."""
    return _open(parent, title, QFileDialog.FileMode.Directory, chosen)


def _dialog(parent: QWidget, title: str) -> QFileDialog:
    """Begins in the person's home, and after that where the last dialog of the window was left; never in the folder
    that the program was started from.
    """
    window = parent.window()
    dialog = QFileDialog(parent, title, str(window.property(_LAST_FOLDER) or Path.home()))
    dialog.accepted.connect(lambda: window.setProperty(_LAST_FOLDER, dialog.directory().absolutePath()))
    return dialog


def _open(parent: QWidget, title: str, mode: QFileDialog.FileMode,
          chosen: Callable[[Sequence[str]], None]) -> QFileDialog:
    dialog = _dialog(parent, title)
    dialog.setFileMode(mode)
    if mode == QFileDialog.FileMode.Directory:
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.filesSelected.connect(chosen)
    dialog.open()
    return dialog


def save_file(parent: QWidget, title: str, suffix: str, chosen: Callable[[str], None]) -> QFileDialog:
    """Ask where to save something."""
    dialog = _dialog(parent, title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suffix)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(chosen)
    dialog.open()
    return dialog


def popup(parent: QWidget, place: QPoint, entries: Sequence[tuple[str, Callable[[], object]]]) -> QMenu:
    """A menu at a place of the screen."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for text, slot in entries:
        action = QAction(text, menu)
        action.triggered.connect(slot)
        menu.addAction(action)
    menu.popup(place)
    return menu


def choose(parent: QWidget, place: QPoint, entries: Sequence[tuple[str, object, bool]], last: QAction,
           chosen: Callable[[QAction], object]) -> QMenu:
    """A menu of values, each with its text and whether it is the current one, and *last* below them.

    :param chosen: is given the action, whose data is the value.
    """
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for text, value, current in entries:
        action = menu.addAction(text.replace("&", "&&"))
        action.setData(value)
        action.setCheckable(True)
        action.setChecked(current)
    menu.addSeparator()
    menu.addAction(last)
    menu.triggered.connect(chosen)
    menu.popup(place)
    return menu
