"""The whole window as a target for drops: says what a drop would do while something is held over it, and takes it."""

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Signal
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from jetstream_desktop.i18n import trn
from jetstream_desktop.views.composer import Composer
from jetstream_desktop.views.drop import DropTint, dropped_links, dropped_paths, promise, refusal, web_addresses
from jetstream_desktop.views.theme import Theme


class DropTarget(QObject):
    """Listens to what is dragged over *window*. Over the composer, while it is shown, a drop adds to what is there."""

    paths_dropped = Signal(object, object)
    """List of paths, and the id of the destination that they were dropped on or ``None``."""
    links_dropped = Signal(object)
    """``jetstream:`` links."""
    refused = Signal(str)
    """Why nothing, or not all, can be done with it, in words."""

    def __init__(self, theme: Theme, window: QWidget, composer: Composer) -> None:
        super().__init__(window)
        self._window = window
        self._composer = composer
        self.tint = DropTint(theme, window)
        self.elsewhere = ""
        """The name of the node, if it is not that of this computer."""
        self.closed = False
        """Whether nothing is taken now."""
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.Resize:
                self.tint.setGeometry(self._window.rect())
                return False
            case QEvent.Type.DragEnter if self.closed:
                event.ignore()
            case QEvent.Type.DragEnter | QEvent.Type.DragMove if isinstance(event, QDragMoveEvent):
                self._promise(event)
            case QEvent.Type.DragLeave:
                self.tint.hide()
                self._composer.point_away()
            case QEvent.Type.Drop if isinstance(event, QDropEvent):
                self.take(event.mimeData())
                event.acceptProposedAction()
            case _:
                return False
        return True

    def _promise(self, event: QDragMoveEvent) -> None:
        """Say what a drop would do here and now."""
        data, folder, zone, composing = event.mimeData(), "", None, self._composer.isVisible()
        if composing:
            composer = self._composer
            folder = composer.point_at(composer.mapFrom(self._window, event.position().toPoint()))
            zone = composer.drop_zone().translated(composer.mapTo(self._window, QPoint()))
        words = promise(data, composing, self.elsewhere, folder)
        welcome = bool(not self.elsewhere and dropped_paths(data) or dropped_links(data))
        self.tint.show_promise(words, welcome=welcome, zone=zone)
        event.acceptProposedAction()

    def take(self, data: QMimeData, destination_id: str | None = None) -> None:
        """Take what was dropped or pasted; say why where nothing can be done with it."""
        self.tint.hide()
        paths, links = dropped_paths(data), dropped_links(data)
        if paths:
            self.paths_dropped.emit(paths, destination_id)
            more = web_addresses(data)
            if more:
                self.refused.emit(trn("One address on the web was left out; only files can be sent.",
                                      "{count} addresses on the web were left out; only files can be sent.", more))
        elif links:
            self.links_dropped.emit(links)
        else:
            self.refused.emit(refusal(data))
