"""The board of offers that wait for a person: what is bounded, what is forgotten, what is remembered."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.transfers.offers import (
    DECLINED_FOR,
    GONE_AFTER,
    MOST_DECLINES,
    MOST_DECLINES_PER_ADDRESS,
    MOST_OFFERS,
    MOST_PER_ADDRESS,
    MOST_PER_SENDER,
    SECOND,
    BoardFull,
    Declined,
    OfferBoard,
    Proposal,
    WaitingOffer,
)

START = 1000 * SECOND


def proposal(uid: str = "u", sender: str = "f", address: str = "192.0.2.1", label: str = "films") -> Proposal:
    return Proposal(uid=uid, fingerprint=sender, name="Ann", address=address, port=1, label=label, files=2, size=3,
                    destination_path="", overwrite_mode=4)


def board() -> OfferBoard:
    ids = itertools.count(1)
    return OfferBoard(lambda: str(next(ids)), START)


def asked(on: OfferBoard, what: Proposal, now: int = START) -> WaitingOffer:
    offer = on.ask(what, now)
    assert offer is not None
    return offer


def test_asking_again_is_the_same_offer() -> None:
    on = board()
    first = asked(on, proposal())
    assert on.ask(proposal(), START + SECOND) is None
    (kept,) = on.all(START + SECOND)
    assert (kept.id, kept.first_time, kept.last_time, kept.cursor) == (first.id, START, START + SECOND, first.cursor)
    assert on.changed_since(first.cursor, START) == []
    assert on.ask(proposal(label="other films"), START + 2 * SECOND) is None
    (changed,) = on.changed_since(first.cursor, START)
    assert (changed.id, changed.proposal.label) == (first.id, "other films")


def test_a_sender_that_stops_asking_is_gone() -> None:
    on = board()
    offer = asked(on, proposal())
    assert on.all(START + GONE_AFTER) == [offer]
    assert on.all(START + GONE_AFTER + 1) == []
    ((id, cursor),) = on.gone_since(offer.cursor)
    assert (id, on.gone_since(cursor)) == (offer.id, [])
    assert on.find(offer.id, START + GONE_AFTER + 1) is None
    assert asked(on, proposal(), START + GONE_AFTER + 2).id != offer.id


def test_a_no_is_remembered_for_a_while_and_can_be_taken_back() -> None:
    on = board()
    offer = asked(on, proposal())
    on.decline(offer, START)
    with pytest.raises(Declined) as refused:
        on.ask(proposal(), START + 1)
    assert refused.value.until == START + DECLINED_FOR
    assert on.all(START) == []
    assert on.find(offer.id, START) == offer
    on.decide(offer)
    assert on.find(offer.id, START) is None
    on.decided(offer, START, taken=True)
    assert on.find(offer.id, START) is None
    assert asked(on, proposal(), START)


def test_after_some_noes_a_sender_is_not_asked_about_at_all() -> None:
    on = board()
    for number in range(MOST_DECLINES):
        on.decline(asked(on, proposal(str(number))), START + number)
    with pytest.raises(Declined):
        on.ask(proposal("new"), START + SECOND)
    assert asked(on, proposal("new", sender="other"), START + SECOND)
    assert asked(on, proposal("new"), START + DECLINED_FOR)


def test_new_identities_do_not_help_against_many_noes() -> None:
    on = board()
    for number in range(MOST_DECLINES_PER_ADDRESS):
        on.decline(asked(on, proposal("u", sender=f"s{number}")), START)
    with pytest.raises(Declined):
        on.ask(proposal("u", sender="one more"), START + SECOND)
    assert asked(on, proposal("u", sender="one more", address="192.0.2.2"), START + SECOND)


def test_letting_a_sender_in_forgets_its_offers_and_the_noes() -> None:
    on = board()
    on.decline(asked(on, proposal("1")), START)
    for uid in "23":
        asked(on, proposal(uid))
    other = asked(on, proposal("2", sender="other"))
    on.forget_sender("f", START)
    assert on.all(START) == [other]
    assert asked(on, proposal("1"), START)


def test_while_one_decides_nobody_else_can_and_a_failure_changes_nothing() -> None:
    on = board()
    offer = asked(on, proposal())
    on.decide(offer)
    assert (on.all(START), on.find(offer.id, START), on.ask(proposal(), START)) == ([], None, None)
    on.decided(offer, START, taken=False)
    assert on.all(START) == [offer]


def test_what_one_sender_one_address_and_all_together_can_put_there() -> None:
    on = board()
    for number in range(MOST_PER_SENDER):
        asked(on, proposal(str(number)))
    with pytest.raises(BoardFull):
        on.ask(proposal("more"), START)
    for number in range(MOST_PER_ADDRESS - MOST_PER_SENDER):
        asked(on, proposal("u", sender=f"s{number}"))
    with pytest.raises(BoardFull):
        on.ask(proposal("u", sender="one more identity"), START)
    for number in range(MOST_OFFERS - MOST_PER_ADDRESS):
        asked(on, proposal("u", sender=f"a{number}", address=f"198.51.100.{number}"))
    with pytest.raises(BoardFull):
        on.ask(proposal("u", sender="z", address="203.0.113.1"), START)
    assert len(on) == MOST_OFFERS
    assert on.ask(proposal("0"), START) is None  # who waits goes on waiting


@pytest.mark.parametrize("addresses", [("2001:db8::%x", True), ("2001:db8:0:%x::1", False), ("somewhere", True)])
def test_a_host_with_very_many_addresses(addresses: tuple[str, bool]) -> None:
    form, one_place = addresses
    on = board()
    full = False
    for number in range(1, MOST_PER_ADDRESS + 2):
        address = form % number if "%" in form else form
        try:
            on.ask(proposal("u", sender=f"s{number}", address=address), START)
        except BoardFull:
            full = True
    assert full == one_place


STEPS = st.lists(st.tuples(st.sampled_from("aadyfn"), st.integers(0, 40), st.integers(0, 30)), max_size=200)


@given(STEPS)
def test_clients_that_follow_the_changes_see_what_is_there(steps: list[tuple[str, int, int]]) -> None:
    on, now, cursor = board(), START, 0
    seen: dict[str, WaitingOffer] = {}
    for step, number, seconds in steps:
        now += seconds * SECOND
        waiting = on.all(now)
        if step == "a":
            try:
                on.ask(proposal(str(number % 7), sender=str(number // 7), label=str(seconds % 2)), now)
            except (BoardFull, Declined):
                continue
        elif waiting and step == "d":
            on.decline(waiting[number % len(waiting)], now)
        elif waiting and step in "yn":
            on.decide(waiting[number % len(waiting)])
            on.decided(waiting[number % len(waiting)], now, taken=step == "y")
        elif step == "f":
            on.forget_sender(str(number // 7), now)
        changed = on.changed_since(cursor, now)
        gone = on.gone_since(cursor)
        cursor = max([cursor, *(offer.cursor for offer in changed), *(when for _, when in gone)])
        seen |= {offer.id: offer for offer in changed}
        for id, _ in gone:
            seen.pop(id, None)
        assert {id: offer.proposal for id, offer in seen.items()} == {o.id: o.proposal for o in on.all(now)}
