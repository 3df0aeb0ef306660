"""The servers that we are measured against, each with a set-up of its own in a temporary folder and on a free port.

They are as their packages make them; nothing is tuned but what stands here.
"""

import contextlib
import getpass
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from benchmarks.processes import Command, Pipe, free_port, program, run, server, wait_for_listener

LOOPBACK: Final = "127.0.0.1"
CIPHER: Final = "aes128-gcm@openssh.com"
_SEPARATION: Final = Path("/run/sshd")


@dataclass(frozen=True, slots=True)
class Ssh:
    """An sshd with throwaway keys. *options* lead ssh and scp to it."""

    pid: int
    options: list[str]


@dataclass(frozen=True, slots=True)
class Web:
    """An nginx that serves a folder."""

    pid: int
    address: str
    http_port: int
    https_port: int


@dataclass(frozen=True, slots=True)
class Rsync:
    """An rsync daemon with one module that is a folder."""

    pid: int
    url: str


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[Ssh]:
    """An sshd on loopback that lets this user in."""
    daemon, keygen = program("sshd"), program("ssh-keygen")
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", folder / name])
    port = free_port()
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress {LOOPBACK}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        "PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
        f"Subsystem sftp {_sftp_server()}\n"
    )
    if os.geteuid() == 0:  # sshd demands this empty folder, which its service usually makes
        _SEPARATION.mkdir(mode=0o755, exist_ok=True)
    client = folder / "ssh_config"
    client.write_text(
        f"Host {LOOPBACK}\nPort {port}\nUser {getpass.getuser()}\nIdentityFile {folder}/user\nIdentitiesOnly yes\n"
        f"UserKnownHostsFile {folder}/known\nStrictHostKeyChecking accept-new\nLogLevel ERROR\nBatchMode yes\n"
    )
    with server([daemon, "-D", "-e", "-f", config], folder, port) as process:
        yield Ssh(process.pid, ["-F", str(client), "-c", CIPHER])


def _sftp_server() -> str:
    usual = (Path(folder) / "sftp-server" for folder in ("/usr/lib/openssh", "/usr/libexec/openssh", "/usr/libexec"))
    return next((str(path) for path in usual if path.exists()), "internal-sftp")


@contextlib.contextmanager
def nginx(folder: Path, root: Path, address: str = LOOPBACK, namespace: str | None = None) -> Iterator[Web]:
    """An nginx that serves *root* over HTTP and over TLS 1.3."""
    daemon, openssl = program("nginx"), program("openssl")
    folder.mkdir()
    run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"])
    http, https = free_port(), free_port()
    user = "user root;\n" if os.geteuid() == 0 else ""
    temporary = "".join(f"  {name}_temp_path {folder}/{name};\n"
                        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = folder / "nginx.conf"
    config.write_text(
        f"{user}daemon off;\nworker_processes auto;\npid {folder}/pid;\nerror_log {folder}/errors warn;\n"
        "events { worker_connections 1024; }\n"
        f"http {{\n  access_log off;\n  sendfile on;\n  tcp_nopush on;\n{temporary}"
        f"  server {{\n    listen {address}:{http};\n    listen {address}:{https} ssl;\n    root {root};\n"
        f"    ssl_certificate {folder}/certificate.pem;\n    ssl_certificate_key {folder}/key.pem;\n"
        "    ssl_protocols TLSv1.3;\n  }\n}\n"
    )
    with server([daemon, "-p", folder, "-c", config, "-e", folder / "errors"], folder, https, namespace) as process:
        yield Web(process.pid, address, http, https)


@contextlib.contextmanager
def rsyncd(folder: Path, root: Path) -> Iterator[Rsync]:
    """An rsync daemon whose module is *root*."""
    daemon = program("rsync")
    folder.mkdir()
    port = free_port()
    user = "uid = root\ngid = root\n" if os.geteuid() == 0 else ""
    config = folder / "rsyncd.conf"
    config.write_text(
        f"{user}use chroot = no\nreverse lookup = no\npid file = {folder}/pid\nlog file = {folder}/transfers\n"
        f"[module]\npath = {root}\nread only = no\n"
    )
    command = [daemon, "--daemon", "--no-detach", f"--address={LOOPBACK}", f"--port={port}", f"--config={config}"]
    with server(command, folder, port) as process:
        yield Rsync(process.pid, f"rsync://{LOOPBACK}:{port}/module")


class Netcat:
    """A listening nc, whose output goes to a file or to another command, and the nc that sends to it."""

    def __init__(self, *then: Command, sink: IO[bytes] | None = None) -> None:
        nc, port = program("nc"), free_port()
        self._listening = Pipe([nc, "-l", LOOPBACK, str(port)], *then, sink=sink)
        wait_for_listener(self._listening.first, port)
        self._send = [nc, "-N", LOOPBACK, str(port)]

    def send(self, *commands: Command, source: IO[bytes] | None = None) -> None:
        """Send *source*, or what *commands* write, and wait until the other side is done with it."""
        run(*commands, self._send, source=source)
        self._listening.wait()
