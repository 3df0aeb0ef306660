"""Reading a block back from the tree that it was written to, to see after a crash whether it is still there."""

import os

from jetstream_server.files.folders import Folder
from jetstream_server.files.layout import Run
from jetstream_server.files.placing import find_final
from jetstream_server.files.rawio import read_at
from jetstream_server.files.tree import ReceivingTree


def read_back(tree: ReceivingTree, block: int, buffer: memoryview) -> bool:
    """Fill *buffer* with what the tree holds of *block*; ``False`` if a file is missing or too short.

    Files of several blocks are looked for under their part name first. Whether the content is right is not known here.
    """
    return all(_read_run(tree, run, buffer) for run in tree.layout.runs(block))


def _read_run(tree: ReceivingTree, run: Run, buffer: memoryview) -> bool:
    page = run.page
    for position, offset, length, at in zip(run.positions, run.offsets, run.lengths, run.at, strict=True):
        path = tree.folder(page.directories[int(page.directory[position])])
        size = int(page.sizes[position])
        try:
            with tree.using(path, create=False) as folder:
                name = page.names[position]
                part = tree.part_name(run.first_entry + position)
                if length == size or folder.lstat(part) is None:
                    found = find_final(folder, tree.mode, name, size, int(page.mtimes[position]))
                    if found is None:
                        return False
                    part = found
                if not _read(folder, part, offset, buffer[at : at + length], whole=length == size):
                    return False
        except OSError:
            return False
    return True


def _read(folder: Folder, name: bytes, offset: int, buffer: memoryview, *, whole: bool) -> bool:
    fd = folder.open(name, write=False)
    try:
        if whole and os.fstat(fd).st_size != len(buffer):
            return False
        return read_at(fd, buffer, offset) == len(buffer)
    finally:
        os.close(fd)


