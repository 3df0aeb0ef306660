"""Memory for slots that goes back to the system as soon as nobody uses it; what the allocator frees it mostly keeps."""

import mmap

import numpy as np

from jetstream_server.link.udp.packets import Bytes


def pages(size: int) -> Bytes:
    """*size* bytes, of which only those that are touched take room."""
    return np.frombuffer(mmap.mmap(-1, size), dtype=np.uint8)
