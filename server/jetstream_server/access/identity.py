"""Who this node is: an Ed25519 key and a certificate signed by itself. Others pin the certificate's fingerprint."""

import contextlib
import datetime
import hashlib
import os
import re
import ssl
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from jetstream.errors import InvalidParameters
from jetstream_server.refusals import StartRefused

IDENTITY_FILE: Final = "identity.pem"
"""Key and certificate in one file, so that it appears whole or not at all."""

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_DIGITS: Final = re.compile(r"[0-9a-f]{64}")


class IdentityDamaged(StartRefused):
    """The key or the certificate is there, but is not what it should be.

    A node never makes a new identity in such a case: everybody who has pinned the old one would be turned away.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"The identity of this node cannot be used ({self.path}: {self.reason}); put back a copy of the file, or "
            "remove it to get a new identity, which everyone who knows this node then has to accept anew."
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """A node's identity.

    :param fingerprint: lower-case hexadecimal SHA-256 of the certificate in DER form.
    :param public_key: the certificate as PEM text, as others may pin it.
    :param path: the file that it was read from, key first.
    """

    certificate_pem: bytes
    private_key_pem: bytes = field(repr=False)
    fingerprint: str
    public_key: str
    path: Path


def load_or_create(folder: Path) -> Identity:
    """The identity kept in *folder*, made there if there is none. Blocking.

    Safe against a second process that does the same: both end with the same identity.

    :raises IdentityDamaged: if the file does not hold a key and its certificate.
    :raises OSError: if the folder cannot be read or written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder):
        path = folder / IDENTITY_FILE
        if not path.exists():
            _write(path, _create())
        return _load(path)


def server_tls(identity: Identity, alpn: Sequence[str]) -> ssl.SSLContext:
    """TLS 1.3 for the answering side.

    :param alpn: names of the protocols spoken, best first.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(identity.path)
    context.set_alpn_protocols(list(alpn))
    context.num_tickets = 0  # no session is ever resumed: the certificate is compared each time
    return context


def client_tls(alpn: Sequence[str]) -> ssl.SSLContext:
    """TLS 1.3 for the dialling side. No authority vouches for a node: the caller has to compare the fingerprint."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(alpn))
    return context


def sign(identity: Identity, message: bytes) -> bytes:
    """Signature (64 bytes) of *message* with the node's key."""
    return _private_key(identity.private_key_pem).sign(message)


def verify(certificate_der: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the holder of *certificate_der* signed *message*. Never raises on hostile input."""
    try:
        key = x509.load_der_x509_certificate(certificate_der).public_key()
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(signature, message)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def fingerprint_of(der: bytes) -> str:
    """Lower-case hexadecimal SHA-256 of a certificate in DER form."""
    return hashlib.sha256(der).hexdigest()


def read_fingerprint(text: str) -> str:
    """The fingerprint in *text*: 64 hexadecimal digits, with or without colons or spaces, or a PEM certificate.

    :raises InvalidParameters: if it is neither.
    """
    if _BEGIN.decode() in text:
        try:
            certificate = x509.load_pem_x509_certificate(text.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise InvalidParameters("This is no valid certificate.", field="publicKey") from error
        return fingerprint_of(certificate.public_bytes(serialization.Encoding.DER))
    digits = re.sub(r"[\s:]", "", text).lower()
    if not _DIGITS.fullmatch(digits):
        raise InvalidParameters(
            "An identity is a fingerprint of 64 hexadecimal digits or a PEM certificate.", field="publicKey"
        )
    return digits


def _load(path: Path) -> Identity:
    data = path.read_bytes()
    private_key_pem, mark, certificate_pem = data.partition(_BEGIN)
    certificate_pem = mark + certificate_pem
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise IdentityDamaged(path, "it holds no certificate") from error
    try:
        key = _private_key(private_key_pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise IdentityDamaged(path, "it holds no Ed25519 key") from error
    if certificate.public_key() != key.public_key():
        raise IdentityDamaged(path, "its key does not belong to its certificate")
    os.chmod(path, 0o600)
    der = certificate.public_bytes(serialization.Encoding.DER)
    return Identity(certificate_pem, private_key_pem, fingerprint_of(der), certificate_pem.decode("ascii"), path)


def _private_key(pem: bytes) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return key


def _create() -> bytes:
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "JetStream node")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Pinned, so its dates mean nothing; they are as wide as the form allows, for clocks that are wrong.
        .not_valid_before(datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, algorithm=None)
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem + certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, data: bytes) -> None:
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps other processes out for the moment that it takes to look and to create."""
    descriptor = os.open(folder / "identity.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for_lock(descriptor)
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _wait_for_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
else:
    import fcntl

    def _wait_for_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
