"""Which blocks of a transfer are there. Pure; one byte a block, so a terabyte takes a mebibyte."""

from collections.abc import Iterable

import numpy as np

Range = tuple[int, int]
"""First block and how many."""


class BlockMap:
    """A set of block numbers below *size*, with ranges in and out."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._have = np.zeros(size, dtype=np.bool_)
        self.count = 0

    def __repr__(self) -> str:
        return f"<BlockMap {self.count} of {self.size}>"

    def __contains__(self, block: int) -> bool:
        return 0 <= block < self.size and bool(self._have[block])

    @property
    def full(self) -> bool:
        """Whether no block is missing."""
        return self.count == self.size

    def add(self, block: int) -> bool:
        """Put *block* in; whether it was new.

        :raises IndexError: if there is no such block.
        """
        if not 0 <= block < self.size:
            raise IndexError(f"block {block} of {self.size}")
        if self._have[block]:
            return False
        self._have[block] = True
        self.count += 1
        return True

    def add_range(self, first: int, count: int) -> int:
        """Put *count* blocks from *first* on in; how many of them were new. Raises as :meth:`add`."""
        if first < 0 or count < 0 or first + count > self.size:
            raise IndexError(f"blocks {first} to {first + count} of {self.size}")
        part = self._have[first : first + count]
        new = count - int(part.sum())
        part[:] = True
        self.count += new
        return new

    def discard(self, block: int) -> None:
        """Take *block* out, if it is in."""
        if block in self:
            self._have[block] = False
            self.count -= 1

    def ranges(self) -> list[Range]:
        """What is there, as ranges in order."""
        return _ranges(self._have)

    def missing(self) -> list[Range]:
        """What is not there, as ranges in order."""
        return _ranges(~self._have)


def _ranges(flags: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> list[Range]:
    padded = np.concatenate(([False], flags, [False]))
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return [(int(start), int(end - start)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def as_ranges(blocks: Iterable[int]) -> list[Range]:
    """The same block numbers as ranges in order; repeated numbers count once."""
    result: list[Range] = []
    for block in sorted(set(blocks)):
        if result and result[-1][0] + result[-1][1] == block:
            result[-1] = (result[-1][0], result[-1][1] + 1)
        else:
            result.append((block, 1))
    return result


def checked_ranges(value: object, size: int) -> list[Range]:
    """Ranges that a peer sent, proven to be ranges of blocks below *size*.

    :raises ValueError: if they are not.
    """
    if not isinstance(value, list) or len(value) > 1 << 20:
        raise ValueError("block ranges are a list of pairs")
    result: list[Range] = []
    for item in value:
        if not isinstance(item, list | tuple) or len(item) != 2:
            raise ValueError("a block range is a pair")
        first, count = item
        if type(first) is not int or type(count) is not int or first < 0 or count < 1 or first + count > size:
            raise ValueError("a block range lies outside of the transfer")
        result.append((first, count))
    return result
