"""API connections over real sockets: good and bad clients, pipelining, limits."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from helpers.door import Client, Refusal, handlers, open_door, taking
from jetstream.errors import Conflict
from jetstream.protocol.framing import pack
from jetstream.protocol.limits import ALPN_RPC, RpcLimits
from jetstream_server.access.identity import client_tls
from jetstream_server.control import ControlLimits
from jetstream_server.dispatch import Call


class Gate:
    """Handlers that wait until the test lets them go on."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.inside = 0
        self.most = 0
        self.done = 0
        self.callers: list[str | None] = []

    async def wait(self, call: Call, *, text: str = "") -> str:
        self.callers.append(call.principal.user if call.principal else None)
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.open.wait()
            self.done += 1
        finally:
            self.inside -= 1
        return text


@pytest.fixture
def gate() -> Gate:
    return Gate()


def gated(gate: Gate) -> dict[str, Any]:
    async def wait(call: Call, *, text: str) -> str:
        return await gate.wait(call, text=text)

    return handlers(server_echo=taking("server.echo", wait))


async def broken(client: Client, *messages: object) -> tuple[str, str]:
    """Send bytes or messages; the code and the field of the notification that must come before the connection ends."""
    for message in messages:
        client.writer.write(message if isinstance(message, bytes) else pack(message))
    last = await client.message()
    assert last[:2] == [2, "protocolError"]
    assert await client.message() is None
    await client.close()
    return last[2]["code"], str(last[2]["facts"].get("field") or last[2]["facts"].get("limit"))


# -- what breaks a connection, and what does not ----------------------------------------------------------------------


@pytest.mark.parametrize(("message", "code", "fact"), [
    (b"GET / HTTP/1.1\r\n\r\n", "InvalidParameters", "None"),
    (b"\xc1", "InvalidParameters", "None"),
    ([7, 1, "server.echo", {}], "InvalidParameters", "type"),
    ([0, -1, "server.echo", {}], "InvalidParameters", "id"),
    ([0, "x", "server.echo", {}], "InvalidParameters", "id"),
    ([1, 5, None, None], "InvalidParameters", "id"),
    ({"method": "echo"}, "InvalidParameters", "None"),
    ([2, 3, {}], "InvalidParameters", "method"),
])
async def test_bytes_that_cannot_be_trusted_end_the_connection(tmp_path: Path, message: object, code: str,
                                                               fact: str) -> None:
    async with open_door(tmp_path) as door:
        assert await broken(await Client.open(door.port), message) == (code, fact)
        good = await Client.open(door.port)
        assert await good.call("server.echo", text="unharmed") == {"text": "unharmed"}
        await good.close()


async def test_a_frame_too_large_ends_the_connection(tmp_path: Path) -> None:
    limits = ControlLimits(rpc=RpcLimits(max_frame=100_000))
    async with open_door(tmp_path, control=limits) as door:
        big = pack([0, 1, "server.echo", {"text": "x" * 200_000}])
        assert await broken(await Client.open(door.port), big) == ("LimitExceeded", "100000")


async def test_before_a_login_frames_must_be_smaller(tmp_path: Path) -> None:
    async with open_door(tmp_path, control=ControlLimits(login_frame=100_000)) as door:
        big = pack([0, 1, "server.echo", {"text": "x" * 200_000}])
        assert await broken(await Client.open(door.port), big) == ("LimitExceeded", "100000")
        client = await Client.open(door.port)
        await client.call("server.auth", user="bob", password="")
        with pytest.raises(Refusal, match=r"`text` must be text of at most 65536 characters\."):
            await client.call("server.echo", text="x" * 200_000)
        await client.close()


async def test_what_is_only_wrong_gets_an_error_and_the_connection_lives(tmp_path: Path) -> None:
    nested: Any = 0
    for _ in range(40):
        nested = [nested]
    async with open_door(tmp_path) as door:
        client = await Client.open(door.port)
        cases: list[tuple[str, Any, str, Any]] = [
            ("server.ecko", {}, "InvalidParameters", "method"),
            ("server.echo", {"txt": "x"}, "InvalidParameters", "txt"),
            ("server.echo", {"text": 5}, "InvalidParameters", "text"),
            ("server.echo", [1], "InvalidParameters", "params"),
            ("server.echo", {1: "x"}, "InvalidParameters", "params"),
            ("server.echo", {"text": nested}, "LimitExceeded", None),
            ("send.getTransfers", {}, "PermissionDenied", None),
        ]
        for method, params, code, field in cases:
            error, result = await client.answer(client.ask(method, params))
            assert (error["code"], error["facts"].get("field"), result) == (code, field, None)
        client.writer.write(pack([2, "someNews", {}]))  # a notification is no request: it is let through
        assert await client.call("server.echo", text="alive") == {"text": "alive"}
        await client.close()


async def test_a_fault_of_ours_becomes_a_reference_that_the_log_repeats(
        tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(call: Call, *, text: str) -> str:
        raise ZeroDivisionError("secret detail")

    async with open_door(tmp_path, handlers(server_echo=taking("server.echo", fail))) as door:
        client = await Client.open(door.port)
        with pytest.raises(Refusal) as refusal:
            await client.call("server.echo")
        assert refusal.value.wire_code == "ServerError"
        assert "secret" not in str(refusal.value)
        reference = refusal.value.facts["reference"]
        assert any(str(reference) in r.message and r.exc_info for r in caplog.records)
        await client.close()


async def test_an_answer_that_cannot_be_sent_becomes_an_error(tmp_path: Path) -> None:
    async def odd(call: Call, *, text: str) -> object:
        return object()

    async with open_door(tmp_path, handlers(server_echo=taking("server.echo", odd))) as door:
        client = await Client.open(door.port)
        with pytest.raises(Refusal, match=r"cannot be sent"):
            await client.call("server.echo")
        await client.close()


# -- many requests at once --------------------------------------------------------------------------------------------


async def test_requests_run_at_the_same_time_up_to_a_limit(tmp_path: Path, gate: Gate) -> None:
    async with open_door(tmp_path, gated(gate), control=ControlLimits(at_once=8)) as door:
        client = await Client.open(door.port)
        ids = [client.ask("server.echo", {"text": str(number)}) for number in range(50)]
        await door.until(lambda: gate.inside == 8)
        gate.open.set()
        answers = {(await client.message())[1] for _ in ids}
        assert (answers, gate.most) == (set(ids), 8)
        await client.close()


async def test_more_outstanding_requests_than_allowed_are_refused_one_by_one(tmp_path: Path, gate: Gate) -> None:
    limits = ControlLimits(rpc=RpcLimits(max_outstanding=10), at_once=2)
    async with open_door(tmp_path, gated(gate), control=limits) as door:
        client = await Client.open(door.port)
        ids = [client.ask("server.echo") for _ in range(12)]
        refused = [await client.message() for _ in range(2)]
        assert [(m[1], m[2]["code"], m[2]["facts"]) for m in refused] == [
            (number, "LimitExceeded", {"limit": 10}) for number in ids[10:]]
        gate.open.set()
        assert {(await client.message())[1] for _ in range(10)} == set(ids[:10])
        await client.close()


async def test_what_follows_a_login_waits_for_it(tmp_path: Path, gate: Gate) -> None:
    async with open_door(tmp_path, gated(gate)) as door:
        client = await Client.open(door.port)
        client.ask("server.echo")
        login = client.ask("server.auth", {"user": "bob", "password": ""})
        client.ask("server.echo")
        client.ask("server.superuser")
        secret = client.ask("server.getUsers")
        client.ask("server.echo")
        assert await client.answer(login) == (None, None)
        assert await client.answer(secret) == (None, {})
        await door.until(lambda: gate.inside == 3)
        assert gate.callers == [None, "bob", "ann"]
        gate.open.set()
        await client.close()


async def test_waiting_for_results_takes_no_place(tmp_path: Path, gate: Gate) -> None:
    async with open_door(tmp_path, gated(gate), control=ControlLimits(at_once=1)) as door:
        client = await Client.open(door.port)
        request = (await client.call("server.echoAsync", text="late"))["requestId"]
        waiting = [client.ask("server.getRequestResult", {"request": request}) for _ in range(5)]
        status = await client.call("server.getRequestStatus", request=request)
        assert status == {"requestId": 1, "errorMessage": "", "processing": True, "status": "processing"}
        gate.open.set()
        answers = [await client.message() for _ in waiting]
        assert [(m[1], m[3]) for m in answers] == [(number, "late") for number in waiting]
        await client.close()


async def test_two_hundred_clients_at_once(tmp_path: Path) -> None:
    async def one(number: int) -> None:
        client = await Client.open(door.port, ssl_handshake_timeout=60)
        ids = [client.ask("server.echo", {"text": f"{number}.{i}"}) for i in range(10)]
        answers = {m[1]: m[3]["text"] for m in [await client.message() for _ in ids]}
        assert answers == {request_id: f"{number}.{i}" for i, request_id in enumerate(ids)}
        await client.close()

    async with open_door(tmp_path) as door:
        await asyncio.gather(*map(one, range(200)))
        await door.until(lambda: door.control.connections == 0)


# -- background requests ----------------------------------------------------------------------------------------------


async def test_requests_of_one_connection_are_invisible_to_others(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        mine, other = await Client.open(door.port), await Client.open(door.port)
        request = await mine.call("server.echoAsync", text="x")
        assert await mine.call("server.getRequestResult", request=request["requestId"]) == {"text": "x"}
        for method in ("server.getRequestResult", "server.getRequestStatus"):
            with pytest.raises(Refusal, match=r"no request 1") as refusal:
                await other.call(method, request=request["requestId"])
            assert refusal.value.wire_code == "NotFound"
        await mine.close()
        await other.close()


async def test_a_wrong_background_request_is_refused_at_once(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        client = await Client.open(door.port)
        with pytest.raises(Refusal, match="`text` must be text"):
            await client.call("server.echoAsync", text=3)
        with pytest.raises(Refusal, match="Log in first"):
            await client.call("send.getTransfersAsync")
        with pytest.raises(Refusal, match="no method `server.authTicketAsync`"):
            await client.call("server.authTicketAsync", ticket="x")
        await client.close()


async def test_disconnecting_loses_the_answers_and_not_the_work(tmp_path: Path, gate: Gate) -> None:
    async with open_door(tmp_path, gated(gate)) as door:
        client = await Client.open(door.port)
        await client.call("server.echoAsync")
        client.ask("server.echo")
        client.ask("server.getRequestResult", {"request": 1})
        await door.until(lambda: gate.inside == 2)
        client.writer.transport.abort()
        await door.until(lambda: door.control.connections == 0)
        assert gate.inside == 2
        gate.open.set()
        await door.until(lambda: gate.done == 2)


# -- slow, silent and leaving clients ---------------------------------------------------------------------------------


async def test_who_does_not_read_is_not_read_from(tmp_path: Path) -> None:
    answered = 0

    async def long_answer(call: Call, *, text: str) -> bytes:
        nonlocal answered
        answered += 1
        return bytes(1 << 20)

    table = handlers(server_echo=taking("server.echo", long_answer))
    limits = ControlLimits(rpc=RpcLimits(max_outstanding=1000), at_once=4, unread=1 << 20)
    async with open_door(tmp_path, table, control=limits) as door:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", door.port))
        reader, writer = await asyncio.open_connection(sock=sock, ssl=client_tls([ALPN_RPC]), server_hostname="")
        slow = Client(reader, writer)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        ids = [slow.ask("server.echo") for _ in range(100)]
        other = await Client.open(door.port)
        for _ in range(20):  # others notice nothing
            await other.call("server.getServerInfo")
        assert answered < 50
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert {(await slow.message())[1] for _ in ids} == set(ids)
        assert answered == 100
        await slow.close()
        await other.close()


async def test_the_silent_are_closed(tmp_path: Path) -> None:
    limits = ControlLimits(first_message=0.1, login=0.15, idle=0.2)
    async with open_door(tmp_path, control=limits) as door:
        silent, stranger, known = [await Client.open(door.port) for _ in range(3)]
        await stranger.call("server.echo")
        await known.call("server.auth", user="bob", password="")
        for client in (silent, stranger, known):
            assert await client.message() is None
            await client.close()
        assert door.control.connections == 0


async def test_half_a_message_is_silence(tmp_path: Path) -> None:
    async with open_door(tmp_path, control=ControlLimits(first_message=0.1)) as door:
        client = await Client.open(door.port)
        for byte in pack([0, 1, "server.echo", {}])[:-1]:
            client.writer.write(bytes([byte]))
        assert await client.message() is None
        await client.close()


async def test_who_waits_for_an_answer_is_not_silent(tmp_path: Path, gate: Gate) -> None:
    async with open_door(tmp_path, gated(gate), control=ControlLimits(first_message=0.1, login=0.1)) as door:
        client = await Client.open(door.port)
        patient = client.ask("server.echo", {"text": "here"})
        for _ in range(2):  # two that came later are shown the door for their silence
            silent = await Client.open(door.port)
            assert await silent.message() is None
            await silent.close()
        gate.open.set()
        assert await client.answer(patient) == (None, "here")
        await client.close()


async def test_leaving_in_the_middle_of_a_message_harms_nobody(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        whole = pack([0, 1, "server.echo", {"text": "x" * 1000}])
        for cut in (1, 5, 500, len(whole) - 1):
            client = await Client.open(door.port)
            client.writer.write(whole[:cut])
            await client.writer.drain()
            client.writer.transport.abort()
        await door.until(lambda: door.listener.open_connections == 0)
        good = await Client.open(door.port)
        assert await good.call("server.echo", text="fine") == {"text": "fine"}
        await good.close()


# -- the node's side of leaving ---------------------------------------------------------------------------------------


async def test_stopping_lets_work_end_and_answers_arrive(tmp_path: Path, gate: Gate) -> None:
    async with open_door(tmp_path, gated(gate)) as door:
        client = await Client.open(door.port)
        under_way = client.ask("server.echo", {"text": "done"})
        request = (await client.call("server.echoAsync"))["requestId"]
        client.ask("server.getRequestResult", {"request": request})
        await door.until(lambda: gate.inside == 2)
        closing = asyncio.create_task(door.control.close(grace_seconds=30))
        await asyncio.sleep(0)
        gate.open.set()
        await closing
        assert await client.answer(under_way) == (None, "done")
        assert await client.message() is None
        await client.close()


async def test_stopping_does_not_wait_for_ever(tmp_path: Path, gate: Gate) -> None:
    async with open_door(tmp_path, gated(gate)) as door:
        client = await Client.open(door.port)
        client.ask("server.echo")
        await client.call("server.echoAsync")
        await door.until(lambda: gate.inside == 2)
        await door.control.close(grace_seconds=0.05)
        assert (gate.inside, gate.done) == (0, 0)
        assert await client.message() is None
        await client.close()


async def test_a_revoked_login_is_closed(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        bob, eve = await Client.open(door.port), await Client.open(door.port)
        await bob.call("server.auth", user="bob", password="")
        await eve.call("server.auth", user="eve", password="")
        assert door.control.log_out(lambda principal: principal.user == "eve") == 1
        assert await eve.message() is None
        assert await bob.call("server.echo", text="") == {"text": ""}
        await bob.close()
        await eve.close()


async def test_documented_errors_arrive_as_they_are(tmp_path: Path) -> None:
    async def refuse(call: Call, *, text: str) -> str:
        raise Conflict("Not now.", state="sending")

    async with open_door(tmp_path, handlers(server_echo=taking("server.echo", refuse))) as door:
        client = await Client.open(door.port)
        error, _ = await client.answer(client.ask("server.echo"))
        assert error == {"code": "Conflict", "message": "Not now.", "facts": {"state": "sending"}}
        request = (await client.call("server.echoAsync"))["requestId"]
        for _ in range(2):
            error, _ = await client.answer(client.ask("server.getRequestResult", {"request": request}))
            assert error["message"] == "Not now."
        status = await client.call("server.getRequestStatus", request=request)
        assert status == {"requestId": 1, "errorMessage": "Not now.", "processing": False, "status": "error"}
        await client.close()
