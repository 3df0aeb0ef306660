"""The doctor's round: what is asked, in order. Findings are told one by one, as soon as they are known."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jetstream.aio import AsyncClient, watch_test
from jetstream.checks import Check, check, untried
from jetstream.constants import DEFAULT_API_PORT
from jetstream.entities import Destination, ServerInfo
from jetstream.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    InvalidParameters,
    PermissionDenied,
    RequestTimeout,
    ServerIdentityChanged,
    VersionMismatch,
)
from jetstream.findings import CARRIER_STEPS, DESTINATION_STEPS, Step
from jetstream_cli.measuring import TEST_BYTES, measure
from jetstream_cli.node import Node
from jetstream_cli.targets import Target


@dataclass(frozen=True, slots=True)
class Patient:
    """Where the person wants to send: *target* ``None`` if what they typed can be the name of a destination only.
    *password* is for *user* there; *throughput*: measure it.
    """

    text: str
    target: Target | None
    user: str | None = None
    password: str | None = None
    throughput: bool = False


Tell = Callable[[Check], None]
_STEPS: Final = (*DESTINATION_STEPS, *CARRIER_STEPS)


async def make_round(node: Node, patient: Patient | None, tell: Tell) -> None:
    """Find everything that can be found about the node, and about the way from it to *patient*."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            client, info = await stack.enter_async_context(node.client())
        except (ConnectionFailed, ServerIdentityChanged, VersionMismatch, RequestTimeout) as error:
            refusal = check("node-none", reason=str(error))
        except (AuthenticationFailed, PermissionDenied) as error:
            refusal = check("node-closed", reason=str(error))
        else:
            await _with_node(client, info, node, patient, tell)
            return
    tell(refusal)
    for step in _STEPS if patient is not None else ():
        tell(untried(step))


async def _with_node(client: AsyncClient, info: ServerInfo, node: Node, patient: Patient | None, tell: Tell) -> None:
    known = await _known(client, patient, info) if patient is not None else None
    values = _values(patient, known, info) if patient is not None else {}
    host = known.destination_address if known is not None else str(values.get("destinationAddress", ""))
    about_node = await _of_the_node(client, info, host)
    for found in about_node:
        tell(found)
    if patient is None:
        return
    if any(found.code == "node-old" for found in about_node):
        for step in _STEPS:
            tell(untried(step))
        return
    told: Sequence[Check] = ()
    async for found_there in watch_test(client.call, **values, tryCarriers=True):
        for found in found_there[len(told):]:
            tell(found)
        told = found_there
    tell(await _throughput(client, node, patient, known, values, told))


async def _of_the_node(client: AsyncClient, info: ServerInfo, host: str) -> list[Check]:
    try:
        return await client.server.get_diagnostics(host)
    except InvalidParameters as error:
        if error.facts.get("field") != "method":
            raise
        return [check("node-old", version=info.version)]


async def _known(client: AsyncClient, patient: Patient, info: ServerInfo) -> Destination | None:
    """The destination of the address book that is meant: by its name, or by its address."""
    book = await client.send.get_destinations()
    named = [one for one in book if one.name and one.name.casefold() == patient.text.casefold()]
    if named:
        return named[0]
    if patient.target is None:
        raise InvalidParameters(f"{patient.text!r} is neither the name of a destination nor HOST[:PORT].")
    placed = [one for one in book if one.destination_address.casefold() == patient.target.host.casefold()
              and one.destination_port == _port(patient.target, info)]
    wanted = [one for one in placed if patient.user in (None, one.user_name)]
    return max(wanted, key=lambda one: one.last_used_time or 0, default=None)


def _values(patient: Patient, known: Destination | None, info: ServerInfo) -> dict[str, Any]:
    """Parameters of ``testDestination``."""
    login = {} if patient.user is None else {"userName": patient.user, "password": patient.password}
    if known is not None:
        return {"destination": known, **login}
    assert patient.target is not None  # else it would be known
    return {"destinationAddress": patient.target.host, "destinationPort": _port(patient.target, info), **login}


def _port(target: Target, info: ServerInfo) -> int:
    """The port that is meant. At this very machine: where the user's own node receives."""
    if target.port is not None:
        return target.port
    return info.receive_port if Node(target.host).is_local else DEFAULT_API_PORT


async def _throughput(client: AsyncClient, node: Node, patient: Patient, known: Destination | None,
                      values: dict[str, Any], told: Sequence[Check]) -> Check:
    if any(found.failed for found in told):
        return untried(Step.THROUGHPUT)
    if not patient.throughput:
        if known is not None and known.last_rate:
            return check("throughput-last", rate=known.last_rate)
        return check("throughput-untried", size=TEST_BYTES)
    if not node.is_local:
        return check("throughput-far")
    if any(found.code == "login-asked" for found in told):
        return check("throughput-asked")
    if known is not None:
        return await measure(client, known)
    made = await client.send.create_destination(
        values["destinationAddress"], values["destinationPort"], user_name=values.get("userName"),
        password=values.get("password"))
    try:
        return await measure(client, made)
    finally:
        await client.send.delete_destination(made)
