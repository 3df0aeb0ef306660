"""Messages on a byte stream: every cut, every limit, hostile bytes."""

import math

import msgpack
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jetstream.errors import InvalidParameters, LimitExceeded, error_to_wire
from jetstream.protocol.framing import FrameTooLarge, MessageReader, StreamBroken, depth_within, pack
from jetstream.protocol.limits import RpcLimits

scalars = st.one_of(st.none(), st.booleans(), st.integers(-(1 << 63), (1 << 64) - 1), st.floats(allow_nan=False),
                    st.text(), st.binary(max_size=200))
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=5)
                      | st.dictionaries(st.text(), inner, max_size=5), max_leaves=12)


def read_all(reader, parts):
    return [message for part in parts for message in reader.feed(part)]


def cut(data, points):
    places = sorted({min(point, len(data)) for point in points} | {0, len(data)})
    return [data[a:b] for a, b in zip(places, places[1:], strict=False)]


@given(st.lists(values, max_size=6), st.lists(st.integers(0, 2000)))
def test_messages_come_out_whole_however_they_are_cut(messages, points):
    reader = MessageReader()
    found = [message for part in cut(b"".join(map(pack, messages)), points) for message in reader.feed(part)]
    assert found == messages


@given(values)
def test_byte_by_byte(message):
    reader = MessageReader()
    data = pack(message)
    found = [m for index in range(len(data)) for m in reader.feed(data[index : index + 1])]
    assert found == [message]


@given(st.binary(min_size=1, max_size=100))
def test_names_that_are_no_text_arrive_byte_for_byte(name):
    text = name.decode("utf-8", "surrogateescape")
    assert list(MessageReader().feed(pack({text: text}))) == [{text: text}]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_will_do(kind):
    assert list(MessageReader().feed(kind(pack([1])))) == [[1]]
    assert list(MessageReader().feed(kind(b""))) == []


# -- what cannot be sent --------------------------------------------------------------------------------------------


class Thing:
    pass


@pytest.mark.parametrize("value", [Thing(), {1, 2}, 1 << 64, -(1 << 63) - 1, "\ud800", [[Thing()]]])
def test_values_without_a_form_are_refused(value):
    with pytest.raises(InvalidParameters, match=r"This value cannot be sent: .+"):
        pack(value)


def test_endless_nesting_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(InvalidParameters):
        pack(loop)


# -- limits ---------------------------------------------------------------------------------------------------------

LIMITS = RpcLimits(max_frame=1000, max_items=100)

large = st.one_of(
    st.integers(999, 5000).map(lambda size: "x" * size),
    st.integers(999, 5000).map(bytes),
    st.integers(10, 40).map(lambda count: ["x" * 100] * count),
    st.integers(10, 40).map(lambda count: {f"{n:0100}": n for n in range(count)}),
    st.integers(10, 30).map(lambda count: [[["x" * 50] * 2] * count]),
    st.integers(400, 900).map(lambda count: dict.fromkeys(range(count), 7)),
)


@given(large, st.integers(1, 3000))
@example(["x" * 100] * 50, 90)
def test_a_message_beyond_the_limit_is_refused_however_it_comes(message, step):
    data = pack(message)
    reader = MessageReader(LIMITS)
    parts = [data[start : start + step] for start in range(0, len(data), step)]
    if len(data) <= LIMITS.max_frame:
        assert read_all(reader, parts) == [message]
        return
    with pytest.raises(FrameTooLarge):
        read_all(reader, parts)


@given(st.integers(1, 1200))
def test_a_message_of_exactly_the_limit_passes(step):
    message = b"x" * (LIMITS.max_frame - 3)
    data = pack(message)
    assert len(data) == LIMITS.max_frame
    reader = MessageReader(LIMITS)
    stream = data * 3
    found = [m for start in range(0, len(stream), step) for m in reader.feed(stream[start : start + step])]
    assert found == [message] * 3


@given(st.integers(1, 3000))
def test_what_never_ends_is_refused_early(step):
    reader = MessageReader(LIMITS)
    endless = b"\xdb\x7f\xff\xff\xff" + b"x" * 4000  # a text of two billion bytes
    enough = LIMITS.max_frame + max(step, LIMITS.max_frame // 2)
    with pytest.raises(FrameTooLarge):
        read_all(reader, (endless[start : start + step] for start in range(0, enough, step)))


def test_messages_before_the_one_that_is_too_large_come_out():
    messages = MessageReader(LIMITS).feed(pack(1) + pack("two") + pack("x" * 2000))
    assert [next(messages), next(messages)] == [1, "two"]
    with pytest.raises(FrameTooLarge) as caught:
        next(messages)
    assert caught.value.facts == {"limit": 1000}


def test_arrays_have_a_limit_of_their_own():
    assert len(list(MessageReader(LIMITS).feed(pack([0] * 100)))[0]) == 100
    with pytest.raises(FrameTooLarge):
        list(MessageReader(LIMITS).feed(pack([0] * 101)))


def test_headers_that_promise_the_moon_cost_nothing():
    with pytest.raises(FrameTooLarge):
        list(MessageReader().feed(b"\xdd\xff\xff\xff\xff"))
    with pytest.raises(FrameTooLarge):
        list(MessageReader().feed(b"\xdf\xff\xff\xff\xff"))
    assert list(MessageReader().feed(b"\xdd\x00\x0f\xff\xff" * 500)) == []


def test_nesting_beyond_all_measure():
    with pytest.raises(FrameTooLarge, match="nest at most 32 levels"):
        list(MessageReader().feed(b"\x91" * 100_000))
    assert list(MessageReader().feed(b"\x91" * 500)) == []


# -- hostile bytes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [
    b"\xc1",  # reserved
    b"\xc7\x00\x05", b"\xc7\x01\x05x", b"\xd4\x01x", b"\xd6\xff\x00\x00\x00\x00",  # extensions and timestamps
    b"\x81\x90\xc0", b"\x81\x80\xc0",  # a list or a map as a key
])
def test_what_is_no_plain_messagepack_breaks_the_stream(data):
    with pytest.raises(StreamBroken):
        list(MessageReader().feed(data))


@given(st.lists(st.binary(max_size=200), max_size=8))
@example([b"\x93\x00\x01", b"\xc1"])
@example([b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_any_bytes_end_in_messages_or_in_a_typed_error_however_they_are_cut(parts):
    def read(pieces):
        reader, messages = MessageReader(RpcLimits(max_frame=100, max_items=50)), []
        try:
            for piece in pieces:
                for message in reader.feed(piece):
                    depth_within(message, 5)
                    messages.append(message)
        except (StreamBroken, FrameTooLarge) as error:
            return repr(messages), type(error)  # NaN is not itself
        return repr(messages), None

    assert read(parts) == read([b"".join(parts)])


def test_errors_of_the_stream_look_like_their_family_on_the_wire():
    assert error_to_wire(StreamBroken("x"))["code"] == InvalidParameters("x").code
    assert error_to_wire(FrameTooLarge("x"))["code"] == LimitExceeded("x").code


# -- depth ----------------------------------------------------------------------------------------------------------


def depth_of(value):
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list | tuple) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


@given(st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=2), inner, max_size=3) | st.tuples(inner), max_leaves=15),
       st.integers(0, 6))
def test_depth(value, limit):
    # A container without anything in it may lie one deeper: it nests nothing.
    depth = depth_of(value)
    if depth <= limit:
        assert depth_within(value, limit)
    if depth > limit + 1:
        assert not depth_within(value, limit)


def test_depth_of_what_is_very_deep():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert not depth_within(deep, 32)


def test_the_codec_underneath_is_what_we_think_it_is():
    assert msgpack.Unpacker.__module__ == "msgpack._cmsgpack"
    assert math.isnan(next(iter(MessageReader().feed(pack(math.nan)))))
