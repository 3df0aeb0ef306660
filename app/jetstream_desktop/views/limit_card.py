"""The card for a speed limit that the menu does not offer."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.options import MAX_LIMIT
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.rate_field import RateField
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import button, label, row


class LimitCard(Card):
    """Asks how fast the whole node may send."""

    chosen = Signal(int)
    """In kbit/s."""

    def __init__(self, theme: Theme, kbps: int) -> None:
        super().__init__(theme, tr("Speed limit of this node"), 420)
        self.body.addWidget(label(tr("All that it sends together stays below that."), "dim", wrap=True))
        self.rate = RateField(tr("Speed limit"), 8, MAX_LIMIT)
        self.rate.set_kbps(kbps or 80_000)
        self.rate.selectAll()
        line = row()
        line.addWidget(self.rate)
        line.addStretch(1)
        self.body.addLayout(line)
        foot = row(spacing=8)
        foot.addStretch(1)
        leave = button(tr("Cancel"))
        leave.clicked.connect(self.closed)
        done = button(tr("Limit"), "primary")
        done.clicked.connect(self._done)
        foot.addWidget(leave)
        foot.addWidget(done)
        self.body.addLayout(foot)
        self.default = done

    def first_focus(self) -> QWidget:
        return self.rate

    def _done(self) -> None:
        self.chosen.emit(self.rate.kbps())
        self.closed.emit()
