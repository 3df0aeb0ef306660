"""What a test of a destination met, and what it means."""

import errno

import pytest

from jetstream.errors import (
    AuthenticationFailed,
    InvalidParameters,
    LimitExceeded,
    PermissionDenied,
    ServerError,
    VersionMismatch,
)
from jetstream_server import verdicts
from jetstream_server.link.errors import LinkLost, Refused
from jetstream_server.link.messages import Admission, FolderState, ProbeAnswer

ONE, OTHER = "ab" * 32, "cd" * 32
UNKNOWN_REQUEST = InvalidParameters("This node knows no 'probe' here.", field="method")


@pytest.mark.parametrize(("error", "code"), [
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"), "route-refused"),
    (OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1, 0, 0), [Errno 111] Connect call failed "
             "('127.0.0.1', 1)"), "route-refused"),
    (OSError(errno.ETIMEDOUT, "x"), "route-silent"),
    (OSError(errno.EHOSTUNREACH, "x"), "route-none"),
    (OSError("odd"), "route-none"),
])
def test_no_connection(error: OSError, code: str) -> None:
    found = verdicts.route_refused(error, "studio", 1, 10.0)
    assert (found.code, found.outcome) == (code, "failed")
    assert "Connect call" not in found.text


@pytest.mark.parametrize(("said", "code"), [
    (b"HTTP/1.1 400 Bad Request\r\nServer: nginx", "protocol-http"),
    (b"HTTP/1.1 400 Bad Request\r\n\r\nThis port speaks JetStream, not HTTP.", "protocol-clients"),
    (b"SSH-2.0-OpenSSH_9.6", "protocol-ssh"),
    (b"\x15\x03\x01\x00\x02\x02\x46", "protocol-tls"),
    (b"", "protocol-other"),
    (b"\xff\xfe", "protocol-other"),
])
def test_who_answers_if_it_is_no_node(said: bytes, code: str) -> None:
    assert verdicts.no_jetstream(said, 80).code == code


def test_a_greeting_that_failed() -> None:
    refused = Refused("No.")
    refused.__cause__ = VersionMismatch("…", ours=2, theirs=1)
    found = verdicts.greeting_failed(refused)
    assert (found.code, found.facts) == ("protocol-version", {"theirs": 2, "ours": 1})
    assert verdicts.greeting_failed(LinkLost("Gone.")).code == "protocol-broken"


@pytest.mark.parametrize(("permitted", "expected", "code"), [
    (None, None, "identity-first"), (None, ONE, "identity-known"), (ONE, ONE, "identity-named"),
    (None, OTHER, "identity-changed"), (OTHER, OTHER, "identity-changed"),
])
def test_identities(permitted: str | None, expected: str | None, code: str) -> None:
    assert verdicts.identity(ONE, permitted, expected).code == code


@pytest.mark.parametrize(("error", "logged_in", "tried", "code"), [
    (AuthenticationFailed("No."), None, "ann", "login-wrong"),
    (AuthenticationFailed("No.", slowed=1), None, "ann", "login-slowed"),
    (UNKNOWN_REQUEST, None, None, "login-unsaid"),
    (UNKNOWN_REQUEST, "ann", "ann", "login-account"),
    (AuthenticationFailed("The signature does not prove the identity that you named."), None, None, "login-failed"),
    (LimitExceeded("Too much."), None, "ann", "login-failed"),
    (PermissionDenied("No."), "ann", "ann", "login-failed"),
    (ServerError("Oh."), None, None, "login-failed"),
])
def test_a_login_that_failed(error: Exception, logged_in: str | None, tried: str | None, code: str) -> None:
    assert verdicts.login_failed(error, logged_in, tried).code == code  # type: ignore[arg-type]


@pytest.mark.parametrize(("answer", "user", "code"), [
    (Admission.YES, None, "login-known"), (Admission.YES, "ann", "login-account"), (Admission.ASK, None, "login-asked"),
    (Admission.NO, None, "login-refused"), (Admission.NO, "ann", "login-not-enough"),
])
def test_what_would_become_of_files(answer: Admission, user: str | None, code: str) -> None:
    found = verdicts.admission(answer, user, ONE)
    assert found.code == code
    if answer is Admission.NO:
        assert f"--clientPublicKey={ONE}" in found.fix


@pytest.mark.parametrize(("folder", "free", "code"), [
    (FolderState.OK, 10**12, "folder-ok"), (FolderState.OK, None, "folder-ok"), (FolderState.OK, 10**8, "folder-low"),
    (FolderState.OK, 4096, "folder-full"), (FolderState.FULL, 0, "folder-full"),
    (FolderState.DENIED, 10**12, "folder-denied"), (FolderState.READ_ONLY, 10**12, "folder-read-only"),
    (FolderState.NOT_A_FOLDER, None, "folder-none"), (FolderState.FAILED, None, "folder-failed"),
    (None, None, "folder-private"),
])
def test_the_folder_there(folder: FolderState | None, free: int | None, code: str) -> None:
    assert verdicts.folder(ProbeAnswer(admission=Admission.YES, folder=folder, free=free), False).code == code


def test_an_older_node_does_not_tell() -> None:
    assert verdicts.folder(None, True).outcome == verdicts.clock(None, True).outcome == "unknown"
    assert verdicts.folder(None, False).outcome == verdicts.clock(None, False).outcome == "skipped"


def test_clocks() -> None:
    assert verdicts.clock_offset(None, 0, 0.0) is None
    assert verdicts.clock_offset(1_500_000, 1_000_000, 1.0) == 0
    assert verdicts.clock(verdicts.clock_offset(1_000_000, 900_000, 0.2), False).code == "clock-ok"
    assert verdicts.clock(3_600_000_000, False).code == "clock-ahead"
    assert verdicts.clock(-3_600_000_000, False).code == "clock-behind"
