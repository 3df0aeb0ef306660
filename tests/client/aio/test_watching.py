"""Tests of destinations and previews of transfers are told while they go on."""

import contextlib

import pytest

from jetstream.aio import watch_preview, watch_test
from jetstream.checks import check
from jetstream.entities import to_wire
from jetstream.errors import ConnectionLost, InvalidParameters, NotFound, ServerError
from jetstream.previews import PathProblem, Preview

NAME, ROUTE = (to_wire(check("name-ip", address="10.0.0.7")), to_wire(check("route-open", address="10.0.0.7", port=1)))


def node(statuses, result, cancelled=None):
    """Answers as a node does; remembers what it was asked."""
    asked, left = [], list(statuses)

    async def ask(name, params):
        asked.append((name, params))
        if name in ("send.testDestinationAsync", "send.previewTransferAsync"):
            return {"requestId": 7}
        if name == "server.cancelRequest":
            if cancelled is not None:
                raise cancelled
            return None
        answer = left.pop(0) if name == "server.getRequestStatus" else result
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask, asked


async def test_each_time_there_is_more():
    ask, asked = node([{"processing": True}, {"processing": True, "progress": [NAME]},
                       {"processing": True, "progress": [NAME]}, {"processing": False}], [NAME, ROUTE])
    seen = [[found.code for found in step] async for step in watch_test(ask, destination={"destinationId": "3"})]
    assert seen == [["name-ip"], ["name-ip", "route-open"]]
    assert asked[0] == ("send.testDestinationAsync", {"destination": "3"})
    assert asked[-1] == ("server.getRequestResult", {"request": 7})


async def test_what_the_node_fails_with_is_raised():
    ask, _ = node([{"processing": False}], NotFound("There is no destination 3."))
    with pytest.raises(NotFound):
        _ = [step async for step in watch_test(ask, destination="3")]


@pytest.mark.parametrize(("statuses", "result"), [([{"processing": True, "progress": 5}], []), ([{}], {}),
                                                  ([{}], [{"no": "check"}])])
async def test_answers_of_another_world(statuses, result):
    ask, _ = node(statuses, result)
    with pytest.raises(ServerError):
        _ = [step async for step in watch_test(ask, destination="3")]


@pytest.mark.parametrize("refusal", [None, InvalidParameters("Unknown.", field="method"), ConnectionLost("Gone.")])
async def test_who_leaves_early_ends_it_in_the_node(refusal):
    ask, asked = node([{"processing": True, "progress": [NAME]}] * 2, [], refusal)
    async with contextlib.aclosing(watch_test(ask, destination="3")) as steps:
        async for _ in steps:
            break
    assert asked[-1] == ("server.cancelRequest", {"request": 7})


async def test_who_stays_to_the_end_cancels_nothing():
    ask, asked = node([{"processing": False}], [NAME])
    assert len([step async for step in watch_test(ask, destination="3")]) == 1
    assert [name for name, _ in asked][-1] == "server.getRequestResult"


async def test_a_preview_each_time_it_is_another():
    first = Preview(total_files=3)
    last = Preview(checks=(check("route-open", address="10.0.0.7", port=1),), total_files=5, complete=True, present=1,
                   present_sample=("a",), refused=(PathProblem(path="b", reason="too long"),), refused_total=1,
                   unreadable=(PathProblem(path="/c", reason="denied"),), unreadable_total=1)
    ask, asked = node([{"processing": True, "progress": to_wire(first)}] * 3 + [{"processing": False}], to_wire(last))
    seen = [found async for found in watch_preview(ask, mappings={"x": "/x"}, destinationAddress="10.0.0.7")]
    assert seen == [first, last], "with all that is in it"
    assert asked[0] == ("send.previewTransferAsync", {"mappings": {"x": "/x"}, "destinationAddress": "10.0.0.7"})
