"""A name with several addresses: one that answers is found, and if none does the reason is one clear sentence."""

import asyncio
import errno
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from jetstream_server.access.identity import load_or_create
from jetstream_server.link import reaching
from jetstream_server.link.errors import Unreachable
from jetstream_server.link.handshake import Myself, dial, expect
from jetstream_server.link.reaching import Place, first_of, in_turn, most_telling, reach

HERE = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")]
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
NO_WAY = OSError(errno.ENETUNREACH, "Network is unreachable")


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def places(addresses: Sequence[tuple[int, str]], port: int) -> list[Place]:
    return [Place(family, (address, port)) for family, address in addresses]


async def test_one_sentence_where_all_addresses_refuse(
    closed_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's answer for a name with addresses of both kinds; everything else is real."""

    async def both(self: asyncio.AbstractEventLoop, host: str, port: int, **_: Any) -> list[Any]:
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for family, address in HERE]

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", both)
    me = Myself(load_or_create(tmp_path), "uid", "launch", "Laptop", "1.0")
    sentence = f"No JetStream node is running at studio.example:{closed_port}: the connection was refused."
    with pytest.raises(Unreachable) as caught:
        await dial("studio.example", closed_port, me, expect(None, "there"))
    assert str(caught.value) == sentence


async def test_an_address_that_answers_is_found_behind_others(listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    with await first_of(places([HERE[1], HERE[2], HERE[0]], port)) as sock:
        assert sock.getpeername() == ("127.0.0.1", port)
        assert not sock.getblocking()


async def test_small_messages_do_not_wait_for_each_other(listening: socket.socket) -> None:
    """asyncio turns that off, but only where the socket says that it is TCP."""
    _, writer = await asyncio.open_connection(sock=await reach(*listening.getsockname()))
    assert writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    writer.close()
    await writer.wait_closed()


async def test_an_address_that_is_silent_holds_up_nobody(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "NEXT_SECONDS", 0.01)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        name = silent.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:  # its queue is full then, and what comes is not answered
            filler.setblocking(False)
            filler.connect_ex(name)
        with await first_of([Place(socket.AF_INET, name), Place(socket.AF_INET, listening.getsockname())]) as sock:
            assert sock.getpeername() == listening.getsockname()
        for filler in fillers:
            filler.close()


def test_families_take_turns() -> None:
    four, six = socket.AF_INET, socket.AF_INET6
    found = [Place(six, ("a",)), Place(six, ("b",)), Place(six, ("c",)), Place(four, ("d",))]
    assert [place.address[0] for place in in_turn(found)] == ["a", "d", "b", "c"]
    assert in_turn([]) == []


@pytest.mark.parametrize("failures", [[REFUSED, NO_WAY], [NO_WAY, REFUSED], [NO_WAY, OSError("none"), REFUSED]])
def test_who_refuses_says_more_than_a_way_that_is_not_there(failures: list[OSError]) -> None:
    assert most_telling(failures) is REFUSED


@pytest.mark.parametrize("name", ["studio..example", "s" * 64 + ".example"])
async def test_a_name_that_no_machine_can_have_is_one_that_is_not_known(name: str, tmp_path: Path) -> None:
    me = Myself(load_or_create(tmp_path), "uid", "launch", "Laptop", "1.0")
    with pytest.raises(Unreachable, match="is not known here"):
        await dial(name, 8886, me, expect(None, "there"))
