"""The card about the program, the one of its keys, and the one question when the window is closed."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QGridLayout, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.text import printable
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import button, label, row


class AboutCard(Card):
    """What this is, its versions, and a text for bug reports."""

    copy_wanted = Signal(str, str)

    def __init__(self, theme: Theme, lines: Sequence[tuple[str, str]]) -> None:
        super().__init__(theme, tr("About JetStream"), 520)
        self.body.addWidget(label(tr("Moving files between machines, fast, over any network, without babysitting."),
                                  "dim", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(5)
        for place, (name, text) in enumerate(lines):
            grid.addWidget(label(name, "field"), place, 0)
            grid.addWidget(label(printable(text), wrap=True, selectable=True), place, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self._text = "\n".join(f"{name}: {text}" for name, text in lines)
        foot = row()
        foot.addStretch(1)
        copy = button(tr("Copy diagnostics"), theme=theme, icon="copy")
        copy.clicked.connect(self._copy)
        done = button(tr("Close"), "primary")
        done.clicked.connect(self.closed)
        foot.addWidget(copy)
        foot.addWidget(done)
        self.body.addLayout(foot)
        self._done = done

    def first_focus(self) -> QWidget:
        return self._done

    def _copy(self) -> None:
        self.copy_wanted.emit(self._text, tr("Diagnostics"))


class ShortcutsCard(Card):
    """All keys."""

    def __init__(self, theme: Theme, actions: Sequence[QAction]) -> None:
        super().__init__(theme, tr("Keyboard shortcuts"))
        grid = QGridLayout()
        grid.setVerticalSpacing(5)
        pairs = [(action.text().rstrip("…"), action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
                 for action in actions if not action.shortcut().isEmpty()]
        pairs += [(tr("Show or hide the details"), tr("Space")), (tr("Next part of the window"), "F6"),
                  (tr("From the sections into the page"), tr("Enter")),
                  (tr("Menu of a row or of a destination"), tr("Menu key, Shift+F10")),
                  (tr("Height of the details"), tr("Tab to the line above them, then up and down")),
                  (tr("Rename in the composer"), "F2"), (tr("Undo, redo in the composer"), "Ctrl+Z, Ctrl+Shift+Z"),
                  (tr("Close a card or the composer"), "Esc")]
        for place, (name, keys) in enumerate(pairs):
            grid.addWidget(label(name, wrap=True), place, 0)
            grid.addWidget(label(keys, "field", wrap=True), place, 1)
        grid.setHorizontalSpacing(16)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        self.body.addLayout(grid)
        foot = row()
        foot.addStretch(1)
        self._done = button(tr("Close"), "primary")
        self._done.clicked.connect(self.closed)
        foot.addWidget(self._done)
        self.body.addLayout(foot)

    def first_focus(self) -> QWidget:
        return self._done


class CloseCard(Card):
    """Asked once: what closing the window means. Where there is no tray, only quitting is left.

    :param ends: the node ends with the window, and transfers pause.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme, *, tray: bool, ends: bool = True) -> None:
        super().__init__(theme, tr("Close the window?"), 520)
        if not ends:
            words = tr("Transfers go on either way: the node runs by itself, without this window. In the tray you hear "
                       "of what arrives. This is asked only once; the settings can change it.")
        elif tray:
            words = tr("In the tray transfers go on. Quitting pauses them until you start JetStream again. Nothing is "
                       "lost either way. This is asked only once; the settings can change it.")
        else:
            words = tr("Transfers are running. If you quit, they pause and go on when you start JetStream again. "
                       "Nothing is lost. This is asked only once; the settings can change it.")
        self.body.addWidget(label(words, "dim", wrap=True))
        foot = row()
        if tray:
            cancel = button(tr("Cancel"))
            cancel.clicked.connect(self.closed)
            foot.addWidget(cancel)
        foot.addStretch(1)
        leave = button(tr("Quit and pause") if ends else tr("Quit"))
        leave.clicked.connect(self._quit)
        self._stay = button(tr("Go on in the tray") if tray else tr("Stay here"), "primary")
        self._stay.clicked.connect(self._tray if tray else self.closed)
        foot.addWidget(leave)
        foot.addWidget(self._stay)
        self.body.addLayout(foot)

    def first_focus(self) -> QWidget:
        return self._stay

    def _quit(self) -> None:
        self.chosen.emit("quit")

    def _tray(self) -> None:
        self.chosen.emit("tray")
