"""One thread at a time for long rows of short system calls.

Each system call gives the interpreter lock away and asks for it again. With two threads that do nothing but short calls
this costs more than it brings: measured on two cores, two threads that create 4 KiB files are together slower by a
third than one of them alone. So rows of small files take turns, while other threads decrypt, receive and write large
pieces. Where each file takes long, on a network file system, threads do help, and the lane opens.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SLOW_SECONDS: Final = 300e-6
"""Time per file above which waiting for each other costs more than it brings."""
OPEN_TURNS: Final = 64
"""Turns that go side by side before the time is measured again."""


class Lane:
    """Where rows of small files take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open_turns = 0

    def __repr__(self) -> str:
        return f"<Lane {'open' if self._open_turns > 0 else 'one at a time'}>"

    @contextmanager
    def turn(self, files: int) -> Iterator[None]:
        """A row of *files* files."""
        if self._open_turns > 0:
            self._open_turns -= 1
            yield
            return
        with self._lock:
            start = time.perf_counter()
            yield
            if files and time.perf_counter() - start > SLOW_SECONDS * files:
                self._open_turns = OPEN_TURNS
