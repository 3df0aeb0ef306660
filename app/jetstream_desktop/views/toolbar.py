"""The toolbar: the verbs of the program, and the search."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QSizePolicy, QStyleOptionToolButton, QToolButton, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.views.actions import Actions
from jetstream_desktop.views.theme import ICON_SIZE, Theme
from jetstream_desktop.views.widgets import BESIDE, IconKeeper, hairline, icon_button, row

_SEARCH_ROOM = 180
_MARGINS = 60
_FIRST = 2
"""How many verbs keep their texts longer: Get and Share, which people look for."""
_PADDING = 27
"""Around the icon and the text of a button, and between them."""
_AROUND = 48
"""Icon and distances in the search."""
_BESIDE = Qt.ToolButtonStyle.ToolButtonTextBesideIcon


class SearchField(QLineEdit):
    """The search: Escape empties it and hands the focus back; up and down are for the list below."""

    left = Signal()
    files_pasted = Signal()
    """Somebody pastes files, which are no text; only if :attr:`takes_files`."""
    takes_files = False
    moved = Signal(int)
    """By so many lines, in the list that is searched."""

    def __init__(self, theme: Theme, placeholder: str, short: str = "") -> None:
        super().__init__()
        self._placeholders = (placeholder, short or placeholder)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setProperty("role", "search")
        self.setClearButtonEnabled(True)
        icon = QAction(self)
        IconKeeper(icon, theme, "search", "dim")
        self.addAction(icon, QLineEdit.ActionPosition.LeadingPosition)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In little room the short placeholder stands here."""
        super().resizeEvent(event)
        whole, short = self._placeholders
        fits = self.fontMetrics().horizontalAdvance(whole) <= self.width() - _AROUND
        self.setPlaceholderText(whole if fits else short)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
            return
        if self.takes_files and event.matches(QKeySequence.StandardKey.Paste) \
                and QGuiApplication.clipboard().mimeData().hasUrls():
            self.files_pasted.emit()
            return
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.moved.emit(1 if event.key() == Qt.Key.Key_Down else -1)
            return
        super().keyPressEvent(event)


class Verb(QToolButton):
    """A button of an action; where it shows its text, the icon keeps some distance from it."""

    def __init__(self, theme: Theme, action: QAction, icon: str, colour: str = "text") -> None:
        super().__init__()
        self._theme, self._name, self._colour = theme, icon, colour
        theme.changed.connect(self._refresh)
        self._refresh()
        self.setDefaultAction(action)
        self.setToolButtonStyle(_BESIDE)
        self.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(action.text().rstrip("…"))

    def _refresh(self) -> None:
        self._alone = self._theme.icon(self._name, self._colour)
        self._beside = self._theme.icon(self._name, self._colour, margin=BESIDE)
        self.update()

    def initStyleOption(self, option: QStyleOptionToolButton) -> None:
        super().initStyleOption(option)
        beside = self.toolButtonStyle() == _BESIDE
        option.icon = self._beside if beside else self._alone
        option.iconSize = QSize(ICON_SIZE + 2 * BESIDE if beside else ICON_SIZE, ICON_SIZE)


class Toolbar(QWidget):
    """Buttons of the actions; texts give way to icons where there is little room, those for rows first."""

    searched = Signal(str)

    def __init__(self, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(round(52 * theme.scale))
        self._verbs: list[QToolButton] = []
        self._theme = theme
        line = row(margins=(14, 0, 14, 0), spacing=6)
        self.send = self._button(actions.send_files, "up", "primary")
        for button in (self.send, self._button(actions.get, "down"), self._button(actions.share, "share")):
            line.addWidget(button)
            if button is not self.send:
                self._verbs.append(button)
        bold = QFontMetrics(theme.font("body", True))  # the hint of a button does not know its bold text
        self._send_room = bold.horizontalAdvance(self.send.text()) + ICON_SIZE + _PADDING
        line.addSpacing(6)
        divider = hairline(vertical=True)
        divider.setFixedHeight(20)
        line.addWidget(divider)
        line.addSpacing(6)
        for action, icon in ((actions.pause, "pause"), (actions.resume, "play"), (actions.retry, "retry"),
                             (actions.remove, "close")):
            button = self._button(action, icon, "flat")
            self._verbs.append(button)
            line.addWidget(button)
        line.addStretch(1)
        self.search = SearchField(theme, tr("Search transfers"), tr("Search"))
        self.search.setMaximumWidth(230)
        self.search.setMinimumWidth(90)
        self.search.textChanged.connect(self.searched)
        line.addWidget(self.search, 4)
        self.more = icon_button(theme, "more", tr("More"), "dim")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = self._more_menu(actions)
        self.more.setMenu(self._menu)
        line.addWidget(self.more)
        self.setLayout(line)
        icons = (len(self._verbs) + 1) * (ICON_SIZE + 30)
        self._tight = self._send_room + icons + self.search.minimumWidth() + _MARGINS
        texts = [button.sizeHint().width() + 6 for button in self._verbs]
        self._roomy = self._send_room + sum(texts) + _SEARCH_ROOM
        fewer = len(self._verbs) - _FIRST
        self._middling = self._send_room + sum(texts[:_FIRST]) + fewer * (ICON_SIZE + 30) + _SEARCH_ROOM

    def _button(self, action: QAction, icon: str, role: str = "") -> QToolButton:
        made = Verb(self._theme, action, icon, "accent_text" if role == "primary" else "text")
        if role:
            made.setProperty("role", role)
        return made

    def _more_menu(self, actions: Actions) -> QMenu:
        """So short that it fits into a screen of 800x500: Qt would break it into columns."""
        menu = QMenu(self)
        pauses = _submenu(menu, tr("Pause all for a while"), actions.pauses)
        aid = _submenu(menu, tr("Help"), (actions.check_node, actions.first_run, actions.shortcuts, actions.about))
        groups = ((actions.send_files, actions.send_folder, actions.get),
                  (actions.pause_all, pauses.menuAction(), actions.resume_all, actions.remove_done),
                  (actions.connect_node, actions.this_computer), (actions.allowed, actions.settings),
                  (aid.menuAction(),), (actions.quit,))
        for number, group in enumerate(groups):
            if number:
                menu.addSeparator()
            menu.addActions(group)
        self._before_nodes = actions.connect_node
        return menu

    def add_menus(self, menus: Sequence[QMenu]) -> None:
        """How the table is shown, before what is about nodes."""
        for menu in menus:
            self._menu.insertMenu(self._before_nodes, menu)
        self._menu.insertSeparator(self._before_nodes)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for place, button in enumerate(self._verbs):
            needed = self._middling if place < _FIRST else self._roomy
            style = Qt.ToolButtonStyle.ToolButtonIconOnly if self.width() < needed else _BESIDE
            if button.toolButtonStyle() != style:
                button.setToolButtonStyle(style)
        tight = self.width() < self._tight
        self.send.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly if tight else _BESIDE)
        self.send.setMinimumWidth(0 if tight else self._send_room)


def _submenu(menu: QMenu, title: str, actions: Sequence[QAction]) -> QMenu:
    made = QMenu(title, menu)
    made.addActions(actions)
    return made
