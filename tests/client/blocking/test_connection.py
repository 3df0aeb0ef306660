"""The blocking shell against a scripted node: answers, limits, losses, and connections made anew."""

import os
import socket
import threading

import pytest

from helpers.scripted_peer import HANG_UP, SILENCE, Raw, ScriptedPeer, protocol_error
from jetstream import JetStream
from jetstream.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    InvalidParameters,
    LimitExceeded,
    NotFound,
    RequestTimeout,
)
from jetstream.protocol.framing import pack


@pytest.fixture
def api(peer):
    with JetStream().api("127.0.0.1", peer.port, timeout=5) as api:
        yield api


def test_a_call_is_answered(peer, api):
    assert api.server.echo("hello") == "hello"
    assert peer.calls == [("server.echo", {"text": "hello"})]


def test_errors_keep_their_class_sentence_and_facts(peer, api):
    peer.answers["send.getTransfer"] = NotFound("There is no transfer 7.", kind="transfer")
    with pytest.raises(NotFound, match=r"There is no transfer 7\.") as caught:
        api.send.getTransfer("7")
    assert caught.value.facts == {"kind": "transfer"}


def test_before_connect_and_after_disconnect(peer):
    api = JetStream().api("127.0.0.1", peer.port)
    assert "not connected" in repr(api)
    with pytest.raises(ConnectionFailed, match=r"Call connect\(\) first"):
        api.server.echo()
    api.connect()
    assert api.server.echo("a") == "a"
    api.connect()
    assert api.server.echo("b") == "b"
    with api:
        assert api.server.echo("c") == "c"
    with pytest.raises(ConnectionFailed):
        api.server.echo()
    api.disconnect()
    with api:
        assert api.server.echo("d") == "d"
    assert peer.accepted == 3


def test_a_lost_connection_fails_the_call_and_the_next_one_connects_anew(peer, api):
    peer.answers["send.getManifests"] = HANG_UP
    with pytest.raises(ConnectionLost):
        api.send.getManifests()
    assert api.server.echo("again") == "again"
    assert peer.accepted == 2


def test_a_connection_that_was_closed_while_idle_is_made_anew_with_its_logins(peer, api):
    peer.answers.update({"server.auth": None, "server.authToken": None, "server.superuser": None})
    api.server.authToken("MAYWEBRO.TRUPO.VEVEEBLU")
    api.server.auth("ann", "secret")
    api.server.superuser()
    before = peer.names()
    peer.hang_up()
    assert api.server.echo("again") == "again"
    assert peer.names() == [*before, "server.auth", "server.superuser", "server.echo"]


def test_a_login_that_is_no_longer_good_says_so(peer, api):
    peer.answers["server.auth"] = None
    api.server.auth("ann", "secret")
    peer.hang_up()
    peer.answers["server.auth"] = AuthenticationFailed("No.")
    with pytest.raises(AuthenticationFailed):
        api.server.echo()


def test_a_failed_login_is_not_repeated(peer, api):
    peer.answers["server.auth"] = AuthenticationFailed("No.")
    with pytest.raises(AuthenticationFailed):
        api.server.auth("ann", "wrong")
    peer.hang_up()
    api.server.echo()
    assert peer.names() == ["server.auth", "server.echo"]


def test_a_node_that_is_gone_for_good(certificate):
    with ScriptedPeer(certificate) as peer:
        api = JetStream().api("127.0.0.1", peer.port)
        api.connect()
    with pytest.raises(ConnectionFailed, match="No JetStream node answers"):
        api.server.echo()
    api.disconnect()


def test_no_answer_within_the_limit(peer):
    peer.answers["send.getManifest"] = SILENCE
    with JetStream().api("127.0.0.1", peer.port, timeout=0.2) as api:
        with pytest.raises(RequestTimeout, match=r"did not answer `send.getManifest` within 0\.2 seconds"):
            api.send.getManifest("1")
        peer.tell(pack([1, 1, None, {"manifestId": "1"}]))
        assert api.server.echo("still there") == "still there"
    assert peer.accepted == 1


def test_the_result_of_a_background_request_has_no_limit(peer):
    release = threading.Event()

    def result(params):
        release.wait()
        return "at last"

    peer.answers["server.getRequestResult"] = result
    timer = threading.Timer(0.3, release.set)
    timer.start()
    with JetStream().api("127.0.0.1", peer.port, timeout=0.1) as api:
        assert api.server.getRequestResult({"requestId": 3}) == "at last"
        assert api.server.getRequestResult(3) == "at last"
    timer.join()
    assert [params for _, params in peer.calls] == [{"request": 3}, {"request": 3}]


def test_nothing_that_cannot_be_sent_is_sent(peer, api):
    with pytest.raises(InvalidParameters):
        api.server.echo(object())
    with pytest.raises(LimitExceeded):
        api.server.echo("x" * (17 << 20))
    assert api.server.echo() == ""
    assert peer.calls == [("server.echo", {})]


@pytest.mark.parametrize("data", [b"\xc1", pack([1, 77, None, None]), pack("text"), pack([5, 1, 1, 1])])
def test_a_node_that_breaks_the_protocol_is_left(peer, api, data):
    peer.answers["send.getManifests"] = Raw(data)
    with pytest.raises(ConnectionLost):
        api.send.getManifests()
    assert api.server.echo("again") == "again"


def test_why_the_node_hung_up_is_repeated(peer, api):
    peer.answers["send.getManifests"] = Raw(protocol_error(LimitExceeded("Too much of it.")))
    with pytest.raises(ConnectionLost, match=r"It said: Too much of it\."):
        api.send.getManifests()


def test_a_node_that_asks_is_refused(peer, api):
    api.server.echo()
    peer.ask("client.secret")
    peer.tell(pack([2, "news", {}]))
    assert api.server.echo("next") == "next"
    assert [type(answer.error) for answer in peer.answered] == [InvalidParameters]


def test_interrupted_calls_leave_nothing_half_read(peer, api):
    def interrupt(params):
        raise AssertionError("never called")

    peer.answers["send.getManifests"] = interrupt
    connection = api._connection
    real = connection._read_answer

    def interrupted(request_id, deadline):
        raise KeyboardInterrupt

    connection._read_answer = interrupted
    peer.answers["send.getManifests"] = SILENCE
    with pytest.raises(KeyboardInterrupt):
        api.send.getManifests()
    connection._read_answer = real
    assert api.server.echo("again") == "again"
    assert peer.accepted == 2


def test_threads_may_share_an_interface(peer, api):
    results = {}

    def work(number):
        results[number] = [api.server.echo(f"{number}/{turn}") for turn in range(50)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [f"{number}/{turn}" for turn in range(50)] for number in range(4)}


def test_nobody_answers():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionFailed, match=r"No JetStream node answers at localhost:\d+\. Start one with `jetst"):
        JetStream().api("localhost", port).connect()


def test_silence_on_the_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api = JetStream().api("127.0.0.1", listener.getsockname()[1], timeout=0.1)
        with pytest.raises(ConnectionFailed, match=r"did not answer within 0\.1 seconds"):
            api.connect()


def test_tls_without_our_protocol(certificate):
    with ScriptedPeer(certificate, alpn=()) as peer:
        with pytest.raises(ConnectionFailed, match="is no JetStream node"):
            JetStream().api("127.0.0.1", peer.port).connect()
        assert peer.calls == []


def test_a_name_that_nobody_has():
    with pytest.raises(ConnectionFailed, match="There is no machine called"):
        JetStream().api("no-such-machine.invalid").connect()


@pytest.mark.parametrize("arguments", [{"serverAddress": ""}, {"serverPort": 0}, {"serverPort": True},
                                       {"timeout": 0}, {"verify": "no such file"}])
def test_arguments_are_checked_before_anything_else(arguments):
    with pytest.raises(InvalidParameters):
        JetStream().api(**arguments)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_after_a_fork_each_process_has_a_connection_of_its_own(peer, api):
    peer.answers["server.auth"] = None
    api.server.auth("ann", "pw")
    child = os.fork()
    if not child:  # nothing of the tests may go on in here
        try:
            good = [api.server.echo(str(number)) for number in range(20)] == list(map(str, range(20)))
            api.disconnect()
        finally:
            os._exit(0 if good else 1)
    assert [api.server.echo(f"p{number}") for number in range(20)] == [f"p{number}" for number in range(20)]
    assert os.waitpid(child, 0)[1] == 0
    assert api.server.echo("still here") == "still here"
    logins = [name for name, _ in peer.calls if name == "server.auth"]
    assert len(logins) == 2  # the child's own connection, and none for the parent again
