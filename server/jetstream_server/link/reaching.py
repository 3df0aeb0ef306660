"""A TCP connection to a name that may have several addresses: the first that answers wins (RFC 8305, "happy eyeballs").

``asyncio`` does that too, but tells of all failures in one text; here the failure that says most is raised as it is.
"""

import asyncio
import errno
import itertools
import socket
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

NEXT_SECONDS: Final = 0.25
"""How long an address has before the next one is tried beside it, if it does not fail at once."""
_TELLING: Final = (errno.ECONNREFUSED, errno.ECONNRESET, errno.EACCES, errno.EPERM, errno.EHOSTUNREACH)
"""What an address says of the machine behind it says more than that there is no way to another address."""


class Place(NamedTuple):
    """One address of a name, as the system gives it."""

    family: int
    address: tuple[Any, ...]


async def reach(name: str, port: int) -> socket.socket:
    """A connected socket, not blocking.

    :raises OSError: if the name is not known (``gaierror``), or what the most telling of its addresses said.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a part of the name is empty, or longer than names can be
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from error
    return await first_of(in_turn([Place(family, address) for family, _, _, _, address in found]))


def in_turn(places: Sequence[Place]) -> list[Place]:
    """*places* in their order, but by turns of each family: if one of them leads nowhere, the other is next."""
    families = dict.fromkeys(place.family for place in places)
    rows = [[place for place in places if place.family == family] for family in families]
    return [place for row in itertools.zip_longest(*rows) for place in row if place is not None]


async def first_of(places: Sequence[Place]) -> socket.socket:
    """A connection to the first of *places* that takes one; the others are given up.

    :raises OSError: the most telling failure, if none does.
    """
    waiting: set[asyncio.Task[socket.socket]] = set()
    failures: list[OSError] = []
    left = list(places)
    try:
        while left or waiting:
            if left:
                waiting.add(asyncio.create_task(_connected(left.pop(0))))
            done, waiting = await asyncio.wait(
                waiting, timeout=NEXT_SECONDS if left else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                try:
                    sock = task.result()
                except OSError as error:
                    failures.append(error)
                else:
                    waiting |= done - {task}
                    return sock
        raise most_telling(failures)
    finally:
        await _give_up(waiting)


def most_telling(failures: Sequence[OSError]) -> OSError:
    """The one failure of several that says most of why a machine cannot be reached."""
    rank = {number: place for place, number in enumerate(_TELLING)}
    return min(failures, key=lambda error: rank.get(error.errno or 0, len(rank)))


async def _connected(place: Place) -> socket.socket:
    sock = socket.socket(place.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio looks at the protocol
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, place.address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _give_up(tasks: set[asyncio.Task[socket.socket]]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, socket.socket):
            outcome.close()
