import pytest

from app.helpers.build import NOW, incoming, transfer
from jetstream_desktop.state.words import can_retry, first_sentence, status_of


def said(entity, now=NOW):
    return status_of(entity, "Studio B", now)


@pytest.mark.parametrize(("changes", "sentence", "tone"), [
    ({"status": "complete"}, "Complete, verified", "good"),
    ({"status": "cancelled"}, "Cancelled", "dim"),
    ({"status": "error", "error_message": "Disk full at Studio B.\nmore"}, "Disk full at Studio B", "bad"),
    ({"status": "error"}, "Failed, and no reason was given", "bad"),
    ({"status": "suspended"}, "Paused", "caution"),
    ({"phase": "waiting for disk space"}, "The disk is full, waiting for space", "caution"),
    ({"phase": "waiting for disk space", "last_error_message": "0 of 4 GB free"}, "0 of 4 GB free", "caution"),
    ({"phase": "queued"}, "Waiting for its turn", "dim"),
    ({"phase": "scanning"}, "Counting files", "accent_ink"),
    ({"phase": "connecting"}, "Connecting to Studio B", "dim"),
    ({"phase": None, "status": "pending"}, "Connecting to Studio B", "dim"),
    ({"phase": "verifying"}, "Verifying", "accent_ink"),
    ({}, "Sending", "accent_ink"),
    ({"phase": "waiting for the peer"}, "Waiting for Studio B", "dim"),
    ({"next_retry_time": NOW + 42_900_000}, "Waiting for Studio B, next try in 0:42", "dim"),
    ({"next_retry_time": NOW - 5}, "Waiting for Studio B, trying now", "dim"),
])
def test_sentences(changes, sentence, tone):
    status = said(transfer(**changes))
    assert (status.sentence, status.tone) == (sentence, tone)
    assert status.icon


@pytest.mark.parametrize(("entity", "wanted"), [
    (transfer(next_retry_time=NOW), True), (transfer(phase="waiting for the peer"), False),
    (incoming(phase="waiting for the peer"), False), (incoming(next_retry_time=NOW), False),
    (incoming(next_retry_time=NOW, download=True), True), (transfer(status="error"), True),
    (incoming(status="error"), False), (incoming(status="error", download=True), True)])
def test_retry_is_spoken_of_only_where_it_can_be_done(entity, wanted):
    assert can_retry(entity) is wanted
    assert ("Retry" in said(entity).advice) is wanted


def test_receiving():
    assert said(incoming()).sentence == "Receiving"


@pytest.mark.parametrize("changes", [
    {"status": "error"}, {"status": "suspended"}, {"phase": "waiting for disk space"}, {"phase": "queued"},
    {"phase": "waiting for the peer"}, {"next_retry_time": NOW}, {"status": "cancelled"},
])
def test_everything_that_stands_still_says_what_comes_next(changes):
    assert said(transfer(**changes)).advice


def test_the_reason_of_a_wait_is_in_the_advice():
    assert said(transfer(phase="waiting for the peer", last_error_message="No route")).advice.startswith("No route. ")
    assert said(transfer(phase="waiting for the peer", last_error_message="Why?")).advice.startswith("Why? ")


def test_a_time_that_is_counted_down_stands_alone_where_there_is_little_room():
    status = said(transfer(next_retry_time=NOW + 42_900_000))
    assert (status.timeless, status.brief) == ("Waiting for Studio B", "Next try in 0:42")
    assert said(transfer()).brief == ""


def test_first_sentence():
    assert first_sentence("") == ""
    assert first_sentence("\n A. \nB") == "A"
    assert first_sentence("so on...") == "so on..."
