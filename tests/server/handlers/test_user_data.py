"""Keys and values that callers keep with their objects."""

from pathlib import Path
from typing import Any

import pytest

from jetstream.errors import InvalidParameters, LimitExceeded, NotFound

from .conftest import ANN, BOB, Desk


@pytest.fixture
async def objects(desk: Desk, tmp_path: Path) -> list[dict[str, str]]:
    """One object of each kind, as it is named."""
    client = desk.client(ANN)
    (tmp_path / "f").write_text("x")
    manifest = (await client("send.createManifest", mappings={"f": str(tmp_path / "f")}))["manifestId"]
    destination = (await client("send.createDestination", destinationAddress="127.0.0.1", destinationPort=1))[
        "destinationId"
    ]
    transfer = await client("send.createTransfer", manifest=manifest, destination=destination)
    token = await client("send.createSharedToken", manifest=manifest)
    return [{"manifestId": manifest}, {"destinationId": destination}, {"transferId": transfer["transferId"]},
            {"token": token["token"]}]


async def read(desk: Desk, named: dict[str, str]) -> Any:
    methods = {"manifestId": ("getManifest", "manifest"), "destinationId": ("getDestination", "destination"),
               "transferId": ("getTransfer", "transfer"), "token": ("getSharedToken", "token")}
    ((field, id),) = named.items()
    method, parameter = methods[field]
    return (await desk.client(ANN)(f"send.{method}", **{parameter: id}))["userData"]


async def test_merged_and_removed_for_every_kind(desk: Desk, objects: list[dict[str, str]]) -> None:
    client = desk.client(ANN)
    for named in objects:
        await client("send.updateObjectUserData", object=named, userData={"a": 1, "b": {"c": [None, "ü"]}})
        await client("send.updateObjectUserData", object=named, userData={"a": 2})
        assert await read(desk, named) == {"a": 2, "b": {"c": [None, "ü"]}}
        await client("send.deleteObjectUserData", object=named, keys=["a", "never there"])
        assert await read(desk, named) == {"b": {"c": [None, "ü"]}}


async def test_others_cannot_and_too_much_is_refused(desk: Desk, objects: list[dict[str, str]]) -> None:
    for named in objects:
        with pytest.raises(NotFound):
            await desk.client(BOB)("send.updateObjectUserData", object=named, userData={"a": 1})
        with pytest.raises(LimitExceeded):
            await desk.client(ANN)("send.updateObjectUserData", object=named, userData={"a": "x" * 70_000})
        assert await read(desk, named) == {}
    for wrong in ({}, {"nonsense": "1"}):
        with pytest.raises(InvalidParameters):
            await desk.client(ANN)("send.updateObjectUserData", object=wrong, userData={})
