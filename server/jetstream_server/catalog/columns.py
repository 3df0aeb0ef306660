"""Column types, and how the fields of a record become columns."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgpack
from sqlalchemy import Boolean, Column, Dialect, Float, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

R = TypeVar("R")

_SURROGATES = "surrogatepass"


class AnyText(TypeDecorator[str]):
    """Text that comes back exactly, whatever it holds.

    A path whose bytes are not UTF-8 is, in Python, a string with lone surrogates, and SQLite's TEXT refuses those.
    Such strings are stored as BLOB, all others as readable TEXT; equal strings always get the same form, so that
    they still compare equal inside the database.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """TEXT, or the bytes of a string that TEXT cannot hold."""
        if value is None or value.isascii():
            return value
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", _SURROGATES)
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """The string that was stored."""
        return value.decode("utf-8", _SURROGATES) if value.__class__ is bytes else value


class PackedMap(TypeDecorator[Mapping[str, Any]]):
    """A map of plain values (texts, numbers, bytes, lists, maps) in MessagePack."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Any] | None, dialect: Dialect) -> bytes | None:
        """The packed form."""
        return None if value is None else pack(dict(value))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """A fresh dict."""
        return None if value is None else unpack(value)


class PackedTuple(TypeDecorator[tuple[Any, ...]]):
    """A tuple of plain values in MessagePack."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> bytes | None:
        """The packed form."""
        return None if value is None else pack(list(value))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """The tuple again."""
        return None if value is None else tuple(unpack(value))


def pack(value: Any) -> bytes:
    """*value* in MessagePack; strings with lone surrogates survive."""
    packed: bytes = msgpack.packb(value, unicode_errors=_SURROGATES)
    return packed


def unpack(data: bytes) -> Any:
    """What :func:`pack` was given (tuples come back as lists)."""
    return msgpack.unpackb(data, unicode_errors=_SURROGATES, strict_map_key=False)


def column_for(name: str, annotation: Any, *, primary_key: bool = False) -> Column[Any]:
    """The column that holds a record's field of type *annotation*.

    :raises TypeError: for a type that the catalog cannot store.
    """
    nullable = False
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(annotation) if member is not type(None)]
        nullable = len(members) < len(typing.get_args(annotation))
        if len(members) != 1:
            raise TypeError(f"{name}: {annotation}")
        annotation = members[0]
    return Column(name, _type_for(name, annotation), primary_key=primary_key, nullable=nullable)


def _type_for(name: str, annotation: Any) -> TypeEngine[Any]:
    plain: dict[Any, TypeEngine[Any]] = {
        str: AnyText(),
        bytes: LargeBinary(),
        int: Integer(),
        float: Float(),
        bool: Boolean(),
        tuple: PackedTuple(),
        Mapping: PackedMap(),
    }
    found = plain.get(typing.get_origin(annotation) or annotation)
    if found is None:
        raise TypeError(f"{name}: {annotation}")
    return found


class RecordTable(Generic[R]):
    """A table with one column per field of the dataclass *record*; its first field is the key."""

    def __init__(self, name: str, metadata: MetaData, record: type[R], *more: Any, **options: Any) -> None:
        hints = typing.get_type_hints(record)
        self.record = record
        self.names = tuple(field.name for field in dataclasses.fields(record))  # type: ignore[arg-type]
        self.key = self.names[0]
        columns = [column_for(field, hints[field], primary_key=field == self.key) for field in self.names]
        self.table = Table(name, metadata, *columns, *more, **options)

    def row(self, record: R) -> dict[str, Any]:
        """The columns of *record*."""
        return {name: getattr(record, name) for name in self.names}

    def from_row(self, row: Any) -> R:
        """The record in *row*, whose columns are in the table's order."""
        return self.record(**dict(zip(self.names, row, strict=True)))

    def refuse_unknown(self, changes: Mapping[str, Any]) -> None:
        """Complain about names that are no fields, or that are the key.

        :raises TypeError: naming them.
        """
        wrong = [name for name in changes if name not in self.names or name == self.key]
        if wrong:
            raise TypeError(f"{self.record.__name__} has no changeable field {', '.join(sorted(wrong))}")
