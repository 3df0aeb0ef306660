"""Generated from the method table by tests/helpers/blocking_stub.py; a test keeps it fresh."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

class ServerInterface:
    def __init__(self, ask: Callable[[str, dict[str, Any]], Any]) -> None: ...
    def auth(self, user: str, password: str) -> None:
        """Log in with an account."""
    def authAsync(self, user: str, password: str) -> dict[str, int]: ...
    def authToken(self, token: str, password: str | None = None) -> None:
        """Log in with a shared token or an API token."""
    def authTokenAsync(self, token: str, password: str | None = None) -> dict[str, int]: ...
    def authTicket(self, ticket: str) -> None:
        """Log in as the node's owner with the ticket file of this machine."""
    def getServerInfo(self) -> dict[str, Any]:
        """What this node is and can do."""
    def getServerInfoAsync(self) -> dict[str, int]: ...
    def getRequestStatus(self, request: int | Mapping[str, Any]) -> Any:
        """How far an ...Async call is; never blocks."""
    def getRequestResult(self, request: int | Mapping[str, Any]) -> Any:
        """The result of an ...Async call; waits for it."""
    def cancelRequest(self, request: int | Mapping[str, Any]) -> None:
        """End an ...Async call that only looks: testDestination, previewTransfer, getDiagnostics, du."""
    def getDiagnostics(self, host: str = '') -> list[dict[str, Any]]:
        """What the node finds when it looks at itself, and at the way that begins towards a host."""
    def getDiagnosticsAsync(self, host: str = '') -> dict[str, int]: ...
    def echo(self, text: str = '') -> Any:
        """The same text back."""
    def echoAsync(self, text: str = '') -> dict[str, int]: ...
    def superuser(self) -> None:
        """Take up superuser rights for this connection."""
    def superuserAsync(self) -> dict[str, int]: ...
    def terminate(self) -> None:
        """Stop the node gracefully."""
    def terminateAsync(self) -> dict[str, int]: ...
    def getEventLog(self, since: int | None = None, limit: int = 1000) -> list[dict[str, Any]]:
        """Events in order of time, from the cursor `since` on."""
    def getEventLogAsync(self, since: int | None = None, limit: int = 1000) -> dict[str, int]: ...
    def createAPIToken(
        self,
        description: str = '',
        path: str = '',
        permissions: int = 15,
        expiryTime: int | None = None,
    ) -> dict[str, Any]:
        """A revocable login restricted to a path and to permissions."""
    def createAPITokenAsync(
        self,
        description: str = '',
        path: str = '',
        permissions: int = 15,
        expiryTime: int | None = None,
    ) -> dict[str, int]: ...
    def getAPIToken(self, token: str | Mapping[str, Any]) -> dict[str, Any]:
        """One API token."""
    def getAPITokenAsync(self, token: str | Mapping[str, Any]) -> dict[str, int]: ...
    def getAPITokens(self) -> list[dict[str, Any]]:
        """All API tokens of this login."""
    def getAPITokensAsync(self) -> dict[str, int]: ...
    def deleteAPIToken(self, token: str | Mapping[str, Any]) -> None:
        """Revoke an API token."""
    def deleteAPITokenAsync(self, token: str | Mapping[str, Any]) -> dict[str, int]: ...
    def getSandboxMappings(self) -> Any:
        """Folders per user: {user: {name: path}}; user '' is everyone."""
    def getSandboxMappingsAsync(self) -> dict[str, int]: ...
    def setSandboxMapping(self, user: str, mapping: Mapping[str, str | Mapping[str, str]]) -> None:
        """The folders that a user may touch: {name: path}; name '' is the root."""
    def setSandboxMappingAsync(self, user: str, mapping: Mapping[str, str | Mapping[str, str]]) -> dict[str, int]: ...
    def deleteSandboxMapping(self, user: str) -> None:
        """Lift a user's sandbox."""
    def deleteSandboxMappingAsync(self, user: str) -> dict[str, int]: ...
    def updateBandwidthLimits(
        self,
        incoming: int | None = None,
        outgoing: int | None = None,
        borrowIncoming: bool | None = None,
        borrowOutgoing: bool | None = None,
    ) -> Any:
        """Limits of the whole node in kbit/s; 0 lifts a limit, null keeps it."""
    def updateBandwidthLimitsAsync(
        self,
        incoming: int | None = None,
        outgoing: int | None = None,
        borrowIncoming: bool | None = None,
        borrowOutgoing: bool | None = None,
    ) -> dict[str, int]: ...
    def createUser(self, user: str, password: str) -> None:
        """Add an account."""
    def createUserAsync(self, user: str, password: str) -> dict[str, int]: ...
    def getUsers(self) -> Any:
        """Names and creation times of the accounts."""
    def getUsersAsync(self) -> dict[str, int]: ...
    def deleteUser(self, user: str) -> None:
        """Remove an account."""
    def deleteUserAsync(self, user: str) -> dict[str, int]: ...
    def setPassword(self, user: str, password: str) -> None:
        """Change an account's password."""
    def setPasswordAsync(self, user: str, password: str) -> dict[str, int]: ...
    def setReceivingFolder(self, path: str) -> None:
        """Where incoming transfers land."""
    def setReceivingFolderAsync(self, path: str) -> dict[str, int]: ...
    def lsRoots(self) -> Any:
        """The root folders that this login sees."""
    def lsRootsAsync(self) -> dict[str, int]: ...
    def ls(self, path: str, offset: int = 0, limit: int = 10000) -> Any:
        """The entries of a folder."""
    def lsAsync(self, path: str, offset: int = 0, limit: int = 10000) -> dict[str, int]: ...
    def du(self, path: str) -> Any:
        """Bytes and files below a path."""
    def duAsync(self, path: str) -> dict[str, int]: ...
    def mkdir(self, path: str) -> None:
        """Make a folder and the missing ones above it."""
    def mkdirAsync(self, path: str) -> dict[str, int]: ...
    def mv(self, source: str, target: str) -> None:
        """Move or rename."""
    def mvAsync(self, source: str, target: str) -> dict[str, int]: ...
    def rm(self, path: str) -> None:
        """Remove a file or a whole folder."""
    def rmAsync(self, path: str) -> dict[str, int]: ...

class SendInterface:
    def __init__(self, ask: Callable[[str, dict[str, Any]], Any]) -> None: ...
    def createManifest(
        self,
        mappings: Mapping[str, str] | None = None,
        fileMappings: Mapping[str, str] | None = None,
        symlinkMode: int = 0,
        exclude: Sequence[str] | None = None,
        skipUnreadable: bool = False,
        userData: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Start listing files: {target: source}."""
    def createManifestAsync(
        self,
        mappings: Mapping[str, str] | None = None,
        fileMappings: Mapping[str, str] | None = None,
        symlinkMode: int = 0,
        exclude: Sequence[str] | None = None,
        skipUnreadable: bool = False,
        userData: Mapping[str, Any] | None = None,
    ) -> dict[str, int]: ...
    def getManifest(self, manifest: str | Mapping[str, Any]) -> dict[str, Any]:
        """One manifest."""
    def getManifestAsync(self, manifest: str | Mapping[str, Any]) -> dict[str, int]: ...
    def getManifests(self) -> list[dict[str, Any]]:
        """All manifests that this login sees."""
    def getManifestsAsync(self) -> dict[str, int]: ...
    def deleteManifest(self, manifest: str | Mapping[str, Any]) -> None:
        """Forget a manifest; transfers that use it go on."""
    def deleteManifestAsync(self, manifest: str | Mapping[str, Any]) -> dict[str, int]: ...
    def getManifestFiles(self, manifest: str | Mapping[str, Any], offset: int = 0, limit: int = 1000) -> Any:
        """A page of the files of a manifest."""
    def getManifestFilesAsync(
        self,
        manifest: str | Mapping[str, Any],
        offset: int = 0,
        limit: int = 1000,
    ) -> dict[str, int]: ...
    def createDestination(
        self,
        destinationAddress: str,
        destinationPort: int = 8886,
        userName: str | None = None,
        password: str | None = None,
        permittedDestinationPublicKey: str | None = None,
        sendRateMax: int | None = None,
        name: str = '',
        userData: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """An address-book record; the same parameters give the same record."""
    def createDestinationAsync(
        self,
        destinationAddress: str,
        destinationPort: int = 8886,
        userName: str | None = None,
        password: str | None = None,
        permittedDestinationPublicKey: str | None = None,
        sendRateMax: int | None = None,
        name: str = '',
        userData: Mapping[str, Any] | None = None,
    ) -> dict[str, int]: ...
    def getDestination(self, destination: str | Mapping[str, Any]) -> dict[str, Any]:
        """One destination."""
    def getDestinationAsync(self, destination: str | Mapping[str, Any]) -> dict[str, int]: ...
    def getDestinations(self) -> list[dict[str, Any]]:
        """All destinations of this login."""
    def getDestinationsAsync(self) -> dict[str, int]: ...
    def updateDestination(self, destination: str | Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        """Change fields of a destination: {field: value}."""
    def updateDestinationAsync(self, destination: str | Mapping[str, Any], **changes: Any) -> dict[str, int]: ...
    def testDestination(
        self,
        destination: str | None | Mapping[str, Any] = None,
        destinationAddress: str | None = None,
        destinationPort: int | None = None,
        userName: str | None = None,
        password: str | None = None,
        permittedDestinationPublicKey: str | None = None,
        tryCarriers: bool = False,
    ) -> list[dict[str, Any]]:
        """Whether files could be sent there now, step by step."""
    def testDestinationAsync(
        self,
        destination: str | None | Mapping[str, Any] = None,
        destinationAddress: str | None = None,
        destinationPort: int | None = None,
        userName: str | None = None,
        password: str | None = None,
        permittedDestinationPublicKey: str | None = None,
        tryCarriers: bool = False,
    ) -> dict[str, int]: ...
    def deleteDestination(self, destination: str | Mapping[str, Any]) -> None:
        """Forget a destination."""
    def deleteDestinationAsync(self, destination: str | Mapping[str, Any]) -> dict[str, int]: ...
    def restoreDestination(self, destination: str | Mapping[str, Any]) -> dict[str, Any]:
        """Bring back a destination that was forgotten since the node started."""
    def restoreDestinationAsync(self, destination: str | Mapping[str, Any]) -> dict[str, int]: ...
    def createTransfer(
        self,
        destination: str | Mapping[str, Any],
        manifest: str | Mapping[str, Any],
        destinationPath: str = '',
        priority: int = 100,
        sendRateMax: int | None = None,
        overwriteMode: int = 4,
        minCipher: int = 3,
        checkpointFrequencySeconds: int = 10,
        userData: Mapping[str, Any] | None = None,
        ratePolicy: str = 'fair',
    ) -> dict[str, Any]:
        """Send a manifest to a destination."""
    def createTransferAsync(
        self,
        destination: str | Mapping[str, Any],
        manifest: str | Mapping[str, Any],
        destinationPath: str = '',
        priority: int = 100,
        sendRateMax: int | None = None,
        overwriteMode: int = 4,
        minCipher: int = 3,
        checkpointFrequencySeconds: int = 10,
        userData: Mapping[str, Any] | None = None,
        ratePolicy: str = 'fair',
    ) -> dict[str, int]: ...
    def previewTransfer(
        self,
        destination: str | None | Mapping[str, Any] = None,
        destinationAddress: str | None = None,
        destinationPort: int | None = None,
        userName: str | None = None,
        password: str | None = None,
        permittedDestinationPublicKey: str | None = None,
        manifest: str | None | Mapping[str, Any] = None,
        mappings: Mapping[str, str] | None = None,
        symlinkMode: int = 0,
        exclude: Sequence[str] | None = None,
        skipUnreadable: bool = False,
        destinationPath: str = '',
        overwriteMode: int = 4,
    ) -> dict[str, Any]:
        """What a transfer there would meet now; nothing is sent or stored."""
    def previewTransferAsync(
        self,
        destination: str | None | Mapping[str, Any] = None,
        destinationAddress: str | None = None,
        destinationPort: int | None = None,
        userName: str | None = None,
        password: str | None = None,
        permittedDestinationPublicKey: str | None = None,
        manifest: str | None | Mapping[str, Any] = None,
        mappings: Mapping[str, str] | None = None,
        symlinkMode: int = 0,
        exclude: Sequence[str] | None = None,
        skipUnreadable: bool = False,
        destinationPath: str = '',
        overwriteMode: int = 4,
    ) -> dict[str, int]: ...
    def getTransfer(self, transfer: str | Mapping[str, Any]) -> dict[str, Any]:
        """One transfer."""
    def getTransferAsync(self, transfer: str | Mapping[str, Any]) -> dict[str, int]: ...
    def getTransfers(self, modifiedSince: int | None = None) -> list[dict[str, Any]]:
        """All transfers of this login, or those that changed since a cursor."""
    def getTransfersAsync(self, modifiedSince: int | None = None) -> dict[str, int]: ...
    def suspendTransfer(self, transfer: str | Mapping[str, Any]) -> dict[str, Any]:
        """Pause; nothing is lost."""
    def suspendTransferAsync(self, transfer: str | Mapping[str, Any]) -> dict[str, int]: ...
    def resumeTransfer(self, transfer: str | Mapping[str, Any]) -> dict[str, Any]:
        """Go on after a pause, or try again after an error."""
    def resumeTransferAsync(self, transfer: str | Mapping[str, Any]) -> dict[str, int]: ...
    def cancelTransfer(self, transfer: str | Mapping[str, Any]) -> dict[str, Any]:
        """Stop for good; the record stays."""
    def cancelTransferAsync(self, transfer: str | Mapping[str, Any]) -> dict[str, int]: ...
    def failTransfer(self, transfer: str | Mapping[str, Any], message: str = '') -> dict[str, Any]:
        """Stop with an error message of the caller's."""
    def failTransferAsync(self, transfer: str | Mapping[str, Any], message: str = '') -> dict[str, int]: ...
    def deleteTransfer(self, transfer: str | Mapping[str, Any]) -> None:
        """Stop and forget the record."""
    def deleteTransferAsync(self, transfer: str | Mapping[str, Any]) -> dict[str, int]: ...
    def updateTransfer(
        self,
        transfer: str | Mapping[str, Any],
        priority: int | None = None,
        sendRateMax: int | None = None,
        ratePolicy: str | None = None,
    ) -> dict[str, Any]:
        """Change priority, rate limit (kbit/s; 0 lifts it) and rate policy while it runs."""
    def updateTransferAsync(
        self,
        transfer: str | Mapping[str, Any],
        priority: int | None = None,
        sendRateMax: int | None = None,
        ratePolicy: str | None = None,
    ) -> dict[str, int]: ...
    def getTransferEvents(self, transfer: str | Mapping[str, Any], limit: int = 1000) -> list[dict[str, Any]]:
        """The event log of one transfer."""
    def getTransferEventsAsync(self, transfer: str | Mapping[str, Any], limit: int = 1000) -> dict[str, int]: ...
    def getConnections(self) -> list[dict[str, Any]]:
        """The node's links to other nodes."""
    def getConnectionsAsync(self) -> dict[str, int]: ...
    def getConnection(self, connection: str | Mapping[str, Any]) -> dict[str, Any]:
        """One link to another node."""
    def getConnectionAsync(self, connection: str | Mapping[str, Any]) -> dict[str, int]: ...
    def createSharedToken(
        self,
        manifest: str | Mapping[str, Any],
        description: str = '',
        expiryTime: int | None = None,
        downloadLimit: int | None = None,
        password: str | None = None,
        userData: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """A secret that lets someone without an account fetch one manifest."""
    def createSharedTokenAsync(
        self,
        manifest: str | Mapping[str, Any],
        description: str = '',
        expiryTime: int | None = None,
        downloadLimit: int | None = None,
        password: str | None = None,
        userData: Mapping[str, Any] | None = None,
    ) -> dict[str, int]: ...
    def getSharedToken(self, token: str | Mapping[str, Any]) -> dict[str, Any]:
        """One shared token."""
    def getSharedTokenAsync(self, token: str | Mapping[str, Any]) -> dict[str, int]: ...
    def getSharedTokens(self) -> list[dict[str, Any]]:
        """All shared tokens of this login."""
    def getSharedTokensAsync(self) -> dict[str, int]: ...
    def updateSharedToken(self, token: str | Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        """Change description, expiryTime, downloadLimit, password, userData."""
    def updateSharedTokenAsync(self, token: str | Mapping[str, Any], **changes: Any) -> dict[str, int]: ...
    def deleteSharedToken(self, token: str | Mapping[str, Any]) -> None:
        """Revoke a shared token."""
    def deleteSharedTokenAsync(self, token: str | Mapping[str, Any]) -> dict[str, int]: ...
    def updateObjectUserData(self, object: Mapping[str, Any], userData: Mapping[str, Any]) -> None:
        """Merge keys into the user data of {idField: id}."""
    def updateObjectUserDataAsync(self, object: Mapping[str, Any], userData: Mapping[str, Any]) -> dict[str, int]: ...
    def deleteObjectUserData(self, object: Mapping[str, Any], keys: Sequence[str]) -> None:
        """Remove keys from the user data of {idField: id}."""
    def deleteObjectUserDataAsync(self, object: Mapping[str, Any], keys: Sequence[str]) -> dict[str, int]: ...
    def waitForManifest(self, manifest: str | Mapping[str, Any], timeout: float | None = None) -> dict[str, Any]: ...
    def waitForTransfer(self, transfer: str | Mapping[str, Any], timeout: float | None = None) -> dict[str, Any]: ...

class RecvInterface:
    def __init__(self, ask: Callable[[str, dict[str, Any]], Any]) -> None: ...
    def getTransfers(self, modifiedSince: int | None = None) -> list[dict[str, Any]]:
        """Incoming transfers, or those that changed since a cursor."""
    def getTransfersAsync(self, modifiedSince: int | None = None) -> dict[str, int]: ...
    def getTransfer(self, transfer: str | Mapping[str, Any]) -> dict[str, Any]:
        """One incoming transfer."""
    def getTransferAsync(self, transfer: str | Mapping[str, Any]) -> dict[str, int]: ...
    def createDownload(
        self,
        link: str,
        password: str | None = None,
        destinationPath: str = '',
        overwriteMode: int = 4,
        userData: Mapping[str, Any] | None = None,
        entries: Sequence[tuple[int, int]] | None = None,
    ) -> dict[str, Any]:
        """Fetch a shared token by dialling its node: everything, or the entries [[first, count]] of its preview."""
    def createDownloadAsync(
        self,
        link: str,
        password: str | None = None,
        destinationPath: str = '',
        overwriteMode: int = 4,
        userData: Mapping[str, Any] | None = None,
        entries: Sequence[tuple[int, int]] | None = None,
    ) -> dict[str, int]: ...
    def previewDownload(self, link: str, password: str | None = None, offset: int = 0, limit: int = 1000) -> Any:
        """What a shared token gives, and a page of its files; nothing is fetched."""
    def previewDownloadAsync(
        self,
        link: str,
        password: str | None = None,
        offset: int = 0,
        limit: int = 1000,
    ) -> dict[str, int]: ...
    def getTransferFiles(self, transfer: str | Mapping[str, Any], offset: int = 0, limit: int = 1000) -> Any:
        """A page of the files of an incoming transfer."""
    def getTransferFilesAsync(
        self,
        transfer: str | Mapping[str, Any],
        offset: int = 0,
        limit: int = 1000,
    ) -> dict[str, int]: ...
    def verifyTransfer(self, transfer: str | Mapping[str, Any], offset: int = 0, limit: int = 64) -> Any:
        """Compare files that have arrived with the hashes made then: some blocks of 1 MiB at a time."""
    def verifyTransferAsync(
        self,
        transfer: str | Mapping[str, Any],
        offset: int = 0,
        limit: int = 64,
    ) -> dict[str, int]: ...
    def suspendTransfer(self, transfer: str | Mapping[str, Any]) -> dict[str, Any]:
        """Pause an incoming transfer."""
    def suspendTransferAsync(self, transfer: str | Mapping[str, Any]) -> dict[str, int]: ...
    def resumeTransfer(self, transfer: str | Mapping[str, Any]) -> dict[str, Any]:
        """Let an incoming transfer go on, or fetch again after an error."""
    def resumeTransferAsync(self, transfer: str | Mapping[str, Any]) -> dict[str, int]: ...
    def cancelTransfer(self, transfer: str | Mapping[str, Any]) -> dict[str, Any]:
        """Stop an incoming transfer for good; the record stays."""
    def cancelTransferAsync(self, transfer: str | Mapping[str, Any]) -> dict[str, int]: ...
    def deleteTransfer(self, transfer: str | Mapping[str, Any]) -> None:
        """Stop and forget an incoming transfer."""
    def deleteTransferAsync(self, transfer: str | Mapping[str, Any]) -> dict[str, int]: ...
    def getTransferEvents(self, transfer: str | Mapping[str, Any], limit: int = 1000) -> list[dict[str, Any]]:
        """The event log of one incoming transfer."""
    def getTransferEventsAsync(self, transfer: str | Mapping[str, Any], limit: int = 1000) -> dict[str, int]: ...
    def getOffers(self, modifiedSince: int | None = None) -> list[dict[str, Any]]:
        """Transfers of unknown nodes that wait for a yes, or what changed of them since a cursor."""
    def getOffersAsync(self, modifiedSince: int | None = None) -> dict[str, int]: ...
    def acceptOffer(
        self,
        offer: str | Mapping[str, Any],
        path: str | None = None,
        always: bool = False,
    ) -> dict[str, Any]:
        """Let an offer in, below `path` if given; `always` lets in all that its sender offers from now on."""
    def acceptOfferAsync(
        self,
        offer: str | Mapping[str, Any],
        path: str | None = None,
        always: bool = False,
    ) -> dict[str, int]: ...
    def declineOffer(self, offer: str | Mapping[str, Any]) -> None:
        """Say no to an offer."""
    def declineOfferAsync(self, offer: str | Mapping[str, Any]) -> dict[str, int]: ...
    def getSources(self) -> list[dict[str, Any]]:
        """Who sends to this node."""
    def getSourcesAsync(self) -> dict[str, int]: ...
    def addAuthorizedClient(self, clientPublicKey: str | Mapping[str, Any], name: str = '') -> None:
        """Let the node with this identity send here."""
    def addAuthorizedClientAsync(self, clientPublicKey: str | Mapping[str, Any], name: str = '') -> dict[str, int]: ...
    def removeAuthorizedClient(self, clientPublicKey: str | Mapping[str, Any]) -> None:
        """Stop letting that node send here."""
    def removeAuthorizedClientAsync(self, clientPublicKey: str | Mapping[str, Any]) -> dict[str, int]: ...
    def getAuthorizedClients(self) -> Any:
        """The identities that may send here."""
    def getAuthorizedClientsAsync(self) -> dict[str, int]: ...
    def allowOnlyAuthorizedClients(self, onlyAuthorizedClientsAllowed: bool) -> None:
        """Whether unknown nodes are refused instead of asking, and credentials are not enough."""
    def allowOnlyAuthorizedClientsAsync(self, onlyAuthorizedClientsAllowed: bool) -> dict[str, int]: ...
    def waitForTransfer(self, transfer: str | Mapping[str, Any], timeout: float | None = None) -> dict[str, Any]: ...
