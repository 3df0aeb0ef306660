"""From a method's name and parameters to its handler: who may call it, what it accepts, how it fails.

A handler is a plain coroutine function. It takes the :class:`Call` and the method's parameters as keyword arguments in
snake_case, always all of them, checked and with defaults filled in, and returns a value that can go over the wire::

    async def echo(call: Call, *, text: str) -> str: ...

    HANDLERS = {"server.echo": echo}
"""

import contextlib
import difflib
import functools
import inspect
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from jetstream.api.methods import METHODS, find_method
from jetstream.api.vocabulary import Access, Method
from jetstream.errors import InvalidParameters, JetStreamError, PermissionDenied, ServerError
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.catalog.errors import CatalogError, said
from jetstream_server.parameters import ParameterCheck
from jetstream_server.requests import Progress, Requests

log = logging.getLogger(__name__)


class ApiConnection(Protocol):
    """What a handler may know of, and do to, the connection that a call came over."""

    @property
    def address(self) -> str:
        """The other side's address, without a zone; IPv4 in its own form."""

    @property
    def port(self) -> int:
        """The other side's port."""

    @property
    def is_loopback(self) -> bool:
        """Whether the other side is on this machine."""

    @property
    def requests(self) -> Requests:
        """The ``...Async`` calls of this connection."""

    def set_principal(self, principal: Principal | None) -> None:
        """From the next call on, the connection speaks for *principal*."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as a handler sees it."""

    principal: Principal | None
    """Who asks; ``None`` before any login. Methods that need a login are never called without one."""
    connection: ApiConnection
    now: Callable[[], int]
    """The time in microseconds since the epoch."""
    progress: Progress = field(default_factory=Progress)
    """Where a handler may say how far it is; whoever deferred the call reads it in the status of the request."""

    @property
    def login(self) -> Principal:
        """The principal, in methods that need a login."""
        if self.principal is None:
            raise PermissionDenied(LOG_IN_FIRST)
        return self.principal


Handler = Callable[..., Awaitable[Any]]

LOG_IN_FIRST = "Log in first: call auth(), or run on the node's own machine."
TOKEN_GIVES_LITTLE = "A shared token gives its one manifest and nothing else; log in with an account for this."


class Dispatcher:
    """Calls handlers by the names of the method table.

    :param handlers: one handler per method of the table.
    :param methods: the table.
    :raises ValueError: if the table and the handlers do not match: a missing or unknown name, or a handler that does
        not take the method's parameters.
    """

    def __init__(self, handlers: Mapping[str, Handler], methods: Mapping[str, Method] = METHODS) -> None:
        self._methods = methods
        self._handlers = dict(handlers)
        self._checks = {name: ParameterCheck(method) for name, method in methods.items()}
        problems = self._mismatches()
        if problems:
            raise ValueError("The handlers do not fit the method table: " + "; ".join(problems))

    async def call(self, call: Call, name: str, params: Mapping[str, Any]) -> Any:
        """Carry out the method called *name* (or start it, for its ``...Async`` twin) and return its wire value.

        :raises JetStreamError: whatever is wrong with the call; a fault of ours is a :class:`ServerError`, whose
            reference the log repeats together with the traceback.
        """
        with _faults_mapped(name):
            method, deferred = self._find(name)
            allow(method, call.principal)
            keywords = self._checks[method.name](params)
            work = functools.partial(self._carry_out, call, method, keywords)
            if not deferred:
                return await work()
            return {"requestId": call.connection.requests.start(work, call.progress, ends=method.ends)}

    async def _carry_out(self, call: Call, method: Method, keywords: dict[str, Any]) -> Any:
        with _faults_mapped(method.name):
            return await self._handlers[method.name](call, **keywords)

    def _find(self, name: str) -> tuple[Method, bool]:
        found = find_method(name)
        if found is not None and found[0].name in self._methods:
            return found
        raise InvalidParameters(f"There is no method `{name}`.{self._hint(name)}", field="method")

    def _hint(self, name: str) -> str:
        without_group = [method.name for method in self._methods.values() if method.plain_name == name]
        candidates = without_group or difflib.get_close_matches(name, self._methods, n=1, cutoff=0.7)
        return f" Did you mean {' or '.join(f'`{n}`' for n in candidates)}?" if candidates else ""

    def _mismatches(self) -> list[str]:
        missing = [f"{name} has no handler" for name in self._methods if name not in self._handlers]
        unknown = [f"{name} is no method" for name in self._handlers if name not in self._methods]
        wrong = []
        for name in self._methods.keys() & self._handlers.keys():
            wanted, taken = self._checks[name].keywords, _keywords_of(self._handlers[name])
            if wanted != taken:
                wrong.append(f"the handler of {name} takes {sorted(taken)} and not {sorted(wanted)}")
        return missing + unknown + sorted(wrong)


@contextlib.contextmanager
def _faults_mapped(name: str) -> Iterator[None]:
    """What users may see passes; anything else is a fault of ours: logged here, a reference for the caller."""
    try:
        yield
    except JetStreamError:
        raise
    except CatalogError as error:
        sentence = said(error)
        if sentence is None:
            raise _fault(error, name) from error
        log.warning("%s was not done: %s", name, error)
        raise ServerError(sentence) from error
    except Exception as error:
        raise _fault(error, name) from error


def _fault(error: Exception, name: str) -> ServerError:
    reference = secrets.token_hex(4)
    log.error("Fault %s in %s", reference, name, exc_info=error)
    return ServerError(f"Something went wrong inside the node; its log tells more under {reference}.",
                       reference=reference)


def allow(method: Method, principal: Principal | None) -> None:
    """Let *principal* call *method*, or say what is missing.

    :raises PermissionDenied: with the fact ``required``: the name of the access that the method needs.
    """
    if method.access is Access.ANYONE:
        return
    if principal is None:
        raise PermissionDenied(LOG_IN_FIRST, required=Access.LOGIN.value)
    if method.access is Access.SUPERUSER and not principal.superuser:
        raise PermissionDenied("Only a superuser may do that; call superuser() first.", required=method.access.value)
    if method.access is Access.LOGIN and principal.kind is Kind.SHARED_TOKEN:
        raise PermissionDenied(TOKEN_GIVES_LITTLE, required=method.access.value)


def _keywords_of(handler: Handler) -> frozenset[str]:
    parameters = inspect.signature(handler).parameters.values()
    return frozenset(p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)
