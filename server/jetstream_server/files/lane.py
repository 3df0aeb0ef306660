"""A few threads at a time for long rows of short system calls.

Each system call gives the interpreter lock away and asks for it again, so rows of small files bring no more than one
thread for each core: measured on two cores, two threads that create 4 KiB files take 0.7 of the time of one, and more
bring nothing beyond that. So rows of small files take turns, while other threads decrypt, receive and write large
pieces. Where each file takes long, on a network file system, more threads do help, and the lane opens.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SLOW_SECONDS: Final = 300e-6
"""Time per file above which waiting for each other costs more than it brings."""
OPEN_TURNS: Final = 64
"""Turns that go side by side before the time is measured again."""
MOST_WIDTH: Final = 4
"""Turns at a time, at most, however many cores there are: about a quarter of each file's time needs the interpreter."""


class Lane:
    """Where rows of small files take turns.

    :param width: turns at a time; one for each core if that is not told.
    """

    def __init__(self, width: int | None = None) -> None:
        self.width = width or min(MOST_WIDTH, os.cpu_count() or 1)
        self._places = threading.Semaphore(self.width)
        self._open_turns = 0

    def __repr__(self) -> str:
        return f"<Lane {'open' if self._open_turns > 0 else f'{self.width} at a time'}>"

    @contextmanager
    def turn(self, files: int) -> Iterator[None]:
        """A row of *files* files."""
        if self._open_turns > 0:
            self._open_turns -= 1
            yield
            return
        with self._places:
            start = time.perf_counter()
            yield
            if files and time.perf_counter() - start > SLOW_SECONDS * files:
                self._open_turns = OPEN_TURNS
