"""The one tree of errors."""

import pickle

import pytest

from jetstream import errors
from jetstream.errors import (
    ERRORS_BY_CODE,
    InvalidParameters,
    JetStreamError,
    NotFound,
    error_from_wire,
    error_to_wire,
)


def test_every_error_is_in_the_tree_and_has_a_code():
    classes = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)}
    assert classes == {JetStreamError, *ERRORS_BY_CODE.values()}
    assert all(cls.__doc__ and cls("x").code == name for name, cls in ERRORS_BY_CODE.items())
    assert all(name in errors.__doc__ for name in ERRORS_BY_CODE)


@pytest.mark.parametrize("cls", ERRORS_BY_CODE.values(), ids=lambda cls: cls.__name__)
def test_errors_survive_the_wire_and_pickling(cls):
    error = cls("A sentence.", field="x", number=5, nothing=None)
    for copy in (error_from_wire(error_to_wire(error)), pickle.loads(pickle.dumps(error))):
        assert (type(copy), str(copy), copy.facts) == (cls, "A sentence.", error.facts)


def test_an_error_without_a_sentence_says_its_name():
    assert str(NotFound()) == "NotFound"


@pytest.mark.parametrize(("wire", "cls", "text"), [
    ("Oops", JetStreamError, "Oops"), (None, JetStreamError, "None"), ({}, JetStreamError, "JetStreamError"),
    ({"code": "FromTheFuture", "message": "Hm."}, JetStreamError, "Hm."),
    ({"code": "InvalidParameters", "message": 5, "facts": {"field": "x", "odd": [1]}}, InvalidParameters,
     "InvalidParameters")])
def test_errors_from_elsewhere(wire, cls, text):
    error = error_from_wire(wire)
    assert (type(error), str(error)) == (cls, text)
    assert "odd" not in error.facts
