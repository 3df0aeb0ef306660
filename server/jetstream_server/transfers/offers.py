"""Offers of nodes that are not known here, while a person makes up their mind. Pure: *now* is microseconds.

Nothing of it is kept on the disk: a sender asks again every few seconds, so after a restart the offers come back by
themselves. What one sender, one address and all of them together can put here is bounded, and an offer whose sender
has stopped asking goes away.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Final

SECOND: Final = 1_000_000
GONE_AFTER: Final = 90 * SECOND
"""A sender that has not asked for so long is not there any more, and neither is its offer. Longer than the longest
pause between its tries."""
DECLINED_FOR: Final = 3600 * SECOND
"""So long a *no* is remembered: the same transfer is refused without asking anybody."""
MOST_DECLINES: Final = 3
"""A sender that was told *no* so often within that time is not asked about at all."""
MOST_DECLINES_PER_ADDRESS: Final = 10
"""So many of one address, whatever identities it shows, and it is not asked about either."""
MOST_OFFERS: Final = 100
MOST_PER_SENDER: Final = 5
MOST_PER_ADDRESS: Final = 20
_MOST_DECLINED: Final = 500
_MOST_TOMBSTONES: Final = 1000

Key = tuple[str, str]
"""The sender's fingerprint and its name for the transfer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a stranger wants to send. All text of theirs has been cleaned for people, but for ``destination_path``."""

    uid: str
    fingerprint: str
    name: str
    address: str
    port: int
    label: str
    files: int
    size: int
    destination_path: str
    overwrite_mode: int

    @property
    def key(self) -> Key:
        """By what the same offer is recognised when it is made again."""
        return self.fingerprint, self.uid


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingOffer:
    """A proposal that somebody has to decide on."""

    id: str
    proposal: Proposal
    first_time: int
    last_time: int
    cursor: int


class BoardFull(Exception):
    """No room for another offer; the sender may ask again later."""


class Declined(Exception):
    """Somebody has said no. *until* is when it may be asked again (microseconds)."""

    def __init__(self, until: int) -> None:
        super().__init__(until)
        self.until = until


class OfferBoard:
    """The offers that wait for a person, and what was said no to lately.

    :param new_id: makes ids that nobody can take for those of an earlier launch.
    :param now: the time of the launch; cursors are later than every one of an earlier launch.
    """

    def __init__(self, new_id: Callable[[], str], now: int) -> None:
        self._new_id = new_id
        self._cursor = now
        self._waiting: dict[Key, WaitingOffer] = {}
        self._deciding: set[Key] = set()
        self._declined: OrderedDict[Key, tuple[int, WaitingOffer]] = OrderedDict()
        self._tombstones: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    # -- senders --------------------------------------------------------------------------------------------------

    def ask(self, proposal: Proposal, now: int) -> WaitingOffer | None:
        """A sender asks, for the first time or again. Answers the offer if it is new.

        :raises Declined: if somebody has said no.
        :raises BoardFull: if too many offers wait already.
        """
        self._forget_old(now)
        key = proposal.key
        if key in self._deciding:
            return None
        self._refuse_declined(proposal, now)
        known = self._waiting.get(key)
        if known is not None:
            changed = known.proposal != replace(proposal, port=known.proposal.port)
            cursor = self._next_cursor(now) if changed else known.cursor
            kept = proposal if changed else known.proposal
            self._waiting[key] = replace(known, proposal=kept, last_time=now, cursor=cursor)
            return None
        self._make_room_for(proposal)
        offer = WaitingOffer(
            id=self._fresh_id(), proposal=proposal, first_time=now, last_time=now, cursor=self._next_cursor(now)
        )
        self._waiting[key] = offer
        return offer

    def _refuse_declined(self, proposal: Proposal, now: int) -> None:
        found = self._declined.get(proposal.key)
        if found is not None:
            raise Declined(found[0])
        place = _network(proposal.address)
        same_sender, same_place = [], []
        for until, offer in self._declined.values():
            if offer.proposal.fingerprint == proposal.fingerprint:
                same_sender.append(until)
            if _network(offer.proposal.address) == place:
                same_place.append(until)
        for times, most in ((same_sender, MOST_DECLINES), (same_place, MOST_DECLINES_PER_ADDRESS)):
            if len(times) >= most:
                raise Declined(min(times))

    def _make_room_for(self, proposal: Proposal) -> None:
        others = [offer.proposal for offer in self._waiting.values()]
        place = _network(proposal.address)
        if (
            len(others) >= MOST_OFFERS
            or sum(other.fingerprint == proposal.fingerprint for other in others) >= MOST_PER_SENDER
            or sum(_network(other.address) == place for other in others) >= MOST_PER_ADDRESS
        ):
            raise BoardFull

    def forget(self, key: Key, now: int) -> None:
        """The sender of this offer needs no yes any more."""
        offer = self._waiting.pop(key, None)
        if offer is not None:
            self._tombstones[offer.id] = self._next_cursor(now)
            while len(self._tombstones) > _MOST_TOMBSTONES:
                self._tombstones.popitem(last=False)

    # -- people ---------------------------------------------------------------------------------------------------

    def all(self, now: int) -> list[WaitingOffer]:
        """What waits, oldest first."""
        self._forget_old(now)
        return [offer for offer in self._waiting.values() if offer.proposal.key not in self._deciding]

    def changed_since(self, cursor: int, now: int) -> list[WaitingOffer]:
        """What is new or different after *cursor*."""
        return [offer for offer in self.all(now) if offer.cursor > cursor]

    def gone_since(self, cursor: int) -> list[tuple[str, int]]:
        """Ids and cursors of what went away after *cursor*."""
        return [(id, when) for id, when in self._tombstones.items() if when > cursor]

    def find(self, id: str, now: int) -> WaitingOffer | None:
        """The offer with this id that waits, or that was declined lately: a *no* can be taken back."""
        self._forget_old(now)
        candidates = [*self._waiting.values(), *(offer for _, offer in self._declined.values())]
        return next((o for o in candidates if o.id == id and o.proposal.key not in self._deciding), None)

    def decide(self, offer: WaitingOffer) -> None:
        """Somebody has said yes; until :meth:`decided` the sender goes on waiting and nobody else can decide."""
        self._deciding.add(offer.proposal.key)

    def decided(self, offer: WaitingOffer, now: int, *, taken: bool) -> None:
        """The yes was carried out, or (not *taken*) could not be: then it waits as before."""
        key = offer.proposal.key
        self._deciding.discard(key)
        if taken:
            self._declined.pop(key, None)
            self.forget(key, now)

    def forget_sender(self, fingerprint: str, now: int) -> None:
        """This sender needs no yes any more, and earlier ones of no do not count."""
        for key in [key for key in self._waiting if key[0] == fingerprint]:
            self.forget(key, now)
        for key in [key for key in self._declined if key[0] == fingerprint]:
            del self._declined[key]

    def decline(self, offer: WaitingOffer, now: int) -> None:
        """Somebody has said no."""
        key = offer.proposal.key
        self._declined[key] = (now + DECLINED_FOR, offer)
        while len(self._declined) > _MOST_DECLINED:
            self._declined.popitem(last=False)
        self.forget(key, now)

    # -- time -----------------------------------------------------------------------------------------------------

    def _forget_old(self, now: int) -> None:
        for key in [key for key, offer in self._waiting.items() if now - offer.last_time > GONE_AFTER]:
            if key not in self._deciding:
                self.forget(key, now)
        for key in [key for key, (until, _) in self._declined.items() if now >= until]:
            del self._declined[key]

    def _next_cursor(self, now: int) -> int:
        self._cursor = max(self._cursor + 1, now)
        return self._cursor

    def _fresh_id(self) -> str:
        taken = {offer.id for offer in self._waiting.values()} | {offer.id for _, offer in self._declined.values()}
        while (id := self._new_id()) in taken:
            pass
        return id


def _network(address: str) -> Hashable:
    """What one host can take addresses from: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return parsed.ipv4_mapped or ipaddress.IPv6Network((parsed, 64), strict=False)
    return parsed
