"""Sets of blocks and their ranges, against a plain set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.link.blockmap import BlockMap, as_ranges, checked_ranges

SIZE = 60
blocks = st.integers(0, SIZE - 1)


def numbers(ranges: list[tuple[int, int]]) -> set[int]:
    return {block for first, count in ranges for block in range(first, first + count)}


@given(st.lists(st.one_of(blocks, st.tuples(blocks, st.integers(0, 20)))))
def test_it_behaves_like_a_set(steps: list[int | tuple[int, int]]) -> None:
    found, model = BlockMap(SIZE), set[int]()
    for step in steps:
        if isinstance(step, int):
            assert found.add(step) is (step not in model)
            model.add(step)
        else:
            first, count = step[0], min(step[1], SIZE - step[0])
            new = set(range(first, first + count)) - model
            assert found.add_range(first, count) == len(new)
            model |= new
    assert found.count == len(model)
    assert numbers(found.ranges()) == model
    assert numbers(found.missing()) == set(range(SIZE)) - model
    assert found.full is (len(model) == SIZE)
    assert all((block in found) is (block in model) for block in range(-1, SIZE + 1))


def test_blocks_outside_are_refused_and_taking_out_works() -> None:
    found = BlockMap(3)
    for bad in (-1, 3):
        with pytest.raises(IndexError):
            found.add(bad)
    with pytest.raises(IndexError):
        found.add_range(2, 2)
    found.add(1)
    found.discard(1)
    found.discard(1)
    assert found.count == 0
    assert repr(found) == "<BlockMap 0 of 3>"


def test_an_empty_map_is_full() -> None:
    assert BlockMap(0).full
    assert BlockMap(0).missing() == []


@given(st.lists(blocks))
def test_ranges_are_merged_ordered_and_complete(values: list[int]) -> None:
    ranges = as_ranges(values)
    assert numbers(ranges) == set(values)
    assert all(a + n < b for (a, n), (b, _) in zip(ranges, ranges[1:], strict=False))
    assert checked_ranges([list(item) for item in ranges], SIZE) == ranges


@pytest.mark.parametrize(
    "value",
    [None, 5, "ab", [5], [[1]], [[1, 2, 3]], [[-1, 2]], [[0, 0]], [[0, SIZE + 1]], [[SIZE, 1]], [[True, 1]],
     [["0", 1]], [[1 << 80, 1]]],
)
def test_hostile_ranges_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="range|ranges"):
        checked_ranges(value, SIZE)
