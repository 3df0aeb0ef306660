"""The strip above the details of a row that stands still: why, what next, and the buttons that help."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.details import Selected, why
from jetstream_desktop.state.rows import Group
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import IconLabel, button, label, row, set_role


class Reason(QFrame):
    """Hidden while a row moves or is done."""

    retry_wanted = Signal()
    resume_wanted = Signal()
    copy_wanted = Signal()
    identity_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "inset")
        self._icon = IconLabel(theme, "info", "dim", 18)
        self.text = label("", wrap=True, selectable=True)
        self.text.setMinimumWidth(200)
        self.resume = button(tr("Resume"), "primary")
        self.retry = button(tr("Retry"), "primary")
        self.identity = button(tr("Copy my identity"))
        self.copy = button(tr("Copy reason"))
        line = row(margins=(12, 8, 10, 8), spacing=8)
        line.addWidget(self._icon)
        line.addWidget(self.text, 1)
        for made, signal in ((self.identity, self.identity_wanted), (self.copy, self.copy_wanted),
                             (self.retry, self.retry_wanted), (self.resume, self.resume_wanted)):
            made.clicked.connect(signal)
            line.addWidget(made)
        self.setLayout(line)
        self.hide()

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
        self._icon.show_icon(status.icon, status.tone)
        set_role(self.text, "bad" if chosen.row.group is Group.FAILED else "text")
        self.retry.setVisible(chosen.row.can_retry)
        self.resume.setVisible(chosen.row.can_resume)
        self.copy.setVisible(bool(chosen.row.error))
        self.identity.setVisible(bool(chosen.own) and chosen.own in (chosen.row.error or ""))
