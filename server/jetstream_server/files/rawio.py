"""Reading and writing at a place in a file, whole or not at all, and copying and comparing files.

Where the system has no positioned calls, the descriptor's own position is used; then a descriptor must not be shared
between threads, which the callers see to with :data:`SHARED_DESCRIPTORS`.
"""

import errno
import os
from typing import Final

SHARED_DESCRIPTORS: Final = hasattr(os, "pwrite") and hasattr(os, "preadv")
"""Whether several threads may read and write through one descriptor at once."""

CHUNK: Final = 1 << 20

if SHARED_DESCRIPTORS:

    def write_at(fd: int, data: memoryview, offset: int) -> None:
        """Write all of *data* at *offset*. Raises ``OSError``."""
        done = os.pwrite(fd, data, offset)
        while done < len(data):
            done += os.pwrite(fd, data[done:], offset + done)

    def read_at(fd: int, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; how many bytes there were, fewer only at the end of the file."""
        done = os.preadv(fd, [buffer], offset)
        while 0 < done < len(buffer):
            more = os.preadv(fd, [buffer[done:]], offset + done)
            if not more:
                break
            done += more
        return done

else:

    def write_at(fd: int, data: memoryview, offset: int) -> None:
        """Write all of *data* at *offset*. Raises ``OSError``."""
        os.lseek(fd, offset, os.SEEK_SET)
        done = 0
        while done < len(data):
            done += os.write(fd, data[done:])

    def read_at(fd: int, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset* on; how many bytes there were, fewer only at the end of the file."""
        os.lseek(fd, offset, os.SEEK_SET)
        done = 0
        while done < len(buffer):
            more = os.read(fd, len(buffer) - done)
            if not more:
                break
            buffer[done : done + len(more)] = more
            done += len(more)
        return done


def in_hole(fd: int, offset: int, length: int) -> bool:
    """Whether a stretch of a file was never written, as far as the system can tell. Moves the descriptor's position."""
    if not hasattr(os, "SEEK_DATA"):
        return False
    try:
        return os.lseek(fd, offset, os.SEEK_DATA) >= offset + length
    except OSError as error:
        return error.errno == errno.ENXIO


def write_zeros(fd: int, offset: int, length: int) -> None:
    """Make *length* bytes at *offset* zero; a hole stays one."""
    if in_hole(fd, offset, length):
        return
    zeros = memoryview(bytes(min(length, CHUNK)))
    while length:
        part = zeros[: min(length, CHUNK)]
        write_at(fd, part, offset)
        offset += len(part)
        length -= len(part)


def equals_at(fd: int, data: memoryview, offset: int) -> bool:
    """Whether the file holds exactly *data* at *offset*."""
    buffer = bytearray(len(data))
    return read_at(fd, memoryview(buffer), offset) == len(data) and buffer == data


def copy_range(source: int, target: int, offset: int, length: int) -> bool:
    """Copy *length* bytes at *offset* to the same place; ``False`` if the source ends before."""
    buffer = memoryview(bytearray(min(length, CHUNK)))
    while length:
        part = buffer[: min(length, CHUNK)]
        if read_at(source, part, offset) != len(part):
            return False
        write_at(target, part, offset)
        offset += len(part)
        length -= len(part)
    return True


def same_content(one: int, other: int) -> bool:
    """Whether two open files hold the same bytes."""
    first, second = bytearray(CHUNK), bytearray(CHUNK)
    offset = 0
    while True:
        length = read_at(one, memoryview(first), offset)
        if length != read_at(other, memoryview(second), offset) or first[:length] != second[:length]:
            return False
        if length < CHUNK:
            return True
        offset += length
