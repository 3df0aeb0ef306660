"""The whole window is a drop target: what can be dropped, and what is painted meanwhile: one line that says what will
happen, over a tint of the window, or in a zone of the composer, whose rows one wants to see.
"""

import os
import sys
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QMimeData, QRect, QRectF, Qt, QUrl
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
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


def promise(data: QMimeData, composing: bool, elsewhere: str = "", folder: str = "") -> str:
    """One line that says what dropping will do.

    :param elsewhere: names the node if it is not that of this computer.
    :param folder: of the composer, into which it would go.
    """
    paths = dropped_paths(data)
    if not paths:
        return tr("Drop to open the link") if dropped_links(data) else refusal(data)
    if elsewhere:
        return tr("{node} cannot read files of this computer. Drop to see what you can do.", node=elsewhere)
    what = printable(base_name(paths[0])) if len(paths) == 1 else trn("{count} item", "{count} items", len(paths))
    what = f"“{what}”" if len(paths) == 1 else what
    if composing and folder:
        return tr("Drop to add {what} to “{folder}”", what=what, folder=printable(folder))
    return tr("Drop to add {what}", what=what) if composing else tr("Drop to send {what}", what=what)


def leave_drops_to_the_window(widget: QWidget) -> None:
    """Text fields would take dropped files as text; the window knows better."""
    for field in widget.findChildren(QLineEdit):
        field.setAcceptDrops(False)


class DropTint(QWidget):
    """Lies over the window while something is dragged over it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._words = ""
        self._welcome = True
        self._zone: QRect | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def words(self) -> str:
        """What is promised now."""
        return self._words

    @property
    def zone(self) -> QRect | None:
        """Where it is said; ``None`` for all over the window."""
        return self._zone

    def show_promise(self, words: str, *, welcome: bool, zone: QRect | None = None) -> None:
        """Say what a drop would do; *welcome*: it would do something.

        :param zone: the part of the window to say it in; the rest stays as it is. Without one all of it is tinted.
        """
        if self.isVisible() and (words, welcome, zone) == (self._words, self._welcome, self._zone):
            return
        self._words, self._welcome, self._zone = words, welcome, zone
        self.setAccessibleName(words)
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        tint = self._theme.colour("wash")
        if self._zone is None:
            tint.setAlpha(225)
            painter.fillRect(self.rect(), tint)
            self._frame(painter, self.rect().adjusted(14, 14, -14, -14), 1.6)
            self._say(painter, self.rect().adjusted(30, 0, -30, 0), self._theme.font("title"))
        else:
            painter.setBrush(tint)
            self._frame(painter, self._zone, 1.2)
            self._say(painter, self._zone.adjusted(14, 4, -14, -4), self._theme.font("body", True))
        painter.end()

    def _frame(self, painter: QPainter, area: QRect, width: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("accent" if self._welcome else "bad"), width, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), self._theme.radius + 2,
                                self._theme.radius + 2)

    def _say(self, painter: QPainter, area: QRect, font: QFont) -> None:
        painter.setFont(font)
        painter.setPen(self._theme.colour("accent_ink" if self._welcome else "bad"))
        painter.drawText(area, int(painting.Align.AlignCenter | Qt.TextFlag.TextWordWrap), self._words)
