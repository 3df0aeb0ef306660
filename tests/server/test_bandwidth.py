"""The node's limits: fixed or set, kept, applied, lent."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpers.nodes import until
from jetstream.entities import BandwidthLimits
from jetstream.errors import Conflict
from jetstream_server import bandwidth as bandwidth_module
from jetstream_server.bandwidth import Bandwidth
from jetstream_server.catalog import Catalog
from jetstream_server.config import Settings, load_settings
from jetstream_server.link.limiter import Bucket


class Bench:
    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.changes = 0
        self.now = 0.0
        self.incoming, self.outgoing = Bucket(None, 0.0), Bucket(None, 0.0)
        self.bandwidth = self.fresh()

    def fresh(self) -> Bandwidth:
        return Bandwidth(self.catalog, self.incoming, self.outgoing, lambda: self.now, self._changed)

    def _changed(self) -> None:
        self.changes += 1


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with await Catalog.open(tmp_path / "catalog.db") as catalog:
        bench = Bench(catalog)
        yield bench
        await bench.bandwidth.stop()


def settings(*options: str) -> Settings:
    return load_settings(list(options), {})


async def test_what_is_set_holds_at_once_and_after_a_restart(bench: Bench) -> None:
    await bench.bandwidth.start(settings())
    assert bench.bandwidth.limits == BandwidthLimits()
    await bench.bandwidth.update(1000, 2000, None, None)
    assert (bench.incoming.rate, bench.outgoing.rate, bench.changes) == (1000, 2000, 1)
    await bench.bandwidth.update(None, 0, None, None)
    assert (bench.incoming.rate, bench.outgoing.rate) == (1000, None)
    again = bench.fresh()
    await again.start(settings())
    assert again.limits == bench.bandwidth.limits == BandwidthLimits(incoming=1000)


async def test_the_command_line_fixes_them(bench: Bench) -> None:
    await bench.bandwidth.update(5, 5, None, None)
    fixed = bench.fresh()
    await fixed.start(settings("--outgoing-rate-limit", "300"))
    assert (bench.incoming.rate, bench.outgoing.rate) == (None, 300)
    with pytest.raises(Conflict):
        await fixed.update(1, 1, None, None)


async def test_what_one_direction_does_not_use_is_lent_to_the_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bandwidth_module, "LEND_EVERY_SECONDS", 0.005)
    await bench.bandwidth.start(settings())
    await bench.bandwidth.update(1000, 1000, None, True)

    async def busy() -> int | None:
        bench.now += 1.0
        bench.outgoing.taken += 125_000  # all that it may
        return bench.outgoing.rate

    assert (await until(busy, lambda rate: (rate or 0) > 1000, 10) or 0) <= 2000
    await bench.bandwidth.update(None, None, None, False)
    assert bench.outgoing.rate == 1000
