"""What happened, in order, bounded."""

from pathlib import Path

import pytest

from jetstream_server import eventlog
from jetstream_server.catalog import Catalog
from jetstream_server.eventlog import EventLog, event_entity


async def test_events_have_the_documented_form(tmp_path: Path) -> None:
    async with await Catalog.open(tmp_path / "catalog.db") as catalog:
        events = EventLog(catalog, lambda: 77)
        await events.record("transferCreated", "Queued.", kind="transfer", subject="4", owner="ann", reason="why")
        await events.record("serverStarted", "Started.", kind="server")
        about, start = map(event_entity, await catalog.events.since(None, 10))
        assert (about.event, about.timestamp, about.message) == ("transferCreated", 77, "Queued.")
        assert about.fields == {"owner": "ann", "transferId": "4", "reason": "why"}
        assert start.fields == {"owner": ""}
        assert about.cursor < start.cursor


async def test_who_may_see_an_event(tmp_path: Path) -> None:
    async with await Catalog.open(tmp_path / "catalog.db") as catalog:
        events = EventLog(catalog, lambda: 1)
        for owner, token in (("ann", None), ("ann", "T"), ("bob", "T")):
            await events.record("e", "m", kind="transfer", subject="1", owner=owner, owner_token=token)
        assert len(await catalog.events.since(None, 10, owner="ann")) == 2
        assert len(await catalog.events.since(None, 10, owner="ann", owner_token="T")) == 1


async def test_old_ones_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventlog, "KEPT_EVENTS", 5)
    monkeypatch.setattr(eventlog, "TRIM_EVERY", 10)
    async with await Catalog.open(tmp_path / "catalog.db") as catalog:
        events = EventLog(catalog, lambda: 1)
        for number in range(23):
            await events.record(f"e{number}", "m", kind="server")
        kept = [event.name for event in await catalog.events.since(None, 100)]
        assert kept == [f"e{number}" for number in range(15, 23)]
