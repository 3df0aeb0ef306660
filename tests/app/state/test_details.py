from dataclasses import replace

import pytest

from app.helpers.build import NAMES, NOW, incoming, transfer
from jetstream.entities import Destination, Event
from jetstream_desktop.state.details import (
    Selected,
    dropped_path,
    event_line,
    grouped,
    overview,
    short_fingerprint,
    why,
)
from jetstream_desktop.state.rows import RowMaker

PLACE = Destination(destination_id="d", destination_address="10.0.0.7", destination_port=8886, name="Studio B")


def lines(entity, now=NOW, **more):
    row = RowMaker().make(entity, NAMES, now)
    return {fact.label: fact for fact in overview(Selected(row, entity, **more), now, "/home/me")}


def test_a_running_transfer():
    facts = lines(transfer(destination_path="/in", peer_fingerprint="ab" * 32, checkpoint_bytes=5000,
                           last_checkpoint_time=NOW - 4_000_000, carrier="udp", rtt=82_000, loss_rate=0.004, retries=2,
                           bottleneck="the disk there"), destination=PLACE, sources=("/home/me/reel", "/x"))
    assert {label: fact.text for label, fact in facts.items() if label != "Added"} == {
        "From": "this computer, ~/reel and 1 more", "To": "Studio B (10.0.0.7), /in",
        "Identity": "abab abab abab abab · pinned", "Verified": "5 KB, checkpoint 4 s ago",
        "Line": "UDP, 82 ms, 0.4 % loss, 2 retries", "Limited by": "the disk there"}


def test_a_paused_one_says_what_next():
    facts = lines(transfer(status="suspended", processing=False, checkpoint_bytes=5000, send_rate_max=8000,
                           request_time=0))
    assert facts["Verified"].text == "5 KB"
    assert facts["Limited by"].text == "you, to 1.0 MB/s"
    assert "Added" not in facts
    assert "Limited by" not in lines(transfer(bottleneck="x", status="suspended", processing=False))


def test_what_it_does_about_others_on_the_line():
    assert lines(transfer(carrier="udp", rate_policy="background"))["Line"].text == "UDP, in the background"
    assert lines(transfer(carrier="tcp", rate_policy="background"))["Line"].text == "TCP"
    fixed = lines(transfer(rate_policy="fixed", send_rate_max=8000))
    assert fixed["Limited by"].text == "a fixed rate of 1.0 MB/s"


def test_a_finished_one():
    facts = lines(transfer(status="complete", processing=False, end_time=NOW, average_rate=8000))
    assert "took 1 min, 1.0 MB/s on average" in facts["Finished"].text
    assert "average" not in lines(transfer(status="complete", processing=False, end_time=NOW))["Finished"].text


def test_an_incoming_one():
    facts = lines(incoming(rtt=400, peer_name="lab"))
    assert facts["From"].text == "lab"
    assert facts["To"].text == "~/JetStream"
    assert facts["Line"].text == "0.4 ms"
    assert "Limited by" not in facts


def test_names_without_a_record():
    assert lines(transfer())["To"].text == "Studio B"
    assert lines(transfer(), destination=replace(PLACE, name=""))["To"].text == "Studio B"
    assert lines(transfer(), sources=("/x",))["From"].text == "this computer, /x"
    assert lines(transfer())["From"].text == "this computer"


def test_fingerprints():
    assert short_fingerprint("AA:BB" * 13)[:9] == "AABB AABB"[:9]
    assert grouped("ab:cd" * 4) == "abcd abcd abcd abcd"


def test_event_lines():
    assert event_line(Event(event="link_lost", timestamp=0)) == ("", "link lost")
    assert event_line(Event(event="x", timestamp=NOW, message="Paused."))[1] == "Paused."


def reason(entity, **more):
    return why(Selected(RowMaker().make(entity, NAMES, NOW), entity, **more))


def test_why_a_row_stands_still_is_told_in_full():
    failed = reason(transfer(status="error", processing=False, error_message="No room.\nFree some,\nthen retry"))
    assert failed.startswith("No room. Free some, then retry. It has stopped.")
    assert reason(transfer(status="suspended", processing=False)) == (
        "Paused. Nothing is lost. Resume goes on where it stopped.")
    assert reason(transfer()) == "Sending."


def test_a_part_that_the_receiver_chose():
    shared = transfer(owner_token="T", total_files=4)
    assert lines(shared, listed=9)["Chosen"].text == "4 of 9 files, by the receiver"
    assert "Chosen" not in lines(shared, listed=4)
    assert "Chosen" not in lines(shared)


def test_the_line_in_few_figures():
    assert lines(transfer(carrier="tcp", rtt=40, loss_rate=0.0))["Line"].text == "TCP, under 0.1 ms, no loss"
    assert lines(transfer(carrier="tcp", rtt=2_300, retries=1))["Line"].text == "TCP, 2.3 ms, 1 retry"


def test_its_own_limit_is_named_steadily_where_it_is_what_limits():
    near = transfer(status="sending", send_rate_max=10_000, rate=9_000, bottleneck="the line, 8 Mbit/s")
    assert lines(near)["Limited by"].text == "you, to 1.2 MB/s"
    far = transfer(status="sending", send_rate_max=100_000, rate=9_000, bottleneck="the line, 8 Mbit/s")
    assert lines(far)["Limited by"].text == "the line, 8 Mbit/s"


def test_what_the_sender_paused_is_not_said_twice():
    row = RowMaker().make(incoming(phase="waiting for the peer", last_error_message="Paused."), NAMES, NOW)
    assert row.status.sentence == f"Paused by {row.other}"
    assert why(Selected(row, incoming())) == (
        f"Paused by {row.other}. Nothing is lost. It goes on when {row.other} resumes it.")


def test_a_reason_is_said_once():
    waiting = transfer(phase="waiting for the peer", next_retry_time=NOW + 5_000_000,
                       last_error_message="No node answers at b:8886.")
    row = RowMaker().make(waiting, NAMES, NOW)
    assert why(Selected(row, waiting)) == (
        "No node answers at b:8886. Nothing is lost. It tries again by itself; Retry tries now.")


@pytest.mark.parametrize(("source", "target", "whole"), [
    ("/home/me/reel/notes.txt", "reel/notes.txt", "/home/me/reel"),
    ("/home/me/reel/a/b.exr", "reel/a/b.exr", "/home/me/reel"),
    ("/home/me/reel/a/b.exr", "Other name/a/b.exr", "/home/me/reel"),
    ("/home/me/reel/a/b.exr", "x/y/a/b.exr", "/home/me/reel"),
    ("/home/me/notes.txt", "notes.txt", "/home/me/notes.txt"),
    ("/home/me/notes.txt", "in/other.txt", "/home/me/notes.txt"),
    ("/notes.txt", "in/notes.txt", "/notes.txt"),
    ("D:\\reel\\a\\b.exr", "reel/a/b.exr", "D:\\reel"),
])
def test_what_was_sent_is_told_from_one_of_its_files(source, target, whole):
    assert dropped_path(source, target) == whole


def test_what_was_left_out_is_said():
    assert "Left out" not in lines(transfer())
    assert lines(transfer(), left_out=1)["Left out"].text == "one thing, named under Files, Only problems"
    assert lines(transfer(), left_out=6)["Left out"].text == "6 things, named under Files, Only problems"
