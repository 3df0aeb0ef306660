"""The queue of blocks: everything is sent, nothing twice without need."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.link.queue import BlockQueue


def test_blocks_leave_in_order_and_end_when_all_are_stored() -> None:
    queue = BlockQueue([(0, 2), (5, 1)])
    assert [queue.take(1) for _ in range(3)] == [0, 1, 5]
    assert queue.stored([(0, 2), (5, 1)]) == 3
    assert queue.take(1) is None
    assert (queue.sent, queue.resent, queue.left) == (3, 0, 0)


def test_what_a_dead_connection_carried_goes_first() -> None:
    queue = BlockQueue([(0, 4)])
    assert (queue.take(1), queue.take(2), queue.take(1)) == (0, 1, 2)
    assert queue.lost(1) == 2
    assert [queue.take(2) for _ in range(3)] == [0, 2, 3]
    assert queue.resent == 2
    assert queue.lost(1) == 0


def test_claims_of_what_was_not_sent_count_nothing() -> None:
    queue = BlockQueue([(0, 3)])
    assert queue.stored([(0, 3)]) == 0
    assert queue.take(1) == 0
    assert queue.stored([(0, 3)]) == 1
    assert queue.stored([(0, 1)]) == 0
    assert queue.left == 2


def test_a_taker_waits_for_blocks_that_may_come_back() -> None:
    queue = BlockQueue([(0, 1)])
    assert queue.take(1) == 0
    found: list[int | None] = []
    waiter = threading.Thread(target=lambda: found.append(queue.take(2)))
    waiter.start()
    queue.lost(1)
    waiter.join(10)
    assert found == [0]


def test_closing_lets_everybody_go() -> None:
    queue = BlockQueue([(0, 1)])
    queue.take(1)
    found: list[int | None] = []
    waiter = threading.Thread(target=lambda: found.append(queue.take(2)))
    waiter.start()
    queue.close()
    waiter.join(10)
    assert found == [None]
    assert queue.closed


@given(st.integers(0, 30), st.lists(st.sampled_from(["take1", "take2", "lose1", "lose2", "store"]), max_size=200))
def test_every_block_is_delivered_whatever_dies(count: int, steps: list[str]) -> None:
    queue = BlockQueue([(0, count)] if count else [])
    under_way: dict[int, set[int]] = {1: set(), 2: set()}
    stored: set[int] = set()

    def waiting() -> int:
        return count - len(stored) - len(under_way[1]) - len(under_way[2])

    def act(step: str) -> None:
        connection = 1 if step.endswith("1") else 2
        if step.startswith("take") and waiting():
            block = queue.take(connection)
            assert block is not None
            assert block not in stored | under_way[1] | under_way[2]
            under_way[connection].add(block)
        elif step.startswith("lose"):
            assert queue.lost(connection) == len(under_way[connection])
            under_way[connection].clear()
        elif step == "store":
            for blocks in under_way.values():
                if blocks:
                    block = blocks.pop()
                    assert queue.stored([(block, 1)]) == 1
                    stored.add(block)

    for step in steps:
        act(step)
    while queue.left:
        act("take1")
        act("store")
    assert stored == set(range(count))
    assert queue.take(1) is None
