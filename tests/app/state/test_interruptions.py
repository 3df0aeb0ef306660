import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream.entities import Event
from jetstream_desktop import assets, i18n
from jetstream_desktop.state.history import Point, SpeedHistory
from jetstream_desktop.state.interruptions import interruptions


def event(name, time, message="The connection was lost. It is tried again by itself."):
    return Event(event=name, timestamp=round(time * 1e6), message=message)


def moving(*spans):
    """Points once a second in these spans, a hundredth done each second."""
    history = SpeedHistory()
    for first, last in spans:
        for second in range(first, last):
            history.add(second, 1e6, second / 100)
        history.add(last, None)
    return history.points(100, None, 1000)


def test_a_lost_link_says_for_how_long_and_where_it_went_on():
    events = [event("transferStarted", 0), event("transferWaiting", 31.5), event("transferCompleted", 90)]
    (gap,) = interruptions(moving((0, 32), (38, 90)), events, 90, live=False)
    assert (gap.start, gap.end) == (32, 38)
    assert gap.words == "link lost 6 s, resumed at 38 %"
    assert gap.reason == "The connection was lost. It is tried again by itself"
    assert gap.at(35)
    assert not gap.at(31)


@pytest.mark.parametrize(("name", "message", "words"), [
    ("transferSuspended", "Paused.", "paused 8 s"), ("receiveTransferSuspended", "Paused.", "paused 8 s"),
    ("transferFailed", "The disk is broken.", "stopped 8 s"),
    ("transferAsked", "It was asked.", "waited 8 s for a yes"),
    ("receiveTransferWaiting", "Paused. It is tried again by itself.", "paused by the other side for 8 s"),
    ("transferResumed", "Resumed.", "nothing known for 8 s")])
def test_each_cause_has_its_words(name, message, words):
    (gap,) = interruptions(moving((0, 10), (18, 20)), [event(name, 10, message)], 20, live=False)
    assert gap.words == f"{words}, resumed at 18 %"


def test_each_gap_has_the_cause_that_is_nearest():
    events = [event("transferWaiting", 61), event("transferSuspended", 30)]
    first, second = interruptions(moving((0, 30), (50, 60), (80, 90)), events, 90, live=False)
    assert first.words.startswith("paused 20 s")
    assert second.words.startswith("link lost 20 s")


def test_what_lasts_until_now_counts_while_it_is_looked_at():
    points = moving((0, 30))
    (gap,) = interruptions(points, [event("transferWaiting", 30)], 42, live=True)
    assert (gap.start, gap.end, gap.words) == (30, 42, "link lost 12 s")
    assert interruptions(points, [], 42, live=False) == ()
    (young,) = interruptions(points, [], 32, live=True)  # it is known that nothing moves
    assert (young.start, young.end) == (30, 32)
    unheard = [Point(second, 1e6) for second in range(31)]
    assert interruptions(unheard, [], 34, live=True) == ()
    assert interruptions(unheard, [], 42, live=True)[0].start == 30
    assert interruptions([], [], 32, live=True) == ()


def test_in_german():
    i18n.use(assets.catalogue("de"), assets.sentences("de"))
    try:
        (gap,) = interruptions(moving((0, 10), (18, 20)), [event("transferWaiting", 10)], 20, live=False)
    finally:
        i18n.use({})
    assert gap.words == "Verbindung 8 s weg, weiter bei 18 %"


@given(st.lists(st.tuples(st.floats(0, 1000), st.one_of(st.none(), st.floats(0, 1e9)))),
       st.lists(st.tuples(st.sampled_from(["transferWaiting", "x", ""]), st.floats(0, 1000))), st.booleans())
def test_gaps_are_in_order_and_within_the_axis(samples, told, live):
    points = [Point(time, rate) for time, rate in sorted(samples, key=lambda pair: pair[0])]
    found = interruptions(points, [event(name, time) for name, time in told], 1000, live=live)
    assert all(gap.start <= gap.end <= 1000 for gap in found)
    assert [gap.start for gap in found] == sorted(gap.start for gap in found)
    assert all(gap.words for gap in found)
