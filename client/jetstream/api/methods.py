"""The method table. Both client faces, the command line and the node's dispatcher read it; nothing repeats it.

The order inside a group is the order of the documentation.
"""

from collections.abc import Mapping
from typing import Any, Final

from jetstream.api.vocabulary import REQUIRED, Access, Method, Parameter, Shape
from jetstream.constants import (
    DEFAULT_API_PORT,
    DEFAULT_CHECKPOINT_SECONDS,
    DEFAULT_PRIORITY,
    MIN_CIPHER_ENCRYPTED_256,
    OVERWRITE_ALWAYS,
    RATE_POLICY_FAIR,
    SYMLINK_FOLLOW,
)

MAX_PATH = 8192
MAX_NAME = 1024
MAX_TEXT = 64 * 1024
MAX_RATE_KBPS = 1 << 40
MAX_TIME = (1 << 63) - 1
MAX_MAPPINGS = 2_000_000
MAX_RANGES = 200_000


def _text(name: str, default: Any = REQUIRED, longest: int = MAX_NAME) -> Parameter:
    kind: Any = str | None if default is None else str
    return Parameter(name, kind, default, max_length=longest)


def _number(name: str, default: Any = REQUIRED, low: int | None = 0, high: int | None = MAX_TIME) -> Parameter:
    kind: Any = int | None if default is None else int
    return Parameter(name, kind, default, minimum=low, maximum=high)


def _ref(name: str, field: str) -> Parameter:
    return Parameter(name, str, reference=field, max_length=MAX_NAME)


def _user_data() -> Parameter:
    return Parameter("userData", dict[str, Any] | None, None, max_length=1000)


MANIFEST = _ref("manifest", "manifestId")
DESTINATION = _ref("destination", "destinationId")
TRANSFER = _ref("transfer", "transferId")
TOKEN = _ref("token", "token")
OFFER = _ref("offer", "offerId")
REQUEST = Parameter("request", int, reference="requestId", minimum=0)
PATH = _text("path", longest=MAX_PATH)
RATE = _number("sendRateMax", None, 1, MAX_RATE_KBPS)

_DESTINATION_FIELDS = (
    _text("userName", None),
    _text("password", None),
    _text("permittedDestinationPublicKey", None, MAX_TEXT),
    RATE,
    _text("name", ""),
    _user_data(),
)

_ANY_DESTINATION = (
    Parameter("destination", str | None, None, reference="destinationId", max_length=MAX_NAME),
    _text("destinationAddress", None),
    _number("destinationPort", None, 1, 65535),
    _text("userName", None),
    _text("password", None),
    _text("permittedDestinationPublicKey", None, MAX_TEXT),
)
"""One of the address book, with other values if they are given; or one that is not in there."""

_MAPPINGS = Parameter("mappings", dict[str, str] | None, None, max_length=MAX_MAPPINGS)
_CHOICES = (
    _number("symlinkMode", SYMLINK_FOLLOW, 0, 2),
    Parameter("exclude", list[str] | None, None, max_length=1000),
    Parameter("skipUnreadable", bool, False),
)
"""How files are listed."""

_SERVER = (
    Method("server.auth", (_text("user"), _text("password")), Shape.NONE, Access.ANYONE, "Log in with an account."),
    Method("server.authToken", (_text("token"), _text("password", None)), Shape.NONE, Access.ANYONE,
           "Log in with a shared token or an API token."),
    Method("server.authTicket", (_text("ticket"),), Shape.NONE, Access.ANYONE,
           "Log in as the node's owner with the ticket file of this machine.", deferrable=False),
    Method("server.getServerInfo", (), Shape.SERVER_INFO, Access.ANYONE, "What this node is and can do."),
    Method("server.getRequestStatus", (REQUEST,), Shape.OBJECT, Access.ANYONE,
           "How far an ...Async call is; never blocks.", deferrable=False),
    Method("server.getRequestResult", (REQUEST,), Shape.OBJECT, Access.ANYONE,
           "The result of an ...Async call; waits for it.", deferrable=False),
    Method("server.cancelRequest", (REQUEST,), Shape.NONE, Access.ANYONE,
           "End an ...Async call that only looks: testDestination, previewTransfer, getDiagnostics, du.",
           deferrable=False),
    Method("server.getDiagnostics", (_text("host", ""),), Shape.CHECKS, Access.LOGIN,
           "What the node finds when it looks at itself, and at the way that begins towards a host.", ends=True),
    Method("server.echo", (_text("text", "", MAX_TEXT),), Shape.OBJECT, Access.ANYONE, "The same text back."),
    Method("server.superuser", (), Shape.NONE, Access.LOGIN, "Take up superuser rights for this connection."),
    Method("server.terminate", (), Shape.NONE, Access.SUPERUSER, "Stop the node gracefully."),
    Method("server.getEventLog", (_number("since", None), _number("limit", 1000, 1, 10_000)), Shape.EVENTS,
           Access.LOGIN, "Events in order of time, from the cursor `since` on."),
    Method("server.createAPIToken",
           (_text("description", ""), _text("path", "", MAX_PATH), _number("permissions", 15, 0, 15),
            _number("expiryTime", None)),
           Shape.API_TOKEN, Access.LOGIN, "A revocable login restricted to a path and to permissions."),
    Method("server.getAPIToken", (TOKEN,), Shape.API_TOKEN, Access.LOGIN, "One API token."),
    Method("server.getAPITokens", (), Shape.API_TOKENS, Access.LOGIN, "All API tokens of this login."),
    Method("server.deleteAPIToken", (TOKEN,), Shape.NONE, Access.LOGIN, "Revoke an API token."),
    Method("server.getSandboxMappings", (), Shape.OBJECT, Access.SUPERUSER,
           "Folders per user: {user: {name: path}}; user '' is everyone."),
    Method("server.setSandboxMapping",
           (_text("user"), Parameter("mapping", dict[str, str | dict[str, str]], max_length=1000)),
           Shape.NONE, Access.SUPERUSER, "The folders that a user may touch: {name: path}; name '' is the root."),
    Method("server.deleteSandboxMapping", (_text("user"),), Shape.NONE, Access.SUPERUSER, "Lift a user's sandbox."),
    Method("server.updateBandwidthLimits",
           (_number("incoming", None, 0, MAX_RATE_KBPS), _number("outgoing", None, 0, MAX_RATE_KBPS),
            Parameter("borrowIncoming", bool | None, None), Parameter("borrowOutgoing", bool | None, None)),
           Shape.OBJECT, Access.SUPERUSER, "Limits of the whole node in kbit/s; 0 lifts a limit, null keeps it."),
    Method("server.createUser", (_text("user"), _text("password")), Shape.NONE, Access.SUPERUSER, "Add an account."),
    Method("server.getUsers", (), Shape.OBJECT, Access.SUPERUSER, "Names and creation times of the accounts."),
    Method("server.deleteUser", (_text("user"),), Shape.NONE, Access.SUPERUSER, "Remove an account."),
    Method("server.setPassword", (_text("user"), _text("password")), Shape.NONE, Access.SUPERUSER,
           "Change an account's password."),
    Method("server.setReceivingFolder", (PATH,), Shape.NONE, Access.SUPERUSER, "Where incoming transfers land."),
    Method("server.lsRoots", (), Shape.OBJECT, Access.LOGIN, "The root folders that this login sees."),
    Method("server.ls", (PATH, _number("offset", 0), _number("limit", 10_000, 1, 10_000)), Shape.OBJECT,
           Access.LOGIN, "The entries of a folder."),
    Method("server.du", (PATH,), Shape.OBJECT, Access.LOGIN, "Bytes and files below a path.", ends=True),
    Method("server.mkdir", (PATH,), Shape.NONE, Access.LOGIN, "Make a folder and the missing ones above it."),
    Method("server.mv", (_text("source", longest=MAX_PATH), _text("target", longest=MAX_PATH)), Shape.NONE,
           Access.LOGIN, "Move or rename."),
    Method("server.rm", (PATH,), Shape.NONE, Access.LOGIN, "Remove a file or a whole folder."),
)

_SEND = (
    Method("send.createManifest",
           (_MAPPINGS, Parameter("fileMappings", dict[str, str] | None, None, max_length=MAX_MAPPINGS), *_CHOICES,
            _user_data()),
           Shape.MANIFEST, Access.LOGIN, "Start listing files: {target: source}."),
    Method("send.getManifest", (MANIFEST,), Shape.MANIFEST, Access.TOKEN, "One manifest."),
    Method("send.getManifests", (), Shape.MANIFESTS, Access.TOKEN, "All manifests that this login sees."),
    Method("send.deleteManifest", (MANIFEST,), Shape.NONE, Access.LOGIN,
           "Forget a manifest; transfers that use it go on."),
    Method("send.getManifestFiles", (MANIFEST, _number("offset", 0), _number("limit", 1000, 1, 10_000)),
           Shape.OBJECT, Access.TOKEN, "A page of the files of a manifest."),
    Method("send.createDestination",
           (_text("destinationAddress"), _number("destinationPort", DEFAULT_API_PORT, 1, 65535),
            *_DESTINATION_FIELDS),
           Shape.DESTINATION, Access.TOKEN, "An address-book record; the same parameters give the same record."),
    Method("send.getDestination", (DESTINATION,), Shape.DESTINATION, Access.TOKEN, "One destination."),
    Method("send.getDestinations", (), Shape.DESTINATIONS, Access.TOKEN, "All destinations of this login."),
    Method("send.updateDestination",
           (DESTINATION, Parameter("changes", dict[str, Any], max_length=20)),
           Shape.DESTINATION, Access.LOGIN, "Change fields of a destination: {field: value}."),
    Method("send.testDestination",
           (*_ANY_DESTINATION, Parameter("tryCarriers", bool, False)),
           Shape.CHECKS, Access.LOGIN, "Whether files could be sent there now, step by step.", ends=True),
    Method("send.deleteDestination", (DESTINATION,), Shape.NONE, Access.LOGIN, "Forget a destination."),
    Method("send.restoreDestination", (DESTINATION,), Shape.DESTINATION, Access.LOGIN,
           "Bring back a destination that was forgotten since the node started."),
    Method("send.createTransfer",
           (DESTINATION, MANIFEST, _text("destinationPath", "", MAX_PATH),
            _number("priority", DEFAULT_PRIORITY, 0, 1 << 31), RATE, _number("overwriteMode", OVERWRITE_ALWAYS, 0, 6),
            _number("minCipher", MIN_CIPHER_ENCRYPTED_256, 0, 3),
            _number("checkpointFrequencySeconds", DEFAULT_CHECKPOINT_SECONDS, 1, 86_400), _user_data(),
            _text("ratePolicy", RATE_POLICY_FAIR)),
           Shape.TRANSFER, Access.TOKEN, "Send a manifest to a destination."),
    Method("send.previewTransfer",
           (*_ANY_DESTINATION, Parameter("manifest", str | None, None, reference="manifestId", max_length=MAX_NAME),
            _MAPPINGS, *_CHOICES, _text("destinationPath", "", MAX_PATH),
            _number("overwriteMode", OVERWRITE_ALWAYS, 0, 6)),
           Shape.PREVIEW, Access.LOGIN, "What a transfer there would meet now; nothing is sent or stored.", ends=True),
    Method("send.getTransfer", (TRANSFER,), Shape.TRANSFER, Access.TOKEN, "One transfer."),
    Method("send.getTransfers", (_number("modifiedSince", None),), Shape.TRANSFERS, Access.TOKEN,
           "All transfers of this login, or those that changed since a cursor."),
    Method("send.suspendTransfer", (TRANSFER,), Shape.TRANSFER, Access.TOKEN, "Pause; nothing is lost."),
    Method("send.resumeTransfer", (TRANSFER,), Shape.TRANSFER, Access.TOKEN,
           "Go on after a pause, or try again after an error."),
    Method("send.cancelTransfer", (TRANSFER,), Shape.TRANSFER, Access.TOKEN, "Stop for good; the record stays."),
    Method("send.failTransfer", (TRANSFER, _text("message", "", MAX_TEXT)), Shape.TRANSFER, Access.LOGIN,
           "Stop with an error message of the caller's."),
    Method("send.deleteTransfer", (TRANSFER,), Shape.NONE, Access.TOKEN, "Stop and forget the record."),
    Method("send.updateTransfer",
           (TRANSFER, _number("priority", None, 0, 1 << 31), _number("sendRateMax", None, 0, MAX_RATE_KBPS),
            _text("ratePolicy", None)),
           Shape.TRANSFER, Access.TOKEN,
           "Change priority, rate limit (kbit/s; 0 lifts it) and rate policy while it runs."),
    Method("send.getTransferEvents", (TRANSFER, _number("limit", 1000, 1, 10_000)), Shape.EVENTS, Access.TOKEN,
           "The event log of one transfer."),
    Method("send.getConnections", (), Shape.CONNECTIONS, Access.LOGIN, "The node's links to other nodes."),
    Method("send.getConnection", (_ref("connection", "connectionId"),), Shape.CONNECTION, Access.LOGIN,
           "One link to another node."),
    Method("send.createSharedToken",
           (MANIFEST, _text("description", ""), _number("expiryTime", None), _number("downloadLimit", None, 1),
            _text("password", None), _user_data()),
           Shape.TOKEN, Access.LOGIN, "A secret that lets someone without an account fetch one manifest."),
    Method("send.getSharedToken", (TOKEN,), Shape.TOKEN, Access.LOGIN, "One shared token."),
    Method("send.getSharedTokens", (), Shape.TOKENS, Access.LOGIN, "All shared tokens of this login."),
    Method("send.updateSharedToken", (TOKEN, Parameter("changes", dict[str, Any], max_length=10)),
           Shape.TOKEN, Access.LOGIN, "Change description, expiryTime, downloadLimit, password, userData."),
    Method("send.deleteSharedToken", (TOKEN,), Shape.NONE, Access.LOGIN, "Revoke a shared token."),
    Method("send.updateObjectUserData",
           (Parameter("object", dict[str, str], max_length=1), Parameter("userData", dict[str, Any], max_length=1000)),
           Shape.NONE, Access.LOGIN, "Merge keys into the user data of {idField: id}."),
    Method("send.deleteObjectUserData",
           (Parameter("object", dict[str, str], max_length=1), Parameter("keys", list[str], max_length=1000)),
           Shape.NONE, Access.LOGIN, "Remove keys from the user data of {idField: id}."),
)

_RECEIVE = (
    Method("recv.getTransfers", (_number("modifiedSince", None),), Shape.RECEIVE_TRANSFERS, Access.LOGIN,
           "Incoming transfers, or those that changed since a cursor."),
    Method("recv.getTransfer", (TRANSFER,), Shape.RECEIVE_TRANSFER, Access.LOGIN, "One incoming transfer."),
    Method("recv.createDownload",
           (_text("link", longest=MAX_PATH), _text("password", None), _text("destinationPath", "", MAX_PATH),
            _number("overwriteMode", OVERWRITE_ALWAYS, 0, 6), _user_data(),
            Parameter("entries", list[tuple[int, int]] | None, None, minimum=0, maximum=MAX_TIME,
                      max_length=MAX_RANGES)),
           Shape.RECEIVE_TRANSFER, Access.LOGIN,
           "Fetch a shared token by dialling its node: everything, or the entries [[first, count]] of its preview."),
    Method("recv.previewDownload",
           (_text("link", longest=MAX_PATH), _text("password", None), _number("offset", 0),
            _number("limit", 1000, 1, 10_000)),
           Shape.OBJECT, Access.LOGIN, "What a shared token gives, and a page of its files; nothing is fetched."),
    Method("recv.getTransferFiles", (TRANSFER, _number("offset", 0), _number("limit", 1000, 1, 10_000)),
           Shape.OBJECT, Access.LOGIN, "A page of the files of an incoming transfer."),
    Method("recv.verifyTransfer", (TRANSFER, _number("offset", 0), _number("limit", 64, 1, 1024)), Shape.OBJECT,
           Access.LOGIN, "Compare files that have arrived with the hashes made then: some blocks of 1 MiB at a time."),
    Method("recv.suspendTransfer", (TRANSFER,), Shape.RECEIVE_TRANSFER, Access.LOGIN, "Pause an incoming transfer."),
    Method("recv.resumeTransfer", (TRANSFER,), Shape.RECEIVE_TRANSFER, Access.LOGIN,
           "Let an incoming transfer go on, or fetch again after an error."),
    Method("recv.cancelTransfer", (TRANSFER,), Shape.RECEIVE_TRANSFER, Access.LOGIN,
           "Stop an incoming transfer for good; the record stays."),
    Method("recv.deleteTransfer", (TRANSFER,), Shape.NONE, Access.LOGIN, "Stop and forget an incoming transfer."),
    Method("recv.getTransferEvents", (TRANSFER, _number("limit", 1000, 1, 10_000)), Shape.EVENTS, Access.LOGIN,
           "The event log of one incoming transfer."),
    Method("recv.getOffers", (_number("modifiedSince", None),), Shape.OFFERS, Access.LOGIN,
           "Transfers of unknown nodes that wait for a yes, or what changed of them since a cursor."),
    Method("recv.acceptOffer", (OFFER, _text("path", None, MAX_PATH), Parameter("always", bool, False)),
           Shape.RECEIVE_TRANSFER, Access.LOGIN,
           "Let an offer in, below `path` if given; `always` lets in all that its sender offers from now on."),
    Method("recv.declineOffer", (OFFER,), Shape.NONE, Access.LOGIN, "Say no to an offer."),
    Method("recv.getSources", (), Shape.SOURCES, Access.LOGIN, "Who sends to this node."),
    Method("recv.addAuthorizedClient", (_ref("clientPublicKey", "clientPublicKey"), _text("name", "")),
           Shape.NONE, Access.SUPERUSER, "Let the node with this identity send here."),
    Method("recv.removeAuthorizedClient", (_ref("clientPublicKey", "clientPublicKey"),), Shape.NONE, Access.SUPERUSER,
           "Stop letting that node send here."),
    Method("recv.getAuthorizedClients", (), Shape.OBJECT, Access.SUPERUSER, "The identities that may send here."),
    Method("recv.allowOnlyAuthorizedClients", (Parameter("onlyAuthorizedClientsAllowed", bool),), Shape.NONE,
           Access.SUPERUSER, "Whether unknown nodes are refused instead of asking, and credentials are not enough."),
)

METHODS: Final[Mapping[str, Method]] = {method.name: method for method in (*_SERVER, *_SEND, *_RECEIVE)}
"""Every method by its wire name."""

ASYNC_SUFFIX: Final = "Async"


def find_method(wire_name: str) -> tuple[Method, bool] | None:
    """The method called *wire_name* and whether it was asked for as its ``...Async`` twin."""
    method = METHODS.get(wire_name)
    if method is not None:
        return method, False
    plain = METHODS.get(wire_name.removesuffix(ASYNC_SUFFIX))
    if wire_name.endswith(ASYNC_SUFFIX) and plain is not None and plain.deferrable:
        return plain, True
    return None
