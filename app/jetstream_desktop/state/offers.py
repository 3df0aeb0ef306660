"""What an unknown computer wants to send, as the person who is asked reads it."""

from dataclasses import dataclass

from jetstream.entities import Offer
from jetstream_desktop.i18n import tr
from jetstream_desktop.state import numbers
from jetstream_desktop.state.details import short_fingerprint
from jetstream_desktop.state.text import home_relative, isolated, printable


@dataclass(frozen=True, slots=True)
class Ask:
    """An offer in words. *fits* says whether there is room for it."""

    id: str
    title: str
    amount: str
    room: str
    fits: bool
    folder: str
    sender: str

    @property
    def spoken(self) -> str:
        """All of it in one go."""
        return f"{self.title}. {self.amount}, {self.room}. {self.folder}. {self.sender}."


def in_words(offer: Offer, chosen: str | None, home: str) -> Ask:
    """*offer* for people.

    :param chosen: the folder that it goes to, if it is not the usual one.
    :param home: the person's home folder, shown as ``~``.
    """
    fits = chosen is not None or offer.free_space is None or offer.total_size <= offer.free_space
    return Ask(
        id=offer.id,
        title=(tr("{name} wants to send you “{what}”", name=name_of(offer), what=label_of(offer)) if offer.label
               else tr("{name} wants to send you files", name=name_of(offer))),
        amount=f"{numbers.files(offer.total_files)}, {numbers.size(offer.total_size)}",
        room=_room(offer, chosen, fits),
        fits=fits,
        folder=tr("Goes to {folder}", folder=_place(offer, chosen, home)),
        sender=tr("From {address}, identity {code}", address=printable(offer.source_ip or "?"),
                  code=short_fingerprint(offer.peer_fingerprint)),
    )


def name_of(offer: Offer) -> str:
    """What the sender calls itself, unable to turn the sentence around that it stands in."""
    return isolated(printable(offer.peer_name))


def label_of(offer: Offer) -> str:
    """What the sender calls what it sends."""
    return isolated(printable(offer.label) or tr("files"))


def _room(offer: Offer, chosen: str | None, fits: bool) -> str:
    if chosen is not None or offer.free_space is None:
        return tr("free space not known")
    free = numbers.size(offer.free_space)
    return tr("{size} free here", size=free) if fits else tr("there is room for {size} only", size=free)


def _place(offer: Offer, chosen: str | None, home: str) -> str:
    folder = home_relative(printable(chosen or offer.folder), home)
    below = printable(offer.destination_path).strip("/")
    return f"{folder.rstrip('/')}/{below}" if below else folder


def announcement(offers: "tuple[Offer, ...]") -> tuple[str, str]:
    """Title and text of the notification about new offers: one for all of them."""
    if len(offers) == 1:
        offer = offers[0]
        words = in_words(offer, None, "")
        return tr("{name} wants to send you files", name=name_of(offer)), f"{label_of(offer)}: {words.amount}"
    return "JetStream", tr("{count} computers or transfers wait for your yes", count=numbers.count(len(offers)))
