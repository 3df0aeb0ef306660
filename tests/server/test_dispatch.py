"""The method table against its handlers: access, parameters, names."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.door import OWNER, SUPERUSER, TOKEN_HOLDER, handlers, now, open_door, repeating
from helpers.door import Client as WireClient
from jetstream.api.methods import METHODS
from jetstream.api.vocabulary import REQUIRED, Access, Method, Parameter
from jetstream.errors import InvalidParameters, LimitExceeded, PermissionDenied, ServerError
from jetstream_server.access.principal import Principal
from jetstream_server.catalog import (
    AlreadyStored,
    CatalogBusy,
    CatalogDamaged,
    CatalogError,
    CatalogFull,
    CatalogReadOnly,
)
from jetstream_server.dispatch import Call, Dispatcher, allow
from jetstream_server.parameters import ParameterCheck, expectation, keyword_of
from jetstream_server.requests import Requests

CATALOG = Path("/somewhere/catalog.db")


class Never:
    """A task that is never begun."""

    def add_done_callback(self, _):
        pass


def never(work):
    work.close()
    return Never()


class Connection:
    """A connection that only keeps what it is told."""

    address, port, is_loopback = "127.0.0.1", 4711, True

    def __init__(self) -> None:
        self.requests = Requests(never, now)
        self.principal: Principal | None = None

    def set_principal(self, principal: Principal | None) -> None:
        self.principal = principal


def call_of(principal: Principal | None = None) -> Call:
    return Call(principal, Connection(), now)


@pytest.fixture(scope="module")
def dispatcher() -> Dispatcher:
    return Dispatcher({name: repeating(name) for name in METHODS})


def fitting(parameter: Parameter) -> Any:
    """Some value that *parameter* takes."""
    kind = str(parameter.kind)
    if "dict" in kind:
        return {}
    if "list" in kind:
        return []
    if "bool" in kind:
        return True
    if "int" in kind:
        return max(1, parameter.minimum or 0)
    return "x"


def fitting_all(method: Method) -> dict[str, Any]:
    return {parameter.name: fitting(parameter) for parameter in method.parameters}


# -- the table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
async def test_every_method_takes_what_it_documents(dispatcher: Dispatcher, method: Method) -> None:
    got = await dispatcher.call(call_of(SUPERUSER), method.name, fitting_all(method))
    assert got == {keyword_of(p): fitting(p) for p in method.parameters}


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
async def test_every_method_fills_in_its_defaults_and_asks_for_the_rest(dispatcher: Dispatcher, method: Method) -> None:
    needed = {p.name: fitting(p) for p in method.parameters if p.required}
    got = await dispatcher.call(call_of(SUPERUSER), method.name, needed)
    assert got == {keyword_of(p): p.default if p.default is not REQUIRED else fitting(p) for p in method.parameters}
    for name in needed:
        less = {key: value for key, value in needed.items() if key != name}
        with pytest.raises(InvalidParameters, match=f"^`{name}` is missing: `{method.name}` needs it") as refusal:
            await dispatcher.call(call_of(SUPERUSER), method.name, less)
        assert refusal.value.facts == {"field": name}


@pytest.mark.parametrize("method", [m for m in METHODS.values() if m.deferrable], ids=lambda method: method.name)
async def test_every_deferrable_method_has_a_twin(dispatcher: Dispatcher, method: Method) -> None:
    got = await dispatcher.call(call_of(SUPERUSER), method.name + "Async", fitting_all(method))
    assert got == {"requestId": 1}


def test_handlers_that_do_not_fit_the_table_are_refused_at_once() -> None:
    table = handlers()
    del table["send.getTransfer"]
    table["send.getTransfr"] = repeating("send.getTransfer")
    table["server.echo"] = repeating("server.ls")
    with pytest.raises(ValueError, match=r"send.getTransfer has no handler; send.getTransfr is no method; the handler "
                       r"of server.echo takes \['limit', 'offset', 'path'\] and not \['text'\]"):
        Dispatcher(table)


@pytest.mark.parametrize(("wire", "keyword"), [
    ("userData", "user_data"), ("permittedDestinationPublicKey", "permitted_destination_public_key"), ("path", "path"),
])
def test_keywords_are_the_wire_names_in_snake_case(wire: str, keyword: str) -> None:
    assert keyword_of(Parameter(wire, str)) == keyword


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "sentence"), [
    ("send.getTransfr", "There is no method `send.getTransfr`. Did you mean `send.getTransfer`?"),
    ("getTransfer", "There is no method `getTransfer`. Did you mean `send.getTransfer` or `recv.getTransfer`?"),
    ("makeCoffee", "There is no method `makeCoffee`."),
    ("server.authTicketAsync", "There is no method `server.authTicketAsync`. Did you mean `server.authTicket`?"),
    ("", "There is no method ``."),
])
async def test_unknown_methods_get_a_hint(dispatcher: Dispatcher, name: str, sentence: str) -> None:
    with pytest.raises(InvalidParameters) as refusal:
        await dispatcher.call(call_of(), name, {})
    assert (str(refusal.value), refusal.value.facts) == (sentence, {"field": "method"})


# -- access -----------------------------------------------------------------------------------------------------------

ALLOWED: Mapping[Access, tuple[Principal | None, ...]] = {
    Access.ANYONE: (None, TOKEN_HOLDER, OWNER, SUPERUSER),
    Access.TOKEN: (TOKEN_HOLDER, OWNER, SUPERUSER),
    Access.LOGIN: (OWNER, SUPERUSER),
    Access.SUPERUSER: (SUPERUSER,),
}


@pytest.mark.parametrize("principal", [None, TOKEN_HOLDER, OWNER, SUPERUSER], ids=repr)
@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_who_may_call_what(method: Method, principal: Principal | None) -> None:
    if principal in ALLOWED[method.access]:
        allow(method, principal)
        return
    with pytest.raises(PermissionDenied) as refusal:
        allow(method, principal)
    first_word = {None: "Log", TOKEN_HOLDER: "A" if method.access is Access.LOGIN else "Only", OWNER: "Only"}[principal]
    assert str(refusal.value).startswith(first_word + " ")


async def test_access_comes_before_parameters(dispatcher: Dispatcher) -> None:
    with pytest.raises(PermissionDenied, match=r"^Log in first: call auth\(\), or run on the node's own machine\.$"):
        await dispatcher.call(call_of(), "send.createManifest", {"nonsense": 1})


def test_a_call_without_a_login_has_none() -> None:
    assert call_of(OWNER).login is OWNER
    with pytest.raises(PermissionDenied):
        _ = call_of().login


# -- parameters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "params", "field", "sentence"), [
    ("send.createTransfer", {"destination": "1", "manifest": "2", "priority": -1}, "priority",
     "`priority` must be a whole number from 0 to 2147483648."),
    ("send.createTransfer", {"destination": "1", "manifest": "2", "priority": True}, "priority",
     "`priority` must be a whole number from 0 to 2147483648."),
    ("send.createTransfer", {"destination": "1", "manifest": "2", "sendRateMax": 1.5}, "sendRateMax",
     "`sendRateMax` must be a whole number from 1 to 1099511627776, or null."),
    ("send.createTransfer", {"destination": 1, "manifest": "2"}, "destination",
     "`destination` must be text of at most 1024 characters."),
    ("send.getTransfers", {"modifiedSince": -1}, "modifiedSince",
     "`modifiedSince` must be a whole number of at least 0, or null."),
    ("send.createManifest", {"mappings": ["a"]}, "mappings",
     "`mappings` must be a map of at most 2000000 pairs text: text, or null."),
    ("send.createManifest", {"mappings": {"a": 1}}, "mappings",
     "`mappings` must be a map of at most 2000000 pairs text: text, or null."),
    ("send.createManifest", {"exclude": "*.o"}, "exclude", "`exclude` must be a list of at most 1000 texts, or null."),
    ("send.createManifest", {"skipUnreadable": 1}, "skipUnreadable", "`skipUnreadable` must be true or false."),
    ("send.createManifest", {"userData": 1}, "userData",
     "`userData` must be a map of at most 1000 names with plain values, or null."),
    ("send.updateObjectUserData", {"object": {"a": "1", "b": "2"}, "userData": {}}, "object",
     "`object` must be a map of at most 1 pair text: text."),
    ("server.setSandboxMapping", {"user": "bob", "mapping": {"x": 1}}, "mapping",
     "`mapping` must be a map of at most 1000 pairs name: path."),
    ("server.echo", {"text": None}, "text", "`text` must be text of at most 65536 characters."),
    ("server.echo", {"text": b"x"}, "text", "`text` must be text of at most 65536 characters."),
    ("server.echo", {"text": "\udc80"}, "text", "`text` must be text in UTF-8."),
    ("server.echo", {"txt": ""}, "txt", "`server.echo` has no parameter `txt`. It takes `text`."),
    ("server.getServerInfo", {"x": 1}, "x", "`server.getServerInfo` has no parameter `x`. It takes none."),
    ("server.createAPIToken", {"permissions": 16}, "permissions",
     "`permissions` must be a whole number from 0 to 15."),
])
async def test_wrong_values_are_named_in_our_own_words(dispatcher: Dispatcher, method: str, params: dict[str, Any],
                                                       field: str, sentence: str) -> None:
    with pytest.raises(InvalidParameters) as refusal:
        await dispatcher.call(call_of(SUPERUSER), method, params)
    assert (str(refusal.value), refusal.value.facts) == (sentence, {"field": field})


PLAIN = "`userData` must hold plain values only: text, numbers, true, false, null, lists, and maps with text as keys."


@pytest.mark.parametrize("value", [b"bytes", math.nan, math.inf, {1: "x"}, {"deep": [{"deeper": {b"k": 1}}]},
                                   "\udcff", {"\udcff": 1}, [[[b""]]], msgpack.Timestamp(1)])
async def test_user_data_that_json_cannot_hold_is_refused(dispatcher: Dispatcher, value: object) -> None:
    with pytest.raises(InvalidParameters) as refusal:
        await dispatcher.call(call_of(OWNER), "send.createManifest", {"mappings": {}, "userData": {"key": value}})
    assert (str(refusal.value), refusal.value.facts) == (PLAIN, {"field": "userData"})


async def test_user_data_may_be_any_plain_value(dispatcher: Dispatcher) -> None:
    data = {"a": [1, 2.5, None, True, {"b": "ü"}], "": {}, "big": 1 << 63}
    got = await dispatcher.call(call_of(OWNER), "send.createManifest", {"userData": data})
    assert got["user_data"] == data


async def test_paths_may_hold_any_bytes(dispatcher: Dispatcher) -> None:
    assert await dispatcher.call(call_of(OWNER), "server.du", {"path": "/\udcff"}) == {"path": "/\udcff"}


TEXT = st.text(st.characters(exclude_categories=()), max_size=5)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats() | TEXT | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.integers(0, 9), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
async def test_whatever_comes_is_checked(method: Method) -> None:
    check = ParameterCheck(method)
    names = st.sampled_from([p.name for p in method.parameters]) if method.parameters else st.just("no")

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.dictionaries(names | TEXT, ANY, max_size=4), st.booleans())
    def walk(params: dict[str, Any], complete: bool) -> None:
        if complete:
            params = fitting_all(method) | params
        outcome = _outcome(check, params)
        if isinstance(outcome, InvalidParameters):
            assert outcome.facts.keys() == {"field"}
            assert outcome.facts["field"] in params or method.parameter(str(outcome.facts["field"]))
            assert "`" in str(outcome)
        else:
            assert outcome.keys() == check.keywords
            assert params.keys() <= {p.name for p in method.parameters}

    walk()


def _outcome(check: ParameterCheck, params: dict[str, Any]) -> dict[str, Any] | InvalidParameters:
    try:
        return check(params)
    except InvalidParameters as error:
        return error


async def test_a_node_survives_nonsense_for_every_method(tmp_path: Path) -> None:
    """The whole table over the wire: each wrong value gets a typed error that names the field."""
    wrong: list[Any] = [None, True, -1, 1 << 63, 0.5, b"\xff", "", "\udc80", [], [[]], {}, {"x": [{}]}]
    async with open_door(tmp_path) as door:
        client = await WireClient.open(door.port)
        await client.call("server.auth", user="b", password="")
        await client.call("server.superuser")
        for method in METHODS.values():
            if method.name == "server.auth" or method.parameter("request"):  # asked for with an id that is not there
                continue
            for parameter in method.parameters:
                for value in wrong:
                    await _refused_or_taken(client, method, parameter, value)
        assert await client.call("server.echo", text="well") == {"text": "well"}
        await client.close()


async def _refused_or_taken(client: WireClient, method: Method, parameter: Parameter, value: Any) -> None:
    error, _ = await client.answer(client.ask(method.name, fitting_all(method) | {parameter.name: value}))
    if error is not None:
        assert error["code"] == "InvalidParameters", (method.name, parameter.name, value, error)
        assert error["facts"] == {"field": parameter.name}


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_every_parameter_has_words_for_what_it_takes(method: Method) -> None:
    for parameter in method.parameters:
        words = expectation(parameter)
        assert words.split()[0] in {"a", "text", "true"}
        assert not any(leak in words for leak in ("typing", "<class", "dict", "Optional", "NoneType"))


async def test_too_many_background_requests_leave_nothing_behind(dispatcher: Dispatcher) -> None:
    call = call_of(OWNER)
    for _ in range(1024):
        await dispatcher.call(call, "server.echoAsync", {})
    with pytest.raises(LimitExceeded, match="1024 background requests already"):
        await dispatcher.call(call, "server.echoAsync", {})


@pytest.mark.parametrize(("error", "words"), [
    (CatalogFull(CATALOG), "records is full, so this was not done"),
    (CatalogBusy(CATALOG), "Another program holds the node's own records"),
    (CatalogReadOnly(CATALOG, "why"), "cannot be written, so this was not done"),
    (CatalogDamaged(CATALOG, "why"), "damaged, so this was not done. Stop the node"),
    (AlreadyStored("accounts", "ann"), "went wrong inside the node"),
])
async def test_what_ails_the_catalog_is_said_in_words(error: CatalogError, words: str) -> None:
    async def failing(call: Call, *, text: str) -> None:
        raise error

    dispatcher = Dispatcher({"server.echo": failing}, {"server.echo": METHODS["server.echo"]})
    with pytest.raises(ServerError, match=words) as caught:
        await dispatcher.call(call_of(), "server.echo", {})
    assert "/somewhere" not in str(caught.value)
