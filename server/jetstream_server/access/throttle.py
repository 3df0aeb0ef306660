"""Slows the guessing of secrets. Pure: time in seconds, from any steady clock, is an argument.

Every attempt counts as a failure from the moment it is let in until it turns out to be right, so that many attempts
at once gain nothing. The first failures are free; after them each has to wait for the one before it, longer every
time, up to a limit. An attempt that would have to wait longer than the limit is turned away unseen. So whoever floods
an account cannot make its user wait for hours; and an address from which the account was opened lately is not slowed
by what strangers try.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

FREE_FAILURES: Final = 5
FIRST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 30.0
FORGET_SECONDS: Final = 15 * 60.0
MAX_ENTRIES: Final = 10_000


@dataclass(slots=True)
class _Entry:
    failures: int = 0
    free_at: float = 0.0
    last: float = 0.0


class Throttle:
    """Delays for addresses and accounts.

    :param capacity: how many addresses and accounts are remembered; the ones unused for longest are forgotten first.
    """

    def __init__(
        self,
        *,
        free: int = FREE_FAILURES,
        first: float = FIRST_SECONDS,
        longest: float = LONGEST_SECONDS,
        forget: float = FORGET_SECONDS,
        capacity: int = MAX_ENTRIES,
    ) -> None:
        self._free = free
        self._first = first
        self._longest = longest
        self._forget = forget
        self._capacity = capacity
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __repr__(self) -> str:
        return f"<Throttle entries={len(self._entries)}>"

    def __len__(self) -> int:
        return len(self._entries)

    def admit(self, address: str, account: str, now: float) -> float | None:
        """Seconds to wait before this attempt may be checked, or ``None`` if it is turned away.

        :param address: the other side's IP address.
        :param account: what is guessed at, such as a user's name; whether it exists makes no difference.
        """
        entries = [self._entry(key, now) for key in self._keys(address, account, now)]
        start = max(now, *(entry.free_at for entry in entries))
        if start - now > self._longest:
            return None
        for entry in entries:
            entry.failures += 1
            entry.free_at = start + self._interval(entry.failures)
            entry.last = start
        return start - now

    def succeeded(self, address: str, account: str, now: float) -> None:
        """The attempt was right: it no longer counts as a failure, and this address is known for this account."""
        for key in self._keys(address, account, now):
            entry = self._entries.get(key)
            if entry is not None and entry.failures:
                entry.free_at -= self._interval(entry.failures)
                entry.failures -= 1
        pair = (network_of(address), account)
        self._known[pair] = now
        self._known.move_to_end(pair)
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)

    def _keys(self, address: str, account: str, now: float) -> list[Hashable]:
        network = network_of(address)
        seen = self._known.get((network, account))
        known = seen is not None and now - seen <= self._forget
        return [("address", network)] if known else [("address", network), ("account", account)]

    def _entry(self, key: Hashable, now: float) -> _Entry:
        entry = self._entries.get(key)
        if entry is None or now - entry.last > self._forget:
            entry = self._entries[key] = _Entry()
        self._entries.move_to_end(key)
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)
        return entry

    def _interval(self, failures: int) -> float:
        beyond = failures - self._free
        if beyond <= 0:
            return 0.0
        return float(min(self._longest, self._first * 2.0 ** min(beyond - 1, 64)))


def network_of(address: str) -> str:
    """What counts as one address: all of IPv4; in IPv6 the /64 network, since one machine has all of its addresses."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False).network_address)
