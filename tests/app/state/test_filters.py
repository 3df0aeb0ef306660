import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.helpers.build import NOW, incoming_row, row
from jetstream_desktop.state.filters import Column, Filter, Query, arrange, counts, totals

DONE = {"status": "complete", "processing": False, "end_time": NOW}
ROWS = [
    row(1), row(2, **DONE), row(3, status="suspended", processing=False), row(4, status="error", processing=False),
    row(5, phase="queued"), incoming_row(6), incoming_row(7, **DONE),
]


def test_counts():
    assert counts(ROWS) == {Filter.ALL: 7, Filter.ACTIVE: 2, Filter.WAITING: 1, Filter.PAUSED: 1, Filter.DONE: 2,
                            Filter.FAILED: 1, Filter.RECEIVED: 2}


@pytest.mark.parametrize(("query", "keys"), [
    (Query(), ["s1", "r6", "s5", "s4", "s3", "s2", "r7"]),
    (Query(Filter.ACTIVE), ["s1", "r6"]),
    (Query(Filter.RECEIVED), ["r6", "r7"]),
    (Query(search="plates RECEIVING"), ["r6"]),
    (Query(destination_id="d", shelf=Filter.DONE), ["s2"]),
    (Query(column=Column.NAME), ["r6", "r7", "s1", "s2", "s3", "s4", "s5"]),
    (Query(column=Column.NAME, descending=True), ["s5", "s4", "s3", "s2", "s1", "r7", "r6"]),
])
def test_what_is_shown_and_in_which_order(query, keys):
    assert [r.key for r in arrange(ROWS, query)] == keys


@given(st.sampled_from(Column), st.booleans(), st.permutations(ROWS))
def test_the_order_does_not_depend_on_how_rows_came(column, descending, rows):
    query = Query(column=column, descending=descending)
    assert arrange(rows, query) == arrange(ROWS, query)


def test_totals():
    moving = [row(1, rate=8, eta=30), incoming_row(2, rate=16, eta=None), row(3, **DONE, rate=8),
              incoming_row(4, rate=None, eta=90), row(5, rate=None)]
    summed = totals(moving)
    assert (summed.rows, summed.active, summed.sending, summed.receiving, summed.seconds_left) == (5, 4, 1000, 2000, 90)
    assert (summed.size, summed.done) == (5000, 800)
    assert totals([]).seconds_left is None
