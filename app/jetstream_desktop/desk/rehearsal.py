"""The test file that one sends to oneself: proves the whole path, and says how it ended."""

from pathlib import Path

from PySide6.QtCore import QObject

from jetstream.local import state_folder
from jetstream_desktop.desk.compose import ComposeDesk
from jetstream_desktop.desk.context import Context
from jetstream_desktop.desk.opening import show_folder
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.address import Address, Choice
from jetstream_desktop.state.basket import Basket, Found, Kind
from jetstream_desktop.state.connection import Connected
from jetstream_desktop.state.options import Options
from jetstream_desktop.state.rows import Group

SHOW = "show the test file"


class RehearsalDesk(QObject):
    """Joins the link of the start page to the node."""

    def __init__(self, context: Context, compose: ComposeDesk) -> None:
        super().__init__(context.window)
        self._c = context
        self._compose = compose
        self._key = ""
        """The row of the test file, until it is known how it ended."""
        context.window.welcome.test_wanted.connect(self.send)
        context.window.banner.pressed.connect(self._pressed)
        context.poller.polled.connect(self._look)

    def send(self) -> None:
        """Send a small file to this very node."""
        self._c.run(self._sent(), "test file")

    async def _sent(self) -> None:
        status = self._c.session.status
        if not isinstance(status, Connected):
            self._c.say(tr("The node is not running yet."), "caution")
            return
        folder = state_folder() / "test"
        folder.mkdir(parents=True, exist_ok=True)
        path = Path(folder, tr("JetStream test file.txt"))
        path.write_text(tr("This file went from your computer to itself. Everything works.") + "\n", encoding="utf-8")
        basket = Basket().add([Found(str(path), Kind.FILE, path.stat().st_size)])
        address = Address("localhost", status.server.receive_port)
        known = next((one for one in self._c.poller.destinations
                      if (one.destination_address, one.destination_port) == (address.host, address.port)), None)
        choice = Choice("test", tr("this computer"), "", True, known, address, {"name": tr("This computer")})
        self._key = await self._compose.sent(basket, choice, Options())
        self._c.say(tr("The test file is on its way to the folder for received files."))
        self._look()

    def _look(self) -> None:
        """Say how it ended, once; without a row it was taken away, and nobody asks any more."""
        if not self._key:
            return
        row = self._c.poller.rows.get(self._key)
        if row is None:
            self._key = ""
        elif row.group is Group.DONE:
            self._key = ""
            self._c.say(tr("The test file has arrived. Everything works."), "good", tr("Show in folder"), SHOW)
        elif row.group is Group.FAILED:
            self._key = ""
            self._c.say(tr("The test file did not arrive. The details below say why."), "bad")

    def _pressed(self, key: str) -> None:
        status = self._c.session.status
        if key == SHOW and isinstance(status, Connected) and status.server.receiving_folder:
            show_folder(self._c, Path(status.server.receiving_folder))
