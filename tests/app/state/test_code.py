from dataclasses import replace

import pytest

from app.helpers.build import transfer
from jetstream.constants import OVERWRITE_KEEP_BOTH, SYMLINK_IGNORE
from jetstream.entities import Destination, Manifest
from jetstream_cli.targets import Target, read_target
from jetstream_desktop.state.code import Recipe, as_command, as_python, recipe_of
from jetstream_desktop.state.nodes import OpenNode

WHERE = Destination(destination_id="d", destination_address="studio-b", destination_port=8886)
ONE = Recipe({"a": "/x/a"})


def test_the_script_is_python():
    full = as_python(transfer(destination_path="in'coming"), replace(WHERE, destination_port=9000), ONE)
    bare = as_python(transfer(manifest_id="7"), WHERE, None)
    for text in (full, bare):
        compile(text, "copied", "exec")
    assert "createDestination('studio-b', 9000)" in full
    assert "{'a': '/x/a'}" in full
    assert "getManifest('7')" in bare


def test_everything_that_was_chosen_is_repeated():
    recipe = Recipe({"a": "/x/a"}, ("*.tmp", "a b"), SYMLINK_IGNORE)
    sent = transfer(overwrite_mode=OVERWRITE_KEEP_BOTH, priority=10, send_rate_max=5000)
    script = as_python(sent, WHERE, recipe)
    compile(script, "copied", "exec")
    for part in (f"exclude=['*.tmp', 'a b'], symlinkMode={SYMLINK_IGNORE}", "priority=10, overwriteMode=",
                 "sendRateMax=5000"):
        assert part in script
    assert as_command(sent, WHERE, recipe) == (
        "jetstream send --overwrite keep-both --priority 10 --rate 5000k --exclude '*.tmp' --exclude 'a b' "
        "--symlinks ignore --skip-unreadable /x/a studio-b")


def test_what_it_does_about_others_is_repeated():
    for changes, python, command in (
            ({"rate_policy": "background"}, "ratePolicy='background'", "send --background --skip"),
            ({"rate_policy": "background", "send_rate_max": 5}, "ratePolicy='background'", "--rate 5k --background"),
            ({"rate_policy": "fixed", "send_rate_max": 5000}, "ratePolicy='fixed'", "--rate 5000k --fixed")):
        script = as_python(transfer(**changes), WHERE, ONE)
        compile(script, "copied", "exec")
        assert python in script
        assert command in as_command(transfer(**changes), WHERE, ONE)


def test_a_login_is_taken_from_the_address_book_or_asked_for_but_never_written():
    where = replace(WHERE, user_name="ann", permitted_destination_public_key="ab" * 32)
    assert "getDestination('d')" in as_python(transfer(), where, ONE)
    assert f"--user ann --fingerprint {'ab' * 32}" in as_command(transfer(), where, ONE)


@pytest.mark.parametrize(("host", "port", "folder"), [
    ("studio-b", 8886, ""), ("studio-b", 8886, "in coming"), ("studio-b", 8886, "2024"), ("studio-b", 9000, "2024"),
    ("studio-b", 8886, "2024/b"), ("studio-b", 8886, "20:24"), ("studio-b", 8886, ":"), ("::1", 9000, "x"),
    ("fe80::1", 8886, ""), ("localhost", 8886, ""),
])
def test_the_command_names_the_place_as_the_command_reads_it(host, port, folder):
    import shlex

    where = Destination(destination_id="d", destination_address=host, destination_port=port)
    words = shlex.split(as_command(transfer(destination_path=folder), where, Recipe({"a b": "/x/a b"})))
    found = read_target(words[-1])
    assert replace(found, port=found.port or 8886) == Target(host, port, folder)
    assert words[-2] == "/x/a b"
    assert host != "localhost" or found.port is not None  # else it would be the port of the own node


def test_what_no_command_can_say():
    assert as_command(transfer(), WHERE, None) is None


def test_other_names_are_said():
    for mappings, words in (({"other": "/x/a"}, "--as other /x/a"),
                            ({"a": "/x/a", "b/c": "/x/c"}, "--as a --as b/c /x/a /x/c"),
                            ({"a": "/x/a", "a (2)": "/y/a"}, "--as a --as 'a (2)' /x/a /y/a")):
        assert as_command(transfer(), WHERE, Recipe(mappings)).endswith(f"--skip-unreadable {words} studio-b")


def test_one_folder_for_everything_is_a_part_of_the_place():
    sent = as_command(transfer(destination_path="in"), WHERE, Recipe({"show/a": "/x/a", "show/b": "/x/b"}))
    assert sent.endswith("/x/a /x/b studio-b:in/show")


def test_what_another_node_sends_is_asked_of_that_node():
    node = OpenNode("studio-b", 9000, "ann")
    script = as_python(transfer(), WHERE, ONE, node)
    compile(script, "copied", "exec")
    assert "JetStream().api('studio-b', 9000)" in script
    assert "api.server.auth('ann', getpass())" in script
    assert as_command(transfer(), WHERE, ONE, node).startswith(
        "jetstream send --api-host studio-b --api-port 9000 --api-user ann --skip")


def test_a_node_of_this_computer_at_another_port_is_named():
    assert "api(serverPort=9001)" in as_python(transfer(), WHERE, ONE, port=9001)
    assert as_command(transfer(), WHERE, ONE, port=9001).startswith("jetstream send --api-port 9001 ")


@pytest.mark.parametrize("user_data", [{}, {"mappings": 7}, {"mappings": {}}, {"mappings": ["a"]}])
def test_a_manifest_that_does_not_say_how_it_was_made(user_data):
    assert recipe_of(Manifest(manifest_id="m", status="complete", processing=False, user_data=user_data)) is None


def test_a_recipe_is_remembered():
    recipe = Recipe({"a": "/x/a"}, ("*.tmp",), SYMLINK_IGNORE)
    kept = Manifest(manifest_id="m", status="complete", processing=False, user_data=recipe.remembered())
    assert recipe_of(kept) == recipe
    older = replace(kept, user_data={"mappings": {"a": "/x/a"}, "symlinks": "x", "exclude": "*"})
    assert recipe_of(older) == ONE
    assert not Recipe({"a": "/x/\udce9"}).text_only
