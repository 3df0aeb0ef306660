"""Whether what arrived is still what arrived: complete incoming transfers, compared with their hashes, step by step."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jetstream.errors import Conflict, InvalidParameters
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.files.errors import ContentError
from jetstream_server.files.layout import Layout
from jetstream_server.files.recheck import Findings, Found, Recheck
from jetstream_server.records import IncomingRecord
from jetstream_server.transfers.live import Live
from jetstream_server.transfers.session import Surroundings
from jetstream_server.transfers.states import Status

HASH_BYTES: Final = 32
NAMED: Final = 1000
"""Names of files in one answer, of each kind."""


@dataclass(frozen=True)
class _Known:
    """What is needed of one transfer; kept from step to step."""

    id: str
    layout: Layout
    hashes: dict[int, bytes]


class Verifier:
    """Compares. One call takes some blocks, so that whoever asks shows progress, and stops by not asking again."""

    def __init__(self, catalog: Catalog, near: Surroundings) -> None:
        self._catalog = catalog
        self._near = near
        self._known: _Known | None = None

    async def step(self, live: Live[IncomingRecord], offset: int, limit: int) -> dict[str, Any]:
        """The documented answer for *limit* blocks from *offset* on.

        :raises Conflict: if the transfer is not complete, is from a time when no hashes were kept, or its folder is
            gone.
        :raises InvalidParameters: if there are not so many blocks.
        """
        record = live.record
        if live.status is not Status.COMPLETE:
            raise Conflict("Only a complete transfer can be verified.")
        known = await self._learn(record)
        total = known.layout.block_count
        if offset > total:
            raise InvalidParameters("There are not so many blocks.", field="offset")
        following = min(offset + limit, total)
        try:
            findings = await self._near.in_thread(_look, record, known, range(offset, following))
        except ContentError as error:
            raise Conflict(f"The files cannot be verified: {error}") from error
        if following == total:
            self._known = None
        return {
            "nextOffset": following if following < total else None,
            "totalBlocks": total,
            "sameBlocks": findings.blocks,
            **{kind.value: _names(findings, kind) for kind in Found if kind is not Found.SAME},
        }

    async def _learn(self, record: IncomingRecord) -> _Known:
        known = self._known
        if known is None or known.id != record.id:
            raw = await self._catalog.incoming.pages(record.id, 0, record.pages)
            layout = await self._near.in_thread(Layout.from_pages, raw)
            hashes = {
                run.first + place: run.hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES]
                for run in await self._catalog.incoming.checkpoint(record.id) for place in range(run.count)
            }
            if layout.block_count and not hashes:
                raise Conflict("This transfer is from a time when no hashes were kept, so it cannot be verified.")
            known = self._known = _Known(record.id, layout, hashes)
        return known


def _look(record: IncomingRecord, known: _Known, blocks: range) -> Findings:
    recheck = Recheck(Path(record.folder), record.destination_path, known.layout, record.overwrite_mode)
    try:
        return recheck.look(blocks, known.hashes)
    finally:
        recheck.close()


def _names(findings: Findings, kind: Found) -> list[str]:
    unique = dict.fromkeys(findings.files.get(kind, ()))
    return [os.fsdecode(target) for target in list(unique)[:NAMED]]
