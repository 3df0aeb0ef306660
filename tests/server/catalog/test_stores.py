"""What goes into the catalog comes out the same."""

import asyncio
import os
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jetstream_server.catalog import AlreadyStored, Catalog
from jetstream_server.records import (
    AccountRecord,
    ApiTokenRecord,
    AuthorizedClientRecord,
    DestinationRecord,
    IncomingRecord,
    ManifestRecord,
    StoredBlocks,
    TokenRecord,
    TransferRecord,
)

BAD_NAME = os.fsdecode(b"caf\xe9/\xff\xfe\n.txt")


def transfer(number: int) -> TransferRecord:
    return TransferRecord(
        id=str(number), owner="ann", uid=f"{number:032x}", manifest_id="1", destination_id="2", total_bytes=1 << 61,
        active_seconds=1.25, user_data={"n": number},
    )


async def reopened(path: Path) -> Catalog:
    return await Catalog.open(path)


async def test_every_kind_of_record_survives_a_restart(path: Path) -> None:
    records = {
        "manifests": ManifestRecord(
            id="1", owner="ann", mappings={"/a/" + BAD_NAME: "/home/" + BAD_NAME, "ü": "\U0001f600"},
            exclude=("*.tmp", BAD_NAME), skip_unreadable=True, digest=b"\0\xff", skipped_sample=(), total_size=None,
            user_data={"deep": {"list": [1, 2.5, None, True, b"\x80", BAD_NAME]}, "": -1},
        ),
        "destinations": DestinationRecord(id="2", owner="ann", address="b", port=8886, password="s\0c", name=BAD_NAME),
        "transfers": transfer(3),
        "incoming": IncomingRecord(id="4", owner="", uid="u", folder=BAD_NAME, digest=bytes(32)),
        "tokens": TokenRecord(token="AB.CD.EF", owner="ann", manifest_id="1", download_limit=3),
        "api_tokens": ApiTokenRecord(token="XY", owner="ann", path=BAD_NAME),
        "accounts": AccountRecord(user="ann", password_hash="$argon2id$"),
        "authorized": AuthorizedClientRecord(fingerprint="ab" * 32, name="Studio B"),
    }
    catalog = await Catalog.open(path)
    for store, record in records.items():
        await getattr(catalog, store).add(record)
    await catalog.close()
    async with await reopened(path) as catalog:
        for store, record in records.items():
            key = getattr(record, type(record).__slots__[0])
            assert await getattr(catalog, store).get(key) == record
            assert await getattr(catalog, store).all() == [record]
            await getattr(catalog, store).delete(key)
            assert await getattr(catalog, store).get(key) is None


async def test_records_come_in_the_order_in_which_they_were_added(catalog: Catalog) -> None:
    for number in (9, 10, 2, 1):
        await catalog.transfers.add(transfer(number))
    await catalog.transfers.delete("2")
    await catalog.transfers.update("9", status="sending")
    await catalog.transfers.add(transfer(2))
    assert [record.id for record in await catalog.transfers.all()] == ["9", "10", "1", "2"]


async def test_update_changes_only_what_it_names(catalog: Catalog) -> None:
    await catalog.transfers.add(transfer(1))
    await catalog.transfers.add(transfer(2))
    await catalog.transfers.update("1", status="error", error_message=BAD_NAME, user_data={"k": BAD_NAME})
    changed = await catalog.transfers.get("1")
    assert changed is not None
    assert (changed.status, changed.error_message, changed.user_data) == ("error", BAD_NAME, {"k": BAD_NAME})
    assert changed.uid == transfer(1).uid
    assert await catalog.transfers.get("2") == transfer(2)


async def test_update_refuses_names_that_are_no_fields_and_the_key(catalog: Catalog) -> None:
    await catalog.transfers.add(transfer(1))
    with pytest.raises(TypeError, match="colour"):
        await catalog.transfers.update("1", colour="red", status="error")
    with pytest.raises(TypeError, match="id"):
        await catalog.transfers.update("1", id="2")
    with pytest.raises(TypeError, match="colour"):
        await catalog.incoming.add_checkpoint("1", [], colour="red")
    assert await catalog.transfers.get("1") == transfer(1)


async def test_updating_or_deleting_what_is_gone_does_nothing(catalog: Catalog) -> None:
    await catalog.transfers.update("1", status="error")
    await catalog.transfers.update("1")
    await catalog.transfers.delete("1")
    assert await catalog.transfers.all() == []


async def test_a_second_record_with_the_same_key_is_refused(catalog: Catalog) -> None:
    await catalog.accounts.add(AccountRecord(user="ann", password_hash="one"))
    with pytest.raises(AlreadyStored, match="'ann'"):
        await catalog.accounts.add(AccountRecord(user="ann", password_hash="two"))
    assert await catalog.accounts.get("ann") == AccountRecord(user="ann", password_hash="one")


async def test_pages_are_kept_in_order_and_go_with_their_manifest(catalog: Catalog) -> None:
    for owner in ("1", "2"):
        await catalog.manifests.add(ManifestRecord(id=owner, owner=""))
    await catalog.manifests.add_pages("1", [(1, 4096, 99, b"one"), (0, 0, 0, b"zero")])
    await catalog.manifests.add_pages("1", [(2, 8192, 1 << 60, b"two")])
    await catalog.manifests.add_pages("2", [(0, 0, 0, b"other")])
    await catalog.manifests.add_pages("2", [])
    assert await catalog.manifests.pages("1", 0, 100) == [b"zero", b"one", b"two"]
    assert await catalog.manifests.pages("1", 1, 1) == [b"one"]
    assert await catalog.manifests.page("1", 2) == b"two"
    assert await catalog.manifests.page("1", 3) is None
    assert await catalog.manifests.page_starts("1") == [(0, 0), (4096, 99), (8192, 1 << 60)]
    await catalog.manifests.delete("1")
    assert await catalog.manifests.page_starts("1") == []
    assert await catalog.manifests.pages("2", 0, 9) == [b"other"]


async def test_a_checkpoint_is_appended_together_with_the_record(catalog: Catalog) -> None:
    await catalog.incoming.add(IncomingRecord(id="1", owner="", uid="u"))
    first, second = StoredBlocks(first=7, hashes=b"a" * 64), StoredBlocks(first=0, hashes=b"b" * 32)
    await catalog.incoming.add_checkpoint("1", [first], checkpoint_bytes=5)
    await catalog.incoming.add_checkpoint("1", [second], files_done=2)
    await catalog.incoming.add_checkpoint("1", [], status="complete")
    record = await catalog.incoming.get("1")
    assert record is not None
    assert (record.checkpoint_bytes, record.files_done, record.status) == (5, 2, "complete")
    assert await catalog.incoming.checkpoint("1") == [first, second]
    await catalog.incoming.replace_checkpoint("1", [second])
    assert await catalog.incoming.checkpoint("1") == [second]
    await catalog.incoming.delete("1")
    assert await catalog.incoming.checkpoint("1") == []


async def test_incoming_is_found_by_the_senders_name_and_identity(catalog: Catalog) -> None:
    ours = IncomingRecord(id="1", owner="", uid="u", peer_fingerprint="aa")
    stranger = IncomingRecord(id="2", owner="", uid="u", peer_fingerprint="bb")
    download = IncomingRecord(id="3", owner="", uid="v")
    for record in (ours, stranger, download):
        await catalog.incoming.add(record)
    assert await catalog.incoming.find("u", "aa") == ours
    assert await catalog.incoming.find("u", "bb") == stranger
    assert await catalog.incoming.find("v", None) == download
    assert await catalog.incoming.find("u", None) is None


async def test_ids_are_short_and_never_given_out_twice(path: Path) -> None:
    async with await Catalog.open(path) as catalog:
        assert await catalog.next_id("transfer") == "1"
        assert await catalog.next_id("manifest") == "1"
        together = await asyncio.gather(*(catalog.next_id("transfer") for _ in range(20)))
        assert sorted(map(int, together)) == list(range(2, 22))
        with pytest.raises(ValueError, match="banana"):
            await catalog.next_id("banana")
    async with await reopened(path) as catalog:
        assert await catalog.next_id("transfer") == "22"


async def test_sandboxes_settings_and_pins(catalog: Catalog) -> None:
    await catalog.sandboxes.set("", {"": BAD_NAME})
    await catalog.sandboxes.set("ann", {"a": "/a"})
    await catalog.sandboxes.set("ann", {"b": "/b"})
    assert await catalog.sandboxes.all() == {"": {"": BAD_NAME}, "ann": {"b": "/b"}}
    await catalog.sandboxes.delete("ann")
    assert await catalog.sandboxes.all() == {"": {"": BAD_NAME}}

    assert await catalog.settings.get("limits") is None
    await catalog.settings.set("limits", {"incoming": None, "outgoing": [1, 2.5]})
    await catalog.settings.set("flag", False)
    assert await catalog.settings.get("limits") == {"incoming": None, "outgoing": [1, 2.5]}
    assert await catalog.settings.get("flag") is False

    await catalog.pins.set("host", 1, "aa")
    await catalog.pins.set("host", 1, "bb")
    assert await catalog.pins.get("host", 1) == "bb"
    assert await catalog.pins.get("host", 2) is None
    await catalog.pins.delete("host", 1)
    assert await catalog.pins.get("host", 1) is None


async def test_events_are_read_from_a_cursor_on_and_trimmed_from_the_start(catalog: Catalog) -> None:
    made = [
        await catalog.events.add(100 + n, "transferUpdated", owner, "transfer", str(n % 2), "text", {"n": n})
        for n, owner in enumerate(["ann", "bob", "ann", "bob"])
    ]
    assert await catalog.events.since(0, 10) == made
    assert await catalog.events.since(made[1].cursor, 1) == [made[2]]
    assert await catalog.events.since(None, 2) == made[2:]
    assert await catalog.events.since(0, 10, owner="ann", subject="0", kind="transfer") == [made[0], made[2]]
    assert await catalog.events.since(0, 10, kind="manifest") == []
    await catalog.events.trim(1)
    assert await catalog.events.since(0, 10) == made[3:]
    await catalog.events.trim(0)
    assert (await catalog.events.add(1, "serverStarted")).cursor == made[3].cursor + 1


async def test_many_tasks_at_once_never_find_the_database_locked(catalog: Catalog) -> None:
    async def work(number: int) -> None:
        await catalog.transfers.add(transfer(number))
        for step in range(5):
            await catalog.transfers.update(str(number), files_done=step)
            assert await catalog.transfers.get(str(number)) is not None
        await catalog.events.add(number, "transferUpdated")

    await asyncio.gather(*map(work, range(40)))
    assert {record.files_done for record in await catalog.transfers.all()} == {4}


async def test_a_cancelled_caller_leaves_no_half_transaction(catalog: Catalog) -> None:
    for pause in range(30):
        task = asyncio.create_task(catalog.transfers.add(transfer(pause)))
        for _ in range(pause):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await catalog.transfers.add(transfer(1000))
    records = await catalog.transfers.all()
    assert records[-1] == transfer(1000)
    assert all(record == transfer(int(record.id)) for record in records)


text = st.text(st.characters(), max_size=20)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
plain = st.recursive(
    st.none() | st.booleans() | numbers | text | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(label=text, folder=st.binary(min_size=1, max_size=30), data=st.dictionaries(text, plain, max_size=4))
async def test_any_text_and_any_user_data_survive(catalog: Catalog, label: str, folder: bytes, data: dict) -> None:
    path = os.fsdecode(folder)
    record = IncomingRecord(id="1", owner=label, uid=label, label=label, folder=path, user_data=data)
    await catalog.incoming.add(record)
    assert await catalog.incoming.get("1") == record
    assert await catalog.incoming.find(label, None) == record
    await catalog.incoming.delete("1")


async def test_keys_may_be_any_text(catalog: Catalog) -> None:
    for user in ("", string.printable, BAD_NAME, "ﬁ", "a\0b"):
        await catalog.accounts.add(AccountRecord(user=user, password_hash="h"))
        assert await catalog.accounts.get(user) == AccountRecord(user=user, password_hash="h")
    assert len(await catalog.accounts.all()) == 5
