"""A button with a menu of the nodes nearby, beside a field for an address. It is there only while there are any."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton

from jetstream_desktop.i18n import tr, trn
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.views.theme import ICON_SIZE, Theme
from jetstream_desktop.views.widgets import BESIDE, IconKeeper


class NearButton(QToolButton):
    """``chosen`` carries the :class:`Near` that was picked."""

    chosen = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        IconKeeper(self, theme, "near", margin=BESIDE)
        self.setIconSize(QSize(ICON_SIZE + 2 * BESIDE, ICON_SIZE))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(tr("Nodes that announce themselves on this network"))
        self._menu = QMenu(self)
        self._menu.triggered.connect(self._picked)
        self.setMenu(self._menu)
        self.hide()

    def show_near(self, near: Sequence[Near]) -> None:
        """Offer these."""
        if [action.data() for action in self._menu.actions()] == list(near):
            return
        self._menu.clear()
        for one in near:
            words = one.title if str(one.address) in one.title else f"{one.title}  ({one.address})"
            action = self._menu.addAction(words.replace("&", "&&"))
            action.setData(one)
        self.setText(trn("{count} nearby", "{count} nearby", len(near)))
        self.setAccessibleName(self.text())
        self.setVisible(bool(near))

    def _picked(self, action: QAction) -> None:
        self.chosen.emit(action.data())
