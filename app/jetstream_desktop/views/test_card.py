"""The card that shows how a test of a saved destination goes on."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from jetstream.checks import Check
from jetstream.entities import Destination
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.address import Address, title_of
from jetstream_desktop.state.text import printable
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.findings import Findings
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import button, label, row


class TestCard(Card):
    """Runs when it opens, and again when asked to."""

    __test__ = False  # no test case of pytest
    again_wanted = Signal()
    edit_wanted = Signal(object)
    copy_wanted = Signal(str, str)

    def __init__(self, theme: Theme, destination: Destination) -> None:
        super().__init__(theme, tr("Test of {name}", name=printable(title_of(destination))), 640)
        self._destination = destination
        address = Address(destination.destination_address, destination.destination_port)
        if destination.name:
            self.body.addWidget(label(printable(str(address)), "dim"))
        self._findings = Findings(theme)
        self.body.addWidget(self._findings)
        self.problem = label("", "bad", wrap=True)
        self.problem.hide()
        self.body.addWidget(self.problem)
        foot = row()
        edit = button(tr("Edit…"), theme=theme, icon="edit")
        edit.clicked.connect(self._edit)
        foot.addWidget(edit)
        self.copy = button(tr("Copy"), theme=theme, icon="copy", tip=tr("Copy what the test found"))
        self.copy.clicked.connect(self._copy)
        foot.addWidget(self.copy)
        foot.addStretch(1)
        self.again = button(tr("Test again"), theme=theme, icon="retry")
        self.again.clicked.connect(self.again_wanted)
        foot.addWidget(self.again)
        self.done = button(tr("Done"), "primary")
        self.done.clicked.connect(self.closed)
        foot.addWidget(self.done)
        self.body.addLayout(foot)

    def first_focus(self) -> QWidget:
        return self.done

    def show_findings(self, found: Sequence[Check], running: bool) -> None:
        """How far the test has come."""
        self.problem.hide()
        self._findings.show_findings(found, running)

    def show_problem(self, words: str) -> None:
        """Why it could not be tested."""
        self._findings.hide()
        self.problem.setText(printable(words))
        self.problem.show()

    def _copy(self) -> None:
        self.copy_wanted.emit(f"{self.title.text()}\n{self._findings.text}", tr("Result"))

    def _edit(self) -> None:
        self.edit_wanted.emit(self._destination)
