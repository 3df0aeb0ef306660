"""The search for the size that a path takes."""

import pytest

from jetstream_server.link.udp.mtu import AGAIN_SECONDS, BASE, PathSize


@pytest.mark.parametrize("path", [1280, 1400, 1420, 1492, 1500, 9000])
@pytest.mark.parametrize("six", [False, True])
def test_the_largest_size_that_passes_is_found(path: int, six: bool) -> None:
    search = PathSize(six, 0.0)
    headers = 48 if six else 28
    for size in search.probes(0.0):
        if size + headers <= path:
            search.passed(size, 0.0)
    assert search.size == max(path - headers, BASE)
    assert search.fragment % 4 == 0
    assert search.fragment + 20 <= search.size


def test_probes_are_repeated_a_few_times_and_then_seldom() -> None:
    search = PathSize(False, 10.0)
    assert search.probes(10.0)
    assert search.probes(10.1) == []
    assert search.probes(10.3)
    assert search.probes(11.5)
    assert search.probes(12.0) == []
    assert search.probes(11.5 + AGAIN_SECONDS)


def test_what_this_machine_does_not_take_is_not_tried_again() -> None:
    search = PathSize(False, 0.0)
    assert max(search.probes(0.0)) == 8972
    assert not search.too_long(3972)
    assert max(search.probes(0.3)) == 1972
    search.passed(1472, 0.5)
    assert search.too_long(1472)
    assert search.size == 1464


def test_only_sizes_that_were_tried_can_pass() -> None:
    search = PathSize(False, 0.0)
    assert not search.passed(60_000, 0.0)
    assert not search.passed(1199, 0.0)
    assert search.size == BASE


def test_a_path_that_shrank_begins_small_and_tries_again_later() -> None:
    search = PathSize(False, 0.0)
    search.probes(0.0)
    search.passed(8972, 1.0)
    search.shrank(5.0)
    assert not search.passed(8972, 6.0)
    assert search.size == BASE
    assert search.probes(6.0) == []
    assert search.probes(5.0 + AGAIN_SECONDS)
