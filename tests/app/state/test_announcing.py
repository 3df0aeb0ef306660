"""What a screen reader is told when transfers change."""

from app.helpers.build import row
from jetstream_desktop.state.announcing import sentence
from jetstream_desktop.state.changes import Changes


def test_only_rows_that_stand_elsewhere_are_told():
    known = {f"s{n}": row(n) for n in range(1, 6)}
    assert sentence(known, Changes(added=(row(9),), updated=(row(1, bytes_acked=500),))) == ""
    paused = [row(n, status="suspended", processing=False) for n in range(1, 5)]
    assert sentence(known, Changes(updated=(paused[0],))) == "Reel 1: Paused"
    assert sentence(known, Changes(updated=tuple(paused[:2]))) == "Reel 1: Paused; Reel 2: Paused"
    assert sentence(known, Changes(updated=tuple(paused[:3]))).endswith("; and one more")
    assert sentence(known, Changes(updated=tuple(paused))).endswith("; and 2 more")
    failed = row(1, status="error", processing=False, error_message="Disk full.", label="<b>")
    assert sentence(known, Changes(updated=(failed,))) == "<b>: Disk full"
    assert sentence({}, Changes(updated=(failed,))) == ""
