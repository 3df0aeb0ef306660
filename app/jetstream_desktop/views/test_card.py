"""The cards that show what a test finds: of a saved destination, and of the node itself."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from jetstream.checks import Check
from jetstream.entities import Destination
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.address import Address, title_of
from jetstream_desktop.state.findings import About, a_destination, the_node
from jetstream_desktop.state.text import printable
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.findings import Findings
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import button, label, row


class FindingsCard(Card):
    """Findings, with buttons to copy them and to look again."""

    again_wanted = Signal()
    copy_wanted = Signal(str, str)

    def __init__(self, theme: Theme, title: str, subtitle: str, about: About) -> None:
        super().__init__(theme, title, 640)
        if subtitle:
            self.body.addWidget(label(printable(subtitle), "dim", wrap=True))
        self._findings = Findings(theme, about)
        self.body.addWidget(self._findings)
        self.problem = label("", "bad", wrap=True)
        self.problem.hide()
        self.body.addWidget(self.problem)
        self.foot = row()
        self.copy = button(tr("Copy"), theme=theme, icon="copy", tip=tr("Copy what the test found"))
        self.copy.clicked.connect(self._copy)
        self.foot.addWidget(self.copy)
        self.foot.addStretch(1)
        self.again = button(tr("Test again"), theme=theme, icon="retry")
        self.again.clicked.connect(self.again_wanted)
        self.foot.addWidget(self.again)
        self.done = button(tr("Done"), "primary")
        self.done.clicked.connect(self.closed)
        self.foot.addWidget(self.done)
        self.body.addLayout(self.foot)

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


class TestCard(FindingsCard):
    """Of a saved destination."""

    __test__ = False  # no test case of pytest
    edit_wanted = Signal(object)

    def __init__(self, theme: Theme, destination: Destination) -> None:
        address = Address(destination.destination_address, destination.destination_port)
        super().__init__(theme, tr("Test of {name}", name=printable(title_of(destination))),
                         str(address) if destination.name else "", a_destination())
        self._destination = destination
        edit = button(tr("Edit…"), theme=theme, icon="edit")
        edit.clicked.connect(self._edit)
        self.foot.insertWidget(0, edit)

    def _edit(self) -> None:
        self.edit_wanted.emit(self._destination)


class NodeCheckCard(FindingsCard):
    """Of the node that is shown."""

    def __init__(self, theme: Theme, node: str) -> None:
        super().__init__(theme, tr("Check: {node}", node=printable(node)),
                         tr("What is on the computer that runs the node. A destination is tested in the list of "
                            "destinations."), the_node())
