"""The machine that is measured on: what it is, its page cache and memory, and whose CPU time it spends."""

import contextlib
import mmap
import os
import platform
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

MIB: Final = 1 << 20


def warm(path: Path) -> None:
    """Read a file, or all files of a folder, so that the page cache has them."""
    paths = [path] if path.is_file() else (Path(f, n) for f, _, names in os.walk(path) for n in names)
    buffer = bytearray(MIB)
    for each in paths:
        with each.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass


def forget(folder: Path) -> None:
    """Drop what the page cache has of all files in a folder, once it is on the disk; the files stay as they are."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path, _, names in os.walk(folder):
        for name in names:
            descriptor = os.open(os.path.join(path, name), os.O_RDONLY)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def touch_memory(size: int = 1 << 30) -> None:
    """Touch and free memory, so that the pages that a run needs are the guest's already."""
    with mmap.mmap(-1, size) as area:
        for offset in range(0, size, mmap.PAGESIZE):
            area[offset] = 1


def touch_page_cache(folder: Path, size: int) -> None:
    """Write a file and remove it, so that large pieces of memory, as a run needs them, are the guest's already."""
    path = folder / "touched.bin"
    piece = b"\1" * MIB
    with path.open("wb", buffering=0) as file:
        for _ in range(0, size, MIB):
            file.write(piece)
    path.unlink()


def machine_facts(folder: Path) -> dict[str, Any]:
    """What has to be known of the machine to read the figures."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "time": time.strftime("%Y-%m-%d %H:%M %z"),
        "cores": os.cpu_count(),
        "processor": _first("/proc/cpuinfo", "model name"),
        "memory": f"{total / (1 << 30):.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "fileSystem": _file_system(folder),
        "congestionControl": _read("/proc/sys/net/ipv4/tcp_congestion_control"),
        "congestionControlAllowed": _read("/proc/sys/net/ipv4/tcp_allowed_congestion_control"),
        "tcpWriteMemory": _read("/proc/sys/net/ipv4/tcp_wmem"),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def peak_memory(pid: int) -> int:
    """The largest resident size of process *pid* so far, in bytes."""
    return int(_first(f"/proc/{pid}/status", "VmHWM").split()[0]) * 1024


def _read(path: str) -> str:
    try:
        return " ".join(Path(path).read_text().split())
    except OSError:
        return "unknown"


def _first(path: str, key: str) -> str:
    with contextlib.suppress(OSError), open(path, encoding="utf-8") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return "unknown"


def _file_system(folder: Path) -> str:
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    inside = [mount for mount in mounts if folder.is_relative_to(mount[1])]
    return max(inside, key=lambda mount: len(mount[1]))[2] if inside else "unknown"


# -- CPU time ---------------------------------------------------------------------------------------------------------

_QUIET_SECONDS: Final = 0.3
_QUIET_SHARE: Final = 0.15
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:  # it ended
        return None
    return text.rpartition(") ")[2].split()


def family(processes: Sequence[int]) -> dict[int, list[str]]:
    """The processes and all their descendants, with what the kernel says of each."""
    stats = {int(name): _stat(int(name)) for name in os.listdir("/proc") if name.isdigit()}
    found: dict[int, list[str]] = {}
    waiting = list(processes)
    while waiting:
        pid = waiting.pop()
        stat = stats.get(pid)
        if stat is not None and pid not in found:
            found[pid] = stat
            waiting += [child for child, other in stats.items() if other is not None and int(other[1]) == pid]
    return found


def cpu_of(processes: Sequence[int]) -> float:
    """CPU seconds of *processes*, of their descendants, and of this process's children that have ended."""
    ticks = sum(int(value) for stat in family(processes).values() for value in stat[11:15])
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ticks / _TICKS + ended.ru_utime + ended.ru_stime


def busy() -> float:
    """CPU seconds that the machine has spent on anything."""
    values = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _, _, interrupts, soft, stolen = values
    return (user + nice + system + interrupts + soft + stolen) / _TICKS


def settle(processes: Sequence[int], members: int) -> None:
    """Wait until the descendants that served the run have ended, so that their CPU time is accounted for."""
    end = time.monotonic() + 2
    while len(family(processes)) > members and time.monotonic() < end:
        time.sleep(0.01)


def wait_until_quiet(patience: float) -> None:
    """Wait until hardly anything runs on this machine, but no longer than *patience* seconds."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        before = busy()
        time.sleep(_QUIET_SECONDS)
        if busy() - before <= _QUIET_SHARE * _QUIET_SECONDS:
            return
