from hypothesis import given
from hypothesis import strategies as st

from jetstream_desktop.state.basket import Found, Kind
from jetstream_desktop.state.remote_files import Entry, entries_from, folder_above, in_order

FOLDER = {"name": "reel", "path": "/data/reel", "type": 2, "size": 0, "modificationTime": 5}
FILE = {"name": "a.mov", "path": "/data/a.mov", "type": 4, "size": 7, "modificationTime": None}


def test_what_a_node_lists():
    folder, file = entries_from([FOLDER, FILE])
    assert folder == Entry("reel", "/data/reel", True, 0, 5)
    assert (folder.found, file.found) == (Found("/data/reel", Kind.FOLDER), Found("/data/a.mov", Kind.FILE, 7))
    assert in_order([file, Entry("B", "/B", True), folder]) == [Entry("B", "/B", True), folder, file]


def test_what_is_no_entry_is_left_out():
    assert entries_from("rubbish") == entries_from(None) == []
    assert entries_from([None, {}, {"name": "x"}, {"name": 5, "path": "/x"}, {"name": "", "path": "/x"}]) == []
    assert entries_from([{**FILE, "size": -1, "modificationTime": "now"}])[0].size == 0


@given(st.lists(st.dictionaries(st.sampled_from(["name", "path", "type", "size", "modificationTime"]),
                                st.none() | st.integers() | st.text() | st.lists(st.integers()))))
def test_no_answer_breaks_it(raw):
    for entry in entries_from(raw):
        assert entry.name
        assert entry.path
        assert entry.size >= 0


def test_the_folder_above():
    roots = [Entry("/", "/", True), Entry("Home", "/home/ann", True), Entry("C", "C:\\", True)]
    assert folder_above("/data/reel", roots) == "/data"
    assert folder_above("/data", roots) == "/"
    assert folder_above("/", roots) is None
    assert folder_above("/home/ann", roots) is None
    assert folder_above("/home/ann/x", roots) == "/home/ann"
