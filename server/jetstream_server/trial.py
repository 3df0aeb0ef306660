"""Tests a destination the way a transfer would go there, step by step, without sending anything.

What was met is turned into findings by :mod:`jetstream_server.verdicts`; here are the name service, the sockets and
the peer session. :data:`STEPS` is the list of what is tried, in order.
"""

import asyncio
import contextlib
import dataclasses
import functools
import ipaddress
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from jetstream.checks import Check, check, untried
from jetstream.constants import DEFAULT_API_PORT
from jetstream.errors import InvalidParameters, JetStreamError
from jetstream.findings import CARRIER_STEPS, Step
from jetstream_server import verdicts
from jetstream_server.destinations import Destinations, checked_fields
from jetstream_server.link.errors import IdentityChanged, LinkError, NotJetStream
from jetstream_server.link.handshake import Myself, dial, expect
from jetstream_server.link.messages import CarrierName, Login, Probe, ProbeAnswer, TrialState
from jetstream_server.link.peer import PeerConnection, ask
from jetstream_server.link.reaching import reach
from jetstream_server.records import DestinationRecord
from jetstream_server.transfers.carriertrial import HEAR_SECONDS, carrier_works_here, try_carrier
from jetstream_server.transfers.session import Surroundings

NAME_SECONDS: Final = 5.0
ROUTE_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 10.0
LOGIN_SECONDS: Final = 40.0
"""An address that guessed passwords is answered later and later."""
LISTEN_SECONDS: Final = 1.0
ROUND_TRIPS: Final = 3
_WAYSIDE: Final = frozenset({Step.LOGIN, Step.FOLDER, *CARRIER_STEPS})
"""Steps after which the way goes on although they failed."""

Report = Callable[[Sequence[Check]], None]


class Pins(Protocol):
    """The identities that this node remembers."""

    async def get(self, address: str, port: int) -> str | None:
        """The fingerprint that was seen there at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is tested: fields as in a destination."""

    address: str
    port: int = DEFAULT_API_PORT
    user_name: str | None = None
    password: str | None = None
    permitted_public_key: str | None = None
    password_withheld: bool = False
    """There is a saved password, which belongs to another address."""


def chosen_target(record: DestinationRecord | None, given: Mapping[str, Any]) -> Target:
    """*record* with the values that were *given* (by name, ``None``: not given; empty: taken away) in place of its own.

    :raises InvalidParameters: if there is no address, or one that cannot be one.
    """
    fields = checked_fields({name: value for name, value in given.items() if value is not None})
    if record is None:
        if "address" not in fields:
            raise InvalidParameters("Give a destination or a destinationAddress to test.", field="destinationAddress")
        return Target(**fields)
    target = Target(address=record.address, port=record.port, user_name=record.user_name, password=record.password,
                    permitted_public_key=record.permitted_public_key)
    target = dataclasses.replace(target, **fields)
    same_place = (target.address, target.port, target.user_name) == (record.address, record.port, record.user_name)
    if record.password is not None and "password" not in fields and not same_place:
        return dataclasses.replace(target, password=None, password_withheld=target.user_name is not None)
    return target


@dataclass(slots=True)
class Walk:
    """How far one test has come."""

    target: Target
    myself: Myself
    pins: Pins
    wall: Callable[[], int]
    found: list[Check] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    presented: str | None = None
    peer: PeerConnection | None = None
    answer: ProbeAnswer | None = None
    old: bool = False
    """The other node does not know what a probe is."""
    offset: int | None = None
    near: Surroundings | None = None
    """What trials of carriers need."""
    one_way: bool = False
    """Datagrams were not heard both ways."""

    @property
    def stopped(self) -> bool:
        """Whether there is no way further."""
        return any(found.failed and found.step not in _WAYSIDE for found in self.found)


TryStep = Callable[[Walk], Awaitable[Check | None]]
"""Takes one step; ``None`` leaves the line out."""


class Trials:
    """Tests destinations.

    :param wall: microseconds since the epoch (UTC).
    :param near: what trials of carriers need of the node.
    """

    def __init__(self, myself: Myself, pins: Pins, destinations: Destinations, wall: Callable[[], int],
                 near: Surroundings | None = None) -> None:
        self._myself = myself
        self._pins = pins
        self._destinations = destinations
        self._wall = wall
        self._near = near

    async def run(self, target: Target, report: Report, carriers: bool = False) -> list[Check]:
        """All steps in order. *report* hears what was found so far after each of them; *carriers*: try these, too."""
        async with self.walked(target, report, STEPS + CARRIER_TRIALS if carriers else STEPS) as walk:
            return walk.found

    @contextlib.asynccontextmanager
    async def walked(self, target: Target, report: Report,
                     steps: Sequence[tuple[Step, TryStep]]) -> AsyncIterator[Walk]:
        """A walk that has taken *steps*; its session, if there is one, is open as long as the block."""
        walk = Walk(target, self._myself, self._pins, self._wall, near=self._near)
        try:
            for step, attempt in steps:
                found = untried(step) if walk.stopped else await attempt(walk)
                if found is not None:
                    walk.found.append(found)
                    report(walk.found)
            yield walk
        finally:
            if walk.peer is not None:
                await walk.peer.close()

    async def remember(self, record: DestinationRecord, target: Target, found: Sequence[Check]) -> None:
        """What the test tells of *record*: whether it can be reached, unless another address was tested. Who answers
        and then refuses has been reached.
        """
        if (target.address, target.port) != (record.address, record.port):
            return
        failed = next((one for one in found if one.failed and one.step not in _WAYSIDE), None)
        if failed is not None:
            await self._destinations.seen(record.id, last_error=failed.code, last_error_message=failed.text)
        else:
            await self._destinations.seen(
                record.id, last_error=None, last_error_message=None, last_recv_time=self._wall()
            )


async def try_name(walk: Walk) -> Check:
    """What the name means."""
    host = walk.target.address
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host.partition("%")[0])
        walk.addresses = [host]
        return check("name-ip", address=host)
    try:
        async with asyncio.timeout(NAME_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, walk.target.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        return check("name-slow", host=host, seconds=NAME_SECONDS)
    except (OSError, UnicodeError):
        return check("name-unknown", host=host)
    walk.addresses = list(dict.fromkeys(str(where[0]) for *_, where in found))
    return check("name-found", host=host, addresses=", ".join(walk.addresses))


async def try_route(walk: Walk) -> Check:
    """Whether somebody takes connections there."""
    host, port = walk.target.address, walk.target.port
    try:
        async with asyncio.timeout(ROUTE_SECONDS):
            with await reach(host, port) as sock:
                address = sock.getpeername()[0]
    except TimeoutError:
        return check("route-silent", host=host, port=port, seconds=ROUTE_SECONDS)
    except OSError as error:
        return verdicts.route_refused(error, host, port, ROUTE_SECONDS)
    return check("route-open", address=str(address), port=port)


async def try_protocol(walk: Walk) -> Check:
    """Whether it is a JetStream node that this one understands."""
    target = walk.target
    expected = await _expected(walk)

    async def see(presented: str) -> None:
        walk.presented = presented
        await expect(expected, target.address)(presented)

    try:
        walk.peer = await dial(target.address, target.port, walk.myself, see)
    except IdentityChanged:
        return check("protocol-shown")
    except NotJetStream:
        return verdicts.no_jetstream(await _first_words(target.address, target.port), target.port)
    except LinkError as error:
        return verdicts.greeting_failed(error)
    assert walk.peer.peer is not None
    return check("protocol-ok", version=walk.peer.peer.version, node=walk.peer.peer.name)


async def try_identity(walk: Walk) -> Check:
    """Whether it is the node that is meant."""
    assert walk.presented is not None
    return verdicts.identity(walk.presented, walk.target.permitted_public_key, await _expected(walk))


async def try_login(walk: Walk) -> Check:
    """Whether it would take files."""
    assert walk.peer is not None
    target, user = walk.target, None
    try:
        if target.user_name and not target.password_withheld:
            login = Login(user=target.user_name, password=target.password or "")
            await walk.peer.request("login", login, LOGIN_SECONDS)
            user = target.user_name
        began, clock = time.perf_counter(), walk.wall()
        walk.answer = await ask(walk.peer, "probe", Probe(), ProbeAnswer, ANSWER_SECONDS)
        walk.offset = verdicts.clock_offset(walk.answer.time, clock, time.perf_counter() - began)
    except LinkError as error:
        return check("login-lost", reason=error.message)
    except JetStreamError as error:
        walk.old = verdicts.is_unknown_request(error)
        return verdicts.login_failed(error, user, target.user_name)
    if target.password_withheld:
        return check("login-no-password")
    return verdicts.admission(walk.answer.admission, user, walk.myself.identity.fingerprint)


async def try_folder(walk: Walk) -> Check:
    """Whether it could write what came."""
    return verdicts.folder(walk.answer, walk.old)


async def try_clock(walk: Walk) -> Check:
    """How far the clocks are apart."""
    return verdicts.clock(walk.offset, walk.old)


async def try_round_trip(walk: Walk) -> Check:
    """How long there and back takes: the shortest of a few."""
    assert walk.peer is not None
    try:
        seconds = min([await walk.peer.measure() for _ in range(ROUND_TRIPS)])
    except (LinkError, JetStreamError) as error:
        return check("round-trip-lost", reason=str(error))
    return check("round-trip-ok", rtt=round(seconds * 1e6))


async def _try_carrier(walk: Walk, step: Step, carrier: CarrierName, back: bool) -> Check:
    """Whether blocks get through by *carrier*, and how fast."""
    assert walk.peer is not None
    if walk.near is None or not carrier_works_here(walk.near, carrier):
        return check(f"{verdicts.CARRIER_CODES[step]}-ours-off")
    if walk.one_way and carrier == "udp":
        return check(f"{verdicts.CARRIER_CODES[step]}-untried")
    try:
        ours, theirs = await try_carrier(walk.near, walk.peer, carrier, back)
    except LinkError as error:
        return check(f"{verdicts.CARRIER_CODES[step]}-lost", reason=error.message)
    except JetStreamError as error:
        return verdicts.carrier_refused(step, error)
    if carrier == "udp":
        walk.one_way = theirs.state is not TrialState.OFF and not (ours.heard and theirs.heard)
    return verdicts.carrier(step, ours, theirs, back, walk.target.port, HEAR_SECONDS)


STEPS: Final[tuple[tuple[Step, TryStep], ...]] = (
    (Step.NAME, try_name),
    (Step.ROUTE, try_route),
    (Step.PROTOCOL, try_protocol),
    (Step.IDENTITY, try_identity),
    (Step.LOGIN, try_login),
    (Step.FOLDER, try_folder),
    (Step.CLOCK, try_clock),
    (Step.ROUND_TRIP, try_round_trip),
)

PREVIEW_WALK: Final = tuple((step, attempt) for step, attempt in STEPS if step is not Step.CLOCK)
"""What is tried before a preview of a transfer looks at names."""

CARRIER_TRIALS: Final[tuple[tuple[Step, TryStep], ...]] = (
    (Step.TCP_THERE, functools.partial(_try_carrier, step=Step.TCP_THERE, carrier="tcp", back=False)),
    (Step.TCP_BACK, functools.partial(_try_carrier, step=Step.TCP_BACK, carrier="tcp", back=True)),
    (Step.UDP_THERE, functools.partial(_try_carrier, step=Step.UDP_THERE, carrier="udp", back=False)),
    (Step.UDP_BACK, functools.partial(_try_carrier, step=Step.UDP_BACK, carrier="udp", back=True)),
)
"""What takes seconds, and is tried when it is asked for."""


async def _expected(walk: Walk) -> str | None:
    if walk.target.permitted_public_key is not None:
        return walk.target.permitted_public_key
    return await walk.pins.get(walk.target.address, walk.target.port)


async def _first_words(host: str, port: int) -> bytes:
    """What the program there says by itself, or to a request for a web page."""
    try:
        async with asyncio.timeout(ROUTE_SECONDS):
            reader, writer = await asyncio.open_connection(host, port, happy_eyeballs_delay=0.25)
    except (OSError, TimeoutError):
        return b""
    said = b""
    try:
        said = await _hear(reader)
        if not said:
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            said = await _hear(reader)
    except OSError:
        return said
    finally:
        await _hang_up(writer)
    return said


async def _hear(reader: asyncio.StreamReader) -> bytes:
    said = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LISTEN_SECONDS):
            while len(said) < 1024 and (more := await reader.read(1024)):
                said += more
    return said


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
