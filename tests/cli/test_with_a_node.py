"""The command as a process, with a real node."""

import asyncio
import json
import os
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from helpers.nodes import NodeProcess, nodes, tree
from jetstream_cli.app import app


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with nodes(tmp_path_factory.mktemp("nodes"), "one") as (one,):
        yield one


def command(node, *words):
    return [sys.executable, "-m", "jetstream_cli.main", *map(str, words)]


def jetstream(node: NodeProcess, *words, stdin=None):
    return subprocess.run(command(node, *words), env=node.environment, input=stdin, capture_output=True, text=True,
                          timeout=60)


@pytest.fixture
def docs(tmp_path):
    folder = tmp_path / "docs"
    (folder / "empty").mkdir(parents=True)
    (folder / "large").write_bytes(bytes(range(256)) * 20_000)
    for number in range(20):
        (folder / f"{number}.txt").write_text(str(number))
    return folder


def test_looking_before_sending(node, docs):
    fresh = jetstream(node, "send", docs, "localhost:looked", "--dry-run")
    assert fresh.returncode == 0, fresh.stderr
    assert "Goes    21 files, 5.1 MB." in fresh.stdout
    assert "There   Nothing of it is there yet." in fresh.stdout
    assert not (node.received / "looked").exists()
    assert jetstream(node, "send", docs, "localhost:looked").returncode == 0
    (node.received / "looked" / "docs" / "7.txt").write_text("seven")
    found = json.loads(jetstream(node, "send", docs, "localhost:looked", "--dry-run", "--json").stdout)
    assert (found["present"], found["unchanged"], found["presentSample"][0]) == (21, 20, "docs/7.txt")


def test_send_share_get_and_list(node, docs, tmp_path):
    sent = jetstream(node, "send", docs, "localhost:box")
    assert sent.returncode == 0, sent.stderr
    assert "Sent 21 files, 5.1 MB, to localhost:box" in sent.stderr
    assert tree(node.received / "box" / "docs") == tree(docs)

    renamed = jetstream(node, "send", docs / "0.txt", docs, "--as", "film/no=1", "--as", "papers", "localhost:box")
    assert renamed.returncode == 0, renamed.stderr
    assert (node.received / "box" / "film" / "no=1").read_text() == "0"
    assert tree(node.received / "box" / "papers") == tree(docs)
    few = jetstream(node, "send", docs, "--as", "a", "--as", "b", "localhost")
    assert (few.returncode, "1 paths and 2 names" in few.stderr) == (2, True)
    outside = jetstream(node, "send", docs, "--as", "../x", "localhost")
    assert (outside.returncode, "would leave the folder" in outside.stderr) == (1, True)

    shared = jetstream(node, "share", docs, "--expires", "1h", "--limit", 1, "--password-stdin", stdin="secret\n")
    assert shared.returncode == 0, shared.stderr
    token, _ = shared.stdout.split()
    link = f"jetstream://127.0.0.1:{node.port}/download?token={token}"
    refused = jetstream(node, "get", link, tmp_path / "no")
    assert (refused.returncode, "failed" in refused.stderr) == (1, True)
    got = jetstream(node, "get", link, tmp_path / "got", "--password-stdin", stdin="secret\n")
    assert got.returncode == 0, got.stderr
    assert tree(tmp_path / "got" / "docs") == tree(docs)
    again = jetstream(node, "get", link, tmp_path / "no", "--password-stdin", stdin="secret\n")
    assert again.returncode == 1

    listed = json.loads(jetstream(node, "ls", "--json").stdout)
    assert {row["status"] for row in listed} == {"complete", "error"}


def test_ctrl_c_leaves_the_transfer_to_the_node(node, docs):
    words = command(node, "send", docs, "localhost:slow", "--rate", "4M")
    with subprocess.Popen(words, env=node.environment, stderr=subprocess.PIPE, text=True) as sending:
        ident = asyncio.run(the_one_that_sends(node))
        sending.send_signal(signal.SIGINT)
        _, stderr = sending.communicate(timeout=30)
    assert sending.returncode == 130
    assert f"Your node goes on with transfer {ident}." in stderr
    assert "Traceback" not in stderr
    assert jetstream(node, "pause", ident).returncode == 0
    row = next(row for row in json.loads(jetstream(node, "ls", "--json").stdout) if row["id"] == ident)
    assert row["status"] == "suspended"
    assert jetstream(node, "resume", ident).returncode == 0
    assert jetstream(node, "cancel", ident).stdout == f"{ident}  docs  cancelled\n"


def test_watching_until_ctrl_c(node):
    words = command(node, "ls", "--watch")
    with subprocess.Popen(words, env={**node.environment, "FORCE_COLOR": "1"}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as watching:
        assert watching.stdout.read(20)
        watching.send_signal(signal.SIGINT)
        _, stderr = watching.communicate(timeout=30)
    assert (watching.returncode, stderr) == (0, b"")


def test_watching_through_a_pipe_tells_at_once(node):
    with subprocess.Popen(command(node, "ls", "--watch"), env=node.environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as watching:
        assert watching.stdout.readline().split()[:2] == [b"ID", b"What"]
        watching.send_signal(signal.SIGINT)
        stdout, stderr = watching.communicate(timeout=30)
    assert (watching.returncode, stderr) == (0, b"")
    assert b"\x1b" not in stdout


async def the_one_that_sends(node):
    async with node.client() as client:
        while True:
            for transfer in await client.send.get_transfers():
                if transfer.status == "sending":
                    return transfer.transfer_id
            await asyncio.sleep(0.01)


def test_a_missing_source_is_said(node, tmp_path):
    result = jetstream(node, "api", "createManifest", json.dumps({"a": "/no/such"}).join(["--mappings=", ""]))
    manifest = json.loads(result.stdout)["manifestId"]
    failed = jetstream(node, "api", "createTransfer", "--destination=77", f"--manifest={manifest}")
    assert (failed.returncode, json.loads(failed.stderr)["error"]["code"]) == (1, "NotFound")


def test_accounts_before_the_first_start_and_while_it_runs(tmp_path, monkeypatch):
    node = NodeProcess(tmp_path / "two")
    monkeypatch.setenv("JETSTREAM_HOME", node.environment["JETSTREAM_HOME"])

    def user(*words, stdin=None):
        return CliRunner().invoke(app, ["user", *words, "--persistent-state-dir", str(node.state)], input=stdin)

    assert user("add", "ann", "--password-stdin", stdin="secret\n").exit_code == 0
    twice = user("add", "ann", "--password-stdin", stdin="secret\n")
    assert (twice.exit_code, twice.stderr) == (1, "jetstream: There already is an account 'ann'.\n")
    node.start()
    try:
        assert user("add", "bob", "--password-stdin", stdin="secret\n").exit_code == 0
        assert user("list").stdout == "ann\nbob\n"
        assert user("password", "bob", "--password-stdin", stdin="other\n").exit_code == 0
        assert user("remove", "ann").exit_code == 0
        assert user("remove", "ann").exit_code == 1
        monkeypatch.setenv("JETSTREAM_HOME", str(tmp_path / "somebody else"))
        foreign = user("list")
        assert (foreign.exit_code, "It is not a node of yours" in foreign.stderr) == (3, True)
    finally:
        node.stop()
    assert user("list").stdout == "bob\n"
    assert user("add", "eve").exit_code == 2
    assert user("password", "bob", "--password-stdin", stdin="third\n").exit_code == 0
    assert user("remove", "bob").exit_code == 0
    assert user("list").stdout == ""
    (node.state / "catalog.db").write_bytes(b"no catalog at all" * 1000)
    damaged = user("list")
    assert (damaged.exit_code, "is damaged" in damaged.stderr) == (3, True)


def test_a_wrong_option_of_the_node(node):
    result = jetstream(node, "server", "--no-such-option")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)


def test_the_doctor(node):
    book = jetstream(node, "api", "send.getDestinations").stdout.count("destinationId")
    done = jetstream(node, "doctor", f"127.0.0.1:{node.port}", "--throughput")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = {line[6:22].strip(): line for line in done.stdout.splitlines() if line[:2].strip()}
    assert {"Node", "Ports", "Own folder", "Route and port", "Identity", "Login", "Folder", "Round trip",
            "Throughput"} <= lines.keys()
    assert "67.1 MB in" in lines["Throughput"]
    assert (node.received / "jetstream-doctor.bin").stat().st_size == 64 << 20
    left = jetstream(node, "api", "send.getDestinations").stdout.count("destinationId")
    assert left == book, "nothing is left in the address book"
    report = jetstream(node, "doctor", f"localhost:{node.port}", "--report").stdout
    assert str(node.received) not in report
    assert "path-1 can be written" in report
    assert jetstream(node, "doctor", "localhost:1").returncode == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_terminals_without_arrows_and_full_disks(node, docs):
    assert jetstream(node, "send", docs / "0.txt", "localhost:plain").returncode == 0
    plain = subprocess.run(command(node, "ls"), env={**node.environment, "PYTHONIOENCODING": "ascii"},
                           capture_output=True, text=True, timeout=60)
    assert (plain.returncode, plain.stderr) == (0, "")
    assert "?  0.txt" in plain.stdout
    for words in (["ls"], ["ls", "--json"], ["api", "getServerInfo"]):
        with open("/dev/full", "w") as full:
            ended = subprocess.run(command(node, *words), env=node.environment, stdout=full, stderr=subprocess.PIPE,
                                   text=True, timeout=60)
        assert ended.returncode == 1
        assert ended.stderr == "jetstream: The output cannot be written: No space left on device.\n"


def test_a_current_folder_that_is_gone(node, tmp_path):
    (tmp_path / "gone").mkdir()
    words = " ".join(command(node, "send", "x", "localhost"))
    ended = subprocess.run(["sh", "-c", f"rmdir {tmp_path}/gone; {words}"], cwd=tmp_path / "gone", text=True,
                           env=node.environment, capture_output=True, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr == "jetstream: 'x' cannot be found: the current folder is gone. Give an absolute path.\n"
