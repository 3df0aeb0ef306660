"""The strip above the details of a row that stands still: why, what next, and the buttons that help."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QScrollArea, QSizePolicy

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.details import Selected, why
from jetstream_desktop.state.rows import Group
from jetstream_desktop.state.text import plain_tooltip
from jetstream_desktop.views.scrolling import GUTTER, edge_bar
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import IconLabel, button, label, row, set_role

_HIGHEST = 170
_NARROW = 620
"""Below that width the buttons stand under the words."""
_LEAST_LINES = 2


class _Words(QScrollArea):
    """The reason, as high as it is where there is room; where there is less it scrolls, and the buttons stay whole."""

    def __init__(self, text: QLabel) -> None:
        super().__init__()
        self._text = text
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(text)
        self.viewport().setAutoFillBackground(False)
        text.setAutoFillBackground(False)
        edge_bar(self)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._text.heightForWidth(width)

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(200, self.width())))

    def minimumSizeHint(self) -> QSize:
        lines = min(_LEAST_LINES * self._text.fontMetrics().lineSpacing(), self.heightForWidth(max(200, self.width())))
        return QSize(200, lines)


class Reason(QFrame):
    """Hidden while a row moves or is done."""

    retry_wanted = Signal()
    resume_wanted = Signal()
    copy_wanted = Signal()
    identity_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "inset")
        self._narrow = round(_NARROW * theme.scale)
        self._highest = round(_HIGHEST * theme.scale)
        self._icon = IconLabel(theme, "info", "dim", 18)
        self.text = label("", wrap=True, selectable=True)
        self.text.setContentsMargins(0, 0, GUTTER, 0)
        self._words = _Words(self.text)
        self.resume = button(tr("Resume"), "primary")
        self.retry = button(tr("Retry"), "primary")
        self.identity = button(tr("Copy my identity"))
        self.copy = button(tr("Copy reason"))
        buttons = row(spacing=8)
        buttons.addStretch(1)
        self._body = row(spacing=8)
        self._body.addWidget(self._words, 1)
        self._body.addLayout(buttons)
        line = row(margins=(12, 8, 10, 8), spacing=8)
        line.addWidget(self._icon)
        line.addLayout(self._body, 1)
        for made, signal in ((self.identity, self.identity_wanted), (self.copy, self.copy_wanted),
                             (self.retry, self.retry_wanted), (self.resume, self.resume_wanted)):
            made.clicked.connect(signal)
            buttons.addWidget(made)
        self._whole = line
        self.setLayout(line)
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < self._narrow
        self._body.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        self._whole.setAlignment(self._icon, Qt.AlignmentFlag.AlignTop if narrow else Qt.AlignmentFlag.AlignVCenter)
        self.updateGeometry()

    @property
    def wanted(self) -> int:
        """The height at which the words are read whole, unless there are very many of them."""
        return min(self._highest, self._whole.totalHeightForWidth(self.width()))

    def show_row(self, chosen: Selected) -> None:
        """Why the row stands still, if it does."""
        status = chosen.row.status
        stands = chosen.row.group in (Group.FAILED, Group.PAUSED, Group.WAITING)
        self.setVisible(stands)
        if not stands:
            return
        words = why(chosen)
        if self.text.text() != words:
            self.text.setText(words)
            self.text.setToolTip(plain_tooltip(words))
        self._icon.show_icon(status.icon, status.tone)
        set_role(self.text, "bad" if chosen.row.group is Group.FAILED else "text")
        self.retry.setVisible(chosen.row.can_retry)
        self.resume.setVisible(chosen.row.can_resume)
        self.copy.setVisible(bool(chosen.row.error))
        self.identity.setVisible(bool(chosen.own) and chosen.own in (chosen.row.error or ""))
        self._words.updateGeometry()
        self.updateGeometry()
