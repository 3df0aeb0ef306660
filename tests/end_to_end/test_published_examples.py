"""The published examples, line by line and in their order, against a real node: blocking, and the same in asyncio."""

import os
import subprocess
import sys
from pathlib import Path

from helpers.nodes import NodeProcess
from jetstream.aio import connect

SCRIPT = '''
import sys
from time import sleep

from jetstream import JetStream

serverAddress = "localhost"
serverPort = int(sys.argv[1])
readme = sys.argv[2]

api = JetStream().api(serverAddress, serverPort)
api.connect()

assert api.server.auth("jsmith", "secret") is None
auth_request = api.server.authAsync("jsmith", "secret")
assert set(auth_request) == {"requestId"}
assert api.server.getRequestResult(auth_request) is None
status = api.server.getRequestStatus(auth_request)
assert {"errorMessage": "", "processing": False, "status": "complete"}.items() <= status.items()

mappings = {"/data/docs/readme.txt": readme}
manifest = api.send.createManifest(mappings=mappings)
assert manifest["status"] == "pending" and manifest["processing"] is True
assert manifest["totalFiles"] is None and manifest["totalSize"] is None and manifest["errorMessage"] is None
manifest = api.send.getManifest(manifest)
while manifest["processing"]:
    status = manifest["status"]
    sleep(0.01)
    manifest = api.send.getManifest(manifest)
manifest = api.send.waitForManifest(manifest)
assert (manifest["status"], manifest["totalFiles"], manifest["totalSize"]) == ("complete", 1, 1091), manifest

destinationAddress = "localhost"
destinationPort = serverPort
destination = api.send.createDestination(destinationAddress, destinationPort=destinationPort)
assert destination["destinationAddress"] == "localhost"
assert destination["destinationPort"] == serverPort
assert destination["destinationIP"] in ("127.0.0.1", "::1")
assert api.send.createDestination(destinationAddress, destinationPort=destinationPort) == destination

transfer = api.send.createTransfer(destination, manifest)
assert (transfer["processing"], transfer["status"]) == (True, "pending")
assert transfer["destinationId"] == destination["destinationId"]
transfer = api.send.getTransfer(transfer)
while transfer["processing"]:
    status = transfer["status"]
    sleep(0.01)
    transfer = api.send.getTransfer(transfer)
transfer = api.send.waitForTransfer(transfer)
assert (transfer["status"], transfer["processing"]) == ("complete", False), transfer

token = api.send.createSharedToken(manifest)
expected = {"description": "", "downloadCount": 0, "downloadLimit": None, "expiryTime": None,
            "manifestId": manifest["manifestId"], "owner": "jsmith", "passwordRequired": False}
assert expected.items() <= token.items(), token
assert token["creationTime"] > 1_700_000_000_000_000
assert [len(group) > 3 for group in token["token"].split(".")] == [True] * 3, token

assert api.server.authToken(token["token"]) is None
manifests = api.send.getManifests()
assert [(m["manifestId"], m["owner"], m["status"]) for m in manifests] == [(manifest["manifestId"], "", "complete")]
transfer = api.send.createTransfer(destination, manifests[0])
transfer = api.send.waitForTransfer(transfer)
assert transfer["status"] == "complete", transfer

with api:
    assert api.server.auth("jsmith", "secret") is None
    assert api.send.getSharedToken(token)["downloadCount"] == 1
    assert api.send.deleteManifest(manifest) is None
    try:
        api.send.getManifest(manifest)
    except Exception as error:
        assert type(error).__name__ == "NotFound", error
    else:
        raise AssertionError("the manifest is still there")
print("every line ran")
'''


async def with_account(node: NodeProcess, folder: Path) -> Path:
    async with node.client() as client:
        await client.server.superuser()
        await client.server.create_user("jsmith", "secret")
    readme = folder / "readme.txt"
    readme.write_bytes(b"x" * 1091)
    return readme


async def test_the_blocking_face(alone: NodeProcess, tmp_path: Path) -> None:
    readme = await with_account(alone, tmp_path)
    script = tmp_path / "examples.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(alone.port), str(readme)],
        capture_output=True, text=True, check=False, timeout=60, env={**alone.environment, "PYTHONPATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "every line ran\n"
    assert (alone.received / "data" / "docs" / "readme.txt").stat().st_size == 1091


async def test_the_same_in_asyncio(alone: NodeProcess, tmp_path: Path) -> None:
    readme = await with_account(alone, tmp_path)
    async with connect("localhost", alone.port, verify=alone.fingerprint, ticket=False) as client:
        await client.server.auth("jsmith", "secret")
        manifest = await client.send.create_manifest({"/data/docs/readme.txt": os.fspath(readme)})
        manifest = await client.send.wait_for_manifest(manifest, 30)
        assert (manifest.status, manifest.total_files, manifest.total_size) == ("complete", 1, 1091)
        destination = await client.send.create_destination("localhost", alone.port)
        transfer = await client.send.create_transfer(destination, manifest)
        assert (await client.send.wait_for_transfer(transfer, 30)).status == "complete"
        token = await client.send.create_shared_token(manifest)
        await client.server.auth_token(token.token)
        (shared,) = await client.send.get_manifests()
        transfer = await client.send.create_transfer(destination, shared)
        assert (await client.send.wait_for_transfer(transfer, 30)).status == "complete"
        await client.server.auth("jsmith", "secret")
        await client.send.delete_manifest(manifest)
        assert await client.send.get_manifests() == []
