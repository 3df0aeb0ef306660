"""What was removed before its sender knew how it ended stays away."""

from pathlib import Path

import pytest

from jetstream_server.catalog import Catalog
from jetstream_server.transfers import removed
from jetstream_server.transfers.removed import COMPLETE, UNFINISHED, Removed


async def test_the_last_ones_are_known_also_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removed, "KEPT", 3)
    async with await Catalog.open(tmp_path / "catalog.db") as catalog:
        before = Removed(catalog.settings, UNFINISHED)
        await before.load()
        assert not before.holds("u1", "f")
        for number in range(5):
            await before.add(f"u{number}", "f")
    async with await Catalog.open(tmp_path / "catalog.db") as catalog:
        after = Removed(catalog.settings, UNFINISHED)
        await after.load()
        for known in (before, after):
            assert [number for number in range(6) if known.holds(f"u{number}", "f")] == [2, 3, 4]
            assert not known.holds("u2", "another node")
        complete = Removed(catalog.settings, COMPLETE)
        await complete.load()
        assert not complete.holds("u4", "f")
