"""The bar above the composer: undo, redo, a folder made by hand, more files, and the way out."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.basket import History
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.views.theme import ICON_SIZE, Theme
from jetstream_desktop.views.widgets import BESIDE, ElidedLabel, IconKeeper, icon_button, row


class ComposerHead(QWidget):
    """Says what the person wants; it does nothing by itself."""

    undo_wanted = Signal()
    redo_wanted = Signal()
    folder_made = Signal()
    files_wanted = Signal()
    folder_wanted = Signal()
    paste_wanted = Signal()
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("role", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = row(margins=(14, 0, 14, 0), spacing=8)
        self._title = ElidedLabel("", "title")
        self._title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)  # before the hint
        line.addWidget(self._title)
        self._hint = ElidedLabel("", "dim")
        line.addWidget(self._hint, 1)
        self._undo = icon_button(theme, "undo", tr("Undo"))
        self._undo.clicked.connect(self.undo_wanted)
        self._redo = icon_button(theme, "redo", tr("Redo"))
        self._redo.clicked.connect(self.redo_wanted)
        folder = icon_button(theme, "folder-plus", tr("Make a folder"))
        folder.clicked.connect(self.folder_made)
        close = icon_button(theme, "close", tr("Close without sending"))
        close.clicked.connect(self.closed)
        for widget in (self._undo, self._redo, folder, self._adding(), close):
            line.addWidget(widget)
        self.setLayout(line)
        self.setFixedHeight(round(52 * theme.scale))
        self.show_sharing(False)

    def _adding(self) -> QToolButton:
        add = QToolButton()
        add.setText(tr("Add…"))
        add.setAccessibleName(tr("Add files or folders"))
        IconKeeper(add, self._theme, "plus", margin=BESIDE)
        add.setIconSize(QSize(ICON_SIZE + 2 * BESIDE, ICON_SIZE))
        add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        add.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        menu = QMenu(add)
        for text, signal in ((tr("Files…"), self.files_wanted), (tr("Folder…"), self.folder_wanted),
                             (tr("Paste"), self.paste_wanted)):
            action = QAction(text, menu)
            action.triggered.connect(signal)
            menu.addAction(action)
        add.setMenu(menu)
        return add

    def show_node(self, node: OpenNode) -> None:
        """Whose files these are."""
        self._hint.setText(tr("drop more at any time") if node.local else
                           tr("from the disk of {node}", node=node.title))

    def show_sharing(self, sharing: bool) -> None:
        """What the files are chosen for."""
        self._title.setText(tr("Choose files to share") if sharing else tr("New transfer"))

    def show_history(self, history: History) -> None:
        """What can be taken back, and done again."""
        self._undo.setEnabled(bool(history.past))
        self._redo.setEnabled(bool(history.future))
