"""Picking some of the files that a link gives: a tree of what is shown, and what is picked. Plain Python."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jetstream.choosing import ranges_of
from jetstream_desktop.i18n import tr, trn
from jetstream_desktop.state import numbers
from jetstream_desktop.state.sharing import moment
from jetstream_desktop.state.text import printable

NONE, SOME, ALL = range(3)
_FOLDER: Final = "folder"
_LINK: Final = "link"


@dataclass(frozen=True, slots=True)
class SharedFile:
    """One entry of the list. *kind* is ``file``, ``link``, or ``folder`` for an empty one."""

    entry: int
    path: str
    size: int
    kind: str = "file"

    @classmethod
    def of(cls, file: Mapping[str, Any]) -> "SharedFile":
        """From the node's answer."""
        kind = _FOLDER if file["isEmptyDir"] else _LINK if file["isSymlink"] else "file"
        return cls(int(file["entry"]), str(file["destPath"]), int(file["fileSize"]), kind)


class PickNode:
    """One row of the tree: a folder, or a file of the list."""

    __slots__ = ("children", "count", "file", "files", "name", "parent", "picked", "row", "size")

    def __init__(self, name: str, parent: "PickNode | None", file: SharedFile | None = None) -> None:
        self.name = name
        self.parent = parent
        self.file = file
        self.children: list[PickNode] = []
        self.row = 0
        self.count = 0
        """Entries of the list in it, itself included."""
        self.files = 0
        """The same without empty folders."""
        self.picked = 0
        self.size = 0

    @property
    def state(self) -> int:
        """Whether all, some or none of it is picked."""
        return ALL if self.picked == self.count else SOME if self.picked else NONE

    @property
    def folder(self) -> bool:
        """Whether it is shown as a folder."""
        return self.file is None or self.file.kind == _FOLDER

    def entries(self) -> Iterator[SharedFile]:
        """Every entry of the list in it."""
        stack = [self]
        while stack:
            node = stack.pop()
            if node.file is not None:
                yield node.file
            stack += node.children


class Picking:
    """All files of a link, which of them are picked, and the tree of those that the filter lets through."""

    def __init__(self) -> None:
        self.files: list[SharedFile] = []
        self.root = PickNode("", None)
        self._picked: set[int] = set()
        self._size = 0
        self._count = 0
        self.total = 0
        """How many files there are, empty folders not counted."""
        self._words: Sequence[str] = ()

    def add(self, files: Iterable[SharedFile]) -> None:
        """More files of the list, picked like all at the start. :meth:`build` shows them."""
        for file in files:
            self.files.append(file)
            self._picked.add(file.entry)
            self._size += file.size
            self._count += file.kind != _FOLDER
            self.total += file.kind != _FOLDER

    def filter(self, text: str) -> None:
        """Show only files whose path holds all words of *text*. :meth:`build` does it."""
        self._words = text.casefold().split()

    @property
    def shown(self) -> Sequence[SharedFile]:
        """What the filter lets through."""
        words = self._words
        if not words:
            return self.files
        return [file for file in self.files if all(word in file.path.casefold() for word in words)]

    def build(self) -> None:
        """Make the tree anew: folders before files, each in the order of names."""
        root = PickNode("", None)
        folders = {"": root}
        for file in self.shown:
            above, _, name = file.path.rpartition("/")
            parent = folders.get(above) or _folder(folders, above)
            node = PickNode(name, parent, file)
            node.count, node.size, node.picked = 1, file.size, int(file.entry in self._picked)
            node.files = int(file.kind != _FOLDER)
            parent.children.append(node)
        _sum_up(root)
        self.root = root

    def toggle(self, node: PickNode) -> None:
        """Pick everything of *node* that is shown, or nothing if all of it is picked."""
        self._set(node, picked=node.state != ALL)

    def pick_shown(self, picked: bool) -> None:
        """Pick everything that is shown, or nothing of it."""
        self._set(self.root, picked=picked)

    def _set(self, node: PickNode, *, picked: bool) -> None:
        for file in node.entries():
            if picked != (file.entry in self._picked):
                self._size += file.size if picked else -file.size
                self._count += (file.kind != _FOLDER) * (1 if picked else -1)
                (self._picked.add if picked else self._picked.discard)(file.entry)
        before = node.picked
        stack = [node]
        while stack:
            one = stack.pop()
            one.picked = one.count if picked else 0
            stack += one.children
        above = node.parent
        while above is not None:
            above.picked += node.picked - before
            above = above.parent

    # What follows

    @property
    def count(self) -> int:
        """How many files are picked, empty folders not counted."""
        return self._count

    @property
    def nothing(self) -> bool:
        """Whether not even an empty folder is picked."""
        return not self._picked

    @property
    def size(self) -> int:
        """Bytes of what is picked."""
        return self._size

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return len(self._picked) == len(self.files)

    def entries(self) -> list[tuple[int, int]] | None:
        """What the node is asked for; ``None`` for everything."""
        return None if self.everything else ranges_of(self._picked)


def _folder(folders: dict[str, PickNode], path: str) -> PickNode:
    above, _, name = path.rpartition("/")
    parent = folders.get(above) or _folder(folders, above)
    made = folders[path] = PickNode(name, parent)
    parent.children.append(made)
    return made


def _sum_up(root: PickNode) -> None:
    order = [root]
    for node in order:  # grows while it is walked: parents before children
        node.children.sort(key=_rank)
        for row, child in enumerate(node.children):
            child.row = row
        order += [child for child in node.children if child.file is None]
    for node in reversed(order):
        for child in node.children:
            node.count += child.count
            node.files += child.files
            node.size += child.size
            node.picked += child.picked


def _rank(node: PickNode) -> tuple[bool, str]:
    return not node.folder, node.name.casefold()


def headline(facts: Mapping[str, Any]) -> str:
    """Who shares what: ``Reel 07 from Studio B``."""
    name = printable(facts["description"] or facts["label"]) or tr("Files")
    return tr("{name} from {who}", name=name, who=printable(facts["sourceName"]))


def conditions(facts: Mapping[str, Any]) -> str:
    """How much it is, until when, how often."""
    words = [numbers.files(facts["totalFiles"]), numbers.size(facts["totalSize"])]
    if facts["expiryTime"] is not None:
        words.append(tr("until {when}", when=moment(facts["expiryTime"])))
    if facts["downloadsLeft"] is not None:
        left = facts["downloadsLeft"]
        words.append(trn("one download left", "{count} downloads left", left))
    return " · ".join(words)
