from app.helpers.build import transfer
from jetstream.entities import Destination
from jetstream_desktop.state.code import as_command, as_python
from jetstream_desktop.state.nodes import OpenNode


def test_the_script_is_python():
    where = Destination(destination_id="d", destination_address="studio-b", destination_port=9000)
    full = as_python(transfer(destination_path="in'coming"), where, {"a": "/a"})
    bare = as_python(transfer(), None, None)
    for text in (full, bare):
        compile(text, "copied", "exec")
    assert "'studio-b', 9000" in full
    assert "{'a': '/a'}" in full
    assert "ADDRESS" in bare


def test_what_it_does_about_others_is_repeated():
    for changes, python, command in (
            ({"rate_policy": "background"}, "ratePolicy='background'", "jetstream send --background PATH HOST"),
            ({"rate_policy": "fixed", "send_rate_max": 5000}, "ratePolicy='fixed', sendRateMax=5000",
             "jetstream send --rate 5000k --fixed PATH HOST")):
        script = as_python(transfer(**changes), None, None)
        compile(script, "copied", "exec")
        assert python in script
        assert as_command(transfer(**changes), None, None) == command


def test_the_command_is_one_line_of_a_shell():
    where = Destination(destination_id="d", destination_address="::1", destination_port=9000)
    text = as_command(transfer(destination_path="in coming"), where, {"a b": "/x/a b"})
    assert text == "jetstream send '/x/a b' '[::1]:9000:in coming'"
    assert as_command(transfer(), None, None) == "jetstream send PATH HOST"
    usual = Destination(destination_id="d", destination_address="studio-b", destination_port=8886)
    assert "without the names" in as_command(transfer(), usual, {"other": "/x/a"})


def test_what_another_node_sends_is_asked_of_that_node():
    node = OpenNode("studio-b", 9000, "ann")
    script = as_python(transfer(), None, None, node)
    compile(script, "copied", "exec")
    assert "JetStream().api('studio-b', 9000)" in script
    assert "api.server.auth('ann', getpass())" in script
    assert as_command(transfer(), None, None, node).startswith(
        "jetstream send --api-host studio-b --api-port 9000 --api-user ann PATH")
