import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from jetstream.constants import SYMLINK_FOLLOW, SYMLINK_IGNORE, SYMLINK_PRESERVE
from jetstream_desktop.state.basket import (
    Basket,
    Found,
    History,
    Item,
    Kind,
    blocked,
    clean_target,
    conflicts,
    flag_of,
    isolate,
    left_out,
    unused,
)


def file(path, size=1, **more):
    return Found(path, Kind.FILE, size, **more)


def folder(path):
    return Found(path, Kind.FOLDER)


def targets(basket):
    return [item.target for item in basket.items]


def test_the_same_path_counts_once():
    basket = Basket().add([file("/a/x"), folder("/b")]).add([file("/a/x"), file("/b/c/d")])
    assert basket.mappings() == {"x": "/a/x", "b": "/b"}


def test_a_folder_swallows_what_was_added_from_inside_it():
    basket = Basket().add([file("/b/c/d"), file("/bc")]).add([folder("/b")])
    assert basket.mappings() == {"bc": "/bc", "b": "/b"}


def test_adding_nothing_new_is_no_change():
    basket = Basket().add([file("/a")])
    assert basket.add([file("/a")]) is basket


def test_equal_names_from_two_places_get_a_number():
    files = [file("/a/x.txt"), file("/b/x.txt"), file("/e/.rc"), file("/f/.rc")]
    basket = Basket().add([*files[:2], folder("/c/x"), folder("/d/x"), *files[2:]])
    assert targets(basket) == ["x.txt", "x (2).txt", "x", "x (2)", ".rc", ".rc (2)"]


def test_add_into_a_folder_and_a_root():
    basket = Basket().add([file("/a/x"), folder("/")], into="reel")
    assert targets(basket) == ["reel/x", "reel/files"]


def test_rename_moves_everything_below():
    basket = Basket().make_folder("reel").make_folder("reel/in").add([file("/x")], "reel").add([file("/y")], "reel/in")
    moved = basket.rename("reel", "show/reel 7")
    assert moved.folders == ("show/reel 7", "show/reel 7/in")
    assert targets(moved) == ["show/reel 7/x", "show/reel 7/in/y"]
    assert moved.rename("show/reel 7", "show/reel 7") is moved
    with pytest.raises(ValueError, match="inside itself"):
        moved.rename("show", "show/deeper")


def test_make_folder_refuses_what_is_there():
    basket = Basket().add([file("/x")]).make_folder("f")
    for name in ("x", "f"):
        with pytest.raises(ValueError, match="there already"):
            basket.make_folder(name)


def test_remove_takes_what_is_below():
    basket = Basket().make_folder("f").add([file("/x")], "f").add([file("/y")])
    left = basket.remove(["f"])
    assert (left.folders, targets(left)) == ((), ["y"])
    assert not left.empty
    assert left.remove(["y"]).empty


def test_split_gives_each_child_its_own_row():
    basket = Basket().add([folder("/b"), file("/z")]).split("b", [file("/b/1"), folder("/b/2")]).remove(["b/1"])
    assert basket.mappings() == {"b/2": "/b/2", "z": "/z"}


def test_patterns():
    basket = Basket().without(" *.tmp ").without("*.tmp").without("  ")
    assert basket.exclude == ("*.tmp",)
    assert basket.with_again("*.tmp").exclude == ()


@pytest.mark.parametrize(("text", "path"), [(" a//b/ ", "a/b"), ("/x", "x"), ("a\\b", "a/b"), ("./a", "a")])
def test_clean_target(text, path):
    assert clean_target(text) == path


@pytest.mark.parametrize("text", ["", " / ", "a/../b", "a\0", "x" * 256])
def test_names_that_are_refused(text):
    with pytest.raises(ValueError, match=r"\."):
        clean_target(text)


@pytest.mark.parametrize(("found", "target", "text"), [
    (Found("/x", Kind.MISSING), "x", "is not there any more"),
    (Found("/x", Kind.UNREADABLE), "x", "you may not read this"),
    (Found("/x", Kind.SPECIAL), "x", "is no file and no folder"),
    (file("/x"), "y", "renamed"),
    (file("/aux.exr"), "aux.exr", "Windows refuses this name"),
    (file("/a?b"), "a?b", "Windows refuses this name"),
    (file("/a."), "a.", "Windows refuses this name"),
    (file("/l", link=True), "l", "link, its content goes"),
])
def test_flags(found, target, text):
    assert flag_of(Item(target, found)).text == text


def test_nothing_to_say():
    assert flag_of(Item("x", file("/x"))) is None


def test_conflicts():
    basket = Basket((Item("a", file("/1")), Item("a", file("/2")), Item("A", file("/3")), Item("b", file("/4")),
                     Item("b/c", file("/5")), Item("d", folder("/6")), Item("d/e", file("/7"))))
    found = conflicts(basket)
    assert {target: flag.blocking for target, flag in found.items()} == {"a": True, "A": False, "b": True}


def test_blocked():
    assert "Nothing to send" in blocked(Basket())
    assert blocked(Basket().add([file("/x")])) is None
    assert "Remove it" in blocked(Basket().add([file("/x"), Found("/gone", Kind.MISSING)]))
    twice = Basket((Item("a", file("/1")), Item("a", file("/2")), Item("A", file("/3"))))
    assert "two things" in blocked(twice)
    case = Basket((Item("A", file("/1")), Item("a", file("/2"))))
    assert blocked(case) is None


def test_unused_keeps_the_folder():
    assert unused("a/b.tar", {"a/b.tar", "a/b (2).tar"}) == "a/b (3).tar"


def test_history_at_its_ends():
    assert History().undone() == History().redone() == History().then(Basket()) == History()


NAMES = st.sampled_from(["a", "b", "c/d", "e f"])


class Composer(RuleBasedStateMachine):
    """Any mixture of changes, undo and redo: undo always leads back, targets stay safe, sources stay unique."""

    def __init__(self):
        super().__init__()
        self.history = History()

    @rule(paths=st.lists(st.sampled_from(["/p/a", "/p/b", "/q/a", "/p", "/q/r/s", "/q/r"]), max_size=4), into=NAMES)
    def add(self, paths, into):
        self.change(lambda b: b.add([folder(p) if p in ("/p", "/q/r") else file(p) for p in paths], into))

    @rule(name=NAMES, new=st.sampled_from(["x", "y/z", "../up", ""]))
    def rename(self, name, new):
        self.change(lambda b: b.rename(b.items[0].target if b.items else name, new))

    @rule(name=NAMES)
    def make_folder(self, name):
        self.change(lambda b: b.make_folder(name))

    @rule(name=NAMES)
    def remove(self, name):
        self.change(lambda b: b.remove([b.items[-1].target if b.items else name]))

    @rule(pattern=st.sampled_from(["*.tmp", "", "x"]))
    def exclude(self, pattern):
        self.change(lambda b: b.without(pattern))

    @rule()
    def undo(self):
        self.history = self.history.undone()

    @rule()
    def redo(self):
        self.history = self.history.redone()

    def change(self, make):
        try:
            fresh = make(self.history.now)
        except ValueError:
            return
        changed = self.history.then(fresh)
        if changed is not self.history:
            assert changed.undone().now == self.history.now
            assert changed.undone().redone().now == fresh
        self.history = changed

    @invariant()
    def targets_are_safe(self):
        for item in self.history.now.items:
            assert clean_target(item.target) == item.target

    @invariant()
    def sources_count_once(self):
        sources = [item.source for item in self.history.now.items]
        assert len(sources) == len(set(sources))


TestComposer = Composer.TestCase


@given(st.lists(st.sampled_from(["/a/x", "/b/x", "/c/x"])))
def test_targets_made_by_adding_never_clash(paths):
    basket = Basket()
    for path in paths:
        basket = basket.add([file(path)])
    assert not any(flag.blocking for flag in conflicts(basket).values())


def test_isolating_splits_the_folders_on_the_way():
    listings = {"/b": [file("/b/1"), folder("/b/sub")], "/b/sub": [file("/b/sub/x"), file("/b/sub/y")]}
    basket = isolate(Basket().add([folder("/b"), file("/z")]), "b/sub/x", listings)
    assert targets(basket) == ["b/1", "b/sub/x", "b/sub/y", "z"]
    assert isolate(basket, "z", {}) is basket
    assert isolate(basket.make_folder("f"), "f", {}).folders == ("f",)
    for missing in ("z/1", "nowhere"):
        with pytest.raises(KeyError):
            isolate(basket, missing, {})


@pytest.mark.parametrize(("target", "name", "pattern", "kind", "out"), [
    ("reel/a.tmp", "a.tmp", "*.tmp", "file", True), ("reel/a.txt", "a.txt", "*.tmp", "file", False),
    ("other.name", "a.tmp", "*.tmp", "file", True), ("reel/cache", "cache", "cache/", "folder", True),
    ("reel/cache", "cache", "cache/", "file", False), ("reel/build/a.o", "a.o", "build/*.o", "file", True),
    ("build/a.o", "a.o", "build/*.o", "file", False), ("reel/x/notes", "notes", "/notes", "file", False),
    ("reel/caf\udce9/a.o", "a.o", "caf?/*", "file", True),
])
def test_what_a_pattern_leaves_out_is_what_the_node_leaves_out(target, name, pattern, kind, out):
    assert left_out(target, name, ("*.mov", pattern), folder=kind == "folder") is out


def test_what_was_dropped_by_itself_is_left_out_by_a_pattern_too():
    basket = Basket().add([file("/x/secret.key"), file("/x/a.mov")]).without("*.key")
    assert basket.mappings() == {"a.mov": "/x/a.mov"}
    assert blocked(basket) is None
    assert "left out by the patterns" in blocked(basket.without("*.mov"))
    gone = Basket().add([Found("/x/gone.key", Kind.MISSING), file("/x/a.mov")])
    assert blocked(gone) is not None
    assert blocked(gone.without("*.key")) is None


@pytest.mark.parametrize(("symlinks", "dropped", "text"), [
    (SYMLINK_FOLLOW, True, "link, its content goes"), (SYMLINK_FOLLOW, False, "link, its content goes"),
    (SYMLINK_IGNORE, True, "link, its content goes"), (SYMLINK_IGNORE, False, "link, left out"),
    (SYMLINK_PRESERVE, True, "goes as a link"), (SYMLINK_PRESERVE, False, "goes as a link"),
])
def test_a_link_says_what_becomes_of_it(symlinks, dropped, text):
    item = Item("reel/l", Found("/reel/l", Kind.FILE, 5, link=True))
    assert flag_of(item, symlinks, dropped=dropped).text == text
