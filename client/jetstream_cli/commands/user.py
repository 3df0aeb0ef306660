"""``jetstream user add|list|remove|password``: the accounts of a node on this machine.

A node that runs is asked; otherwise its catalog is opened, so accounts can be made before the first start.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from jetstream.aio import connect
from jetstream.errors import ConnectionFailed
from jetstream.local import local_tickets, state_folder
from jetstream_cli.choices import PasswordStdin
from jetstream_cli.exits import parsed, run
from jetstream_cli.secrets import from_stdin, new_password

if TYPE_CHECKING:
    from jetstream.aio import AsyncClient
    from jetstream_server.access.accounts import Accounts

user = typer.Typer(no_args_is_help=True, help="The accounts of the node on this machine.")

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="The account.")]
StateFolder = Annotated[Path | None, typer.Option("--persistent-state-dir", metavar="DIR", show_default=False,
                                                  help="State folder of the node, if it is not the usual one.")]


class Book(Protocol):
    """The accounts, wherever they are."""

    async def add(self, name: str, password: str) -> None:
        """Add an account."""

    async def names(self) -> list[str]:
        """The names of all accounts."""

    async def remove(self, name: str) -> None:
        """Remove an account."""

    async def set_password(self, name: str, password: str) -> None:
        """Change a password."""


@user.command()
def add(name: Name, password_stdin: PasswordStdin = False, persistent_state_dir: StateFolder = None) -> None:
    """Add an account."""
    with parsed():
        password = from_stdin() if password_stdin else new_password(f"Password for {name}")
    run(_add(persistent_state_dir, name, password))


@user.command("list")
def list_(persistent_state_dir: StateFolder = None) -> None:
    """List the accounts."""
    run(_list(persistent_state_dir))


@user.command()
def remove(name: Name, persistent_state_dir: StateFolder = None) -> None:
    """Remove an account; its connections end."""
    run(_remove(persistent_state_dir, name))


@user.command()
def password(name: Name, password_stdin: PasswordStdin = False, persistent_state_dir: StateFolder = None) -> None:
    """Change the password of an account; connections made with the old one end."""
    with parsed():
        secret = from_stdin() if password_stdin else new_password(f"New password for {name}")
    run(_set_password(persistent_state_dir, name, secret))


async def _add(folder: Path | None, name: str, secret: str) -> None:
    async with _book(folder) as book:
        await book.add(name, secret)


async def _list(folder: Path | None) -> None:
    async with _book(folder) as book:
        for name in await book.names():
            print(name)


async def _remove(folder: Path | None, name: str) -> None:
    async with _book(folder) as book:
        await book.remove(name)


async def _set_password(folder: Path | None, name: str, secret: str) -> None:
    async with _book(folder) as book:
        await book.set_password(name, secret)


class _AskedBook:
    """The accounts of a node that runs."""

    def __init__(self, client: "AsyncClient") -> None:
        self._server = client.server

    async def add(self, name: str, password: str) -> None:
        await self._server.create_user(name, password)

    async def names(self) -> list[str]:
        return [str(account["user"]) for account in await self._server.get_users()]

    async def remove(self, name: str) -> None:
        await self._server.delete_user(name)

    async def set_password(self, name: str, password: str) -> None:
        await self._server.set_password(name, password)


class _OpenedBook:
    """The accounts in the catalog of a node that does not run."""

    def __init__(self, accounts: "Accounts") -> None:
        self._accounts = accounts

    async def add(self, name: str, password: str) -> None:
        await self._accounts.create(name, password, time.time_ns() // 1000)

    async def names(self) -> list[str]:
        return await self._accounts.names()

    async def remove(self, name: str) -> None:
        await self._accounts.delete(name)

    async def set_password(self, name: str, password: str) -> None:
        await self._accounts.set_password(name, password)


@asynccontextmanager
async def _book(folder: Path | None) -> AsyncIterator[Book]:
    """The accounts of the node with this state folder.

    :raises ConnectionFailed: if it runs but cannot be asked, or its catalog cannot be opened.
    """
    # The node's parts are heavy, and absent where only the client is installed: loaded for this command only.
    from jetstream_server.catalog.errors import CatalogError, StateFolderInUse
    from jetstream_server.lock import StateLock

    folder = (state_folder() / "node" if folder is None else folder).absolute()
    lock = StateLock(folder)
    try:
        lock.acquire()
    except StateFolderInUse as error:
        async with _asked(error) as book:
            yield book
        return
    except CatalogError as error:
        raise ConnectionFailed(str(error)) from error
    try:
        async with _opened(folder) as book:
            yield book
    finally:
        lock.release()


@asynccontextmanager
async def _asked(in_use: Exception) -> AsyncIterator[Book]:
    pid = getattr(in_use, "pid", None)
    ticket = next((ticket for ticket in local_tickets() if ticket.pid == pid), None)
    if ticket is None:
        raise ConnectionFailed(f"{in_use} It is not a node of yours; ask its owner.") from in_use
    async with connect(port=ticket.port) as client:
        await client.server.superuser()
        yield _AskedBook(client)


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[Book]:
    from jetstream_server.access.accounts import Accounts
    from jetstream_server.access.passwords import Passwords
    from jetstream_server.catalog import Catalog
    from jetstream_server.catalog.catalog import CATALOG_FILE
    from jetstream_server.catalog.errors import CatalogError

    try:
        catalog = await Catalog.open(folder / CATALOG_FILE)
    except CatalogError as error:
        raise ConnectionFailed(str(error)) from error
    passwords = Passwords()
    try:
        yield _OpenedBook(Accounts(catalog, passwords))
    finally:
        await catalog.close()
        await asyncio.to_thread(passwords.close)
