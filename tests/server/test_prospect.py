"""What a preview says, from what was found. No sockets, no files."""

from typing import Any

import pytest

from jetstream.checks import check
from jetstream.errors import InvalidParameters, JetStreamError, LimitExceeded
from jetstream.previews import PathProblem, Preview
from jetstream_server.link.messages import (
    PRESENT_SAMPLE,
    REFUSED_SAMPLE,
    Admission,
    FolderState,
    ProbeAnswer,
    SurveyAnswer,
)
from jetstream_server.prospect import Contents, Prospect

YES = ProbeAnswer(admission=Admission.YES, folder=FolderState.OK, free=1000, time=1)
ALL = Contents(files=3, size=600, whole=True)
OLD = InvalidParameters("This node knows no 'survey' here.", field="method")


def preview(prospect: Prospect, contents: Contents = ALL, *, stopped: bool = False,
            error: JetStreamError | None = None) -> Preview:
    return prospect.preview(contents, prospect.conclusions(contents, stopped, error))


def codes(shown: Preview) -> list[str]:
    return [found.code for found in shown.checks]


def surveyed(*answers: SurveyAnswer, **values: Any) -> Prospect:
    prospect = Prospect(answer=YES, **values)
    for answer in answers:
        prospect.add(answer, 3, {position: f"p{position}" for position in range(10)})
    return prospect


def test_all_is_well() -> None:
    answer = SurveyAnswer(looked=3, present=2, unchanged=1, present_size=50, needed=550, changed_sample=[2],
                          unchanged_sample=[0], free=900)
    shown = preview(surveyed(answer))
    assert codes(shown) == ["files-ok", "names-ok", "room-ok"]
    assert (shown.admission, shown.complete, shown.would_work) == ("yes", True, True)
    assert (shown.present, shown.unchanged, shown.present_size) == (2, 1, 50)
    assert (shown.needed_space, shown.free_space, shown.transfer_size) == (550, 900, 600)
    assert (shown.present_sample, shown.refused, shown.refused_total) == (("p2", "p0"), (), 0)


def test_while_it_goes_on_nothing_is_complete() -> None:
    assert Prospect().preview(ALL) == Preview(total_files=3, total_size=600, transfer_size=600)
    assert not surveyed(SurveyAnswer(looked=3)).preview(ALL).complete


@pytest.mark.parametrize("admission", [Admission.ASK, Admission.NO])
def test_strangers_are_told_nothing(admission: Admission) -> None:
    shown = preview(Prospect(answer=ProbeAnswer(admission=admission)))
    assert codes(shown) == ["files-ok", "names-private", "room-private"]
    assert shown.admission == admission.value
    assert {shown.present, shown.refused, shown.free_space, shown.needed_space} == {None}
    assert shown.complete


def test_a_disk_is_not_believed_in_if_the_door_is_shut() -> None:
    """A node that says no and tells numbers all the same is a node of another world."""
    shown = preview(Prospect(answer=ProbeAnswer(admission=Admission.ASK, free=5)))
    assert shown.free_space is None
    assert "room-private" in codes(shown)


@pytest.mark.parametrize(("error", "code"), [
    (OLD, "names-old"), (LimitExceeded("Wait."), "names-busy"), (JetStreamError("It broke."), "names-broken"),
])
def test_who_does_not_tell_of_names(error: JetStreamError, code: str) -> None:
    shown = preview(Prospect(answer=YES), error=error)
    assert codes(shown) == ["files-ok", code, "room-ok"]
    assert (shown.present, shown.refused, shown.free_space) == (None, None, 1000)
    assert shown.would_work is (code != "names-broken")


def test_no_way_there() -> None:
    lost = check("route-refused", host="h", port=1)
    shown = preview(Prospect(found=[lost]), stopped=True)
    assert codes(shown) == ["route-refused", "files-ok", "untried", "untried"]
    assert (shown.admission, shown.would_work) == (None, False)


def test_names_that_cannot_be_stored() -> None:
    many = [(position, "too long") for position in range(3)]
    prospect = surveyed(*[SurveyAnswer(looked=3, refused=many, refused_total=3) for _ in range(50)])
    shown = preview(prospect)
    assert (len(shown.refused or ()), shown.refused_total) == (REFUSED_SAMPLE, 150)
    assert codes(shown)[1] == "names-refused"
    assert "p0 for example: too long" in shown.checks[1].text
    assert not shown.would_work


def test_the_changed_ones_are_named_first() -> None:
    unchanged = SurveyAnswer(looked=3, present=3, unchanged=3, unchanged_sample=[0, 1, 2])
    changed = SurveyAnswer(looked=3, present=1, changed_sample=[5])
    shown = preview(surveyed(*[unchanged] * 20, changed))
    assert shown.present_sample[0] == "p5"
    assert len(shown.present_sample) == PRESENT_SAMPLE


def test_room() -> None:
    short = preview(surveyed(SurveyAnswer(looked=3, needed=5000, free=4000)))
    assert codes(short)[2] == "room-short"
    assert short.checks[2].facts == {"needed": 5000, "free": 4000}
    assert not short.would_work
    less = preview(surveyed(SurveyAnswer(looked=3, needed=-5000, free=0)))
    assert (codes(less)[2], less.needed_space) == ("room-ok", 0)
    old = preview(Prospect(answer=ProbeAnswer(admission=Admission.YES, free=599)), error=OLD)
    assert codes(old)[2] == "room-short", "all of it is needed as far as one can tell"
    assert codes(preview(Prospect(answer=ProbeAnswer(admission=Admission.YES))))[2] == "room-unsaid"


def test_nothing_to_send() -> None:
    shown = preview(surveyed(SurveyAnswer(looked=1)), Contents(files=0, size=0, whole=True))
    assert (codes(shown)[0], shown.would_work) == ("files-none", True)


def test_what_was_not_looked_at() -> None:
    part = Contents(files=3, size=600, whole=False)
    shown = preview(surveyed(SurveyAnswer(looked=3)), part)
    assert (codes(shown)[:2], shown.complete, shown.would_work) == (["files-more", "names-more"], False, True)
    shown = preview(surveyed(SurveyAnswer(looked=2)))
    assert (codes(shown)[1], shown.complete) == ("names-more", False)
    assert codes(preview(Prospect(answer=YES, partly=True)))[1] == "names-slow"


@pytest.mark.parametrize(("skip", "code", "works"), [
    (False, "files-unreadable", False), (True, "files-left-out", True),
])
def test_what_cannot_be_read(skip: bool, code: str, works: bool) -> None:
    lost = Contents(3, 600, True, [PathProblem(path="/x", reason="permission denied")], 7)
    shown = preview(surveyed(SurveyAnswer(looked=3), skip=skip), lost)
    assert (codes(shown)[0], shown.would_work, shown.unreadable_total) == (code, works, 7)
    assert "/x for example: permission denied. Such things here: 7" in shown.checks[0].text
