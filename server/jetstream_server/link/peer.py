"""One peer session on asyncio: a stream, the RPC core, who is on the other end, and whether they still live."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from jetstream.errors import Conflict, InvalidParameters, JetStreamError, ServerError
from jetstream.protocol.limits import RpcLimits
from jetstream.protocol.rpc import NotificationReceived, RequestReceived, ResponseReceived, RpcSession, Violation
from jetstream_server.link.errors import LinkError, LinkLost, PeerViolation
from jetstream_server.link.messages import NEXT_STAGE, Message, Ping, Stage, as_map, understand

log = logging.getLogger(__name__)

PEER_LIMITS: Final = RpcLimits(max_frame=32 << 20, max_depth=16, max_outstanding=64)
READ_BYTES: Final = 256 * 1024

M = TypeVar("M", bound=Message)
RequestHandler = Callable[[dict[str, Any]], Awaitable[Message | None]]
NotificationHandler = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class PeerIdentity:
    """The other node of a session, proven."""

    fingerprint: str
    name: str
    server_uid: str
    server_id: str
    address: str
    port: int
    version: str = ""


@dataclass(frozen=True, slots=True)
class Liveness:
    """How a dead link is noticed. Seconds."""

    ping_every: float = 5.0
    lost_after: float = 20.0


class PeerConnection:
    """A session with another node. Both sides may ask and tell; :meth:`run` has to be running for anything to happen.

    :param stage: where the session starts; ``HELLO`` on the answering side, ``OPEN`` where no order is to be held.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        stage: Stage = Stage.HELLO,
        liveness: Liveness | None = None,
    ) -> None:
        self.stage = stage
        self.peer: PeerIdentity | None = None
        self.rtt: float | None = None
        self.carrier: str | None = None
        """What the blocks of this session take, once that is decided."""
        self.last_received = time.monotonic()
        self._reader = reader
        self._writer = writer
        self._session = RpcSession(PEER_LIMITS)
        self._liveness = liveness or Liveness()
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._requests: dict[str, RequestHandler] = {"ping": _answer_ping}
        self._notifications: dict[str, NotificationHandler] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed: asyncio.Future[LinkError] = asyncio.get_running_loop().create_future()
        self._running: asyncio.Task[None] | None = None
        self._in_order = asyncio.Lock()
        self._proof: asyncio.Task[dict[str, Any]] | None = None

    def __repr__(self) -> str:
        who = self.peer.name if self.peer else "unknown"
        return f"<PeerConnection {who} {self.stage.value} pending={len(self._pending)}>"

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to read. The session ends by itself when the stream does."""
        self._running = asyncio.create_task(self._run(), name="peer-session")

    @property
    def is_open(self) -> bool:
        """Whether messages can still go out."""
        return not self._closed.done()

    async def wait_closed(self) -> LinkError:
        """Wait for the end of the session; returns why."""
        return await asyncio.shield(self._closed)

    def abort(self, why: LinkError) -> None:
        """End the session now, without waiting. What is pending fails with *why*. Idempotent."""
        if self._closed.done():
            return
        self._closed.set_result(why)
        self.stage = Stage.CLOSED
        for future in self._pending.values():
            if not future.done():
                future.set_exception(why)
                future.exception()  # nobody may be waiting any more
        self._pending.clear()
        self._writer.close()

    async def close(self, why: LinkError | None = None) -> None:
        """Send what is queued, end the session, wait for its tasks."""
        if self.is_open:
            with contextlib.suppress(OSError, asyncio.TimeoutError):  # the other side may be gone already
                async with asyncio.timeout(2):
                    await self._writer.drain()
        self.abort(why or LinkLost("The session is over."))
        tasks = [task for task in (*self._tasks, self._running, self._proof) if task is not None]
        current = asyncio.current_task()
        for task in tasks:
            if task is not current:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task is not current), return_exceptions=True)
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            async with asyncio.timeout(2):
                await self._writer.wait_closed()

    # -- asking and telling ---------------------------------------------------------------------------------------

    async def request(self, method: str, message: Message, timeout: float = 30.0) -> dict[str, Any]:
        """Ask the other node and wait for its answer.

        :param timeout: seconds.
        :raises JetStreamError: if the other node says no.
        :raises LinkError: if the session ends first.
        """
        return await self._answer_to(method, *self._ask(method, message), timeout)

    def _ask(self, method: str, message: Message) -> tuple[int, "asyncio.Future[Any]"]:
        if self._closed.done():
            raise self._closed.result()
        request_id = self._session.request(method, as_map(message))
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending[request_id] = future
        self._flush()
        return request_id, future

    async def _answer_to(
        self, method: str, request_id: int, future: "asyncio.Future[Any]", timeout: float
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(timeout):
                result = await future
        except JetStreamError:
            await self._proof_first(method)
            raise
        except TimeoutError as error:
            lost = LinkLost(f"The other node did not answer within {timeout:.0f} s.")
            self.abort(lost)
            raise lost from error
        finally:
            self._pending.pop(request_id, None)
        if not isinstance(result, dict):
            raise PeerViolation(f"The other node answered {method} with something that is no map.")
        return result

    def prove(self, message: Message, timeout: float) -> None:
        """Ask ``prove`` without waiting for the answer: what follows may be on its way already. If the proof is
        refused, whatever is asked next fails with that refusal.
        """
        asked = self._ask("prove", message)
        self._proof = asyncio.create_task(self._answer_to("prove", *asked, timeout), name="prove")
        self._proof.add_done_callback(_look_at)

    async def _proof_first(self, method: str) -> None:
        if self._proof is not None and method != "prove":
            await self._proof

    def tell(self, method: str, message: Message) -> None:
        """Tell the other node; if the session is over nobody hears it."""
        if self.is_open:
            self._session.notify(method, as_map(message))
            self._flush()

    def on_request(self, method: str, handler: RequestHandler) -> None:
        """From now on *handler* answers *method*. It gets the raw map and checks it with ``understand``."""
        self._requests[method] = handler

    def on_notification(self, method: str, handler: NotificationHandler) -> None:
        """From now on *handler* hears *method*."""
        self._notifications[method] = handler

    async def measure(self) -> float:
        """One round trip in seconds; remembered as :attr:`rtt` (the smallest seen)."""
        began = time.perf_counter()
        await self.request("ping", Ping(), self._liveness.lost_after)
        elapsed = time.perf_counter() - began
        self.rtt = elapsed if self.rtt is None else min(elapsed, self.rtt * 1.05)
        return elapsed

    # -- inside ---------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        data = self._session.take_output()
        if data and not self._writer.is_closing():
            self._writer.write(data)

    async def _run(self) -> None:
        watch = asyncio.create_task(self._watch(), name="peer-watch")
        why: LinkError = LinkLost("The other node closed the connection.")
        try:
            while data := await self._reader.read(READ_BYTES):
                self.last_received = time.monotonic()
                for event in self._session.receive(data):
                    self._act(event)
                self._flush()
                await self._writer.drain()
        except OSError as error:
            why = LinkLost(f"The connection broke: {error.strerror or error}.")
        except PeerViolation as error:
            why = error
            self._flush()
        finally:
            watch.cancel()
            self.abort(why)

    async def _watch(self) -> None:
        while self.is_open:
            await asyncio.sleep(self._liveness.ping_every)
            silent = time.monotonic() - self.last_received
            if silent > self._liveness.lost_after:
                self.abort(LinkLost(f"The other node gave no sign of life for {silent:.0f} s."))
            elif self.stage is Stage.OPEN:
                self._spawn(self._ping())

    async def _ping(self) -> None:
        with contextlib.suppress(LinkError, JetStreamError):  # the session's end is told by its own way
            await self.measure()

    def _act(self, event: object) -> None:
        if isinstance(event, ResponseReceived):
            future = self._pending.pop(event.request_id, None)
            if future is not None and not future.done():
                if event.error is not None:
                    future.set_exception(event.error)
                else:
                    future.set_result(event.result if event.result is not None else {})
        elif isinstance(event, RequestReceived):
            self._spawn(self._answer(event))
        elif isinstance(event, NotificationReceived):
            self._hear(event)
        elif isinstance(event, Violation):
            raise PeerViolation(f"The other node broke the protocol: {event.error}")

    def _hear(self, event: NotificationReceived) -> None:
        if event.method == "protocolError":
            raise PeerViolation(f"The other node could not understand us: {event.params.get('message')}")
        handler = self._notifications.get(event.method)
        if handler is None:
            return  # a newer node may tell more than we know
        try:
            handler(event.params)
        except InvalidParameters as error:
            raise PeerViolation(str(error)) from error

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, event: RequestReceived) -> None:
        try:
            if self.stage is Stage.OPEN:
                answer = await self._ask_handler(event)
            else:  # one after another: each may be what allows the next
                async with self._in_order:
                    answer = await self._ask_handler(event)
        except JetStreamError as error:
            self._session.respond_error(event.request_id, error)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("answering %s of %s failed", event.method, self.peer)
            self._session.respond_error(event.request_id, ServerError("This node failed inside; its log says more."))
        else:
            self._session.respond(event.request_id, as_map(answer) if answer is not None else {})
        if self.is_open:
            self._flush()

    async def _ask_handler(self, event: RequestReceived) -> Message | None:
        if self.stage is not Stage.OPEN:
            if (self.stage, event.method) not in NEXT_STAGE:
                raise Conflict(f"'{event.method}' cannot come now.")
        handler = self._requests.get(event.method)
        if handler is None:
            raise InvalidParameters(f"This node knows no '{event.method}' here.", field="method")
        stage = self.stage
        answer = await handler(event.params)
        self.stage = NEXT_STAGE.get((stage, event.method), self.stage)
        return answer


def _look_at(task: "asyncio.Task[dict[str, Any]]") -> None:
    if not task.cancelled():
        task.exception()  # told to whoever asks next; nobody may


async def _answer_ping(_: dict[str, Any]) -> None:
    return None


async def ask(connection: PeerConnection, method: str, message: Message, answer: type[M], timeout: float = 30.0) -> M:
    """Ask and understand the answer.

    :raises PeerViolation: if the answer is malformed. Else as :meth:`PeerConnection.request`.
    """
    value = await connection.request(method, message, timeout)
    try:
        return understand(answer, value)
    except InvalidParameters as error:
        raise PeerViolation(str(error)) from error
