"""Pages: what goes in comes out, and nothing malformed gets in."""

from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.files.errors import DamagedPage, UnsafePath
from jetstream_server.files.pagebuilder import PageBuilder
from jetstream_server.files.pages import DEFAULT_LIMITS, Kind, Page, PageLimits, wire_form

NAMES = st.binary(min_size=1, max_size=20).filter(lambda n: not set(n) & set(b"/\0\\:.") and n)
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([b"", b"a", b"a/b", b"\xff"]),
        NAMES,
        st.sampled_from(list(Kind)),
        st.integers(0, 1 << 40),
        st.integers(-(1 << 62), 1 << 62),
        st.integers(0, 0o777),
        st.booleans(),
        st.one_of(st.none(), NAMES),
    ),
    max_size=30,
)


def page_of(entries: list[tuple[Any, ...]]) -> bytes:
    builder = PageBuilder()
    for folder, name, kind, size, mtime, mode, empty, source_name in entries:
        builder.add(
            folder, name, kind, size if kind is Kind.FILE else 0, mtime, mode, source_folder=b"/src/" + folder,
            source_name=source_name, empty=empty and kind is Kind.DIRECTORY,
            link=b"to" if kind is Kind.SYMLINK else None,
        )  # fmt: skip
    return builder.take()


@given(ENTRIES)
def test_round_trip(entries: list[tuple[Any, ...]]) -> None:
    stored = page_of(entries)
    for page in (Page.decode_stored(stored), Page.decode(wire_form(stored))):
        assert len(page) == len(entries)
        for position, (folder, name, kind, size, mtime, mode, empty, _) in enumerate(entries):
            assert page.target(position) == (folder + b"/" + name if folder else name)
            assert page.kinds[position] == kind
            assert page.sizes[position] == (size if kind is Kind.FILE else 0)
            assert page.mtimes[position] == mtime
            assert page.modes[position] == mode
            assert page.empty[position] == (empty and kind is Kind.DIRECTORY)
            assert page.links.get(position) == (b"to" if kind is Kind.SYMLINK else None)
    page = Page.decode_stored(stored)
    for position, (folder, name, *_, source_name) in enumerate(entries):
        source_folder = b"/src/" + folder
        assert page.source(position) == source_folder.rstrip(b"/") + b"/" + (source_name or name)


def test_the_wire_form_knows_no_sources() -> None:
    stored = page_of([(b"a", b"f", Kind.FILE, 3, 5, 0o644, False, b"secret name")])
    wire = wire_form(stored)
    assert b"/src/" not in wire
    assert b"secret" not in wire
    assert wire_form(wire) == wire
    assert Page.decode(wire).source(0) is None


def test_a_peer_cannot_send_the_stored_form() -> None:
    with pytest.raises(DamagedPage):
        Page.decode(page_of([(b"a", b"f", Kind.FILE, 3, 5, 0o644, False, None)]))


def test_size_of_an_entry() -> None:
    builder = PageBuilder()
    for number in range(4096):
        builder.add(
            b"folder/%03d" % (number // 100), b"file%07d.dat" % number, Kind.FILE, 4096, 10**18 + number, 0o644,
            source_folder=b"/home/somebody/folder/%03d" % (number // 100),
        )  # fmt: skip
    assert builder.full
    assert len(builder.take()) / 4096 < 50


def test_long_names_fill_a_page_early() -> None:
    builder = PageBuilder()
    names = [b"n" * 250 + b"%05d" % number for number in range(4096)]
    done = 0
    sizes: list[int] = []
    while done < len(names):
        done += builder.add_files(b"d", b"/s", names[done:], [1] * 4096, [1] * 4096, [0o600] * 4096)
        if builder.full:
            sizes.append(len(wire_form(builder.take())))
    assert sizes
    assert max(sizes) < DEFAULT_LIMITS.wire_bytes


def test_long_folders_fill_a_page_early() -> None:
    builder = PageBuilder()
    for number in range(4096):
        folder = b"/".join([b"%050d" % number] * 80)
        builder.add(folder, b"f", Kind.FILE, 1, 1, 0o600, source_folder=b"/s/" + folder)
        if builder.full:
            break
    stored = builder.take()
    assert len(stored) < 2 << 20
    Page.decode(wire_form(stored))


def good_fields(count: int = 2) -> dict[str, Any]:
    return {
        "form": 1,
        "count": count,
        "directories": [b"d"],
        "directory": np.zeros(count, "<u2").tobytes(),
        "names": [b"n%d" % number for number in range(count)],
        "kinds": bytes(count),
        "sizes": np.full(count, 5, "<i8").tobytes(),
        "mtimes": np.zeros(count, "<i8").tobytes(),
        "modes": np.full(count, 0o644, "<u2").tobytes(),
        "linkAt": b"",
        "links": [],
    }


def test_the_good_fields_are_good() -> None:
    assert len(Page.decode(msgpack.packb(good_fields()))) == 2
    assert len(Page.decode(msgpack.packb(good_fields(0) | {"directories": []}))) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"form": 2},
        {"count": 3},
        {"count": -1},
        {"count": 5000},
        {"count": True},
        {"count": "2"},
        {"names": [b"a"]},
        {"names": [b"a", "text"]},
        {"names": None},
        {"directories": []},
        {"directories": [b"d", b"e", b"f"]},
        {"directories": [b"/d"]},
        {"directories": [b"d/"]},
        {"directories": [b"d//e"]},
        {"directory": np.array([0, 1], "<u2").tobytes()},
        {"directory": b""},
        {"kinds": b"\x00\x03"},
        {"kinds": b"\x00\x10"},
        {"kinds": b"\x00\x01"},
        {"kinds": b"\x00\x02"},
        {"kinds": "xx"},
        {"sizes": np.array([1, -1], "<i8").tobytes()},
        {"sizes": np.array([1 << 62, 1 << 62], "<i8").tobytes()},
        {"sizes": np.array([(1 << 63) - 1, (1 << 63) - 1], "<i8").tobytes()},
        {"modes": np.array([0o644, 0o4755], "<u2").tobytes()},
        {"linkAt": b"\x00\x00", "links": [b"x"]},
        {"linkAt": b"\x00", "links": [b"x"]},
        {"kinds": b"\x02\x00", "sizes": np.array([0, 1], "<i8").tobytes(), "linkAt": b"\0\0", "links": [b""]},
        {"kinds": b"\x02\x00", "sizes": np.array([0, 1], "<i8").tobytes(), "linkAt": b"\0\0", "links": [b"a\0"]},
        {"directories": [b"/".join([b"d" * 200] * 20)], "names": [b"n" * 100, b"m"]},
    ],
)
def test_malformed_pages(change: dict[str, Any]) -> None:
    with pytest.raises(DamagedPage):
        Page.decode(msgpack.packb(good_fields() | change))


@pytest.mark.parametrize(
    "change",
    [
        {"names": [b"a", b".."]},
        {"names": [b"a", b"b/c"]},
        {"names": [b"a", b""]},
        {"names": [b"a", b"b\0"]},
        {"names": [b"a", b".12345678-1.jetpart"]},
        {"names": [b"a", b"n" * 256]},
        {"directories": [b".."]},
        {"directories": [b"a/../.."]},
        {"directories": [b""], "names": [b"C:", b"x"]},
    ],
)
def test_unsafe_pages(change: dict[str, Any]) -> None:
    with pytest.raises(UnsafePath):
        Page.decode(msgpack.packb(good_fields() | change))


def test_too_large() -> None:
    with pytest.raises(DamagedPage):
        Page.decode(bytes(100), PageLimits(wire_bytes=99))


@given(st.binary(max_size=200))
def test_garbage(data: bytes) -> None:
    with pytest.raises(DamagedPage):
        Page.decode(data)


@given(st.data())
def test_damage_never_escapes(data: st.DataObject) -> None:
    file = (b"a", b"f", Kind.FILE, 3, 5, 0o644, False, None)
    link = (b"", b"l", Kind.SYMLINK, 0, 5, 0o777, False, None)
    wire = bytearray(wire_form(page_of([file, link])))
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    try:
        page = Page.decode(bytes(wire))
    except (DamagedPage, UnsafePath):
        return
    assert len(page) <= DEFAULT_LIMITS.entries
    assert page.total_bytes >= 0
