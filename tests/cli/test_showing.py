"""Transfers in words and numbers."""

import pytest

from jetstream.entities import ReceiveTransfer, Transfer
from jetstream_cli.showing import View, path_words, view_of, words_for

NOW = 1_000_000_000


def sending(**changes):
    return Transfer(**{"transfer_id": "17", "manifest_id": "2", "destination_id": "4", "status": "sending",
                       "processing": True, "phase": "sending", "label": "reel07", **changes})


def test_under_way():
    transfer = sending(total_bytes=20_000_000, bytes_acked=5_000_000, total_files=4, files_done=1, rate=800, eta=42)
    assert view_of(transfer, NOW) == View("17", "reel07", 0.25, "5.0 MB of 20.0 MB", "1/4 files", "100 KB/s",
                                          "42 s left", "sending")


def test_before_anything_is_known():
    assert view_of(sending(status="pending", phase="scanning"), NOW) == View(
        "17", "reel07", None, "0 B", "", "", "", "scanning")


def test_complete():
    transfer = sending(status="complete", processing=False, phase=None, total_bytes=5, bytes_acked=5, rate=800, eta=1)
    assert view_of(transfer, NOW) == View("17", "reel07", 1.0, "5 B", "", "", "", "complete, verified")
    assert view_of(sending(status="complete", processing=False, total_bytes=0), NOW).fraction == 1.0
    assert view_of(sending(total_bytes=0), NOW).fraction == 0.0


def test_incoming():
    transfer = ReceiveTransfer(transfer_id="9", status="receiving", processing=True, phase="receiving",
                               total_size=10, bytes_recv=5)
    assert view_of(transfer, NOW) == View("r9", "files", 0.5, "5 B of 10 B", "", "", "", "receiving")


@pytest.mark.parametrize(("changes", "words"), [
    ({"phase": "waiting for the peer", "next_retry_time": NOW + 7_000_000, "last_error_message": "It is down."},
     "waiting for the peer, next try in 7 s: It is down."),
    ({"phase": "waiting for disk space", "last_error_message": "Full."}, "waiting for disk space: Full."),
    ({"phase": "waiting for the peer"}, "waiting for the peer"),
    ({"phase": "waiting for the peer", "asked_time": NOW, "last_error_message": "B has to say yes first."},
     "B has to say yes first."),
    ({"phase": "sending", "last_error_message": "It was down."}, "sending"),
    ({"phase": None}, "sending"),
    ({"status": "error", "processing": False, "error_message": "No\x1b room."}, "failed: No\\x1b room."),
    ({"status": "error", "processing": False}, "failed: no reason was given"),
    ({"status": "suspended", "processing": False}, "paused"),
    ({"status": "cancelled", "processing": False}, "cancelled"),
    ({"status": "strange", "processing": False}, "strange"),
])
def test_words(changes, words):
    assert words_for(sending(**changes), NOW) == words


@pytest.mark.parametrize(("changes", "words"), [
    ({"carrier": "udp", "rtt": 111_292, "loss_rate": 0.0215, "bottleneck": "the line, 281 Mbit/s"},
     "limited by the line, 281 Mbit/s · udp · 111 ms · 2.1 % lost"),
    ({"carrier": "tcp"}, "tcp"),
    ({"rtt": 5}, ""),
    ({"carrier": "udp", "processing": False}, ""),
])
def test_what_is_known_of_the_way(changes, words):
    assert path_words(sending(**changes)) == words


def test_what_is_known_of_the_way_in():
    transfer = ReceiveTransfer(transfer_id="9", status="receiving", processing=True, carrier="udp", rtt=20_000)
    assert path_words(transfer) == "udp · 20 ms"
