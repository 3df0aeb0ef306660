import shlex

import pytest

from app.helpers.build import incoming
from jetstream.constants import OVERWRITE_KEEP_BOTH
from jetstream_desktop.state.arrivals_code import (
    MOST_RANGES,
    Fetched,
    arrival_as_command,
    arrival_as_python,
    fetched_of,
)
from jetstream_desktop.state.nodes import OpenNode

LINK = "jetstream://studio-b/download?token=MAYWEBRO.TRUPO.VEVEEBLU"


def fetched(**how):
    return incoming(3, download=True, user_data=Fetched(LINK, **how).remembered())


def test_what_was_fetched_is_fetched_again():
    script = arrival_as_python(fetched())
    compile(script, "copied", "exec")
    assert f"createDownload(\n        '{LINK}')\n" in script
    assert arrival_as_command(fetched()) == f"jetstream get '{LINK}'"


def test_where_to_and_a_part_and_a_password_are_repeated():
    script = arrival_as_python(fetched(folder="it's", entries=[(0, 2), (5, 1)], locked=True))
    compile(script, "copied", "exec")
    for part in ('destinationPath="it\'s"', "entries=[[0, 2], [5, 1]]", "from getpass import getpass",
                 "password=getpass("):
        assert part in script
    assert arrival_as_command(fetched(entries=[(0, 2)])) is None
    assert shlex.split(arrival_as_command(fetched(locked=True))) == ["jetstream", "get", "--ask-password", LINK]


def test_a_folder_is_the_one_that_it_went_to_wherever_the_command_runs():
    made = incoming(3, download=True, destination_path="2024", user_data=Fetched(LINK, "2024").remembered())
    assert shlex.split(arrival_as_command(made))[-1] == "/home/me/JetStream/2024"


def test_what_happens_to_older_files_is_repeated():
    made = incoming(3, download=True, overwrite_mode=OVERWRITE_KEEP_BOTH, user_data=Fetched(LINK).remembered())
    assert "--overwrite keep-both" in arrival_as_command(made)
    assert f"overwriteMode={OVERWRITE_KEEP_BOTH}" in arrival_as_python(made)


def test_what_was_sent_to_us_is_looked_at():
    script = arrival_as_python(incoming(3))
    compile(script, "copied", "exec")
    assert "getTransfer('3')" in script
    assert arrival_as_command(incoming(3)) == "jetstream api recv.getTransfer --transfer=3"
    done = arrival_as_command(incoming(3, status="complete", processing=False))
    assert done == "jetstream api recv.getTransferFiles --transfer=3\njetstream verify r3"


def test_it_is_asked_of_the_node_that_has_it():
    node = OpenNode("studio-b", 9000, "ann")
    assert arrival_as_command(fetched(), node).startswith(
        "jetstream get --api-host studio-b --api-port 9000 --api-user ann ")
    assert arrival_as_command(incoming(3), node).startswith(
        "jetstream api --api-host studio-b --api-port 9000 --user ann recv.")
    script = arrival_as_python(fetched(), node)
    compile(script, "copied", "exec")
    assert "api.server.auth('ann', getpass())" in script
    assert "api(serverPort=9001)" in arrival_as_python(incoming(3), port=9001)
    assert "jetstream verify --api-port 9001 r3" in arrival_as_command(
        incoming(3, status="complete"), port=9001)


@pytest.mark.parametrize("kept", [
    {}, {"fetched": 7}, {"fetched": {}}, {"fetched": {"link": LINK}}, {"fetched": {"link": LINK, "folder": 1}},
    {"fetched": {"link": LINK, "folder": "", "entries": 7}}, {"fetched": {"link": LINK, "folder": "", "entries": []}},
    {"fetched": {"link": LINK, "folder": "", "entries": [[1, 2], [3]]}},
    {"fetched": {"link": LINK, "folder": "", "entries": [[1, "2"]]}},
])
def test_a_download_that_does_not_say_how_it_was_asked_for_is_looked_at(kept):
    made = incoming(3, download=True, user_data=kept)
    assert fetched_of(made) is None
    script = arrival_as_python(made)
    compile(script, "copied", "exec")
    assert script.startswith("# How this was fetched is not remembered")
    assert arrival_as_command(made).splitlines()[1].startswith("jetstream api recv.getTransfer ")


def test_what_somebody_else_sent_cannot_pretend_to_have_been_fetched():
    assert fetched_of(incoming(3, user_data=Fetched(LINK).remembered())) is None


def test_what_is_remembered_comes_back():
    how = Fetched(LINK, "2024", [(0, 1), (4, 2)], locked=True)
    assert fetched_of(incoming(3, download=True, user_data=how.remembered())) == how
    assert Fetched(LINK, "", [(n * 2, 1) for n in range(MOST_RANGES + 1)]).remembered() == {}
    assert Fetched(LINK, "/x/\udce9").remembered() == {}
