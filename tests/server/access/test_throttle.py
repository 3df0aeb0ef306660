"""Guessing is slowed, floods are bounded, and nobody is locked out."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.access.throttle import LONGEST_SECONDS, Throttle, network_of


def waits(throttle: Throttle, address: str, account: str, times: int, now: float = 0.0) -> list[float | None]:
    """Attempts one after the other: each is made when the one before it was answered."""
    found = []
    for _ in range(times):
        wait = throttle.admit(address, account, now)
        found.append(wait)
        now += wait or 0.0
    return found


def test_the_first_failures_are_free_then_waits_double_up_to_a_limit() -> None:
    found = waits(Throttle(), "1.2.3.4", "ann", 15)
    assert found == [0, 0, 0, 0, 0, 0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_addresses_and_accounts_count_separately() -> None:
    by_account = Throttle()
    assert [by_account.admit(f"10.0.0.{n}", "ann", 0.0) for n in range(7)][-1] == 0.5
    assert by_account.admit("10.0.1.1", "bob", 0.0) == 0
    by_address = Throttle()
    assert [by_address.admit("10.0.0.1", f"user{n}", 0.0) for n in range(7)][-1] == 0.5
    assert by_address.admit("10.0.0.2", "user0", 0.0) == 0


def test_many_attempts_at_once_gain_nothing_and_are_turned_away_at_the_limit() -> None:
    throttle = Throttle()
    found = [throttle.admit("1.2.3.4", "ann", 0.0) for _ in range(1000)]
    assert found[:9] == [0, 0, 0, 0, 0, 0, 0.5, 1.5, 3.5]
    assert set(found[20:]) == {None}
    assert throttle.admit("1.2.3.4", "ann", 40.0) is not None


def test_a_flood_cannot_make_a_user_wait_longer_than_the_limit() -> None:
    throttle = Throttle()
    for n in range(5000):
        throttle.admit(f"10.{n >> 8 & 255}.{n & 255}.1", "ann", n * 0.01)
    first = next(now for now in itertools.count(50) if throttle.admit("9.9.9.9", "ann", float(now)) is not None)
    assert first <= 50 + LONGEST_SECONDS


def test_an_address_that_got_in_lately_is_not_slowed_by_strangers() -> None:
    throttle = Throttle()
    assert throttle.admit("9.9.9.9", "ann", 0.0) == 0
    throttle.succeeded("9.9.9.9", "ann", 0.0)
    for n in range(100):
        throttle.admit(f"10.0.0.{n}", "ann", 1.0)
    assert throttle.admit("8.8.8.8", "ann", 1.0) is None
    assert throttle.admit("9.9.9.9", "ann", 1.0) == 0
    assert throttle.admit("9.9.9.9", "ann", 1000.0) == 0


def test_right_attempts_never_add_up() -> None:
    throttle = Throttle()
    for n in range(100):
        assert throttle.admit("9.9.9.9", f"user{n % 3}", n * 0.1) == 0
        throttle.succeeded("9.9.9.9", f"user{n % 3}", n * 0.1)


def test_logging_in_as_oneself_does_not_wash_guesses_at_others_away() -> None:
    throttle = Throttle()
    for n in range(8):
        throttle.admit("1.2.3.4", "ann", n * 50.0)
        assert throttle.admit("1.2.3.4", "me", n * 50.0 + 40) == 0
        throttle.succeeded("1.2.3.4", "me", n * 50.0 + 40)
    throttle.admit("5.6.7.8", "ann", 400.0)
    assert throttle.admit("5.6.7.9", "ann", 400.0) == 4.0


def test_failures_are_forgotten_after_a_quiet_while() -> None:
    throttle = Throttle()
    waits(throttle, "1.2.3.4", "ann", 10)
    assert throttle.admit("1.2.3.4", "ann", 5000.0) == 0


def test_its_memory_is_bounded() -> None:
    throttle = Throttle(capacity=50)
    for n in range(1000):
        throttle.admit(f"10.0.{n >> 8}.{n & 255}", f"user{n}", 0.0)
        throttle.succeeded(f"10.0.{n >> 8}.{n & 255}", f"user{n}", 0.0)
    assert len(throttle) == 50
    assert len(throttle._known) == 50
    assert repr(throttle) == "<Throttle entries=50>"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("a socket", "a socket"),
    ],
)
def test_one_machine_has_a_whole_network_of_ipv6(address: str, network: str) -> None:
    assert network_of(address) == network


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.floats(0, 60), st.booleans()), max_size=60))
def test_a_wait_is_never_longer_than_the_limit(attempts: list[tuple[int, int, float, bool]]) -> None:
    throttle = Throttle()
    now = 0.0
    for address, account, pause, right in attempts:
        now += pause
        wait = throttle.admit(f"10.0.0.{address}", f"user{account}", now)
        assert wait is None or 0 <= wait <= LONGEST_SECONDS
        if right and wait is not None:
            throttle.succeeded(f"10.0.0.{address}", f"user{account}", now + wait)
