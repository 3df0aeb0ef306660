"""A part of a manifest is a manifest: chosen entries with the folders above them, nothing else, always the same."""

import os
from pathlib import Path

from blake3 import blake3

from helpers.trees import Scanned, build, scanned
from jetstream.constants import SYMLINK_PRESERVE
from jetstream_server.files.choice import choose
from jetstream_server.files.layout import Layout
from jetstream_server.files.pages import wire_form


def targets(pages: list[bytes]) -> list[str]:
    layout = Layout.from_pages(pages)
    return [os.fsdecode(layout.entry(number).target) for number in range(layout.entries)]


def number_of(tree: Scanned, target: str) -> int:
    return targets(list(tree.pages)).index(target)


def test_chosen_entries_and_the_folders_above_them(tmp_path: Path) -> None:
    tree = scanned({"x": build(tmp_path / "s", {
        "a": {"deep": {"one": b"1" * 10, "two": b"2" * 20}, "other": b"o"}, "b": {"file": b"bbb"}, "link": "a/other",
        "empty": {}, "top": b"t",
    })}, symlink_mode=SYMLINK_PRESERVE)
    wanted = [number_of(tree, f"x/{name}") for name in ("a/deep/two", "link", "empty", "top")]
    part = choose(tree.pages, [(number, 1) for number in wanted], tree.result.entries)
    found = targets(list(part.pages))
    assert set(found) == {"x", "x/a", "x/a/deep", "x/a/deep/two", "x/link", "x/empty", "x/top"}
    whole = targets(list(tree.pages))
    assert found == [target for target in whole if target in set(found)]
    assert (part.files, part.size, part.entries) == (2, 21, 7)
    layout, original = Layout.from_pages(part.pages), Layout.from_pages(tree.pages)
    for number, target in enumerate(found):
        assert layout.entry(number)._replace(number=0) == original.entry(whole.index(target))._replace(number=0)
    hasher = blake3()
    for page in part.pages:
        hasher.update(wire_form(page))
    assert part.digest == hasher.digest()


def test_the_same_choice_makes_the_same_pages(tmp_path: Path) -> None:
    tree = scanned({"x": build(tmp_path / "s", {f"f{n}": b"x" * n for n in range(30)})})
    one = choose(tree.pages, [(3, 4), (10, 2)], tree.result.entries)
    other = choose(tree.pages, [(10, 2), (5, 2), (3, 3)], tree.result.entries)
    assert one == other


def test_everything_is_everything(tmp_path: Path) -> None:
    tree = scanned({"x": build(tmp_path / "s", {"d": {f"f{n}": b"x" * n for n in range(9)}, "e": {}})})
    part = choose(tree.pages, [(0, tree.result.entries)], tree.result.entries)
    assert (part.digest, part.size, part.files) == (tree.result.digest, tree.result.size, tree.result.files)
