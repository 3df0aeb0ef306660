"""What the next session may begin with."""

from jetstream_server.link.udp.memory import PLACES, SECONDS, PathMemory


def test_what_was_right_before_on_the_same_path() -> None:
    memory = PathMemory()
    assert memory.rate("192.0.2.1", 0.1, 0.0) is None
    memory.keep("192.0.2.1", 100e6, 0.1, 0.0)
    assert memory.rate("192.0.2.1", 0.12, 10.0) == 100e6
    assert memory.rate("192.0.2.2", 0.1, 10.0) is None


def test_not_on_another_path_nor_for_ever() -> None:
    memory = PathMemory()
    memory.keep("192.0.2.1", 100e6, 0.1, 0.0)
    assert memory.rate("192.0.2.1", 0.2, 10.0) is None
    assert memory.rate("192.0.2.1", 0.04, 10.0) is None
    assert memory.rate("192.0.2.1", None, 10.0) is None
    assert memory.rate("192.0.2.1", 0.1, SECONDS + 1) is None


def test_only_so_many_are_remembered() -> None:
    memory = PathMemory()
    for number in range(PLACES + 1):
        memory.keep(str(number), 1e6, 0.1, 0.0)
    memory.keep("1", 2e6, 0.1, 0.0)
    memory.keep("more", 1e6, 0.1, 0.0)
    assert memory.rate("0", 0.1, 1.0) is None
    assert memory.rate("2", 0.1, 1.0) is None
    assert memory.rate("1", 0.1, 1.0) == 2e6
