"""Who other nodes are to this one: whose files it takes, where they land, which tokens open."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from jetstream.errors import AuthenticationFailed, NotFound, PermissionDenied
from jetstream_server.access.door import Door
from jetstream_server.access.identity import read_fingerprint
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.access.sandbox import ROOT, Sandboxes
from jetstream_server.access.tokens import SharedTokens
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.link.peer import PeerIdentity
from jetstream_server.records import AuthorizedClientRecord, TokenRecord

ONLY_AUTHORIZED: Final = "onlyAuthorizedClientsAllowed"
RECEIVING_FOLDER: Final = "receivingFolder"


class NodeGate:
    """Implements :class:`~jetstream_server.transfers.answering.Gate`.

    :param own_fingerprint: this node's; it may always send to itself.
    :param owner: the user who runs the node: owns what authorised nodes send.
    :param default_folder: where incoming transfers land until another folder is chosen.
    """

    def __init__(
        self,
        catalog: Catalog,
        door: Door,
        tokens: SharedTokens,
        sandboxes: Sandboxes,
        own_fingerprint: str,
        owner: str,
        default_folder: Path,
        wall: Callable[[], int],
    ) -> None:
        self._catalog = catalog
        self._door = door
        self._tokens = tokens
        self._sandboxes = sandboxes
        self._own = own_fingerprint
        self._owner = owner
        self._default_folder = default_folder
        self._wall = wall

    # -- for the answering side -----------------------------------------------------------------------------------

    async def check_account(self, user: str, password: str, address: str) -> None:
        """Prove an account's password; slowed when guessed at."""
        await self._door.account(user, password, address)

    async def check_token(self, token: str, password: str | None, address: str) -> TokenRecord:
        """Prove a shared token; slowed when guessed at."""
        return await self._door.shared_token(token, password, address)

    async def may_send(self, peer: PeerIdentity, account: str | None) -> bool:
        """Whether this node takes files from *peer*, logged in as *account* or not."""
        if peer.fingerprint == self._own or await self._catalog.authorized.get(peer.fingerprint) is not None:
            return True
        return account is not None and not await self._catalog.settings.get(ONLY_AUTHORIZED)

    async def may_ask(self) -> bool:
        """Whether a node that may not send yet may ask a person of this one."""
        return not await self._catalog.settings.get(ONLY_AUTHORIZED)

    async def landing_folder(self, account: str | None) -> tuple[str, Path]:
        """Owner and folder of what comes in."""
        if account is None:
            return self._owner, await self.receiving_folder()
        roots = self._sandboxes.roots(Principal(kind=Kind.ACCOUNT, user=account))
        if not roots:
            return account, await self.receiving_folder()
        return account, roots.get(ROOT) or next(iter(roots.values()))

    def reserve_download(self, token: str) -> None:
        """Take one of the token's downloads.

        :raises AuthenticationFailed: when none is left.
        """
        self._tokens.reserve(token)

    async def release_download(self, token: str, completed: bool) -> None:
        """The download ended."""
        try:
            await self._tokens.release(token, completed=completed)
        except (NotFound, AuthenticationFailed):
            return  # revoked while it was fetched: there is nothing left to count

    # -- for the API ----------------------------------------------------------------------------------------------

    async def receiving_folder(self) -> Path:
        """Where incoming transfers land."""
        chosen = await self._catalog.settings.get(RECEIVING_FOLDER)
        return Path(chosen) if isinstance(chosen, str) and chosen else self._default_folder

    async def set_receiving_folder(self, folder: Path) -> None:
        """Choose where incoming transfers land from now on."""
        await self._catalog.settings.set(RECEIVING_FOLDER, str(folder))

    async def download_folder(self, principal: Principal, path: str) -> tuple[Path, str]:
        """Root folder and path below it of a download of *principal* into *path*.

        The owner may name any folder by its absolute path; everything else is below the login's own folder.
        """
        if path and Path(path).is_absolute() and self._sandboxes.roots(principal) is None:
            return Path(path), ""
        account = None if principal.kind is Kind.OWNER else principal.user
        if principal.kind is Kind.API_TOKEN:
            roots = self._sandboxes.roots(principal)
            if roots is not None and not roots:
                raise PermissionDenied("The folder of this API token may not be used any more by the user who made it.")
            if roots:
                return roots.get(ROOT) or next(iter(roots.values())), path
        _, folder = await self.landing_folder(account)
        return folder, path

    async def authorize(self, key: str, name: str, now: int) -> None:
        """Let an identity (fingerprint or PEM certificate) send here. Idempotent.

        :raises InvalidParameters: if it is neither.
        """
        fingerprint = read_fingerprint(key)
        if await self._catalog.authorized.get(fingerprint) is None:
            record = AuthorizedClientRecord(fingerprint=fingerprint, name=name, public_key=key, creation_time=now)
            await self._catalog.authorized.add(record)
        elif name:
            await self._catalog.authorized.update(fingerprint, name=name)

    async def unauthorize(self, key: str) -> None:
        """Stop letting an identity send here.

        :raises NotFound: if it was not let.
        """
        fingerprint = read_fingerprint(key)
        if await self._catalog.authorized.get(fingerprint) is None:
            raise NotFound("This identity is not among the authorised ones.")
        await self._catalog.authorized.delete(fingerprint)

    async def authorized(self) -> list[AuthorizedClientRecord]:
        """Who may send here."""
        return await self._catalog.authorized.all()

    async def set_only_authorized(self, only: bool) -> None:
        """Whether only authorised nodes may send here: no asking, and valid credentials alone are not enough."""
        await self._catalog.settings.set(ONLY_AUTHORIZED, only)
