"""What `send` is told."""

import os

import pytest

from jetstream.errors import InvalidParameters
from jetstream_cli.targets import Target, read_paths, read_target


@pytest.mark.parametrize(("text", "target"), [
    ("studio", Target("studio")),
    ("studio:9000", Target("studio", 9000)),
    ("studio:docs/in", Target("studio", None, "docs/in")),
    ("studio:9000:docs", Target("studio", 9000, "docs")),
    ("studio::2024", Target("studio", None, "2024")),
    ("studio:9000:2024", Target("studio", 9000, "2024")),
    ("studio:a:b", Target("studio", None, "a:b")),
    ("studio:", Target("studio")),
    ("studio:/data", Target("studio", None, "/data")),
    ("10.0.0.7:1", Target("10.0.0.7", 1)),
    ("[::1]", Target("::1")),
    ("[fe80::1%eth0]:9000:x", Target("fe80::1%eth0", 9000, "x")),
    ("ann@studio:docs", Target("studio", None, "docs", "ann")),
    ("studio-b.example.org:incoming", Target("studio-b.example.org", None, "incoming")),
])
def test_destinations(text, target):
    assert read_target(text) == target


@pytest.mark.parametrize("text", ["", ":", "/data/x", "a b", "studio:0", "studio:99999:x", "[::1", "@studio", "::1"])
def test_other_text_is_refused(text):
    with pytest.raises(InvalidParameters):
        read_target(text)


def test_a_path_in_the_place_of_a_destination_is_noticed():
    with pytest.raises(InvalidParameters, match="It looks like a path; the last argument says where to"):
        read_target("./docs/letter.txt")


@pytest.mark.parametrize(("target", "text"), [
    (Target("studio"), "studio"), (Target("::1", 9000, "x"), "[::1]:9000:x"),
    (Target("studio", None, "x"), "studio:x")])
def test_destinations_are_written(target, text):
    assert str(target) == text


def test_paths_arrive_under_their_own_names(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    (tmp_path / "a.txt").write_text("")
    os.symlink("nowhere", tmp_path / "link")
    monkeypatch.chdir(tmp_path / "docs")
    assert read_paths([".", "../a.txt", "../link"], local=True) == {
        "docs": str(tmp_path / "docs"), "a.txt": str(tmp_path / "a.txt"), "link": str(tmp_path / "link")}


def test_paths_that_cannot_be_sent(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a").write_text("")
    (tmp_path / "a").write_text("")
    with pytest.raises(InvalidParameters, match="There is no file or folder"):
        read_paths([str(tmp_path / "gone")], local=True)
    with pytest.raises(InvalidParameters, match="would both arrive as 'a'"):
        read_paths([str(tmp_path / "a"), str(tmp_path / "x" / "a")], local=True)
    with pytest.raises(InvalidParameters, match="has no name"):
        read_paths(["/"], local=True)


def test_other_names_are_given_in_the_order_of_the_paths(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text("")
    one, two = str(tmp_path / "a"), str(tmp_path / "b")
    assert read_paths([one, two], ["b", "film/a=1"], local=True) == {"b": one, "film/a=1": two}
    assert read_paths(["/"], ["whole"], local=True) == {"whole": "/"}
    with pytest.raises(InvalidParameters, match="2 paths and 1 names"):
        read_paths([one, two], ["b"], local=True)
    with pytest.raises(InvalidParameters, match="would both arrive as 'c'"):
        read_paths([one, two], ["c", "c"], local=True)
    with pytest.raises(InvalidParameters, match="has no name"):
        read_paths([one], [""], local=True)


def test_paths_of_another_machine_are_not_looked_at():
    assert read_paths(["/srv/films"], local=False) == {"films": "/srv/films"}
    with pytest.raises(InvalidParameters, match="must be an absolute path"):
        read_paths(["films"], local=False)
