"""The messages of the peer session, ``jetstream-peer/1``: their parameters and answers, checked on arrival. Pure.

All of them are MessagePack-RPC. *Dialler* and *answerer* is who made the connection; *sender* and *receiver* is which
way the blocks go; the two are independent. The order is held by :class:`Stage` and by the sessions in
:mod:`jetstream_server.transfers`.

    dialler → answerer    hello, prove, then login or loginToken if there are credentials
    sender → receiver     offer                (the sender dialled: push)
    receiver → sender     look, fetch, fetchChosen   (the receiver dialled: pull)
    dialler → answerer    probe, tryCarrier, trialEnough*, survey   (a test before anything is sent)
    receiver → sender     page, begin, stored*, checkpoint*, held*, complete
    either                ping, stop*

(* notification: no answer.)
"""

import enum
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from jetstream.errors import InvalidParameters

PROTOCOL_VERSIONS: Final = (1,)
NONCE_BYTES: Final = 32
PROOF_CONTEXT: Final = b"jetstream-peer/1 dialler\x00"

MAX_PAGES_AT_ONCE: Final = 16
INLINE_BYTES: Final = 512 * 1024
"""Pages up to this size together travel with the offer."""

Name = Annotated[str, msgspec.Meta(max_length=1024)]
Text = Annotated[str, msgspec.Meta(max_length=8192)]
MAX_SIZE: Final = 1 << 47
"""Bytes in one transfer: 128 TiB, which a map of its blocks takes 128 MiB for."""
MAX_ENTRIES: Final = 1 << 28
MAX_PAGES: Final = 1 << 17

Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 62))]
CarrierName = Literal["tcp", "udp"]
Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Nonce = Annotated[bytes, msgspec.Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]
Ranges = Annotated[list[tuple[Count, Count]], msgspec.Meta(max_length=1 << 20)]


class Stage(enum.Enum):
    """How far a peer session is."""

    HELLO = "hello"
    PROVE = "prove"
    OPEN = "open"
    CLOSED = "closed"


NEXT_STAGE: Final[dict[tuple[Stage, str], Stage]] = {
    (Stage.HELLO, "hello"): Stage.PROVE,
    (Stage.PROVE, "prove"): Stage.OPEN,
}
"""The only ways forward. A message that is not in here is allowed in ``OPEN`` alone."""


class Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of all: unknown fields are ignored, so that a newer node may say more."""


class Hello(Message, frozen=True, kw_only=True):
    """First words of the dialling node. *certificate* is DER; *nonce* is fresh."""

    protocol: Annotated[list[int], msgspec.Meta(max_length=32)]
    server_uid: Name
    server_id: Name
    name: Name
    version: Name
    certificate: Annotated[bytes, msgspec.Meta(max_length=16384)]
    nonce: Nonce


class HelloAnswer(Message, frozen=True, kw_only=True):
    """The answering node's words. Its certificate is the one of the TLS connection."""

    protocol: int
    server_uid: Name
    server_id: Name
    name: Name
    version: Name
    nonce: Nonce


class Prove(Message, frozen=True, kw_only=True):
    """Ed25519 over ``PROOF_CONTEXT``, both nonces (dialler's first) and the certificate fingerprint that we see."""

    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


class Login(Message, frozen=True, kw_only=True):
    """An account of the answering node."""

    user: Name
    password: Name


class LoginToken(Message, frozen=True, kw_only=True):
    """A shared token of the answering node."""

    token: Name
    password: Name | None = None


class Offer(Message, frozen=True, kw_only=True):
    """A transfer: what it is and how it wants to be treated. Answer to ``fetch``, parameters of ``offer``."""

    uid: Name
    label: Name
    files: Annotated[int, msgspec.Meta(ge=0, le=MAX_ENTRIES)]
    size: Annotated[int, msgspec.Meta(ge=0, le=MAX_SIZE)]
    entries: Annotated[int, msgspec.Meta(ge=0, le=MAX_ENTRIES)]
    pages: Annotated[int, msgspec.Meta(ge=0, le=MAX_PAGES)]
    digest: Digest
    destination_path: Text = ""
    overwrite_mode: Annotated[int, msgspec.Meta(ge=0, le=6)] = 4
    checkpoint_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 10
    session: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    """Id of the data session, fresh for every offer. Whoever dialled may open data connections at once."""
    key: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    """Key of the data session."""
    carriers: Annotated[list[Name], msgspec.Meta(max_length=16)]
    """What the sender can use."""
    first_pages: Annotated[list[bytes], msgspec.Meta(max_length=MAX_PAGES_AT_ONCE)] = []
    """The first pages of the manifest, where they are small: a round trip saved."""

    def __repr__(self) -> str:
        return f"<Offer {self.uid[:8]} files={self.files} size={self.size}>"


class OfferState(enum.Enum):
    """What the receiver says to an offer."""

    ACCEPTED = "accepted"
    """Go on: ``page`` and ``begin`` follow."""
    COMPLETE = "complete"
    """It has arrived already, whole and flushed."""
    PAUSED = "paused"
    """The receiver's people paused it; come back later."""
    WAITING = "waiting"
    """A person has to say yes; come back later."""


class OfferAnswer(Message, frozen=True, kw_only=True):
    """The receiver's word."""

    state: OfferState
    message: Text = ""
    failed: Count = 0
    """With ``complete``: how many files the sender could not deliver."""


class Fetch(Message, frozen=True, kw_only=True):
    """Give us what the token stands for. *uid* names an earlier try that should go on."""

    uid: Name | None = None
    entries: Ranges | None = None
    """With ``fetchChosen``: which entries of what ``look`` listed. A method of its own, so that a node that knows
    nothing of choices refuses, and does not send everything."""


class Look(Message, frozen=True, kw_only=True):
    """What does the token give? Nothing is sent yet; ``page`` tells the entries."""


class Listing(Message, frozen=True, kw_only=True):
    """Answer to ``look``."""

    label: Name
    description: Name = ""
    files: Annotated[int, msgspec.Meta(ge=0, le=MAX_ENTRIES)]
    size: Annotated[int, msgspec.Meta(ge=0, le=MAX_SIZE)]
    entries: Annotated[int, msgspec.Meta(ge=0, le=MAX_ENTRIES)]
    pages: Annotated[int, msgspec.Meta(ge=0, le=MAX_PAGES)]
    digest: Digest
    expiry_time: Count | None = None
    """Microseconds since the epoch; ``None``: the token never ends."""
    downloads_left: Count | None = None
    first_pages: Annotated[list[bytes], msgspec.Meta(max_length=MAX_PAGES_AT_ONCE)] = []


class Admission(enum.Enum):
    """What would become of an offer of the node that asks."""

    YES = "yes"
    ASK = "ask"
    """A person would be asked."""
    NO = "no"


class FolderState(enum.Enum):
    """Whether files can be written to the receiving folder."""

    OK = "ok"
    FULL = "full"
    DENIED = "denied"
    READ_ONLY = "readOnly"
    NOT_A_FOLDER = "notAFolder"
    FAILED = "failed"


class Probe(Message, frozen=True, kw_only=True):
    """Would you take files from us, as we have logged in, and could you write them?"""


class ProbeAnswer(Message, frozen=True, kw_only=True):
    """Everything but *admission* is for those alone who may send."""

    admission: Admission
    folder: FolderState | None = None
    free: Count | None = None
    """Bytes free where files would land."""
    problem: Name = ""
    """With ``failed``: the system's name of the error."""
    time: Count | None = None
    """The answering node's clock, microseconds since the epoch (UTC)."""


class TryCarrier(Message, frozen=True, kw_only=True):
    """Take part in a trial of a carrier; the asking node dials it. The answer comes in the end."""

    carrier: CarrierName
    back: bool = False
    """Whether the blocks go from the answering node to the asking one."""
    session: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    key: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    size: Annotated[int, msgspec.Meta(ge=1 << 16, le=1 << 28)]
    """Bytes after which it is enough."""
    seconds: Annotated[float, msgspec.Meta(ge=0.1, le=10)]
    block: Annotated[int, msgspec.Meta(ge=1 << 14, le=1 << 20)]
    """Bytes of a block."""


class TrialState(enum.Enum):
    """How a side fared in a trial."""

    OK = "ok"
    OFF = "off"
    """It does not use this carrier."""
    UNHEARD = "unheard"
    """It heard nothing of the other side."""
    BROKEN = "broken"


class CarrierTried(Message, frozen=True, kw_only=True):
    """What a side saw of a trial: as the receiver what came, as the sender what it knows of the path."""

    state: TrialState
    heard: bool = False
    """Whether it heard the other side."""
    received: Count = 0
    """Bytes."""
    rate: Count = 0
    """In kbit/s."""
    rtt: Count | None = None
    """Microseconds."""
    sent: Count = 0
    """Packets."""
    lost: Count = 0
    """Packets of them."""
    datagram: Count = 0
    """Bytes of the largest datagram that passed, without headers of IP and UDP."""
    problem: Name = ""


class TrialEnough(Message, frozen=True, kw_only=True):
    """The asking node has what it wants of the trial."""

    session: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


class Survey(Message, frozen=True, kw_only=True):
    """What is there already of a page of what we might send?"""

    page: Annotated[bytes, msgspec.Meta(max_length=768 << 10)]
    """In wire form, as in an offer."""
    destination_path: Text = ""
    overwrite_mode: Annotated[int, msgspec.Meta(ge=0, le=6)] = 4


PRESENT_SAMPLE: Final = 20
REFUSED_SAMPLE: Final = 100

OfPage = Annotated[int, msgspec.Meta(ge=0, le=4096)]
Reason = Annotated[str, msgspec.Meta(max_length=1024)]


class SurveyAnswer(Message, frozen=True, kw_only=True):
    """What was found; all of it about the first *looked* entries of the page. Samples are positions in the page."""

    looked: OfPage
    """Fewer than the page has where the answering node has taken long enough."""
    present: OfPage = 0
    """Files whose name is taken."""
    unchanged: OfPage = 0
    """Those of them with the same size and time."""
    present_size: Count = 0
    """Bytes of the present ones, as they are there."""
    needed: Annotated[int, msgspec.Meta(ge=-(1 << 62), le=1 << 62)] = 0
    """Bytes more that the disk would hold in the end; fewer if it is negative."""
    changed_sample: Annotated[list[OfPage], msgspec.Meta(max_length=PRESENT_SAMPLE)] = []
    """Present ones with another size or time."""
    unchanged_sample: Annotated[list[OfPage], msgspec.Meta(max_length=PRESENT_SAMPLE)] = []
    refused: Annotated[list[tuple[OfPage, Reason]], msgspec.Meta(max_length=REFUSED_SAMPLE)] = []
    """What cannot be stored, and why."""
    refused_total: OfPage = 0
    free: Count | None = None
    """Bytes free where it would land."""


class Finished(Message, frozen=True, kw_only=True):
    """What was fetched under *uid* is complete; said later, where ``complete`` could not be."""

    uid: Name


class PageRequest(Message, frozen=True, kw_only=True):
    """Pages of the manifest, in wire form."""

    number: Count
    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGES_AT_ONCE)] = 1


class Pages(Message, frozen=True, kw_only=True):
    """Answer to ``page``."""

    pages: list[bytes]


class Begin(Message, frozen=True, kw_only=True):
    """The receiver is ready for blocks and has *have* already."""

    have: Ranges


class Stored(Message, frozen=True, kw_only=True):
    """Blocks that the receiver has written since its last report."""

    blocks: Ranges
    files: Count = 0
    """Files that are whole under their final names, in all."""
    disk_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    """How much of its time the receiver has spent with its disk lately."""


class Checkpoint(Message, frozen=True, kw_only=True):
    """So much is on the receiver's disk, promised."""

    blocks: Count
    size: Count


class Held(Message, frozen=True, kw_only=True):
    """The receiver cannot take more now (disk full); empty: it can again."""

    message: Text


class Complete(Message, frozen=True, kw_only=True):
    """Everything is written, named and flushed, but for the *failed* entries."""

    files: Count
    failed: Annotated[list[Count], msgspec.Meta(max_length=1 << 20)]
    report: Text = ""
    """What a person should know: files that were kept beside, links that were refused."""


class StopReason(enum.Enum):
    """Why a side ends the session on purpose."""

    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    ERROR = "error"
    SHUTDOWN = "shutdown"


class Stop(Message, frozen=True, kw_only=True):
    """The session ends now."""

    reason: StopReason
    message: Text = ""


class Withdraw(Message, frozen=True, kw_only=True):
    """The sender has paused, cancelled or failed an offer between sessions: nobody needs to decide on it any more."""

    uid: Name
    reason: StopReason
    message: Text = ""


class Ping(Message, frozen=True, kw_only=True):
    """Are you there? Answer: an empty map."""


T = TypeVar("T", bound=Message)


def understand(cls: type[T], value: object) -> T:
    """The *cls* in a received map.

    :raises InvalidParameters: if it is none; names the field as the other side spelled it.
    """
    try:
        return msgspec.convert(value, cls)
    except msgspec.ValidationError as error:
        raise InvalidParameters(f"A message of another node is malformed: {error}") from error


def as_map(message: Message) -> dict[str, Any]:
    """The map that goes over the wire."""
    value = msgspec.to_builtins(message, builtin_types=(bytes,))
    assert isinstance(value, dict)
    return value


def proof_text(dialler_nonce: bytes, answerer_nonce: bytes, answerer_fingerprint: str) -> bytes:
    """What the dialling node signs. A machine in the middle shows another certificate, so it cannot pass this on."""
    return PROOF_CONTEXT + dialler_nonce + answerer_nonce + bytes.fromhex(answerer_fingerprint)
