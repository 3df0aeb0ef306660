"""A test of a destination is told step by step."""

import pytest

from jetstream.aio import watch_test
from jetstream.checks import check
from jetstream.entities import to_wire
from jetstream.errors import NotFound, ServerError

NAME, ROUTE = (to_wire(check("name-ip", address="10.0.0.7")), to_wire(check("route-open", address="10.0.0.7", port=1)))


def node(statuses, result):
    """Answers as a node does; remembers what it was asked."""
    asked, left = [], list(statuses)

    async def ask(name, params):
        asked.append((name, params))
        if name == "send.testDestinationAsync":
            return {"requestId": 7}
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
