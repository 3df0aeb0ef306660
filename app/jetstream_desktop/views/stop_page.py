"""The stop sign: another node answers than the one that was pinned. It fills the window and cannot be clicked away."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.views.node_card import Figures
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import IconLabel, button, column, label, panel, row

TYPED = 8
"""So many figures of the new identity have to be typed before it is trusted."""


class StopPage(QScrollArea):
    """Both identities, what it means, what to do."""

    home_wanted = Signal()
    again_wanted = Signal()
    trust_wanted = Signal()

    def __init__(self, theme: Theme, name: str, expected: str, presented: str, *, local: bool) -> None:
        super().__init__()
        self._presented = presented
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Stop: this is another node than before"))
        body = column(margins=(28, 28, 28, 28), spacing=14)
        body.addStretch(1)
        head = row(spacing=14)
        head.addWidget(IconLabel(theme, "alert", "bad", 40), 0, Qt.AlignmentFlag.AlignTop)
        title = label(tr("Stop: this is another node than before"), "heading", wrap=True)
        head.addWidget(title, 1)
        body.addLayout(head)
        body.addWidget(label(tr("What answers as “{name}” does not show the identity that this computer knows. Nothing "
                                "was sent to it: no password, no files. It is not tried again by itself.", name=name),
                             wrap=True))
        body.addLayout(self._identities(theme, expected, presented))
        body.addWidget(label(tr("Either JetStream was set up anew over there, or something on the way pretends to be "
                                "it. You cannot tell which from here. Ask its owner, by telephone or face to face, "
                                "what stands there under “Who may send to me”."), wrap=True))
        self.home = button(tr("Try again") if local else tr("Back to this computer"), "primary", theme=theme,
                           icon="retry" if local else "computer")
        self.home.clicked.connect(self.again_wanted if local else self.home_wanted)
        if local:
            line = row()
            line.addStretch(1)
            line.addWidget(self.home)
            body.addLayout(line)
        else:
            body.addLayout(self._trusting())
        body.addStretch(2)
        middle = row()
        middle.addStretch(1)
        holder = panel(body)
        holder.setMaximumWidth(round(760 * theme.scale))
        middle.addWidget(holder, 100)
        middle.addStretch(1)
        self.setWidget(panel(middle, "ground"))

    def _identities(self, theme: Theme, expected: str, presented: str) -> QHBoxLayout:
        both = row(spacing=14)
        for name, code, tone in ((tr("Known until now"), expected, "good"), (tr("Shown now"), presented, "bad")):
            inner: QVBoxLayout = column(margins=(16, 12, 16, 14), spacing=8)
            inner.addWidget(label(name, tone))
            inner.addWidget(Figures(theme, name, code))
            frame = QFrame()
            frame.setProperty("role", "card")
            frame.setLayout(inner)
            both.addWidget(frame, 1)
        return both

    def _trusting(self) -> QVBoxLayout:
        layout = column(spacing=10)
        layout.addWidget(label(tr("Only if the owner confirms the new identity: type its first {n} figures as they are "
                                  "read to you.", n=TYPED), wrap=True))
        self.figures = QLineEdit()
        self.figures.setAccessibleName(tr("First figures of the new identity"))
        self.figures.setPlaceholderText("0000 0000")
        self.figures.setMaximumWidth(140)
        self.figures.textChanged.connect(self._typed)
        self.trust = button(tr("Trust the new identity"), "danger")
        self.trust.setEnabled(False)
        self.trust.clicked.connect(self.trust_wanted)
        line = row()
        line.addWidget(self.figures)
        line.addWidget(self.trust)
        line.addStretch(1)
        line.addWidget(self.home)
        layout.addLayout(line)
        return layout

    def first_focus(self) -> QWidget:
        """Where the cursor goes."""
        return self.home

    def _typed(self, text: str) -> None:
        plain = "".join(text.split()).replace(":", "").lower()
        self.trust.setEnabled(len(plain) >= TYPED and self._presented.startswith(plain))
