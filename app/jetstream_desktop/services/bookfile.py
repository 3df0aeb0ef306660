"""Reads and writes the file of an address book, in a thread."""

import asyncio
import os
from pathlib import Path

from jetstream_desktop.state.bookfile import MAX_BYTES


async def load(path: str) -> bytes:
    """What is in the file, but not more than tells that it is too large.

    :raises OSError: if it cannot be read.
    """
    return await asyncio.to_thread(_load, path)


async def save(path: str, text: str) -> None:
    """Write the file whole, or leave what was there.

    :raises OSError: if it cannot be written.
    """
    await asyncio.to_thread(_save, Path(path), text)


def _load(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 1)


def _save(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(f"{text}\n", encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
