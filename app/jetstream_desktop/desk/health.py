"""The node looks at itself, and the window shows what it found."""

from functools import partial

from PySide6.QtCore import QObject

from jetstream.errors import InvalidParameters
from jetstream_desktop.desk.context import Context
from jetstream_desktop.i18n import tr
from jetstream_desktop.views.test_card import NodeCheckCard


class HealthDesk(QObject):
    """Opens the card and asks the node."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._c = context
        self._card: NodeCheckCard | None = None
        context.window.actions_.check_node.triggered.connect(self.open)

    def open(self) -> None:
        """Check the node that is shown."""
        card = NodeCheckCard(self._c.theme, self._c.session.node.title)
        card.again_wanted.connect(self._look)
        card.copy_wanted.connect(self._c.copy)
        card.destroyed.connect(partial(self._gone, card))
        self._card = card
        self._c.window.show_card(card)
        self._look()

    def _gone(self, card: NodeCheckCard) -> None:
        if self._card is card:
            self._card = None

    def _look(self) -> None:
        if self._card is not None:
            self._card.show_findings((), True)
            self._c.run(self._looked(), "check the node", self._problem)

    async def _looked(self) -> None:
        try:
            found = await self._c.commands.diagnose()
        except InvalidParameters as error:
            if error.facts.get("field") != "method":
                raise
            self._problem(tr("This node is too old to look at itself; update JetStream where it runs."))
            return
        if self._card is not None:
            self._card.show_findings(found, False)

    def _problem(self, words: str) -> None:
        if self._card is not None:
            self._card.show_problem(words)
