import json

import pytest

from jetstream.entities import Destination
from jetstream_desktop.state.bookfile import MAX_BYTES, MAX_ENTRIES, BookFileError, Entry, before, merge, read, write

PIN, OTHER = "ab" * 32, "cd" * 32


def destination(number=1, **more):
    return Destination(**({"destination_id": str(number), "destination_address": f"host{number}.example",
                           "destination_port": 8886} | more))


def file(*entries, **more):
    return json.dumps({"format": "jetstream-destinations", "version": 1, "destinations": list(entries)} | more).encode()


def test_what_is_written_is_read_back_without_passwords():
    book = [destination(1, name="Grüße 🎬", user_name="ann", password_set=True, send_rate_max=500,
                        permitted_destination_public_key=PIN,
                        user_data={"group": "Studios", "folder": "in/dailies", "other": 1}),
            destination(2, destination_address="2001:db8::7", destination_port=9000)]
    text = write(book)
    assert "password" not in text
    assert read(text.encode()) == [
        Entry("host1.example", 8886, "Grüße 🎬", "Studios", "in/dailies", "ann", PIN, 500), Entry("2001:db8::7", 9000)]


def test_what_a_newer_program_adds_is_ignored():
    assert read(b"\xef\xbb\xbf" + file({"address": "host:9", "colour": "red"}, mood="good")) == [Entry("host", 9)]


@pytest.mark.parametrize(("data", "reason"), [
    (b"", "no JSON"), (b"\xff\xfe", "no JSON"), (b"[" * 100_000, "no JSON"), (b"[]", "of JetStream"),
    (b'{"format": "other"}', "of JetStream"), (file(version=2), "newer"), (file(version="1"), "version"),
    (file(version=True), "version"), (file(destinations={}), "no list"), (b" " * (MAX_BYTES + 1), "too large"),
    (file(*[{"address": "h"}] * (MAX_ENTRIES + 1)), "too many"), (file(7), "no list of fields"),
    (file({}), "no address"), (file({"address": "h"}, {"address": "a b"}), "Destination 2"),
    (file({"address": "x" * 400}), "no address"), (file({"address": "h", "port": 0}), "no port"),
    (file({"address": "h", "port": True}), "no port"), (file({"address": "h", "port": "80"}), "no port"),
    (file({"address": "h", "identity": "ab"}), "no identity"), (file({"address": "h", "identity": 5}), "no identity"),
    (file({"address": "h", "rateLimit": -1}), "no rate limit"), (file({"address": "h", "name": []}), "to be text"),
    (file({"address": "h", "rateLimit": 1e400}), "no rate limit"),
])
def test_a_hostile_file_gets_one_sentence(data, reason):
    with pytest.raises(BookFileError, match=reason) as caught:
        read(data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_names_of_a_file_cannot_break_a_line():
    (entry,) = read(file({"address": "h", "name": "a\u0000b\u2028c", "group": "\ud800"}))
    assert (entry.name, entry.group) == ("a b c", "")


# -- merging --------------------------------------------------------------------------------------------------------


def test_new_changed_and_the_same():
    known = [destination(1, name="One"), destination(2, name="Two", user_data={"group": "A", "kept": 1})]
    plan = merge(known, [Entry("HOST1.example", name="One"), Entry("host2.example", name="Zwei", group="B"),
                         Entry("host3.example", group="B"), Entry("host3.example", group="B")])
    assert (plan.same, len(plan.added)) == (1, 1)
    ((there, changes),) = plan.changed
    assert there.id == "2"
    assert changes == {"name": "Zwei", "user_data": {"group": "B", "kept": 1}}
    assert before(there, changes) == {"name": "Two", "user_data": {"group": "A", "kept": 1}}
    assert plan.words == "Imported: 1 new, 1 changed, 1 as it was."
    assert merge([], []).words == "Imported: nothing, the file is empty."


def test_what_a_file_leaves_out_stays():
    known = [destination(1, name="One", send_rate_max=5, permitted_destination_public_key=PIN, user_name="ann")]
    assert merge(known, [Entry("host1.example")]).same == 1


def test_an_import_never_replaces_a_pinned_identity():
    known = [destination(1, permitted_destination_public_key=PIN)]
    plan = merge(known, [Entry("host1.example", identity=OTHER)])
    assert (len(plan.added), plan.changed) == (1, ())
    assert merge([destination(1)], [Entry("host1.example", identity=PIN)]).changed[0][1] == {
        "permitted_destination_public_key": PIN}


def test_two_logins_at_one_address_are_two():
    known = [destination(1, user_name="ann"), destination(2, destination_address="host1.example", user_name="bob")]
    plan = merge(known, [Entry("host1.example", user="bob", name="Bob's"), Entry("host1.example", user="ann")])
    assert [there.id for there, _ in plan.changed] == ["2"]
    assert plan.same == 1
