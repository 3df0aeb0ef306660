"""Two sessions back to back, without sockets; then one session against what no session would send."""

from collections import deque

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from jetstream.errors import ERRORS_BY_CODE, Conflict, InvalidParameters, JetStreamError, LimitExceeded, NotFound
from jetstream.protocol.framing import MessageReader, pack
from jetstream.protocol.limits import RpcLimits
from jetstream.protocol.rpc import (
    MAX_ID,
    NotificationReceived,
    RequestReceived,
    ResponseReceived,
    RpcSession,
    Violation,
)

SMALL = RpcLimits(max_frame=2000, max_depth=5, max_outstanding=3)


def deliver(source, target):
    """Hand over what *source* has to say; returns what *target* makes of it."""
    return target.receive(source.take_output())


def said(session):
    """The messages that *session* has to say."""
    return list(MessageReader().feed(session.take_output()))


@pytest.fixture
def pair():
    return RpcSession(), RpcSession()


def test_a_request_and_its_answer(pair):
    client, node = pair
    request_id = client.request("send.getTransfer", {"transfer": "17"})
    assert deliver(client, node) == [RequestReceived(request_id, "send.getTransfer", {"transfer": "17"})]
    node.respond(request_id, {"status": "sending"})
    assert deliver(node, client) == [ResponseReceived(request_id, None, {"status": "sending"})]
    assert client.take_output() == b""


def test_an_error_keeps_class_sentence_and_facts(pair):
    client, node = pair
    request_id = client.request("send.getTransfer", {})
    deliver(client, node)
    node.respond_error(request_id, NotFound("There is no transfer 17.", kind="transfer", number=17, extra=None))
    (event,) = deliver(node, client)
    assert type(event.error) is NotFound
    assert str(event.error) == "There is no transfer 17."
    assert event.error.facts == {"kind": "transfer", "number": 17, "extra": None}


@pytest.mark.parametrize("cls", ERRORS_BY_CODE.values(), ids=lambda cls: cls.__name__)
def test_every_error_crosses_the_wire(pair, cls):
    client, node = pair
    request_id = client.request("x", {})
    deliver(client, node)
    node.respond_error(request_id, cls("Why."))
    (event,) = deliver(node, client)
    assert type(event.error) is cls


def test_both_sides_may_ask_at_the_same_time(pair):
    left, right = pair
    a, b = left.request("left", {}), right.request("right", {})
    assert a == b == 1
    assert deliver(left, right) == [RequestReceived(1, "left", {})]
    assert deliver(right, left) == [RequestReceived(1, "right", {})]
    left.respond(1, "to right")
    right.respond(1, "to left")
    assert deliver(left, right) == [ResponseReceived(1, None, "to right")]
    assert deliver(right, left) == [ResponseReceived(1, None, "to left")]


def test_answers_in_any_order(pair):
    client, node = pair
    ids = [client.request("echo", {"n": n}) for n in range(5)]
    assert [event.params["n"] for event in deliver(client, node)] == list(range(5))
    for request_id in reversed(ids):
        node.respond(request_id, request_id)
    assert [event.request_id for event in deliver(node, client)] == ids[::-1]


def test_notifications(pair):
    left, right = pair
    left.notify("progress", {"bytes": 5})
    assert deliver(left, right) == [NotificationReceived("progress", {"bytes": 5})]
    assert right.take_output() == b""


def test_an_answer_that_says_no_is_no_answer_that_fails(pair):
    client, node = pair
    for result in (None, False, 0, "", [], {}):
        request_id = client.request("x", {})
        deliver(client, node)
        node.respond(request_id, result)
        assert deliver(node, client) == [ResponseReceived(request_id, None, result)]


def test_ids_start_again_after_the_last(pair):
    client, _ = pair
    client._next_id = MAX_ID
    assert [client.request("x", {}) for _ in range(3)] == [MAX_ID, 1, 2]


def test_repr_tells_state_and_counts(pair):
    client, node = pair
    client.request("x", {})
    deliver(client, node)
    assert repr(client) == "<RpcSession open asked=1 to_answer=0>"
    assert repr(node) == "<RpcSession open asked=0 to_answer=1>"
    node.receive(b"\xc1")
    assert repr(node) == "<RpcSession broken asked=0 to_answer=1>"


# -- what we cannot send --------------------------------------------------------------------------------------------


def test_a_request_that_cannot_be_sent_leaves_nothing_behind(pair):
    client, node = pair
    with pytest.raises(InvalidParameters):
        client.request("x", {"thing": object()})
    with pytest.raises(LimitExceeded) as caught:
        client.request("x", {"thing": bytes(17 << 20)})
    assert caught.value.facts == {"limit": 16 << 20}
    with pytest.raises(InvalidParameters):
        client.notify("x", {"thing": object()})
    assert client.take_output() == b""
    assert client.request("x", {}) == 1
    assert deliver(client, node) == [RequestReceived(1, "x", {})]


def test_a_result_that_cannot_be_sent_becomes_an_error(pair):
    client, node = pair
    for result, cls in ((object(), InvalidParameters), (bytes(17 << 20), LimitExceeded)):
        request_id = client.request("x", {})
        deliver(client, node)
        node.respond(request_id, result)
        (event,) = deliver(node, client)
        assert type(event.error) is cls


def test_an_error_that_cannot_be_sent_keeps_its_code():
    client, node = RpcSession(), RpcSession(SMALL)
    for message in ("\ud800", "x" * 5000):
        request_id = client.request("x", {})
        deliver(client, node)
        node.respond_error(request_id, Conflict(message))
        (event,) = deliver(node, client)
        assert (type(event.error), event.error.message) == (Conflict, "")


# -- limits ---------------------------------------------------------------------------------------------------------


def test_outstanding_requests_are_limited_and_only_those():
    client, node = RpcSession(), RpcSession(SMALL)
    ids = [client.request("x", {}) for _ in range(5)]
    assert [event.request_id for event in deliver(client, node)] == ids[:3]
    refused = deliver(node, client)
    assert [event.request_id for event in refused] == ids[3:]
    assert all(type(event.error) is LimitExceeded for event in refused)
    assert refused[0].error.facts == {"limit": 3}
    node.respond(ids[0], None)
    deliver(node, client)
    again = client.request("x", {})
    assert deliver(client, node) == [RequestReceived(again, "x", {})]


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


def test_depth_of_params_is_limited():
    client, node = RpcSession(), RpcSession(SMALL)
    fine, deep = client.request("x", {"v": nested(4)}), client.request("x", {"v": nested(5)})
    assert [event.request_id for event in deliver(client, node)] == [fine]
    (event,) = deliver(node, client)
    assert (event.request_id, type(event.error), event.error.facts) == (deep, LimitExceeded, {"limit": 5})


def test_depth_of_results_is_limited():
    client, node = RpcSession(SMALL), RpcSession()
    for result, cls in ((nested(5), None), (nested(6), LimitExceeded)):
        request_id = client.request("x", {})
        deliver(client, node)
        node.respond(request_id, result)
        (event,) = deliver(node, client)
        assert (event.error if cls is None else type(event.error)) is cls


def test_depth_beyond_all_measure_breaks_the_stream():
    node = RpcSession()
    (event,) = node.receive(b"\x91" * 5000)
    assert isinstance(event, Violation)
    assert event.error.code == "LimitExceeded"


def test_a_frame_beyond_the_limit_is_a_violation():
    node = RpcSession(SMALL)
    events = node.receive(pack([0, 1, "x", {}]) + pack([0, 2, "x", {"v": "y" * 3000}]))
    assert events[0] == RequestReceived(1, "x", {})
    assert (type(events[1]), events[1].error.facts) == (Violation, {"limit": 2000})
    assert said(node) == [[2, "protocolError", {"code": "LimitExceeded", "message": str(events[1].error),
                                               "facts": {"limit": 2000}}]]


# -- what the other side must not do --------------------------------------------------------------------------------


@pytest.mark.parametrize(("message", "field"), [
    ("text", None), (5, None), (None, None), ({}, None), ([], None), ([0], None), ([0, 1], None),
    ([0, 1, "x", {}, 1], None), ([0, 1, "x"], "type"), ([1, 1, None], "type"), ([2, "x", {}, 1], "type"),
    ([3, 1, "x", {}], "type"), ([-1, 1, "x", {}], "type"), ([True, 1, None, None], "type"),
    ([1.0, 1, None, None], "type"), ([False, 1, "x", {}], "type"), (["0", 1, "x", {}], "type"),
    ([[], 1, "x", {}], "type"), ([2.0, "x", {}], "type"),
    ([0, -1, "x", {}], "id"), ([0, 1 << 32, "x", {}], "id"), ([0, "1", "x", {}], "id"), ([0, True, "x", {}], "id"),
    ([0, None, "x", {}], "id"), ([0, [], "x", {}], "id"), ([0, 1.0, "x", {}], "id"),
    ([1, 1, None, None], "id"), ([1, [], None, None], "id"), ([1, None, {}, None], "id"), ([1, 0, None, None], "id"),
    ([2, 5, {}], "method"), ([2, "x", []], "params"), ([2, "x", {1: 1}], "params"), ([2, "x" * 101, {}], "method"),
])
def test_violations(message, field):
    node = RpcSession()
    (event,) = node.receive(pack(message))
    assert isinstance(event, Violation)
    assert event.error.facts.get("field") == field
    assert [m[:2] for m in said(node)] == [[2, "protocolError"]]
    assert node.receive(pack([0, 9, "x", {}])) == []


@pytest.mark.parametrize(("method", "params", "field"), [
    (5, {}, "method"), (None, {}, "method"), ([], {}, "method"), ("x" * 101, {}, "method"), (b"x", {}, "method"),
    ("x", [], "params"), ("x", None, "params"), ("x", "y", "params"), ("x", {1: 2}, "params"),
    ("x", {b"a": 1}, "params"),
])
def test_a_request_of_the_wrong_form_is_refused_and_the_connection_goes_on(method, params, field):
    node = RpcSession()
    events = node.receive(pack([0, 7, method, params]) + pack([0, 7, "x", {}]))
    assert events == [RequestReceived(7, "x", {})]
    ((kind, request_id, error, result),) = said(node)
    assert (kind, request_id, result) == (1, 7, None)
    assert (error["code"], error["facts"]) == ("InvalidParameters", {"field": field})


def test_an_id_that_waits_for_its_answer_cannot_be_used_again():
    node = RpcSession()
    events = node.receive(pack([0, 7, "x", {}]) * 2)
    assert [type(event) for event in events] == [RequestReceived, Violation]


def test_an_answer_comes_once(pair):
    client, _ = pair
    client.request("x", {})
    events = client.receive(pack([1, 1, None, "a"]) + pack([1, 1, None, "b"]))
    assert [type(event) for event in events] == [ResponseReceived, Violation]


@pytest.mark.parametrize("error", ["text", 5, [], {}, False, {"code": 5}, {"code": "Unheard", "message": "Hm."},
                                   {"code": "NotFound", "message": 5, "facts": 5},
                                   {"code": "NotFound", "facts": {5: []}},
                                   {"code": [], "message": {}, "facts": []}])
def test_any_error_value_is_an_error(pair, error):
    client, _ = pair
    client.request("x", {})
    (event,) = client.receive(pack([1, 1, error, None]))
    assert isinstance(event.error, JetStreamError)
    assert isinstance(str(event.error), str)


@given(st.lists(st.binary(max_size=100), max_size=6))
@example([pack([1, 1, None, None])[:2], b"\xff\xff"])
def test_any_bytes_are_understood_or_end_the_session(parts):
    node = RpcSession(RpcLimits(max_frame=150, max_depth=3, max_outstanding=2))
    node.request("x", {})
    node.take_output()
    ended = False
    for part in parts:
        events = node.receive(part)
        assert not (ended and events)
        assert all(not isinstance(event, Violation) for event in events[:-1])
        ended = ended or any(isinstance(event, Violation) for event in events)
        for message in said(node):
            assert message[0] in (1, 2)


wire_values = st.recursive(st.one_of(st.none(), st.booleans(), st.integers(-5, 1 << 33), st.text(max_size=3),
                                     st.binary(max_size=3), st.floats(0, 3)),
                           lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner,
                                                                                      max_size=3), max_leaves=5)


@given(st.lists(st.lists(wire_values, max_size=5), max_size=4))
def test_any_messages_are_understood_or_end_the_session(messages):
    node = RpcSession(RpcLimits(max_depth=3, max_outstanding=2))
    node.request("x", {})
    node.take_output()
    for message in messages:
        for event in node.receive(pack(message)):
            if isinstance(event, RequestReceived):
                assert 0 <= event.request_id <= MAX_ID
                assert isinstance(event.method, str)
                assert all(isinstance(key, str) for key in event.params)
                node.respond(event.request_id, None)


# -- a whole conversation -------------------------------------------------------------------------------------------


class Conversation(RuleBasedStateMachine):
    """Two sessions over pipes that deliver bytes in any pieces; a model knows what must come out."""

    asked = Bundle("asked")

    @initialize()
    def begin(self):
        self.sessions = {"left": RpcSession(), "right": RpcSession()}
        self.pipes = {"left": bytearray(), "right": bytearray()}
        self.expected = {"left": deque(), "right": deque()}
        self.waiting = {"left": set(), "right": set()}

    def other(self, side):
        return "right" if side == "left" else "left"

    def flush(self, side):
        self.pipes[self.other(side)] += self.sessions[side].take_output()

    @rule(target=asked, side=st.sampled_from(["left", "right"]), params=st.dictionaries(st.text(max_size=3),
                                                                                       st.integers(0, 9), max_size=3))
    def ask(self, side, params):
        request_id = self.sessions[side].request("method", params)
        self.expected[self.other(side)].append(RequestReceived(request_id, "method", params))
        self.flush(side)
        return side, request_id

    @rule(side=st.sampled_from(["left", "right"]))
    def tell(self, side):
        self.sessions[side].notify("news", {})
        self.expected[self.other(side)].append(NotificationReceived("news", {}))
        self.flush(side)

    @rule(request=consumes(asked), result=st.one_of(st.integers(0, 9), st.just("fails")))
    def answer(self, request, result):
        asker, request_id = request
        side = self.other(asker)
        self.take(side, len(self.pipes[side]))
        if result == "fails":
            self.sessions[side].respond_error(request_id, Conflict("No."))
        else:
            self.sessions[side].respond(request_id, result)
        self.expected[asker].append((request_id, result))
        self.flush(side)

    @rule(side=st.sampled_from(["left", "right"]), count=st.integers(0, 60))
    def take(self, side, count):
        data = bytes(self.pipes[side][:count])
        del self.pipes[side][:count]
        for event in self.sessions[side].receive(data):
            wanted = self.expected[side].popleft()
            if isinstance(event, ResponseReceived):
                assert wanted == (event.request_id, "fails" if event.error else event.result)
            else:
                assert wanted == event

    @invariant()
    def nothing_is_owed_when_nothing_is_under_way(self):
        for side in ("left", "right"):
            assert self.sessions[side].take_output() == b""
            assert self.pipes[side] or not self.expected[side]


TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=50)
