from app.helpers.build import NOW, row, transfer
from jetstream.entities import Offer
from jetstream_desktop.state.offers import announcement, in_words
from jetstream_desktop.state.words import status_of


def offer(**changes):
    return Offer(**({"offer_id": "1", "peer_name": "Ann's laptop", "peer_fingerprint": "ab" * 32,
                     "source_ip": "192.0.2.7", "label": "Reel 07", "total_files": 412, "total_size": 2_000_000,
                     "folder": "/home/me/in", "free_space": 3_000_000} | changes))


def test_what_a_person_reads():
    ask = in_words(offer(), None, "/home/me")
    assert ask.title == "Ann's laptop wants to send you “Reel 07”"
    assert (ask.amount, ask.room, ask.fits) == ("412 files, 2.0 MB", "3.0 MB free here", True)
    assert ask.folder == "Goes to ~/in"
    assert ask.sender == "From 192.0.2.7, identity abab abab abab abab"
    for part in (ask.title, ask.amount, ask.room, ask.folder, ask.sender):
        assert part in ask.spoken


def test_another_folder_and_no_room():
    full = in_words(offer(free_space=1_000_000, destination_path="/a/b"), None, "")
    assert (full.room, full.fits) == ("there is room for 1.0 MB only", False)
    assert full.folder == "Goes to /home/me/in/a/b"
    chosen = in_words(offer(free_space=1), "/mnt/disk", "")
    assert (chosen.room, chosen.fits, chosen.folder) == ("free space not known", True, "Goes to /mnt/disk")
    assert in_words(offer(free_space=None), None, "").fits


def test_hostile_words_stay_one_line_that_runs_forward():
    ask = in_words(offer(peer_name="<b>Evil</b>\n\u202etxt", label="דנה\u2066"), None, "")
    assert "\n" not in ask.title
    assert "\u202e" not in ask.title
    assert ask.title.count("\u2068") == ask.title.count("\u2069") == 2
    assert in_words(offer(label=""), None, "").title == "Ann's laptop wants to send you files"


def test_one_notification_for_all():
    assert announcement((offer(),)) == ("Ann's laptop wants to send you files", "Reel 07: 412 files, 2.0 MB")
    assert announcement((offer(), offer(offer_id="2"))) == ("JetStream", "2 computers or transfers wait for your yes")


def test_what_the_sender_reads():
    status = status_of(transfer(status="pending", phase="waiting for the peer", peer_name="Studio B",
                                asked_time=NOW - 180_000_000, last_error_message="Studio B has to say yes first."),
                       "192.0.2.9", NOW)
    assert row(status="pending", asked_time=NOW, last_error_message="Studio B has to say yes first.").error is None
    assert status.sentence == "Studio B has to say yes first"
    assert status.advice == "Asked 3 min ago. It starts by itself as soon as somebody there accepts it."
