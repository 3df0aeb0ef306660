import pytest

from app.helpers.build import NAMES, NOW, incoming, incoming_row, row, transfer
from jetstream_desktop.state.rows import Group, Names, RowMaker, group_of, key_of


def test_keys_of_the_two_directions_differ():
    assert key_of(transfer(7)) == "s7"
    assert key_of(incoming(7)) == "r7"


@pytest.mark.parametrize(("changes", "group"), [
    ({"status": "complete", "processing": False}, Group.DONE),
    ({"status": "cancelled", "processing": False}, Group.DONE),
    ({"status": "error", "processing": False}, Group.FAILED),
    ({"status": "suspended", "processing": False}, Group.PAUSED),
    ({"status": "pending", "phase": "queued"}, Group.WAITING),
    ({"phase": "waiting for disk space"}, Group.WAITING),
    ({"phase": "connecting", "next_retry_time": NOW}, Group.WAITING),
    ({"status": "pending", "phase": "connecting"}, Group.ACTIVE),
    ({}, Group.ACTIVE),
])
def test_groups(changes, group):
    assert group_of(transfer(**changes)) is group


def test_what_the_sender_paused_is_looked_for_under_paused_as_it_does_not_go_on_by_itself():
    assert group_of(incoming(phase="waiting for the peer", last_error_message="Paused.")) is Group.PAUSED
    assert group_of(incoming(phase="waiting for the peer", last_error_message="No route.")) is Group.WAITING
    assert group_of(incoming(phase="sending", last_error_message="Paused.")) is Group.ACTIVE  # it was, and goes on


def test_a_sending_row():
    maker = RowMaker()
    maker.make(transfer(bytes_acked=0, snapshot_time=NOW), NAMES, NOW)
    made = maker.make(transfer(bytes_acked=500, snapshot_time=NOW + 1_000_000), NAMES, NOW + 1_000_000)
    assert (made.name, made.other, made.fraction) == ("Reel 1", "Studio B", 0.5)
    assert made.rate == pytest.approx(500)
    assert made.time_left.high == pytest.approx(1)
    assert made.can_pause
    assert made.can_cancel
    assert not made.can_resume
    assert not made.can_retry
    assert made.elapsed == pytest.approx(61)


def test_what_the_node_says_fills_in_until_there_are_two_observations():
    made = row(rate=8, average_rate=16, eta=30)
    assert made.rate == 1000
    assert made.average == 2000
    assert (made.time_left.low, made.time_left.high) == (30, 30)
    assert row(rate=None).rate is None
    assert row(eta=None).time_left is None


def test_the_time_left_is_counting_while_the_total_grows():
    made = row(total_bytes=None)
    assert made.time_left.counting
    assert made.fraction is None


def test_a_stopped_row_has_no_rate():
    made = row(status="suspended", processing=False, rate=8)
    assert made.rate is None
    assert made.time_left is None
    assert made.can_resume
    assert not made.can_pause


def test_forgetting_starts_the_estimate_anew():
    maker = RowMaker()
    maker.make(transfer(bytes_acked=0), NAMES, NOW)
    maker.forget("s1")
    assert maker.make(transfer(bytes_acked=500), NAMES, NOW + 1_000_000).rate is None


def test_names_of_the_other_side():
    maker = RowMaker()
    assert maker.make(transfer(), Names(), NOW).other == "unknown destination"
    assert maker.make(transfer(peer_name="anna"), Names(), NOW).other == "anna"
    assert maker.make(transfer(owner_token="MAY"), NAMES, NOW).other == "somebody, by link"
    assert maker.make(transfer(owner_token="MAY", peer_name="Ann"), NAMES, NOW).other == "Ann, by link"
    assert maker.make(transfer(label=""), NAMES, NOW).name == "Transfer 1"


def test_an_incoming_row():
    made = incoming_row(peer_name="Colour lab")
    assert (made.incoming, made.other, made.path, made.fraction) == (True, "Colour lab", "/home/me/JetStream", 0.25)
    assert incoming_row(destination_path="/a/b").path == "/home/me/JetStream/a/b"
    assert incoming_row().other == "10.0.0.7"
    assert incoming_row(source_ip=None).other == "another computer"
    assert incoming_row(label="").name == "Incoming 1"


def test_only_a_download_can_be_fetched_again():
    assert incoming_row(status="error", processing=False, download=True).can_retry
    assert not incoming_row(status="error", processing=False).can_retry


def test_done_is_all_of_it_even_when_it_is_empty():
    assert row(status="complete", processing=False, total_bytes=0, bytes_acked=0, end_time=NOW).fraction == 1.0
    assert row(status="cancelled", processing=False, end_time=None).fraction == pytest.approx(0.1)
    assert row(status="cancelled", processing=False, end_time=NOW).fraction == pytest.approx(0.1)
