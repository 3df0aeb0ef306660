"""Both faces have every method of the table, with the same parameters; nothing else looks like one."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import jetstream
from helpers.blocking_stub import stub
from jetstream import aio, blocking, checks, entities, errors, previews
from jetstream.api.calls import CHANGES, positional, takes_changes
from jetstream.api.methods import ASYNC_SUFFIX, METHODS
from jetstream.api.vocabulary import Shape
from jetstream.entities import wire_name

SYNONYMS = {"fileMappings"}
"""Kept for existing scripts; the async face has one name for one thing."""

AIO = {"server": aio.Server, "send": aio.Send, "recv": aio.Receive}
BLOCKING = {"server": blocking.ServerInterface, "send": blocking.SendInterface, "recv": blocking.RecvInterface}
WAITS = {"waitForManifest", "waitForTransfer"}

ENTITIES = {
    Shape.MANIFEST: entities.Manifest, Shape.DESTINATION: entities.Destination, Shape.TRANSFER: entities.Transfer,
    Shape.CONNECTION: entities.Connection, Shape.TOKEN: entities.Token, Shape.API_TOKEN: entities.ApiToken,
    Shape.RECEIVE_TRANSFER: entities.ReceiveTransfer, Shape.SERVER_INFO: entities.ServerInfo,
    Shape.MANIFESTS: list[entities.Manifest], Shape.DESTINATIONS: list[entities.Destination],
    Shape.TRANSFERS: list[entities.Transfer], Shape.CONNECTIONS: list[entities.Connection],
    Shape.TOKENS: list[entities.Token], Shape.API_TOKENS: list[entities.ApiToken],
    Shape.RECEIVE_TRANSFERS: list[entities.ReceiveTransfer], Shape.OFFERS: list[entities.Offer],
    Shape.SOURCES: list[entities.Source],
    Shape.EVENTS: list[entities.Event], Shape.CHECKS: list[checks.Check], Shape.NONE: None,
    Shape.PREVIEW: previews.Preview,
}

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def parameters_of(function):
    return list(inspect.signature(function).parameters.values())[1:]


@every_method
def test_the_async_face(method):
    function = getattr(AIO[method.group], snake(method.plain_name))
    assert inspect.iscoroutinefunction(function)
    assert inspect.getdoc(function)
    found = parameters_of(function)
    wanted = [p for p in positional(method) if p.name not in SYNONYMS]
    assert [wire_name(p.name) for p in found if p.kind is not p.VAR_KEYWORD] == [p.name for p in wanted]
    assert any(p.kind is p.VAR_KEYWORD for p in found) == takes_changes(method)
    for ours, theirs in zip(found, wanted, strict=False):
        if theirs.name == "mappings" and method.parameter("fileMappings"):
            continue  # required here: there is no synonym to take its place
        assert (ours.default is ours.empty) == theirs.required, theirs.name
        assert theirs.required or (ours.default, type(ours.default)) == (theirs.default, type(theirs.default))
    if method.shape is not Shape.OBJECT:
        assert inspect.signature(function).return_annotation == ENTITIES[method.shape]


@every_method
def test_the_blocking_face(method):
    function = getattr(BLOCKING[method.group], method.plain_name)
    assert function.__name__ == method.plain_name
    assert method.summary in inspect.getdoc(function)
    found = parameters_of(function)
    wanted = positional(method)
    assert [p.name for p in found] == [p.name for p in wanted] + [CHANGES] * takes_changes(method)
    for ours, theirs in zip(found, wanted, strict=False):
        assert (ours.default is ours.empty) == theirs.required
        assert theirs.required or ours.default == theirs.default
        assert f":param {theirs.name}:" in inspect.getdoc(function)


@every_method
def test_the_background_twin(method):
    twin = getattr(BLOCKING[method.group], method.plain_name + ASYNC_SUFFIX, None)
    assert (twin is not None) == method.deferrable
    if twin is not None:
        plain = getattr(BLOCKING[method.group], method.plain_name)
        assert inspect.signature(twin) == inspect.signature(plain)
        assert "requestId" in inspect.getdoc(twin)
    assert not hasattr(AIO[method.group], snake(method.plain_name + ASYNC_SUFFIX))


@pytest.mark.parametrize("group", AIO)
def test_nothing_is_there_that_the_table_does_not_have(group):
    plain = {method.plain_name for method in METHODS.values() if method.group == group}
    twins = {m.plain_name + ASYNC_SUFFIX for m in METHODS.values() if m.group == group and m.deferrable}
    public = {name for name in vars(BLOCKING[group]) if not name.startswith("_")}
    assert public - WAITS == plain | twins
    public = {name for name in vars(AIO[group]) if not name.startswith("_")}
    assert public - set(map(snake, WAITS)) == set(map(snake, plain))
    assert {snake(name) for name in WAITS if hasattr(BLOCKING[group], name)} == {
        snake(name) for name in WAITS if hasattr(AIO[group], snake(name))}


def test_the_stub_is_fresh():
    path = Path(blocking.__file__).with_name("groups.pyi")
    assert path.read_text(encoding="utf-8") == stub(), "run tests/helpers/blocking_stub.py"


# -- what the package shows -----------------------------------------------------------------------------------------


def test_the_package_has_its_way_in_and_the_errors():
    assert set(jetstream.__all__) == {"JetStream", "JetStreamError", *errors.ERRORS_BY_CODE}
    for name in jetstream.__all__:
        assert getattr(jetstream, name) is not None
        assert name in dir(jetstream)
    with pytest.raises(AttributeError):
        _ = jetstream.nothing


def test_a_script_loads_only_what_it_needs():
    code = ("import sys; from jetstream import JetStream; JetStream().api(); "
            "print(*sorted({name.split('.')[0] for name in sys.modules}))")
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"asyncio", "msgspec", "cryptography", "numpy", "sqlalchemy", "typer", "rich", "platformdirs",
                "jetstream_server", "jetstream_cli", "PySide6"} & set(loaded)
