"""The frame of the main window: sidebar, toolbar, pages, status line."""

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QToolButton, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.models.sidebar import Entry, EntryKind, SidebarModel
from jetstream_desktop.models.transfers import TransferTableModel
from jetstream_desktop.state.filters import Filter, Totals, totals
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.rows import Row
from jetstream_desktop.views.actions import Actions
from jetstream_desktop.views.banner import Banner
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.composer import Composer
from jetstream_desktop.views.details import Details
from jetstream_desktop.views.drop import leave_drops_to_the_window
from jetstream_desktop.views.dropping import DropTarget
from jetstream_desktop.views.offers import OfferBar
from jetstream_desktop.views.pages import Pages
from jetstream_desktop.views.row_menu import row_menu
from jetstream_desktop.views.sidebar import Sidebar
from jetstream_desktop.views.statusline import StatusLine
from jetstream_desktop.views.stop_page import StopPage
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.toolbar import Toolbar
from jetstream_desktop.views.transfers_page import TransfersPage
from jetstream_desktop.views.welcome import Welcome
from jetstream_desktop.views.widgets import column, panel, row

_USUAL_SIZE = QSize(1280, 800)
_FRAME = QSize(16, 48)
"""Room for what the window manager draws around the window; how much that is it only tells once it is shown."""
_ROOMY_HEIGHT = 700
_LOW_HEIGHT = 440
_NARROW = 720
"""Below that width the sidebar has icons alone."""


class MainWindow(QMainWindow):
    """Puts the parts together and says what the person did; it knows no node."""

    close_wanted = Signal()
    selection_changed = Signal()
    entry_chosen = Signal(object)

    def __init__(self, theme: Theme, table_model: TransferTableModel, sidebar_model: SidebarModel, actions: Actions,
                 details: Details, composer: Composer, welcome: Welcome) -> None:
        super().__init__()
        self._theme = theme
        self._model = table_model
        self.actions_ = actions
        self.details = details
        self.composer = composer
        self.welcome = welcome
        self.sidebar = Sidebar(theme, sidebar_model)
        self.toolbar = Toolbar(theme, actions)
        self.offers = OfferBar(theme)
        self.status = StatusLine(theme)
        self.banner = Banner(theme, self.status)
        self.transfers = TransfersPage(theme, table_model, details, welcome)
        self.table = self.transfers.table
        self.pages = Pages(self.sidebar.list)
        self._stop: StopPage | None = None
        self._node = LOCAL
        self._active = 0
        self._chose_section = False
        self._build()
        self.drops = DropTarget(theme, self, composer)
        self._connect(sidebar_model)
        self._show_title()
        self.setMinimumSize(600, 340)
        self.resize(_USUAL_SIZE.boundedTo(self.screen().availableSize() - _FRAME))
        self.addActions(actions.all())
        cycle = QShortcut(QKeySequence("F6"), self)
        cycle.activated.connect(self.cycle_focus)
        leave_drops_to_the_window(self)
        self.show_table()
        self.sidebar.list.choose(Filter.ALL.value)

    def _build(self) -> None:
        self.pages.addWidget(self.transfers)
        self.pages.addWidget(self.composer)
        right = column()
        right.addWidget(self.toolbar)
        right.addWidget(self.banner.standing)
        right.addWidget(self.offers)
        right.addWidget(self.pages, 1)
        upper = row(spacing=0)
        upper.addWidget(self.sidebar)
        upper.addWidget(panel(right, "pane"), 1)
        outer = column()
        outer.addLayout(upper, 1)
        outer.addWidget(self.status)
        self._whole = QStackedWidget()
        self._whole.addWidget(panel(outer))
        self.setCentralWidget(self._whole)

    def _connect(self, sidebar_model: SidebarModel) -> None:
        self.sidebar.list.chosen.connect(self._entry)
        self.sidebar.list.dropped.connect(self.drops.take)
        self.drops.refused.connect(self._refused)
        self.sidebar.list.entered_page.connect(self._go_in)
        self.toolbar.add_menus(self.table.columns.menus(self.toolbar))
        self.toolbar.searched.connect(self._search)
        self.toolbar.search.left.connect(self.table.setFocus)
        self.actions_.search.triggered.connect(self._focus_search)
        self.transfers.filled.connect(self._filled)
        self.transfers.selection_changed.connect(self._selected)
        self.transfers.all_wanted.connect(self.show_all)
        self.table.menu_wanted.connect(self._row_menu)
        self.composer.closed.connect(self.show_table)
        self.banner.left.connect(self._go_in)
        self.pages.currentChanged.connect(self._page_changed)
        self._model.dataChanged.connect(self._data_changed)
        self._model.counted.connect(sidebar_model.set_counts)

    # Which node

    def show_node(self, node: OpenNode) -> None:
        """Say everywhere which node this is, and offer only what it can do."""
        self._node = node
        self.drops.elsewhere = "" if node.local else node.title
        self.status.show_node(node)
        self.welcome.show_node(node)
        self.composer.show_node(node)
        self.actions_.show_local(node.local)
        self._show_title()

    def _show_title(self) -> None:
        parts = ["JetStream", self._node.title]
        if self._active:
            parts.append(tr("{count} active", count=self._active))
        self.setWindowTitle(" – ".join(parts))

    def show_stop(self, page: StopPage) -> None:
        """Fill the window with the stop sign; nothing else can be done until it is left."""
        self.leave_stop()
        self._stop = page
        self.drops.closed = True
        self._whole.addWidget(page)
        self._whole.setCurrentWidget(page)
        self.actions_.hold(True)
        page.first_focus().setFocus()

    def leave_stop(self) -> None:
        """Back to the window, if the stop sign is up."""
        if self._stop is not None:
            page, self._stop = self._stop, None
            self.drops.closed = False
            self._whole.removeWidget(page)
            page.deleteLater()
            self.actions_.hold(False)
            self.table.setFocus()

    @property
    def stop_page(self) -> StopPage | None:
        """The stop sign, while it is up."""
        return self._stop

    # Pages

    def show_table(self) -> None:
        """The transfers."""
        self.pages.show_page(self.transfers, self.table)

    def show_composer(self) -> None:
        """The composer."""
        self.pages.turn_to(self.composer)
        self.composer.first_focus().setFocus()

    def show_page(self, page: QWidget) -> None:
        """Another page that stays, like Shared or Destinations."""
        self.pages.show_page(page)

    def show_card(self, card: Card) -> None:
        """A card over what is shown; closing it goes back there."""
        card.closed.connect(self.close_card)
        self.pages.show_card(card)

    def close_card(self) -> None:
        """Back to what the card covered."""
        below = self.pages.below
        if below is self.composer:
            self.show_composer()
        elif below is not None and below is not self.transfers:
            self.show_page(below)
        else:
            self.show_table()

    def return_to(self, page: QWidget, key: str) -> None:
        """Closing the open card goes to *page*, the one called *key* in the sidebar: what it covered is done with."""
        if self.card is not None:
            self.pages.put_below(page)
            self.card.closed.connect(lambda: self.sidebar.list.choose(key))

    @property
    def card(self) -> Card | None:
        """The card that is open."""
        return self.pages.card

    def show_welcome(self) -> None:
        """The start page, also when there are transfers."""
        self.transfers.force_welcome(True)
        self.show_table()

    def _go_in(self) -> None:
        """From the sections into the page that is shown."""
        page = self.table if self.table.isVisible() else self.pages.currentWidget()
        if page is not None:
            page.setFocus()

    def _filled(self) -> None:
        """The first transfers get the keyboard, unless somebody has begun to walk about."""
        if QApplication.focusWidget() in (None, self.sidebar.list) and not self._chose_section:
            self.table.setFocus()

    def _page_changed(self) -> None:
        self.toolbar.setVisible(not self._composing)
        self._fit_offers()

    @property
    def _composing(self) -> bool:
        return self.pages.currentWidget() is self.composer

    # What the person did

    def _entry(self, entry: Entry) -> None:
        self._chose_section = True
        self.transfers.force_welcome(False)
        if entry.kind is EntryKind.SHELF:
            self.transfers.query(shelf=Filter(entry.key))
            self.show_table()
        elif entry.kind is EntryKind.DESTINATION:
            self.transfers.query(shelf=Filter.ALL, destination_id=entry.key)
            self.show_table()
        self.entry_chosen.emit(entry)

    def _search(self, words: str) -> None:
        self.transfers.query(search=words, destination_id=self._model.query.destination_id)
        if self.pages.currentWidget() is not self.transfers:
            self.show_table()
            self.toolbar.search.setFocus()

    def _focus_search(self) -> None:
        self.toolbar.search.setFocus()
        self.toolbar.search.selectAll()

    def show_all(self) -> None:
        """Every transfer, whatever was searched for or filtered."""
        self.transfers.force_welcome(False)
        self.toolbar.search.clear()
        self.transfers.query(shelf=Filter.ALL)
        self.sidebar.list.choose(Filter.ALL.value)
        self.show_table()

    def selected_rows(self) -> list[Row]:
        """Snapshots of the selected rows."""
        return self.transfers.selected_rows()

    def _selected(self) -> None:
        self.actions_.follow(self.selected_rows())
        self.show_totals()
        self.selection_changed.emit()

    def _data_changed(self) -> None:
        self.actions_.follow(self.selected_rows())

    def show_totals(self) -> None:
        """The sums in the status line and the title."""
        self.show_sums(totals(self._model.rows.values()))

    def show_sums(self, everything: Totals) -> None:
        """The sums of everything, where someone has them already."""
        self.status.show_totals(everything, totals(self.selected_rows()))
        self._active = everything.active
        self._show_title()

    def _refused(self, words: str) -> None:
        self.banner.show_line(words, "caution")

    def _row_menu(self, place: QPoint) -> None:
        menu = row_menu(self, self.actions_)
        menu.popup(place)

    # Frame

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.sidebar.set_narrow(self.width() < _NARROW * self._theme.scale)
        self._fit_offers()

    def _fit_offers(self) -> None:
        """Somebody who asks takes little room where there is little, and less beside the composer."""
        self.offers.set_compact(self.height() < (_ROOMY_HEIGHT if self._composing else _LOW_HEIGHT))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button with the focus, as Space does; push buttons do that by themselves."""
        focused = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focused, QToolButton):
            focused.click()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.close_wanted.emit()

    def cycle_focus(self) -> None:
        """F6: sidebar, toolbar, an offer that waits, page, details, and round again."""
        parts = (self.sidebar.list, self.toolbar.search, self.offers.card.accept, self.table, self.details.tabs)
        stops: Sequence[QWidget] = [part for part in parts if part.isVisible()]
        current = QApplication.focusWidget()
        place = next((n for n, stop in enumerate(stops) if stop is current), -1)
        if stops:
            stops[(place + 1) % len(stops)].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def ask_for_attention(self) -> None:
        """Let the system's bar of windows show that somebody waits here."""
        QApplication.alert(self)

    def geometry_state(self) -> str:
        """Size and place, for the settings."""
        return bytes(self.saveGeometry().toBase64().data()).decode()

    def restore_state(self, geometry: str) -> None:
        """What :meth:`geometry_state` gave."""
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
