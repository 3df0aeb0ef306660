"""``jetstream send --dry-run``: the sentences, and the command with a scripted node."""

import json

import pytest

from helpers.answers import DESTINATION
from jetstream.checks import check, untried
from jetstream.constants import OVERWRITE_BACKUP
from jetstream.entities import to_wire
from jetstream.errors import InvalidParameters
from jetstream.findings import Step
from jetstream.previews import PathProblem, Preview
from jetstream_cli.choices import Overwrite
from jetstream_cli.dryrun import last_rate
from jetstream_cli.forecast import Pace, conclusion, forecast
from jetstream_cli.targets import Target

WAY = (check("name-ip", address="10.0.0.7"), check("route-open", address="10.0.0.7", port=8886),
       check("protocol-ok", version="0.1.0", node="Studio\nB"), check("identity-known", presented="ab"))
DOOR = (check("login-known"), check("folder-ok", free=10**12), check("round-trip-ok", rtt=100))
END = (check("files-ok", size=18_200_000_000), check("names-ok"), check("room-ok", needed=18_200_000_000, free=10**12))
GOOD = Preview(checks=(*WAY, *DOOR, *END), admission="yes", total_files=2310, total_size=18_200_000_000, complete=True,
               transfer_size=18_200_000_000, free_space=10**12, needed_space=18_200_000_000, present=0, unchanged=0,
               present_size=0, refused=(), refused_total=0)
STUDIO = Target("studio", None, "incoming")
UNKNOWN = Pace()


def changed(**values):
    return Preview(**{name: getattr(GOOD, name) for name in GOOD.__slots__} | values)


def lines(preview, overwrite=Overwrite.ALWAYS, pace=UNKNOWN):
    return {line.about: line for line in forecast(preview, STUDIO, overwrite, pace)}


def test_all_is_well():
    said = lines(GOOD, pace=Pace(last=400_000))
    assert {about: line.text for about, line in said.items()} == {
        "Goes": "2,310 files, 18.2 GB.",
        "To": "“Studio\\nB” at studio:incoming. It takes files from this node.",
        "Room": "18.2 GB are needed there, and 1.0 TB are free.",
        "There": "Nothing of it is there yet.",
        "Takes": "About 6 min, at the 50.0 MB/s of the last time.",
    }
    assert conclusion(GOOD) == "It would work."


@pytest.mark.parametrize(("pace", "words"), [
    (Pace(limit=8000), "At least 5 h 3 min, at the 1.0 MB/s of --rate."),
    (Pace(8000, 80_000), "About 5 h 3 min, at the 1.0 MB/s of the last time."),
    (Pace(80_000, 8000), "About 5 h 3 min, at the 1.0 MB/s of --rate."), (Pace(), None),
])
def test_how_long_it_takes(pace, words):
    said = lines(GOOD, pace=pace).get("Takes")
    assert (said.text if said else None) == words


@pytest.mark.parametrize("overwrite", Overwrite)
def test_what_is_there(overwrite):
    preview = changed(present=12, unchanged=3, present_size=1_200_000_000,
                      present_sample=tuple(f"film/{number}\x1b" for number in range(12)))
    line = lines(preview, overwrite)["There"]
    assert line.text.startswith("12 of them are there already (1.2 GB), 3 with the same size and time. Wh")
    assert line.text.endswith(" Unchanged files are sent all the same.")
    assert line.examples == (*(f"film/{number}\\x1b" for number in range(5)), "and 7 more")
    assert line.outcome == "warning"
    words = {lines(preview, mode)["There"].text for mode in Overwrite}
    assert len(words) == len(Overwrite), "each mode has its own"


@pytest.mark.parametrize(("values", "words", "outcome"), [
    ({"present": 2310, "unchanged": 2310}, "All of them are there already (0 B), with the same size and time.", "ok"),
    ({"present": 1}, "1 of them is there already (0 B). What is there would be replaced.", "warning"),
    ({"present": 1, "total_files": 1}, "It is there already (0 B). What is there would be replaced.", "warning"),
    ({"complete": False}, "Nothing of it is there yet, as far as it was looked at.", "ok"),
])
def test_how_many_are_there(values, words, outcome):
    line = lines(changed(**values))["There"]
    assert line.text.startswith(words)
    assert line.outcome == outcome


def test_a_stranger():
    asked = changed(admission="ask", present=None, refused=None, checks=(
        *WAY[:3], check("identity-first", presented="ab"), check("login-asked"), check("folder-private"), DOOR[2],
        END[0], check("names-private"), check("room-private")))
    said = lines(asked)
    assert "It asks its owner" in said["To"].text
    assert said[""].text == "Its identity is ab, seen for the first time. The first transfer will remember it."
    assert said["There"].text == "Only who may send there is told what is there."
    assert "Room" not in said
    assert conclusion(asked) == "It would work, once somebody there says yes."


def test_no_way():
    lost = changed(admission=None, present=None, checks=(WAY[0], check("route-refused", host="studio", port=8886),
                                                         END[0], untried(Step.NAMES), untried(Step.ROOM)))
    said = lines(lost)
    assert list(said) == ["Goes", "To"]
    assert said["To"].text == "studio:incoming. studio is there, but nothing listens on port 8886."
    assert "jetstream server" in said["To"].fix
    assert conclusion(lost) == "It would not work like this."


def test_what_is_in_the_way():
    problems = tuple(PathProblem(path=f"p{number}", reason="file name too long") for number in range(3))
    bad = changed(refused=problems, refused_total=3, unreadable=problems[:1], unreadable_total=1, checks=(
        *WAY, *DOOR, check("files-unreadable", path="p0", reason="r", count=1),
        check("names-refused", path="p0", reason="r", count=3), check("room-short", needed=5, free=4)))
    said = lines(bad)
    assert (said["Here"].text, said["Here"].examples) == ("1 thing cannot be read here:", ("p0: file name too long",))
    assert said["Names"].text == "3 things cannot be stored there:"
    assert len(said["Names"].examples) == 3
    assert (said["Room"].text, said["Room"].outcome) == ("5 B are needed there, and only 4 B are free.", "failed")
    assert all(said[about].fix for about in ("Here", "Names", "Room"))


def test_too_much_to_look_at():
    part = changed(complete=False, checks=(*WAY, *DOOR, check("files-more", size=9), check("names-more"), END[2]))
    assert lines(part)["Goes"].text == "2,310 files, 18.2 GB, and more that was not looked at."
    assert conclusion(part) == "As far as it was looked at, it would work."
    assert lines(changed(total_files=0, total_size=0))["Goes"].text == "No file."


def test_the_last_rate():
    known = to_wire(DESTINATION)
    address, port = known["destinationAddress"], known["destinationPort"]
    made = [type(DESTINATION)(destination_id=str(number), destination_address=address, destination_port=port,
                              last_rate=rate, last_used_time=number)
            for number, rate in enumerate([5, 7, None])]
    assert last_rate(made, address.upper(), port) == 7
    assert last_rate(made, address, port + 1) is None


def scripted(peer, found):
    peer.answers |= {
        "send.previewTransferAsync": {"requestId": 3},
        "server.getRequestStatus": {"requestId": 3, "processing": False},
        "server.getRequestResult": to_wire(found),
    }


def test_the_command(peer, jetstream, tmp_path):
    (tmp_path / "film").mkdir()
    scripted(peer, GOOD)
    done = jetstream("send", tmp_path / "film", "studio:incoming", "--dry-run", "--overwrite", "backup",
                     "--exclude", "*.tmp", "--skip-unreadable")
    assert done.exit_code == 0, done.stderr
    assert "Goes    2,310 files, 18.2 GB." in done.stdout
    assert done.stdout.endswith("It would work. Nothing was sent.\n")
    name, params = next(call for call in peer.calls if call[0] == "send.previewTransferAsync")
    assert params == {"destinationAddress": "studio", "destinationPort": 8886, "destinationPath": "incoming",
                      "mappings": {"film": str(tmp_path / "film")}, "exclude": ["*.tmp"], "skipUnreadable": True,
                      "overwriteMode": OVERWRITE_BACKUP}
    assert not {"send.createDestination", "send.createManifest", "send.createTransfer"} & set(peer.names())

    as_json = jetstream("send", tmp_path / "film", "studio", "--dry-run", "--json")
    assert json.loads(as_json.stdout) == to_wire(GOOD)
    scripted(peer, changed(checks=(check("route-refused", host="studio", port=1),)))
    assert jetstream("send", tmp_path / "film", "studio", "--dry-run").exit_code == 1
    assert jetstream("send", tmp_path / "film", "studio", "--dry-run", "--json").exit_code == 1


def test_what_the_command_refuses(peer, jetstream, tmp_path):
    (tmp_path / "film").mkdir()
    for words in (["--json"], ["--dry-run", "--detach"]):
        assert jetstream("send", tmp_path / "film", "studio", *words).exit_code == 2
    peer.answers["send.previewTransferAsync"] = InvalidParameters("There is no such method.", field="method")
    old = jetstream("send", tmp_path / "film", "studio", "--dry-run")
    assert (old.exit_code, "Your node is too old to look before it sends." in old.stderr) == (3, True)
