"""The node's identity: made once, kept for good, proven by signatures and by TLS."""

import asyncio
import hashlib
import multiprocessing
import os
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from jetstream.errors import InvalidParameters
from jetstream_server.access.identity import (
    IDENTITY_FILE,
    Identity,
    IdentityDamaged,
    client_tls,
    fingerprint_of,
    load_or_create,
    read_fingerprint,
    server_tls,
    sign,
    verify,
)


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return load_or_create(tmp_path)


def der(identity: Identity) -> bytes:
    return x509.load_pem_x509_certificate(identity.certificate_pem).public_bytes(Encoding.DER)


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    first = load_or_create(tmp_path / "new")
    assert load_or_create(tmp_path / "new") == first
    assert load_or_create(tmp_path / "other").fingerprint != first.fingerprint
    assert first.fingerprint == hashlib.sha256(der(first)).hexdigest() == fingerprint_of(der(first))
    assert "PRIVATE" not in repr(first)


@pytest.mark.skipif(os.name == "nt", reason="no permission bits")
def test_only_its_user_can_read_it(tmp_path: Path) -> None:
    load_or_create(tmp_path)
    path = tmp_path / IDENTITY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    load_or_create(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def _make(folder: Path) -> str:
    return load_or_create(folder).fingerprint


def test_two_processes_at_once_end_with_the_same(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert len(set(pool.map(_make, [tmp_path / str(n // 9) for n in range(27)], chunksize=1))) == 3


@pytest.mark.parametrize("what", ["empty", "garbage", "certificate only", "key only", "another key", "truncated"])
def test_a_damaged_one_is_refused_and_not_replaced(tmp_path: Path, what: str) -> None:
    ours = load_or_create(tmp_path / "ours")
    other = load_or_create(tmp_path / "other")
    data = {
        "empty": b"",
        "garbage": os.urandom(300),
        "certificate only": ours.certificate_pem,
        "key only": ours.private_key_pem,
        "another key": other.private_key_pem + ours.certificate_pem,
        "truncated": (ours.private_key_pem + ours.certificate_pem)[:-60],
    }[what]
    path = tmp_path / "ours" / IDENTITY_FILE
    path.write_bytes(data)
    with pytest.raises(IdentityDamaged) as caught:
        load_or_create(tmp_path / "ours")
    assert str(path) in str(caught.value)
    assert path.read_bytes() == data


def test_a_part_left_by_a_crash_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "identity.part").write_bytes(b"half")
    assert load_or_create(tmp_path) == load_or_create(tmp_path)
    assert not (tmp_path / "identity.part").exists()


def test_signatures(identity: Identity, tmp_path: Path) -> None:
    signature = sign(identity, b"message")
    assert verify(der(identity), signature, b"message")
    assert not verify(der(identity), signature, b"massage")
    assert not verify(der(load_or_create(tmp_path / "other")), signature, b"message")
    assert not verify(der(identity), signature[:-1], b"message")


@given(certificate=st.binary(max_size=200), signature=st.binary(max_size=80))
def test_hostile_signatures_never_raise(certificate: bytes, signature: bytes) -> None:
    assert not verify(certificate, signature, b"message")


def test_fingerprints_are_read_in_every_usual_form(identity: Identity) -> None:
    digits = identity.fingerprint
    colons = ":".join(digits[n : n + 2] for n in range(0, 64, 2)).upper()
    for text in (digits, colons, f"  {digits}\n", identity.public_key, "Studio B\n" + identity.public_key):
        assert read_fingerprint(text) == digits


@pytest.mark.parametrize(
    "text", ["", "ab" * 31, "ab" * 33, "g" * 64, "-----BEGIN CERTIFICATE-----", "٣" * 64, "\udcff" * 64,
             "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\udcff"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameters):
        read_fingerprint(text)


async def test_tls_shows_the_certificate_and_picks_the_protocol(identity: Identity) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(4))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_tls(identity, ["jetstream-rpc/1"]))
    async with server:
        port = server.sockets[0].getsockname()[1]
        offered = ["other", "jetstream-rpc/1"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_tls(offered))
        tls = writer.get_extra_info("ssl_object")
        assert fingerprint_of(tls.getpeercert(binary_form=True)) == identity.fingerprint
        assert (tls.selected_alpn_protocol(), tls.version()) == ("jetstream-rpc/1", "TLSv1.3")
        writer.write(b"ping")
        assert await reader.read(4) == b"ping"
        writer.close()
        await writer.wait_closed()
        old = client_tls(["jetstream-rpc/1"])
        old.minimum_version = ssl.TLSVersion.TLSv1_2
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await asyncio.open_connection("127.0.0.1", port, ssl=old)
