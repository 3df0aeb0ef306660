"""What would become of names, told beforehand: held against what a real transfer does with them."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.receiving import ALL_MODES, BIG, Receiver
from helpers.trees import BASE_TIME, build, scanned
from jetstream.constants import (
    OVERWRITE_ALWAYS,
    OVERWRITE_BACKUP,
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_KEEP_BOTH,
    OVERWRITE_NEVER,
)
from jetstream_server.files.descent import KEEP_OPEN
from jetstream_server.files.errors import ContentError, UnsafePath
from jetstream_server.files.folders import DescriptorFolder
from jetstream_server.files.pages import Page, wire_form
from jetstream_server.files.pathfolder import PathFolder
from jetstream_server.files.survey import Surveyed, survey

SMALL = b"new small"


def page_of(source: Path, target: str = "thing", **options: Any) -> Page:
    return Page.decode(wire_form(scanned({target: source}, **options).pages[0]))


def _same(there: Path, content: bytes) -> None:
    there.write_bytes(content)
    os.utime(there, ns=(BASE_TIME, BASE_TIME))


def _same_size(there: Path, content: bytes) -> None:
    there.write_bytes(b"o" * len(content))


def _other_size(there: Path, content: bytes) -> None:
    there.write_bytes(b"o" * (len(content) + 1000))


def _empty(there: Path, _: bytes) -> None:
    there.touch()


def _folder(there: Path, _: bytes) -> None:
    there.mkdir()


def _link(there: Path, _: bytes) -> None:
    there.symlink_to("nowhere")


def _pipe(there: Path, _: bytes) -> None:
    os.mkfifo(there)


def _nothing(there: Path, _: bytes) -> None:
    pass


def refusal(receiver: Receiver) -> str | None:
    """Why the transfer cannot end, if it cannot."""
    try:
        receiver.all()
    except ContentError as error:
        return error.reason
    return None


def bytes_below(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())


@pytest.mark.parametrize("content", [SMALL, BIG, b""], ids=["small", "big", "no bytes"])
@pytest.mark.parametrize("put", [_nothing, _same, _same_size, _other_size, _empty, _folder, _link, _pipe])
@pytest.mark.parametrize("mode", ALL_MODES)
def test_a_file_as_a_transfer_treats_it(
    tmp_path: Path, mode: int, put: Callable[[Path, bytes], None], content: bytes, by_descriptor: bool
) -> None:
    source = build(tmp_path / "source", {"thing": content}) / "thing"
    os.utime(source, ns=(BASE_TIME, BASE_TIME))
    receiver = Receiver(scanned({"thing": source}), tmp_path / "target", mode, by_descriptor=by_descriptor)
    put(receiver.root / "thing", content)
    before = bytes_below(receiver.root)
    found = survey(receiver.root, "", page_of(source), mode, by_descriptor=by_descriptor)
    assert found.looked == 1
    assert bytes_below(receiver.root) == before, "looking changes nothing"
    reason = refusal(receiver)
    if reason is not None:
        assert found.refused == [(0, reason)]
        assert (found.refused_total, found.present, found.needed) == (1, 0, 0)
        return
    assert found.refused == []
    assert found.needed == bytes_below(receiver.root) - before
    assert found.present == (put is not _nothing)
    assert found.unchanged == (put is _same)
    assert found.present_size == before


@pytest.mark.parametrize("put", [_nothing, _other_size, _folder, _link])
@pytest.mark.parametrize("mode", ALL_MODES)
def test_a_link_as_a_transfer_treats_it(tmp_path: Path, mode: int, put: Callable[[Path, bytes], None]) -> None:
    source = build(tmp_path / "source", {"thing": "else"})
    receiver = Receiver(scanned({"top": source}, symlink_mode=2), tmp_path / "target", mode)
    (receiver.root / "top").mkdir()
    put(receiver.root / "top" / "thing", SMALL)
    found = survey(receiver.root, "", page_of(source, "top", symlink_mode=2), mode)
    reason = refusal(receiver)
    assert found.refused == ([] if reason is None else [(1, reason)])
    assert (found.present, found.needed) == (0, 0), "of files alone"


def look(root: Path, page: Page, path: str = "", mode: int = OVERWRITE_ALWAYS, **options: Any) -> Surveyed:
    return survey(root, path, page, mode, **options)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return build(tmp_path / "source", {"a": {"one": b"1", "two": b"22"}, "b": {"three": b"333"}})


def test_what_is_where_folders_should_be(tmp_path: Path, tree: Path, by_descriptor: bool) -> None:
    root = tmp_path / "root"
    (root / "t").mkdir(parents=True)
    (root / "t" / "a").write_bytes(b"a file")
    (root / "t" / "b").symlink_to(tmp_path)
    page = page_of(tree, "t")
    found = look(root, page, by_descriptor=by_descriptor)
    reasons = {page.target(position): reason for position, reason in found.refused}
    file, link = "a file is where a folder is needed", "is a link, and links are not followed"
    assert reasons == {b"t/a": file, b"t/a/one": file, b"t/a/two": file, b"t/b": link, b"t/b/three": link}
    assert (found.looked, found.refused_total, found.present) == (len(page), 5, 0)
    with pytest.raises(ContentError, match=r"a file is where|is a link, and"):
        Receiver(scanned({"t": tree}), root, OVERWRITE_ALWAYS, by_descriptor=by_descriptor).all()


def test_nothing_outside_is_told(tmp_path: Path, tree: Path, by_descriptor: bool) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    for name in ("a", "b"):
        (outside / name).mkdir(parents=True)
    (outside / "a" / "one").write_bytes(b"secret")
    (root / "out").symlink_to(outside)
    page = page_of(tree, "t")
    for path in ("..", "../outside", "a/../../outside", "a\\..\\..\\outside"):
        with pytest.raises(UnsafePath):
            look(root, page, path, by_descriptor=by_descriptor)
    through = look(root, page_of(tree, "out"), by_descriptor=by_descriptor)
    below = look(root, page, "out", by_descriptor=by_descriptor)
    for found in (through, below):
        assert found.present == 0
        assert found.refused_total == len(page)
        assert {reason for _, reason in found.refused} == {"is a link, and links are not followed"}
    absolute = look(root, page, str(outside), by_descriptor=by_descriptor)
    assert (absolute.present, absolute.refused) == (0, []), "a leading slash means the receiving folder"


def test_a_root_that_is_not_made_yet(tmp_path: Path, tree: Path) -> None:
    page = page_of(tree, "t")
    found = look(tmp_path / "not" / "yet", page, "below")
    assert (found.looked, found.present, found.refused, found.needed) == (len(page), 0, [], 6)
    assert found.free is not None
    assert not (tmp_path / "not").exists()


def short_names(monkeypatch: pytest.MonkeyPatch, longest: int) -> None:
    """As on a file system that keeps names of so many bytes (143 on an encrypted home)."""
    for cls in (DescriptorFolder, PathFolder):
        usual = cls.lstat

        def lstat(self: Any, name: bytes, usual: Any = usual) -> Any:
            if len(name) > longest:
                raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), name)
            return usual(self, name)

        monkeypatch.setattr(cls, "lstat", lstat)


def test_names_that_the_file_system_does_not_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_descriptor: bool
) -> None:
    long, folder = "n" * 144, "f" * 150
    tree = build(tmp_path / "source", {long: b"1", "short": b"2", folder: {"inside": b"3"}, "d": {long: b"4"}})
    root = tmp_path / "root"
    (root / "there").mkdir(parents=True)
    short_names(monkeypatch, 143)
    for target in ("there", "new"):
        page = page_of(tree, target)
        found = look(root, page, by_descriptor=by_descriptor)
        refused = {os.fsdecode(page.target(position)): reason for position, reason in found.refused}
        assert refused == dict.fromkeys([f"{target}/{long}", f"{target}/d/{long}", f"{target}/{folder}",
                                         f"{target}/{folder}/inside"], "file name too long")
        assert found.needed == 1


@pytest.mark.parametrize("mode", [OVERWRITE_NEVER, OVERWRITE_BACKUP, OVERWRITE_KEEP_BOTH])
def test_the_other_name_has_to_fit_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    name = "n" * 140
    tree = build(tmp_path / "source", {name: b"1"})
    root = build(tmp_path / "root", {"t": {name: b"other"}})
    short_names(monkeypatch, 143)
    assert look(root, page_of(tree, "t"), mode=mode).refused_total == 1
    assert look(root, page_of(tree, "t"), mode=OVERWRITE_ALWAYS).refused_total == 0


def test_a_folder_that_takes_nothing(open_tmp: Path, ordinary_user: None, by_descriptor: bool) -> None:
    tree = build(open_tmp / "source", {"old": b"1", "new": b"2", "f": {"deep": b"3"}})
    root = build(open_tmp / "root", {"t": {"old": b"o"}})
    (root / "t").chmod(0o500)
    page = page_of(tree, "t")

    def refused(mode: int) -> set[bytes]:
        found = look(root, page, mode=mode, by_descriptor=by_descriptor).refused
        assert {reason for _, reason in found} == {"this node may not write to the folder"}
        return {page.target(position) for position, _ in found}

    assert refused(OVERWRITE_ALWAYS) == {b"t/old", b"t/new", b"t/f", b"t/f/deep"}
    assert refused(OVERWRITE_IN_PLACE_ALWAYS) == {b"t/new", b"t/f", b"t/f/deep"}


def test_samples_and_stops(tmp_path: Path) -> None:
    names = {f"{number:04}": b"x" for number in range(1000)}
    tree, root = build(tmp_path / "source", names), build(tmp_path / "root", {"t": names})
    (root / "t" / "0500").write_bytes(b"other")
    (root / "t" / "0700").unlink()
    (root / "t" / "0700").mkdir()
    page = page_of(tree, "t")
    found = look(root, page, present_sample=3, refused_sample=1)
    assert (found.looked, found.present, found.unchanged, found.refused_total) == (1001, 999, 998, 1)
    assert [page.names[position] for position in found.changed_sample] == [b"0500"]
    assert [page.names[position] for position in found.unchanged_sample] == [b"0000", b"0001", b"0002"]
    asked = iter([False, False, False, True])
    stopped = look(root, page, stop=lambda: next(asked))
    assert 0 < stopped.looked < 1001
    assert stopped.present == stopped.looked - 1, "the folder is no file"


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """Hardly more may be opened than is open."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    probe = os.open(os.devnull, os.O_RDONLY)
    os.close(probe)
    resource.setrlimit(resource.RLIMIT_NOFILE, (probe + KEEP_OPEN + 20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_deep_folders_cost_no_more_descriptors(tmp_path: Path, few_descriptors: None, by_descriptor: bool) -> None:
    deep = ["d"] * 300
    (tmp_path / "root").joinpath(*deep).mkdir(parents=True)
    (tmp_path / "root").joinpath(*deep, "thing").write_bytes(b"1")
    source = build(tmp_path / "source", {"thing": b"1"}) / "thing"
    for path, present in (("/".join(deep), 1), ("/".join(deep[:-1]), 0), ("/".join([*deep, "missing"]), 0)):
        found = look(tmp_path / "root", page_of(source), path, by_descriptor=by_descriptor)
        assert (found.looked, found.present, found.refused) == (1, present, [])
