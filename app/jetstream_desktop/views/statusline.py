"""The lowest line: how the node is, how fast it goes, how much is left."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QPushButton, QWidget

from jetstream_desktop.i18n import tr, trn
from jetstream_desktop.state import numbers
from jetstream_desktop.state.connection import (
    Connected,
    Connecting,
    Connection,
    Failed,
    IdentityChanged,
    LoginRefused,
)
from jetstream_desktop.state.filters import Totals
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.options import LIMITS
from jetstream_desktop.views.dialogs import choose
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import IconLabel, label, row, set_role

_NOTHING = "0 B/s"
_NARROW = 760


class StatusLine(QWidget):
    """Node state, rates, limit; on the right what is active or selected, and free space."""

    limit_chosen = Signal(object)
    """The limit of the whole node in kbit/s, 0 for none."""
    other_limit_wanted = Signal()
    """A limit that the menu does not offer."""
    node_pressed = Signal(QPoint)
    """The node's name was pressed: where a menu of nodes belongs."""
    home_pressed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "statusline")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(round(28 * theme.scale))
        self._live = False
        self._narrow = round(_NARROW * theme.scale)
        self._icon = IconLabel(theme, "clock", "dim", 16)
        self._state = label("", "dim")
        self._up = label("", "dim")
        self._down = label("", "dim")
        self._limit = self._link(theme, tr("No limit"))
        self._limit.clicked.connect(self._choose)
        self.kbps = 0
        self._other = QAction(tr("Another limit…"), self)
        self._other.triggered.connect(self.other_limit_wanted)
        self._right = label("", "dim")
        self._space = label("", "dim")
        for figure in (self._up, self._down):
            figure.setMinimumWidth(86)
        line = row(margins=(14, 0, 14, 0), spacing=6)
        self._node = self._link(theme, "", strong=True)
        self._node.setToolTip(tr("Choose which node is shown"))
        self._node.clicked.connect(self._choose_node)
        self._home = QPushButton(tr("Back to this computer"))
        self._home.setProperty("role", "link")
        self._home.setStyleSheet(f"QPushButton {{ padding: 0 2px; font-size: {theme.font('small').pixelSize()}px; }}")
        self._home.clicked.connect(self.home_pressed)
        line.addWidget(self._icon)
        line.addWidget(self._node)
        line.addWidget(self._state)
        line.addWidget(self._home)
        line.addSpacing(10)
        for part in (self._up, self._down, self._limit):
            line.addWidget(part)
        line.addStretch(1)
        line.addWidget(self._right)
        line.addSpacing(10)
        line.addWidget(self._space)
        self.setLayout(line)
        self._limit.hide()
        self.show_node(LOCAL)

    def _link(self, theme: Theme, text: str, *, strong: bool = False) -> QPushButton:
        made = QPushButton(text)
        made.setProperty("role", "link")
        colour = "text" if strong else "placeholder-text"
        made.setStyleSheet(f"QPushButton {{ color: palette({colour}); padding: 0 2px; "
                           f"font-size: {theme.font('small').pixelSize()}px; }}")
        return made

    def show_node(self, node: OpenNode) -> None:
        """Which node this is about."""
        name = QFontMetrics(self._node.font()).elidedText(node.title, Qt.TextElideMode.ElideMiddle, 180)
        self._node.setText(name.replace("&", "&&"))
        self._node.setAccessibleName(tr("Node shown: {name}", name=node.title))
        self._home.setVisible(not node.local)

    def _choose_node(self) -> None:
        self.node_pressed.emit(self._node.mapToGlobal(self._node.rect().topLeft()))

    def show_connection(self, status: Connection) -> None:
        """How the node is."""
        if isinstance(status, Connected):
            self._set("check", "good", tr("Node running"))
            limits = status.server.bandwidth_limits.outgoing
            self.show_limit(limits)
            free = status.server.free_space
            self._space.setText("" if free is None else tr("{size} free", size=numbers.size(free)))
        elif isinstance(status, Connecting):
            self._set("clock", "dim", status.step)
        elif isinstance(status, Failed):
            self._set("alert", "bad", tr("Node not reachable"))
        elif isinstance(status, IdentityChanged):
            self._set("alert", "bad", tr("Another identity than before"))
        elif isinstance(status, LoginRefused):
            self._set("alert", "bad", tr("Not logged in"))
        else:
            self._set("close", "dim", tr("Not connected"))
        self._live = isinstance(status, Connected)
        if self._live:
            self.show_totals(Totals(), Totals())  # until the rows say more
        else:  # what the rows said last is not what happens now
            for figure in (self._up, self._down, self._right):
                figure.setText("")
        self._limit.setVisible(self._live)
        self._fit()

    def show_silence(self) -> None:
        """The node is there, and nothing new comes from it."""
        self._set("alert", "caution", tr("Nothing new from the node"))
        self._live = False
        for figure in (self._up, self._down, self._right):
            figure.setText("")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In little room the free space is left out, and that all is well: the mark says that, too."""
        narrow = self.width() < self._narrow
        self._space.setVisible(self._live and not narrow)
        self._state.setVisible(not (self._live and narrow))

    def _set(self, icon: str, tone: str, text: str) -> None:
        self._icon.show_icon(icon, tone)
        self._state.setText(text)
        set_role(self._state, f"{tone}-small")

    def show_limit(self, kbps: int | None) -> None:
        """The limit of the node, in kbit/s."""
        self.kbps = kbps or 0
        words = tr("No limit") if not kbps else tr("Limit {rate}", rate=numbers.rate(kbps * 125))
        self._limit.setToolTip(numbers.bits(kbps * 125) if kbps else "")
        self._limit.setText(words)
        self._limit.setAccessibleName(tr("Speed limit of this node: {limit}", limit=words))

    def show_totals(self, everything: Totals, selected: Totals) -> None:
        """Rates of everything; sums of the selection where there is more than one row."""
        if not self._live:
            return
        up, down = (numbers.rate(rate) or _NOTHING for rate in (everything.sending, everything.receiving))
        self._up.setText(f"↑ {up}")
        self._down.setText(f"↓ {down}")
        self._up.setAccessibleName(tr("Sending {rate}", rate=up))
        self._down.setAccessibleName(tr("Receiving {rate}", rate=down))
        if selected.rows > 1:
            self._right.setText(tr("{n} selected, {size}", n=numbers.count(selected.rows),
                                   size=numbers.part(selected.done, selected.size)))
            return
        text = trn("{count} active", "{count} active", everything.active) if everything.active else ""
        if everything.seconds_left is not None:
            text = tr("{active}, {time} left", active=text, time=numbers.duration(everything.seconds_left))
        self._right.setText(text)

    def _choose(self) -> None:
        offered = sorted({*(limit or 0 for limit in LIMITS), self.kbps})
        entries = [(numbers.rate(limit * 125) if limit else tr("No limit"), limit, limit == self.kbps)
                   for limit in offered]
        choose(self, self._limit.mapToGlobal(self._limit.rect().topLeft()), entries, self._other, self._chosen)

    def _chosen(self, action: QAction) -> None:
        if action is not self._other:
            self.limit_chosen.emit(action.data())
