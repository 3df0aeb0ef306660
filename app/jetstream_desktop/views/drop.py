"""The whole window is a drop target: what can be dropped, and the tint with one line that says what will happen."""

import os
import sys
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QMimeData, QRectF, Qt, QUrl
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLineEdit, QWidget

from jetstream_desktop.i18n import tr, trn
from jetstream_desktop.state.text import base_name, printable
from jetstream_desktop.views import painting
from jetstream_desktop.views.theme import Theme

_LINKS = 100
"""Words of a dropped text that are looked at."""


def dropped_paths(data: QMimeData) -> list[str]:
    """The files and folders of this computer in what was dropped or copied."""
    if data.hasUrls():
        return [path for url in data.urls() if url.isLocalFile() and (path := _path_of(url))]
    if data.hasText():
        lines = [line.strip().strip('"') for line in data.text().splitlines()]
        named = [QUrl(line).toLocalFile() if line.startswith("file:///") else line for line in lines]
        return [path for path in named if path.startswith(("/", "~/"))]
    return []


def _path_of(url: QUrl) -> str:
    """The path as Python's functions take it, also where a name is no UTF-8: Qt would put another character there."""
    path = url.toLocalFile()
    if "\N{REPLACEMENT CHARACTER}" not in path or url.host() or sys.platform == "win32":
        return path
    return os.fsdecode(unquote_to_bytes(url.path(QUrl.ComponentFormattingOption.FullyEncoded)))


def dropped_links(data: QMimeData) -> list[str]:
    """The ``jetstream:`` links in what was dropped or copied."""
    texts = [url.toString() for url in data.urls()] if data.hasUrls() else data.text().split()[:_LINKS]
    return [text for text in texts if text.lower().startswith("jetstream:")]


def web_addresses(data: QMimeData) -> int:
    """How many addresses of the web are among what was dropped."""
    return sum(not url.isLocalFile() for url in data.urls()) if data.hasUrls() else 0


def refusal(data: QMimeData) -> str:
    """Why what was dropped cannot be sent, in words."""
    if data.hasUrls():
        return tr("These are addresses on the web, not files of this computer. Save them first, then drop the files.")
    if data.hasImage():
        return tr("This is a picture without a file. Save it first, then drop the file.")
    if data.hasText():
        return tr("This is text. To fetch something with a token or a link, choose Get.")
    return tr("There are no files in what was dropped.")


def promise(data: QMimeData, composing: bool, elsewhere: str = "") -> str:
    """One line that says what dropping will do. *elsewhere* names the node if it is not that of this computer."""
    paths = dropped_paths(data)
    if not paths:
        return tr("Drop to open the link") if dropped_links(data) else refusal(data)
    if elsewhere:
        return tr("{node} cannot read files of this computer. Drop to see what you can do.", node=elsewhere)
    what = printable(base_name(paths[0])) if len(paths) == 1 else trn("{count} item", "{count} items", len(paths))
    if composing:
        return tr("Drop to add {what}", what=f"“{what}”" if len(paths) == 1 else what)
    return tr("Drop to send {what}", what=f"“{what}”" if len(paths) == 1 else what)


def leave_drops_to_the_window(widget: QWidget) -> None:
    """Text fields would take dropped files as text; the window knows better."""
    for field in widget.findChildren(QLineEdit):
        field.setAcceptDrops(False)


class DropTint(QWidget):
    """Covers the window while something is dragged over it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._words = ""
        self._welcome = True
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def words(self) -> str:
        """What is promised now."""
        return self._words

    def show_promise(self, words: str, *, welcome: bool) -> None:
        """Tint the window; *welcome* says whether a drop would do something."""
        self._words, self._welcome = words, welcome
        self.setAccessibleName(words)
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._theme
        tint = QColor(theme.colour("wash"))
        tint.setAlpha(225)
        painter.fillRect(self.rect(), tint)
        ink = theme.colour("accent" if self._welcome else "bad")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(ink, 1.6, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect().adjusted(14, 14, -14, -14)), theme.radius + 2, theme.radius + 2)
        words = "accent_ink" if self._welcome else "bad"
        painting.text(painter, self.rect().adjusted(30, 0, -30, 0), self._words, theme.font("title"),
                      theme.colour(words), painting.Align.AlignHCenter)
        painter.end()
