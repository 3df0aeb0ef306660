"""What a transfer would meet if it were made now: the answer of ``send.previewTransfer``. Pure."""

from dataclasses import dataclass

from jetstream.checks import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class PathProblem:
    """A path and why it is in the way, in words of the node that found it."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What is known so far of a transfer that nobody has made. Sizes in bytes; ``None``: not known, or not told.

    The lists hold the first of what they are about; the totals beside them count all that was looked at. Every byte of
    every file goes over the line, whatever the overwrite mode: the mode decides there what becomes of a file.
    """

    checks: tuple[Check, ...] = ()
    """As in a test of a destination: ``name`` to ``folder`` and ``roundTrip``; then ``files`` (can they be read),
    ``names`` (what is there, can it keep the names) and ``room``."""
    admission: str | None = None
    """``yes``; ``ask``: a person there would be asked; ``no``; ``None``: it has not been asked."""
    total_files: int = 0
    total_size: int = 0
    complete: bool = False
    """Whether everything was looked at; if not, all numbers are of the first part."""
    transfer_size: int = 0
    """Bytes that would go over the line."""
    free_space: int | None = None
    """Bytes free where it would land."""
    needed_space: int | None = None
    """Bytes more that the disk there would hold in the end, by the overwrite mode."""
    present: int | None = None
    """Files whose name is taken there."""
    unchanged: int | None = None
    """Those of them with the same size and time."""
    present_size: int | None = None
    """Bytes of the present ones, as they are there now."""
    present_sample: tuple[str, ...] = ()
    """Target paths of up to 20 present ones, first those with another size or time."""
    refused: tuple[PathProblem, ...] | None = None
    """Up to 100 targets that the other side cannot store. One of them makes the whole transfer fail."""
    refused_total: int | None = None
    unreadable: tuple[PathProblem, ...] = ()
    """Up to 100 sources that cannot be read here."""
    unreadable_total: int = 0

    @property
    def would_work(self) -> bool:
        """Whether nothing is known that would stop it. A person there may still have to say yes."""
        return not any(found.failed for found in self.checks)
