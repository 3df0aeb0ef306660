"""Showing a folder in the file manager of the desktop."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from jetstream_desktop.desk.context import Context
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.text import printable


def show_folder(context: Context, folder: Path) -> None:
    """Show *folder*, or what it lay in as far as that is still there; without a file manager, say where it is."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
        context.say(tr("No file manager could be opened. The folder is {folder}", folder=printable(str(folder))))
