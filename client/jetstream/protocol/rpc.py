"""MessagePack-RPC as a state machine without I/O. Clients, nodes and peers all use this one class.

Messages: request ``[0, id, method, params]``, answer ``[1, id, error, result]``, notification ``[2, method, params]``.
Ids are unsigned 32-bit and chosen by the asking side. ``params`` is always a map. ``error`` is null or the map of
:mod:`jetstream.errors`. A session is symmetric: either side may ask.

A shell has three duties: hand received bytes to :meth:`RpcSession.receive`, act on the events, and write what
:meth:`RpcSession.take_output` returns.
"""

from dataclasses import dataclass
from typing import Any

from jetstream.errors import InvalidParameters, JetStreamError, LimitExceeded, error_from_wire, error_to_wire
from jetstream.protocol.framing import FrameTooLarge, MessageReader, StreamBroken, depth_within, pack
from jetstream.protocol.limits import DEFAULT_RPC_LIMITS, RpcLimits

REQUEST, RESPONSE, NOTIFICATION = 0, 1, 2
MAX_ID = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """The other side asks *method*; answer with :meth:`RpcSession.respond` or :meth:`RpcSession.respond_error`."""

    request_id: int
    method: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """The answer to our request *request_id*: exactly one of *error* and *result* counts (*error* if not None)."""

    request_id: int
    error: JetStreamError | None
    result: Any


@dataclass(frozen=True, slots=True)
class NotificationReceived:
    """The other side tells *method*; no answer is expected."""

    method: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    """The other side broke the protocol. Close the connection after writing what is left to write."""

    error: JetStreamError


Event = RequestReceived | ResponseReceived | NotificationReceived | Violation


class RpcSession:
    """One end of one MessagePack-RPC connection."""

    def __init__(self, limits: RpcLimits = DEFAULT_RPC_LIMITS) -> None:
        self._limits = limits
        self._reader = MessageReader(limits)
        self._output: list[bytes] = []
        self._next_id = 1
        self._asked: set[int] = set()
        self._to_answer: set[int] = set()
        self._broken = False

    def __repr__(self) -> str:
        state = "broken" if self._broken else "open"
        return f"<RpcSession {state} asked={len(self._asked)} to_answer={len(self._to_answer)}>"

    # -- output ---------------------------------------------------------------------------------------------------

    def take_output(self) -> bytes:
        """What has to be written now; empty if nothing."""
        data = b"".join(self._output)
        self._output.clear()
        return data

    def request(self, method: str, params: dict[str, Any]) -> int:
        """Ask *method*; returns the id that the answer will carry.

        :raises InvalidParameters: if *params* cannot be sent; nothing is queued then.
        :raises LimitExceeded: if the message is longer than a frame may be.
        """
        request_id = self._next_id
        self._queue([REQUEST, request_id, method, params])
        self._next_id = request_id % MAX_ID + 1
        self._asked.add(request_id)
        return request_id

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Tell *method*. Raises as :meth:`request`."""
        self._queue([NOTIFICATION, method, params])

    def respond(self, request_id: int, result: object) -> None:
        """Answer a request. A result that cannot be sent becomes an error answer."""
        self._to_answer.discard(request_id)
        try:
            self._queue([RESPONSE, request_id, None, result])
        except (InvalidParameters, LimitExceeded) as error:
            self.respond_error(request_id, error)

    def respond_error(self, request_id: int, error: JetStreamError) -> None:
        """Refuse a request. An error that cannot be sent, because of what it quotes, keeps its code only."""
        self._to_answer.discard(request_id)
        try:
            self._queue([RESPONSE, request_id, error_to_wire(error), None])
        except (InvalidParameters, LimitExceeded):
            self._queue([RESPONSE, request_id, {"code": error.code, "message": "", "facts": {}}, None])

    def _queue(self, message: list[Any]) -> None:
        data = pack(message)
        if len(data) > self._limits.max_frame:
            raise LimitExceeded(f"A message may have at most {self._limits.max_frame} bytes.",
                                limit=self._limits.max_frame)
        self._output.append(data)

    # -- input ----------------------------------------------------------------------------------------------------

    def receive(self, data: bytes | bytearray | memoryview) -> list[Event]:
        """Take received bytes in; returns what they mean. After a :class:`Violation` nothing more is read."""
        events: list[Event] = []
        if self._broken:
            return events
        try:
            for message in self._reader.feed(data):
                event = self._understand(message)
                if event is not None:
                    events.append(event)
                if isinstance(event, Violation):
                    self._broken = True
                    break
        except (FrameTooLarge, StreamBroken) as error:
            self._broken = True
            events.append(self._violation(error))
        return events

    def _understand(self, message: object) -> Event | None:
        if not isinstance(message, list) or len(message) not in (3, 4):
            return self._violation(InvalidParameters("A message is an array of three or four elements."))
        kind = message[0] if type(message[0]) is int else None
        if kind == REQUEST and len(message) == 4:
            return self._understand_request(message)
        if kind == RESPONSE and len(message) == 4:
            return self._understand_response(message)
        if kind == NOTIFICATION and len(message) == 3:
            return self._understand_notification(message)
        return self._violation(InvalidParameters("The first element of a message is 0, 1 or 2.", field="type"))

    def _understand_request(self, message: list[Any]) -> Event | None:
        _, request_id, method, params = message
        if type(request_id) is not int or not 0 <= request_id <= MAX_ID:
            return self._violation(InvalidParameters("A request id is an unsigned 32-bit number.", field="id"))
        if request_id in self._to_answer:
            return self._violation(InvalidParameters("This request id waits for its answer already.", field="id"))
        if len(self._to_answer) >= self._limits.max_outstanding:
            limit = self._limits.max_outstanding
            self.respond_error(request_id, LimitExceeded(f"At most {limit} requests may be under way.", limit=limit))
            return None
        problem = self._problem_with(method, params)
        if problem is not None:
            self.respond_error(request_id, problem)
            return None
        self._to_answer.add(request_id)
        return RequestReceived(request_id, method, params)

    def _understand_response(self, message: list[Any]) -> Event:
        _, request_id, error, result = message
        if type(request_id) is not int or request_id not in self._asked:
            return self._violation(InvalidParameters("An answer came to a request that nobody made.", field="id"))
        if not depth_within(result, self._limits.max_depth) or not depth_within(error, self._limits.max_depth):
            error, result = error_to_wire(LimitExceeded("The answer is nested too deep.")), None
        self._asked.discard(request_id)
        return ResponseReceived(request_id, None if error is None else error_from_wire(error), result)

    def _understand_notification(self, message: list[Any]) -> Event:
        _, method, params = message
        problem = self._problem_with(method, params)
        return NotificationReceived(method, params) if problem is None else self._violation(problem)

    def _problem_with(self, method: object, params: object) -> JetStreamError | None:
        if not isinstance(method, str) or len(method) > 100:
            return InvalidParameters("A method name is a string of at most 100 characters.", field="method")
        if not isinstance(params, dict) or not all(isinstance(key, str) for key in params):
            return InvalidParameters("Parameters are a map from names to values.", field="params")
        if not depth_within(params, self._limits.max_depth):
            limit = self._limits.max_depth
            return LimitExceeded(f"Parameters may be nested at most {limit} levels deep.", limit=limit)
        return None

    def _violation(self, error: JetStreamError) -> Violation:
        # A notification tells the other side why; it may already be gone, which is its own business.
        self._output.append(pack([NOTIFICATION, "protocolError", error_to_wire(error)]))
        return Violation(error)
