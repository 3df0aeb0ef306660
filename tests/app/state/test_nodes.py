import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_desktop.state.nodes import LOCAL, MOST, OpenNode, forgotten, from_json, remembered, to_json

CODE = "ab" * 32


def node(host="b.example", **values):
    return OpenNode(host, fingerprint=CODE, **values)


def test_what_a_node_is_called():
    assert (LOCAL.title, LOCAL.local) == ("This computer", True)
    assert node().title == "b.example"
    assert node(port=9, user="ann", name="Studio\x1b B").title == "Studio\N{REPLACEMENT CHARACTER} B"
    assert node(port=9, user="ann").line == "ann · b.example:9"
    assert node("fd00::1", port=9).line == "[fd00::1]:9"


def test_the_last_one_is_first_and_each_place_is_there_once():
    nodes = ()
    for number in range(MOST + 3):
        nodes = remembered(nodes, node(f"n{number}"))
    assert (len(nodes), nodes[0].host, nodes[-1].host) == (MOST, f"n{MOST + 2}", "n3")
    again = remembered(nodes, node("N5", name="Five"))
    assert (len(again), again[0].name) == (MOST, "Five")
    assert remembered(nodes, LOCAL) == nodes
    assert len(forgotten(nodes, node("n4"))) == MOST - 1
    assert forgotten(nodes, node("n4", user="ann")) == nodes


def test_the_list_survives_the_settings_file():
    nodes = (node("fd00::1", port=9, user="ann", name="Ä"), node())
    assert from_json(json.loads(json.dumps(to_json(nodes)))) == nodes


@pytest.mark.parametrize("change", [
    {"host": ""}, {"host": "a b"}, {"host": 5}, {"port": 0}, {"port": "9"}, {"port": True}, {"fingerprint": "AB" * 32},
    {"fingerprint": None}, {"user": ["x"]}, {"name": "n" * 301},
])
def test_a_line_that_somebody_broke_is_left_out(change):
    good = to_json([node()])[0]
    assert from_json([{**good, **change}, good]) == (node(),)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)
                    | st.dictionaries(st.sampled_from(["host", "port", "user", "name", "fingerprint"]), inner)))
def test_no_settings_file_can_break_it(value):
    for found in from_json(value):
        assert found.host
