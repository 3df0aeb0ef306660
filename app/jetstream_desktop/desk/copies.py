"""What can be copied of rows: names, paths, reasons, and the same transfer as a script or a command."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from jetstream.constants import DEFAULT_API_PORT
from jetstream.entities import Destination, ReceiveTransfer, Transfer
from jetstream.errors import NotFound
from jetstream_desktop.desk.context import Context
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.arrivals_code import arrival_as_command, arrival_as_python
from jetstream_desktop.state.code import Recipe, as_command, as_python, recipe_of
from jetstream_desktop.state.connection import Connected
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.state.rows import Row

Sent = Callable[[Transfer, Destination, Recipe | None, OpenNode, int], str | None]
Arrived = Callable[[ReceiveTransfer, OpenNode, int], str | None]


class CopyDesk(QObject):
    """Joins the actions below Copy to the clipboard."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._c = context
        actions = context.window.actions_
        actions.copy_name.triggered.connect(self._name)
        actions.copy_path.triggered.connect(self._path)
        actions.copy_error.triggered.connect(self._error)
        actions.copy_python.triggered.connect(self._python)
        actions.copy_command.triggered.connect(self._command)

    def _rows(self) -> list[Row]:
        return self._c.window.selected_rows()

    def _name(self) -> None:
        self._c.copy("\n".join(row.name for row in self._rows()), tr("Name"))

    def _path(self) -> None:
        self._c.copy("\n".join(row.path for row in self._rows() if row.path), tr("Path"))

    def _error(self) -> None:
        self._c.copy("\n".join(row.error for row in self._rows() if row.error), tr("Reason"))

    def _python(self) -> None:
        self._code(as_python, arrival_as_python, tr("Python"))

    def _command(self) -> None:
        self._code(as_command, arrival_as_command, tr("Command"))

    def _code(self, write: Sent, write_arrival: Arrived, what: str) -> None:
        for row in self._rows()[:1]:
            entity = self._c.poller.entities.get(row.key)
            if isinstance(entity, ReceiveTransfer):
                self._put(write_arrival(entity, self._c.session.node, self._port()), what,
                          tr("No command can say which of the files were chosen. “As Python” can."))
            elif entity is not None:
                self._outgoing(write, what, entity)

    def _outgoing(self, write: Sent, what: str, entity: Transfer) -> None:
        where = next((d for d in self._c.poller.destinations if d.id == entity.destination_id), None)
        if entity.owner_token:
            self._c.say(tr("Somebody fetched this with a token; there is nothing here that could be sent again."))
        elif where is None:
            self._c.say(tr("Its destination is not in the address book any more, so it cannot be said where to."))
        else:
            self._c.run(self._copied(write, what, entity, where), "copy as code")

    async def _copied(self, write: Sent, what: str, entity: Transfer, where: Destination) -> None:
        try:
            manifest = await self._c.session.client.send.get_manifest(entity.manifest_id)
        except NotFound:
            self._c.say(tr("The list of its files is not known any more, so it cannot be sent again."), "caution")
            return
        text = write(entity, where, recipe_of(manifest), self._c.session.node, self._port())
        self._put(text, what, tr("Too many things were dropped to be remembered for a command. “As Python” can."))

    def _put(self, text: str | None, what: str, why_not: str) -> None:
        if text is None:
            self._c.say(why_not, "caution")
        else:
            self._c.copy(text, what)

    def _port(self) -> int:
        status = self._c.session.status
        return status.server.api_control_port if isinstance(status, Connected) else DEFAULT_API_PORT
