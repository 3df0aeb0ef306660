"""What is known so far of a transfer that might be made, and what it means. Pure: no I/O, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jetstream.checks import Check, check, untried
from jetstream.errors import JetStreamError, LimitExceeded
from jetstream.findings import Step
from jetstream.previews import PathProblem, Preview
from jetstream_server.link.messages import PRESENT_SAMPLE, REFUSED_SAMPLE, Admission, ProbeAnswer, SurveyAnswer
from jetstream_server.verdicts import is_unknown_request


@dataclass(frozen=True, slots=True)
class Contents:
    """What would go, as far as it was found."""

    files: int
    size: int
    whole: bool
    unreadable: Sequence[PathProblem] = ()
    unreadable_total: int = 0


@dataclass(slots=True)
class Prospect:
    """Grows while a preview is made. *skip*: whether unreadable files are to be left out."""

    skip: bool = False
    found: list[Check] = field(default_factory=list)
    answer: ProbeAnswer | None = None
    surveyed: int = 0
    """Pages that the other node has looked at."""
    partly: bool = False
    """Whether it has not looked at everything."""
    present: int = 0
    unchanged: int = 0
    present_size: int = 0
    needed: int = 0
    free: int | None = None
    changed_sample: list[str] = field(default_factory=list)
    unchanged_sample: list[str] = field(default_factory=list)
    refused: list[PathProblem] = field(default_factory=list)
    refused_total: int = 0

    def add(self, answer: SurveyAnswer, entries: int, targets: dict[int, str]) -> None:
        """What the other node says of a page.

        :param entries: what the page has.
        :param targets: target paths of the positions that the answer names.
        """
        self.surveyed += 1
        self.partly = self.partly or answer.looked < entries
        self.present += answer.present
        self.unchanged += answer.unchanged
        self.present_size += answer.present_size
        self.needed += answer.needed
        self.free = answer.free if answer.free is not None else self.free
        for sample, named in ((self.changed_sample, answer.changed_sample),
                              (self.unchanged_sample, answer.unchanged_sample)):
            sample += [targets[position] for position in named[: PRESENT_SAMPLE - len(sample)]]
        room = REFUSED_SAMPLE - len(self.refused)
        self.refused += [PathProblem(path=targets[position], reason=why) for position, why in answer.refused[:room]]
        self.refused_total += answer.refused_total

    def preview(self, contents: Contents, checks: Sequence[Check] = ()) -> Preview:
        """All of it as the API tells it; *checks* come after those that were made on the way."""
        told = self.answer is not None and self.answer.admission is Admission.YES
        known = self.surveyed > 0
        free = self.free if self.free is not None or self.answer is None else self.answer.free
        return Preview(
            checks=(*self.found, *checks),
            admission=None if self.answer is None else self.answer.admission.value,
            total_files=contents.files,
            total_size=contents.size,
            transfer_size=contents.size,
            complete=contents.whole and not self.partly and bool(checks),
            free_space=free if told else None,
            needed_space=max(0, self.needed) if known else None,
            present=self.present if known else None,
            unchanged=self.unchanged if known else None,
            present_size=self.present_size if known else None,
            present_sample=tuple([*self.changed_sample, *self.unchanged_sample][:PRESENT_SAMPLE]),
            refused=tuple(self.refused) if known else None,
            refused_total=self.refused_total if known else None,
            unreadable=tuple(contents.unreadable),
            unreadable_total=contents.unreadable_total,
        )

    def conclusions(self, contents: Contents, stopped: bool, error: JetStreamError | None) -> list[Check]:
        """The findings about files, names and room.

        :param stopped: whether there was no way to the other node.
        :param error: what the questions about names ended with.
        """
        names = untried(Step.NAMES) if stopped else self._names(contents, error)
        room = untried(Step.ROOM) if stopped else self._room(contents)
        return [files_finding(contents, self.skip), names, room]

    def _names(self, contents: Contents, error: JetStreamError | None) -> Check:
        if self.refused_total:
            first = self.refused[0]
            return check("names-refused", path=first.path, reason=first.reason, count=self.refused_total)
        if error is not None:
            return _not_told(error)
        if self.answer is None or self.answer.admission is not Admission.YES:
            return check("names-private")
        if self.partly or not contents.whole:
            return check("names-more" if self.surveyed else "names-slow")
        return check("names-ok")

    def _room(self, contents: Contents) -> Check:
        if self.answer is None or self.answer.admission is not Admission.YES:
            return check("room-private")
        free = self.free if self.free is not None else self.answer.free
        if free is None:
            return check("room-unsaid")
        needed = max(0, self.needed) if self.surveyed else contents.size
        return check("room-short" if needed > free else "room-ok", needed=needed, free=free)


def files_finding(contents: Contents, skip: bool) -> Check:
    """Whether what would go can be read."""
    if contents.unreadable_total:
        first = contents.unreadable[0]
        code = "files-left-out" if skip else "files-unreadable"
        return check(code, path=first.path, reason=first.reason, count=contents.unreadable_total)
    if not contents.whole:
        return check("files-more", size=contents.size)
    if not contents.files:
        return check("files-none")
    return check("files-ok", size=contents.size)


def _not_told(error: JetStreamError) -> Check:
    if is_unknown_request(error):
        return check("names-old")
    if isinstance(error, LimitExceeded):
        return check("names-busy")
    return check("names-broken", reason=str(error))
