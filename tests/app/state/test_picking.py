"""Picking some of the files that a link gives."""

from hypothesis import given
from hypothesis import strategies as st

from jetstream_desktop.state.picking import ALL, NONE, SOME, Picking, SharedFile, conditions, headline

PATHS = ["r/b/one", "r/a/two", "r/a/Three", "r/top", "other"]


def picking(paths=PATHS):
    made = Picking()
    made.add(SharedFile(number * 2, path, 10 + number) for number, path in enumerate(paths))
    made.build()
    return made


def names(node):
    return [child.name for child in node.children]


def test_folders_come_first_and_add_up():
    made = picking()
    assert names(made.root) == ["r", "other"]
    folder = made.root.children[0]
    assert (names(folder), folder.count, folder.size, folder.state) == (["a", "b", "top"], 4, 46, ALL)
    assert names(folder.children[0]) == ["Three", "two"]
    assert (made.count, made.size, made.everything, made.entries()) == (5, 60, True, None)


def test_a_folder_and_what_is_in_it():
    made = picking()
    folder = made.root.children[0]
    inner = folder.children[0]
    made.toggle(inner)
    assert (inner.state, folder.state, inner.children[0].state) == (NONE, SOME, NONE)
    assert (made.count, made.size, made.entries()) == (3, 37, [(0, 1), (6, 1), (8, 1)])
    made.toggle(inner.children[0])
    assert (inner.state, made.count) == (SOME, 4)
    made.toggle(folder)
    assert (folder.state, made.everything) == (ALL, True)


def test_all_and_none_are_for_what_the_filter_shows():
    made = picking()
    made.filter("A r/ t")
    made.build()
    assert [file.path for file in made.shown] == ["r/a/two", "r/a/Three"]
    made.pick_shown(False)
    made.filter("")
    made.build()
    assert made.entries() == [(0, 1), (6, 1), (8, 1)]
    assert made.root.children[0].children[0].state == NONE


def test_empty_folders_are_picked_but_are_no_files():
    made = Picking()
    made.add([SharedFile(0, "r/f", 3), SharedFile(1, "r/e", 0, "folder")])
    made.build()
    assert (made.count, made.total, made.root.children[0].files) == (1, 1, 1)
    made.toggle(made.root.children[0].children[1])
    assert (made.count, made.nothing, made.entries()) == (0, False, [(1, 1)])
    made.pick_shown(False)
    assert (made.nothing, made.entries()) == (True, [])


def test_a_file_and_a_folder_of_one_name_and_no_files():
    made = picking(["x", "x/y", ""])
    assert made.root.count == 3
    assert picking([]).root.children == []


@given(st.lists(st.sampled_from(["a", "a/b", "c/d/e", "c/d/f", "c/g"]), unique=True), st.lists(st.integers(0, 8)))
def test_counts_are_what_is_picked(paths, clicks):
    made = picking(paths)
    for click in clicks:
        nodes = [made.root]
        for node in nodes:
            nodes += node.children
        made.toggle(nodes[click % len(nodes)])
        ranges = made.entries()
        chosen = {file.entry for file in made.files} if ranges is None else {
            n for first, count in ranges for n in range(first, first + count)}
        for node in nodes:
            assert node.picked == sum(file.entry in chosen for file in node.entries())
        assert made.size == sum(file.size for file in made.files if file.entry in chosen)


def test_what_is_said_of_a_link():
    facts = {"label": "Reel", "description": "", "sourceName": "Studio", "totalFiles": 2, "totalSize": 2000,
             "expiryTime": None, "downloadsLeft": 1}
    assert (headline(facts), conditions(facts)) == ("Reel from Studio", "2 files · 2 KB · one download left")
