"""What a node makes of its settings before it starts."""

import pytest

from jetstream_server import node
from jetstream_server.refusals import StartRefused


@pytest.mark.parametrize(("wanted", "taken"), [("auto", None), ("batch", "batch"), ("plain", "plain")])
def test_datagrams_go_the_way_that_was_chosen(monkeypatch: pytest.MonkeyPatch, wanted: str, taken: str | None) -> None:
    monkeypatch.setattr(node, "possible_ways", lambda: ("batch", "plain"))
    assert node._way_of_datagrams(wanted) == taken


def test_a_way_that_does_not_work_here_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "possible_ways", lambda: ("batch", "plain"))
    with pytest.raises(StartRefused, match=r"^--datagrams offload does not work on this system; batch and plain would"):
        node._way_of_datagrams("offload")
