from hypothesis import given
from hypothesis import strategies as st

from app.helpers.build import row
from jetstream_desktop.state.changes import between, runs


def test_added_updated_removed():
    known = {r.key: r for r in (row(1), row(2), row(3))}
    changes = between(known, [row(1), row(2, bytes_acked=200), row(4)], complete=True)
    assert [r.key for r in changes.added] == ["s4"]
    assert [r.key for r in changes.updated] == ["s2"]
    assert changes.removed == ("s3",)
    assert changes


def test_a_part_removes_nothing():
    known = {r.key: r for r in (row(1), row(2))}
    assert not between(known, [row(1)], complete=False)


@given(st.sets(st.integers(0, 60)))
def test_runs_cover_exactly_the_positions(positions):
    found = runs(positions)
    assert {p for first, last in found for p in range(first, last + 1)} == positions
    assert all(a[1] + 1 < b[0] for a, b in zip(found, found[1:], strict=False))
