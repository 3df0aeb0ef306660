"""What the composer is putting together: which files go, under which names. A value; every change makes a new one."""

import enum
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from jetstream.constants import SYMLINK_FOLLOW, SYMLINK_IGNORE, SYMLINK_PRESERVE
from jetstream.excluding import Exclude
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.text import base_name


class Kind(enum.Enum):
    """What a path on this computer is."""

    FILE = "file"
    FOLDER = "folder"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True)
class Found:
    """A path as it was found on the disk. *link* says that it is a symbolic link to what *kind* says, *closed* that it
    is a folder which may not be read.
    """

    path: str
    kind: Kind
    size: int = 0
    link: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that goes, with everything below it. *target* is the path at the other side, ``/`` between parts."""

    target: str
    found: Found

    @property
    def source(self) -> str:
        """Where it is on this computer."""
        return self.found.path

    @property
    def sendable(self) -> bool:
        """Whether there is something to send."""
        return self.found.kind in (Kind.FILE, Kind.FOLDER)

    def left_out(self, patterns: tuple[str, ...]) -> bool:
        """Whether a pattern takes it out."""
        return left_out(self.target, base_name(self.source), patterns, folder=self.found.kind is Kind.FOLDER)


@dataclass(frozen=True, slots=True)
class Basket:
    """Items in the order they came, folders made by hand, and patterns of names that are left out."""

    items: tuple[Item, ...] = ()
    folders: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all in it."""
        return not self.items and not self.folders

    def item(self, target: str) -> Item | None:
        """The item that goes as *target*."""
        return next((item for item in self.items if item.target == target), None)

    def add(self, found: Iterable[Found], into: str = "") -> "Basket":
        """With more paths, as *into*/name. A path that goes already, alone or inside a folder, counts once."""
        taken = {item.target for item in self.items} | set(self.folders)
        sources = {item.source: item for item in self.items}
        fresh: list[Item] = []
        for one in found:
            if one.path in sources or any(above in sources and sources[above].found.kind is Kind.FOLDER
                                          for above in _above(one.path)):
                continue
            item = Item(unused(join(into, base_name(one.path).strip("/\\") or "files"), taken), one)
            taken.add(item.target)
            sources[one.path] = item
            fresh.append(item)
        if not fresh:
            return self
        inside = tuple(item.source for item in fresh if item.found.kind is Kind.FOLDER)
        kept = tuple(i for i in (*self.items, *fresh) if not any(above in inside for above in _above(i.source)))
        return replace(self, items=kept)

    def rename(self, target: str, name: str) -> "Basket":
        """With *target* and all below it under another path. Unsafe names raise ``ValueError`` with a sentence."""
        new = clean_target(name)
        if new == target:
            return self
        if below(new, target):
            raise ValueError(tr("A folder cannot go inside itself."))
        return replace(
            self,
            items=tuple(replace(i, target=_moved(i.target, target, new)) for i in self.items),
            folders=tuple(dict.fromkeys(_moved(f, target, new) for f in self.folders)),
        )

    def make_folder(self, path: str) -> "Basket":
        """With a folder to put things into. It is sent only if something is put there."""
        new = clean_target(path)
        if new in self.folders or self.item(new) is not None:
            raise ValueError(tr("“{name}” is there already.", name=new))
        return replace(self, folders=(*self.folders, new))

    def remove(self, targets: Iterable[str]) -> "Basket":
        """Without *targets* and what is below them."""
        gone = set(targets)
        return replace(
            self,
            items=tuple(i for i in self.items if not _within(i.target, gone)),
            folders=tuple(f for f in self.folders if not _within(f, gone)),
        )

    def split(self, target: str, children: Iterable[Found]) -> "Basket":
        """With the folder item *target* replaced by its children, so that each can be renamed or removed."""
        result: list[Item] = []
        for item in self.items:
            if item.target == target:
                result += [Item(join(target, base_name(child.path)), child) for child in children]
            else:
                result.append(item)
        return replace(self, items=tuple(result))

    def without(self, pattern: str) -> "Basket":
        """With a pattern of names to leave out, like ``*.tmp``."""
        text = pattern.strip()
        return self if not text or text in self.exclude else replace(self, exclude=(*self.exclude, text))

    def with_again(self, pattern: str) -> "Basket":
        """Without that pattern."""
        return replace(self, exclude=tuple(p for p in self.exclude if p != pattern))

    def mappings(self) -> dict[str, str]:
        """``{target: source}`` of everything that can be sent, as the API takes it.

        The node leaves out by pattern what it finds in folders; what was dropped by itself is left out here.
        """
        return {item.target: item.source for item in self.going() if item.sendable}

    def going(self) -> tuple[Item, ...]:
        """The items that no pattern leaves out."""
        return tuple(item for item in self.items if not item.left_out(self.exclude))


def join(folder: str, name: str) -> str:
    """A target path below *folder*."""
    return f"{folder}/{name}" if folder else name


def below(path: str, folder: str) -> bool:
    """Whether *path* is strictly inside *folder*."""
    return path.startswith(f"{folder}/")


def _within(path: str, chosen: set[str]) -> bool:
    return path in chosen or any(above in chosen for above in _above(path))


def _moved(path: str, old: str, new: str) -> str:
    if path == old:
        return new
    return f"{new}{path[len(old):]}" if below(path, old) else path


def _above(path: str) -> Iterator[str]:
    end = len(path)
    while (end := max(path.rfind("/", 0, end), path.rfind("\\", 0, end))) > 0:
        yield path[:end]


def unused(target: str, taken: set[str]) -> str:
    """*target*, or with `` (2)``, `` (3)`` before its extension if that name is taken."""
    if target not in taken:
        return target
    folder, slash, name = target.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    number = 2
    while (candidate := f"{folder}{slash}{stem} ({number}){dot}{extension}") in taken:
        number += 1
    return candidate


def clean_target(text: str) -> str:
    """A typed target path without outer spaces and slashes. Raises ``ValueError`` with a sentence if it is no path."""
    parts = [part for part in text.strip().replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts:
        raise ValueError(tr("A name is needed."))
    if ".." in parts:
        raise ValueError(tr("“..” cannot be part of a name."))
    if any("\0" in part for part in parts):
        raise ValueError(tr("This character cannot be part of a name."))
    if any(len(part.encode("utf-8", "surrogateescape")) > 255 for part in parts):
        raise ValueError(tr("A name can have at most 255 bytes."))
    return "/".join(parts)


_RESERVED: Final = re.compile(r"^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?$", re.IGNORECASE)
_REFUSED: Final = re.compile(r'[<>:"|?*\x00-\x1f]')


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to know about a row of the tree. *blocking* flags keep it from being sent."""

    text: str
    blocking: bool = False


def left_out(target: str, name: str, patterns: tuple[str, ...], *, folder: bool) -> bool:
    """Whether a pattern takes out what is called *name* here and goes as *target*.

    A pattern with a slash is for the path below what was dropped, so without the first part of *target*.
    """
    if not patterns:
        return False
    below = "/".join(target.split("/")[1:-1])
    return excluding(patterns).matches(below.encode("utf-8", "surrogateescape"), name, folder=folder)


@lru_cache(maxsize=8)
def excluding(patterns: tuple[str, ...]) -> Exclude:
    """The *patterns*, ready to be used for every file of a large folder."""
    return Exclude(patterns)


def flag_of(item: Item, symlinks: int = SYMLINK_FOLLOW, *, dropped: bool = True) -> Flag | None:
    """What to say about one item by itself.

    :param symlinks: what becomes of links, as the API has it.
    :param dropped: whether it is an item of the basket and not something in a folder: the content of such a link goes
        also where links are left out.
    """
    kind = item.found.kind
    if kind is Kind.MISSING:
        return Flag(tr("is not there any more"), True)
    if kind is Kind.UNREADABLE:
        return Flag(tr("you may not read this"), True)
    if kind is Kind.SPECIAL:
        return Flag(tr("is no file and no folder"), True)
    name = base_name(item.source)
    if item.target.rpartition("/")[2] != name:
        return Flag(tr("renamed"))
    if _RESERVED.match(name) or _REFUSED.search(name) or name.endswith((" ", ".")):
        return Flag(tr("Windows refuses this name"))
    return _link_flag(symlinks, dropped=dropped) if item.found.link else None


def _link_flag(symlinks: int, *, dropped: bool) -> Flag:
    if symlinks == SYMLINK_PRESERVE:
        return Flag(tr("goes as a link"))
    if symlinks == SYMLINK_IGNORE and not dropped:
        return Flag(tr("link, left out"))
    return Flag(tr("link, its content goes"))


def conflicts(basket: Basket) -> dict[str, Flag]:
    """Targets that stand in each other's way."""
    result: dict[str, Flag] = {}
    by_target: dict[str, Item] = {}
    by_fold: dict[str, str] = {}
    going = basket.going()
    for item in going:
        if item.target in by_target:
            result[item.target] = Flag(tr("two things have this name"), True)
        by_target.setdefault(item.target, item)
        other = by_fold.setdefault(item.target.casefold(), item.target)
        if other != item.target:
            result.setdefault(item.target, Flag(tr("differs from “{name}” only in case", name=other)))
    for item in going:
        for above in _above(item.target):
            holder = by_target.get(above)
            if holder is not None and holder.found.kind is Kind.FILE:
                result[above] = Flag(tr("is a file, but other things go below it"), True)
    return result


def blocked(basket: Basket) -> str | None:
    """Why this basket cannot be sent, as a sentence; ``None`` if it can."""
    if not basket.items:
        return tr("Nothing to send yet. Drop files here.")
    for target, flag in conflicts(basket).items():
        if flag.blocking:
            return tr("“{name}”: {reason}.", name=target, reason=flag.text)
    going = basket.going()
    if not going:
        return tr("Everything is left out by the patterns below. Nothing would be sent.")
    for item in going:
        flag_here = flag_of(item)
        if flag_here is not None and flag_here.blocking:
            return tr("“{name}”: {reason}. Remove it to go on.", name=item.target, reason=flag_here.text)
    return None


@dataclass(frozen=True, slots=True)
class History:
    """A basket with its past and future: undo and redo are other values of the same thing."""

    now: Basket = Basket()
    past: tuple[Basket, ...] = ()
    future: tuple[Basket, ...] = ()

    def then(self, basket: Basket) -> "History":
        """After a change. A change that changes nothing is none."""
        return self if basket == self.now else History(basket, (*self.past, self.now), ())

    def undone(self) -> "History":
        """One step back, if there is one."""
        return self if not self.past else History(self.past[-1], self.past[:-1], (self.now, *self.future))

    def redone(self) -> "History":
        """One step forward again, if there is one."""
        return self if not self.future else History(self.future[0], (*self.past, self.now), self.future[1:])


def isolate(basket: Basket, target: str, listings: Mapping[str, Sequence[Found]]) -> Basket:
    """With folders split on the way down to *target*, so that it is an item of its own.

    :param listings: what is directly in each folder on the way, by source path.
    :raises KeyError: if a folder on the way has no listing, or *target* is in none.
    """
    while basket.item(target) is None and target not in basket.folders:
        holder = next((item for item in basket.items if below(target, item.target)), None)
        if holder is None or holder.found.kind is not Kind.FOLDER:
            raise KeyError(target)
        basket = basket.split(holder.target, listings[holder.source])
    return basket
