"""How a data packet proves itself. Pure: columns in, columns out, no step for each packet. docs/protocol.md, 5.2.

A slot is proven by its record, as a whole. But whoever sees the tag go by could put a fragment of their own into it, or
claim a packet number, and one packet would spoil a block, or the reports. A cipher call for each packet is what Python
cannot afford. So a header holds a *proof* of its fragment, a keyed sum of its words, and is one block of AES: the
headers of many packets are one call. Nobody without the key can make a header that says something sensible, nor another
fragment that goes with a header they have seen.

The sum is multilinear hashing (Lemire and Kaser, "Strongly Universal String Hashing is Fast", The Computer Journal 57
(11), 2014): the sums of two texts are equal with a chance of 2⁻³², whatever the texts are. A block cipher hides it, so
nothing is learnt of the factors, and that makes it an authenticator (after Carter and Wegman, "New hash functions and
their use in authentication and set equality", 1981). What a file's bytes rest on is the record's GCM tag all the same.
"""

from typing import Any, Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.udp.packets import DATA_HEADER, FRAGMENTS, Bytes, Columns, Flags, Numbers

Words = np.ndarray[Any, np.dtype[np.uint64]]

LARGEST_FRAGMENT: Final = 65_504
WORD: Final = 4
"""Fragments are whole words."""
_BLOCK: Final = 16
_HEAD: Final = DATA_HEADER - _BLOCK
_PURPOSE: Final = b"jetstream data packets"
_SPREAD: Final = np.arange(_HEAD, DATA_HEADER, dtype=np.int64)


class DataSeal:
    """Writes and reads the headers of one session's data packets: one thread writes, one reads, any prove."""

    def __init__(self, key: SessionKey) -> None:
        secret = HKDFExpand(SHA256(), 64, _PURPOSE + key.session).derive(key.key)
        headers = Cipher(algorithms.AES(secret[:32]), modes.ECB())  # every block is another one: no number comes twice
        self._encrypt, self._decrypt = headers.encryptor(), headers.decryptor()
        stream = Cipher(algorithms.AES(secret[32:]), modes.CTR(bytes(_BLOCK))).encryptor()
        factors = stream.update(bytes(8 * (1 + LARGEST_FRAGMENT // WORD)))
        self._factors: Words = np.frombuffer(factors, dtype=">u8").astype(np.uint64)

    def prove(self, fragments: Bytes) -> Words:
        """The proofs of *fragments*, which lie along the last axis."""
        size = fragments.shape[-1]
        words = fragments.view("<u4")
        sums = np.einsum("...j,j->...", words, self._factors[1 : 1 + words.shape[-1]])
        return np.asarray((sums + self._factors[:1] * np.uint64(size)) >> np.uint64(32))

    def headers(self, numbers: Numbers, slot: int, fragments: Numbers, proofs: Words) -> Bytes:
        """What stands behind the tags of data packets with these *numbers*, for *fragments* of *slot*; one a row."""
        blocks = np.empty((len(numbers), 2), dtype=">u8")
        blocks[:, 0] = numbers << 16 | fragments
        blocks[:, 1] = proofs | np.uint64(slot << 32)
        return np.frombuffer(self._encrypt.update(blocks.tobytes()), dtype=np.uint8).reshape(-1, _BLOCK)

    def read(self, buffer: Bytes, offsets: Numbers, lengths: Numbers) -> Columns:
        """What datagrams that lie at *offsets* in *buffer* claim to be; those that cannot be data packets are left out.
        :meth:`right` tells what is true.
        """
        sizes = lengths - DATA_HEADER
        whole = (sizes > 0) & (sizes <= LARGEST_FRAGMENT) & (sizes % WORD == 0)
        if not whole.all():
            offsets, sizes = offsets[whole], sizes[whole]
        opened = self._decrypt.update(buffer[offsets[:, None] + _SPREAD].tobytes())
        halves = np.frombuffer(opened, dtype=">u2").reshape(-1, 8)
        words = np.frombuffer(opened, dtype=">u4").reshape(-1, 4)
        numbers = words[:, 0].astype(np.int64) << 16 | halves[:, 2]
        columns = Columns(numbers, words[:, 2].astype(np.int64), halves[:, 3].astype(np.int64),
                          words[:, 3].astype(np.int64), sizes, offsets)
        return columns.where(columns.fragments < FRAGMENTS)

    def right(self, buffer: Bytes, columns: Columns) -> Flags:
        """Which packets are what their headers claim: written by whoever has the key, with these very fragments."""
        found = np.zeros(len(columns), dtype=np.uint64)
        for size in np.unique(columns.sizes).tolist():
            chosen = np.flatnonzero(columns.sizes == size)
            found[chosen] = self._prove_at(buffer, columns.offsets[chosen] + DATA_HEADER, size)
        return np.asarray(found == columns.proofs.astype(np.uint64))

    def _prove_at(self, buffer: Bytes, offsets: Numbers, size: int) -> Words:
        """The proofs of fragments of one size that lie at *offsets*.

        They are looked at in place (copies cost more than the sums) and as many as possible at once, for each look may
        cost the thread its turn: those at even distances, or in bundles of equal length at even distances, as the
        system's coalescing leaves them.
        """
        steps = np.diff(offsets)
        breaks = np.flatnonzero(steps != steps[0]) if len(steps) else steps
        if len(breaks):
            breaks = np.flatnonzero(steps != size + DATA_HEADER)
        starts = np.concatenate(([0], breaks + 1, [len(offsets)]))
        counts, begins = np.diff(starts).tolist(), offsets[starts[:-1]].tolist()
        within = int(steps[0]) if len(starts) == 2 and len(steps) else size + DATA_HEADER
        proofs: list[Words] = []
        first = 0
        while first < len(counts):
            last = first + 1
            between = begins[last] - begins[first] if last < len(counts) else 0
            while last < len(counts) and counts[last] == counts[first] and begins[last] - begins[last - 1] == between:
                last += 1
            bundles: Bytes = np.ndarray((last - first, counts[first], size), np.uint8, buffer.data, begins[first],
                                        (between, within, 1))
            proofs.append(self.prove(bundles).reshape(-1))
            first = last
        return proofs[0] if len(proofs) == 1 else np.concatenate(proofs)
