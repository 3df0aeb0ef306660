"""One way out, whatever happens on it: asked twice, with the node gone, before it was there, while files travel."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from helpers.nodes import nodes, tree

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")


@pytest.fixture
def program(tmp_path):
    """Starts the real program; what it wrote is its ``said`` afterwards."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "desktop.json").write_text('{"nearby": false}')  # tests keep to the loopback
    environment = {**os.environ, "JETSTREAM_HOME": str(home), "QT_QPA_PLATFORM": "offscreen",
                   "JETSTREAM_API_PORT": "0", "JETSTREAM_API_HOST": "127.0.0.1",
                   "JETSTREAM_SANDBOX_DIR": str(tmp_path / "in")}
    started = []

    def start():
        process = subprocess.Popen([sys.executable, "-m", "jetstream_desktop", "--verbose"], env=environment,
                                   stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.stderr.close()
        process.wait()


def read_until(process, words):
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it never said {words!r}")


def ended(process):
    rest = process.stderr.read()
    assert process.wait(30) == 0, rest
    assert "Traceback" not in rest, rest


def node_of(home):
    """The process of the node that the program has started, once its ticket is there."""
    return [json.loads(path.read_text())["pid"] for path in home.rglob("*.json") if '"pid"' in path.read_text()][0]


def gone(pid):
    """Whether the process has ended, within a time in which it surely should have."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_asked_twice_at_once(program, tmp_path):
    process = program()
    read_until(process, "connection: Connected")
    node = node_of(tmp_path / "home")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
    ended(process)
    assert gone(node)
    assert "geometry" in (tmp_path / "home" / "desktop.json").read_text()


def test_with_the_node_gone(program, tmp_path):
    process = program()
    read_until(process, "connection: Connected")
    os.kill(node_of(tmp_path / "home"), signal.SIGKILL)
    read_until(process, "connection: Failed")
    process.terminate()
    ended(process)
    assert "geometry" in (tmp_path / "home" / "desktop.json").read_text()


def test_before_the_node_is_there(program, tmp_path):
    process = program()
    read_until(process, "connection: Connecting")
    process.terminate()
    ended(process)
    assert "geometry" in (tmp_path / "home" / "desktop.json").read_text()


def test_with_the_node_stopped_dead(program, tmp_path):
    """It exists but does nothing any more: the time for leaving is limited, and it is ended."""
    process = program()
    read_until(process, "connection: Connected")
    node = node_of(tmp_path / "home")
    os.kill(node, signal.SIGSTOP)
    process.terminate()
    rest = process.stderr.read()
    assert process.wait(60) == 0, rest
    assert "Traceback" not in rest, rest
    assert gone(node)


def test_while_files_travel(program, tmp_path):
    """After the next start they go on by themselves, and arrive whole."""
    from jetstream import JetStream

    source = tmp_path / "reel"
    source.mkdir()
    for number in range(8):
        (source / f"{number}.exr").write_bytes(os.urandom(900_000))
    with nodes(tmp_path, "b") as (other,):
        process = program()
        read_until(process, "connection: Connected")
        os.environ["JETSTREAM_HOME"] = str(tmp_path / "home")
        port = next(json.loads(path.read_text())["port"] for path in (tmp_path / "home").rglob("*.json")
                    if '"pid"' in path.read_text())
        with JetStream().api("127.0.0.1", port) as api:
            own = api.server.getServerInfo()["fingerprint"]
            os.environ["JETSTREAM_HOME"] = other.environment["JETSTREAM_HOME"]
            with JetStream().api("127.0.0.1", other.port) as there:
                there.server.superuser()
                there.recv.addAuthorizedClient(own, "own")
            sent = api.send.createTransfer(api.send.createDestination("127.0.0.1", other.port),
                                           api.send.createManifest(mappings={"reel": str(source)}), sendRateMax=20_000)
            while not api.send.getTransfer(sent)["bytesAcked"]:
                time.sleep(0.05)
        process.terminate()
        ended(process)
        process = program()
        read_until(process, "connection: Connected")
        with JetStream().api("127.0.0.1", other.port) as there:
            deadline = time.monotonic() + 60
            while [one["status"] for one in there.recv.getTransfers()] != ["complete"]:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert tree(other.received / "reel") == tree(source)
        process.terminate()
        ended(process)
