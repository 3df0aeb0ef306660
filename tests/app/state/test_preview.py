from dataclasses import replace

import pytest

from jetstream.checks import check
from jetstream.constants import OVERWRITE_ALWAYS, OVERWRITE_BACKUP, OVERWRITE_KEEP_BOTH, OVERWRITE_NEVER
from jetstream.entities import Destination, PathProblem, Preview
from jetstream_desktop.state.address import Address, Choice
from jetstream_desktop.state.basket import Basket, Found, Kind
from jetstream_desktop.state.counting import Count
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.state.options import Options
from jetstream_desktop.state.preview import (
    CHECKED,
    GOES,
    NOTHING,
    REFUSED,
    ROOM,
    TAKES,
    THERE,
    UNREADABLE,
    Answer,
    card_of,
    question,
    remarks,
)

PLACE = Destination(destination_id="d", destination_address="b.example", destination_port=8886, last_rate=8_000)
SAVED = Choice("d", "Studio B", "", True, PLACE)
COUNT = Count(412, 180_000_000, True)
BASKET = Basket().add([Found("/x/reel", Kind.FOLDER), Found("/x/a.mov", Kind.FILE, 5)])
WAY = (check("name-ip", address="192.0.2.7"), check("route-open", port=8886, address="192.0.2.7"),
       check("protocol-ok", version="1", node="B"), check("identity-known", presented="ab" * 32))
GOOD = (*WAY, check("login-known"), check("folder-ok", free=4 * 10**12), check("round-trip-ok", rtt=500))
FOUND = Preview(checks=GOOD, admission="yes", total_files=412, total_size=180_000_000, complete=True,
                transfer_size=180_000_000, free_space=4_100_000_000_000, needed_space=180_000_000, present=0,
                unchanged=0, present_size=0, refused=(), refused_total=0)


def card(found=FOUND, *, choice=SAVED, options=None, reason=None, count=COUNT, running=False, problem=""):
    return card_of(count, choice, options or Options(), reason, Answer(found, running, problem))


def said(made):
    return {row.key: row.text for row in made.rows}


def tone(made, key):
    return next(row.tone for row in made.rows if row.key == key)


class TestQuestion:
    def test_a_saved_destination_is_asked_about(self):
        asked = question(BASKET, SAVED, Options(folder="dailies", overwrite=OVERWRITE_NEVER))
        assert (asked.destination, asked.folder, asked.overwrite) == ("d", "dailies", OVERWRITE_NEVER)
        assert asked.mappings == {"reel": "/x/reel", "a.mov": "/x/a.mov"}

    def test_a_node_nearby_is_asked_about_with_the_identity_that_it_announced(self):
        near = Near("u", "Ann", "192.0.2.9", 8886, "cd" * 32).choice
        asked = question(BASKET, near, Options())
        assert (asked.destination, asked.way) == (None, ("192.0.2.9", 8886, None, "cd" * 32))

    def test_an_address_that_was_typed_is_never_dialled_by_itself(self):
        typed = Choice("new", "192.0.2.1", "", None, None, Address("192.0.2.1"))
        assert question(BASKET, typed, Options()) is None

    @pytest.mark.parametrize("basket", [Basket(), BASKET.add([Found("/x/gone", Kind.MISSING)])])
    def test_what_cannot_be_sent_is_not_looked_at(self, basket):
        assert question(basket, SAVED, Options()) is None
        assert question(BASKET, None, Options()) is None

    @pytest.mark.parametrize("change", [{"destination_address": "c.example"}, {"user_name": "ann"},
                                        {"permitted_destination_public_key": "ef" * 32}])
    def test_a_destination_that_was_edited_is_another_question(self, change):
        edited = replace(SAVED, destination=replace(PLACE, **change))
        assert question(BASKET, edited, Options()) != question(BASKET, SAVED, Options())

    def test_what_the_node_notes_about_it_is_none(self):
        used = replace(SAVED, destination=replace(PLACE, last_rate=5, last_used_time=9))
        assert question(BASKET, used, Options()) == question(BASKET, SAVED, Options())

    def test_how_fast_and_how_important_change_nothing(self):
        assert question(BASKET, SAVED, Options(limit=50, priority=1)) == question(BASKET, SAVED, Options())


class TestCard:
    def test_all_is_well(self):
        made = card()
        assert said(made) == {GOES: "412 files, 180 MB", CHECKED: "identity, rights, folder", ROOM: "4.1 TB free",
                              TAKES: "about 3 min at the speed of last time"}
        assert (tone(made, CHECKED), made.problem, made.note) == ("good", None, "")

    def test_before_anything_is_known(self):
        assert said(card(None)) == {GOES: "412 files, 180 MB", TAKES: "about 3 min at the speed of last time"}
        assert said(card(None, running=True))[CHECKED] == "checking…"
        assert said(card(None, count=Count(3, 5), choice=None)) == {GOES: "3 files, 5 B so far"}
        assert card(None, count=Count(complete=True)).rows == ()

    def test_too_little_room_comes_first(self):
        made = card(replace(FOUND, free_space=55_000_000_000, needed_space=1_200_000_000_000,
                            checks=(*GOOD, check("room-short", needed=1, free=0))))
        assert (made.rows[0].key, made.rows[0].tone) == (ROOM, "caution")
        assert made.rows[0].text == "55.0 GB free, 1.2 TB needed"
        assert said(made)[CHECKED] == "identity, rights, folder"
        assert made.line == ("Room there: 55.0 GB free, 1.2 TB needed", "caution")

    def test_a_full_disk_is_said_once(self):
        full = replace(FOUND, free_space=0, checks=(*GOOD[:5], check("folder-full", free=0)))
        assert said(card(full))[CHECKED] == "identity, rights"
        assert "No room is left there" in said(card(replace(full, needed_space=None)))[CHECKED]

    @pytest.mark.parametrize(("code", "facts", "wanted"), [
        ("login-refused", {"ours": "ab" * 32}, "bad"), ("route-silent", {"host": "b", "port": 1, "seconds": 5},
                                                         "caution")])
    def test_what_is_in_the_way_with_its_fix(self, code, facts, wanted):
        failed = check(code, **facts)
        made = card(Preview(checks=(*WAY, failed), complete=True))
        (row,) = [row for row in made.rows if row.key == CHECKED]
        assert (row.text, row.fix, row.tone) == (failed.text, failed.fix, wanted)
        assert made.line == (failed.text, wanted)
        assert made.stopped

    def test_somebody_there_is_asked(self):
        made = card(Preview(checks=(*WAY, check("login-asked")), admission="ask", complete=True))
        assert said(made)[CHECKED] == "somebody there will be asked"
        assert made.problem.fix == "It starts when they say yes."
        assert not made.stopped  # there is no failed step to look at
        assert ROOM not in said(made)

    def test_the_note_of_a_place_says_it_better(self):
        there = replace(SAVED, note="This computer asks first.")
        made = card(Preview(checks=(*WAY, check("login-asked")), admission="ask"), choice=there)
        assert (made.note, CHECKED in said(made)) == ("This computer asks first.", False)

    @pytest.mark.parametrize(("overwrite", "present", "unchanged", "words"), [
        (OVERWRITE_ALWAYS, 14, 0, "14 files, replaced"), (OVERWRITE_ALWAYS, 14, 12, "12 unchanged, 2 replaced"),
        (OVERWRITE_ALWAYS, 1, 1, "1 file, unchanged"), (OVERWRITE_NEVER, 14, 12, "14 files, kept"),
        (OVERWRITE_KEEP_BOTH, 1, 0, "1 file, both kept"), (OVERWRITE_BACKUP, 2, 0, "2 files, kept as .jetbak")])
    def test_what_is_there_already(self, overwrite, present, unchanged, words):
        found = replace(FOUND, present=present, unchanged=unchanged)
        assert said(card(found, options=Options(overwrite)))[THERE] == words
        more = replace(found, complete=False)
        assert said(card(more, options=Options(overwrite)))[THERE] == f"{words} so far"

    def test_names_that_do_not_fit(self):
        found = replace(FOUND, refused=(PathProblem(path="reel/aux", reason="Windows keeps this name for a device"),),
                        refused_total=3, checks=(*GOOD, check("names-refused", path="", reason="", count=3)))
        (row,) = [row for row in card(found).rows if row.key == REFUSED]
        assert (row.text, row.tone) == ("3 names", "bad")
        assert row.fix == "“reel/aux”: Windows keeps this name for a device. Give it another name."
        assert said(card(found))[CHECKED] == "identity, rights, folder"

    def test_what_cannot_be_read(self):
        assert said(card(replace(FOUND, unreadable_total=2)))[UNREADABLE] == "2 files, left out"
        assert said(card(None, count=replace(COUNT, unreadable=1)))[UNREADABLE] == "1 file, left out"

    @pytest.mark.parametrize(("limit", "rate", "words"), [
        (1_000, 8_000, "about 24 min at this limit"), (10_000, 8_000, "about 3 min at the speed of last time"),
        (1_000, None, "at least 24 min"), (None, None, None)])
    def test_how_long_it_takes(self, limit, rate, words):
        known = replace(SAVED, destination=replace(PLACE, last_rate=rate))
        assert said(card(choice=known, options=Options(limit=limit))).get(TAKES) == words

    def test_why_it_cannot_go_stands_above(self):
        made = card(None, reason="It is gone.")
        assert (made.note, made.note_tone, made.line) == ("It is gone.", "bad", ("It is gone.", "bad"))

    def test_a_look_that_was_not_possible(self):
        made = card(None, problem="the line broke")
        assert (said(made)[CHECKED], tone(made, CHECKED)) == ("could not be checked: the line broke", "dim")
        assert made.problem is None

    def test_one_sentence_for_who_cannot_see_it(self):
        assert card().spoken == (
            "To send: 412 files, 180 MB. Checked: identity, rights, folder. Room there: 4.1 TB free. "
            "Takes: about 3 min at the speed of last time.")

    def test_folded_to_a_line(self):
        assert card(replace(FOUND, present=14)).line == (
            "412 files, 180 MB · Already there: 14 files, replaced · about 3 min at the speed of last time", "dim")
        assert card(None, running=True, choice=None).line == ("412 files, 180 MB · checking…", "dim")


class TestRemarks:
    def test_nothing_is_known(self):
        assert remarks(NOTHING.preview, Options()) == {}

    def test_files_that_are_there_are_marked_if_all_are_told(self):
        found = replace(FOUND, present=2, present_sample=("reel/a", "reel/b"))
        assert {target: flag.text for target, flag in remarks(found, Options(OVERWRITE_NEVER)).items()} == {
            "reel/a": "already there: kept", "reel/b": "already there: kept"}
        assert remarks(replace(found, present=3), Options()) == {}

    @pytest.mark.parametrize(("unchanged", "words"), [(0, "already there: replaced"), (1, "already there"),
                                                      (2, "already there, unchanged")])
    def test_which_of_them_are_replaced_is_not_told(self, unchanged, words):
        found = replace(FOUND, present=2, unchanged=unchanged, present_sample=("a", "b"))
        assert {flag.text for flag in remarks(found, Options()).values()} == {words}

    def test_refused_names_are_marked(self):
        found = replace(FOUND, refused=(PathProblem(path="aux", reason="no"),), refused_total=1)
        assert remarks(found, Options())["aux"].text == "refused there: no"
