"""Takes the pictures of the README: the real window, real nodes, real transfers. ``python docs/screenshots.py``

Five nodes run on this machine for a minute: the window's own and four destinations. They move some gigabytes over the
``udp`` carrier, below the temporary folder of the system, and nothing leaves the machine. The pictures have the font
that the window has here; with Inter installed they look best.
"""

import asyncio
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import qasync  # type: ignore[import-untyped]

from jetstream.aio import connect
from jetstream.constants import OVERWRITE_NEVER
from jetstream_desktop import application
from jetstream_desktop.program import Application
from jetstream_desktop.services.local_node import LocalNode, dial
from jetstream_desktop.services.notices import Notices
from jetstream_desktop.state.connection import Connected
from jetstream_desktop.state.preview import THERE
from jetstream_desktop.state.rows import Group
from jetstream_desktop.views.details import OVERVIEW, SPEED

IMAGES = Path(__file__).parent / "images"
MB = 10**6
PLACES = ("Studio B", "Dailies archive", "Anna’s laptop", "Colour lab")


@dataclass
class Place:
    """A destination: a node of its own, in folders of its own."""

    name: str
    home: Path
    process: "subprocess.Popen[bytes] | None" = None
    port: int = 0


def start(place: Place) -> Place:
    """Run the node of *place*; the second time where it ran before."""
    command = [sys.executable, "-m", "jetstream_server", "--announce", "--api-host", "127.0.0.1", "--api-port",
               str(place.port), "--server-name", place.name, "--sandbox-dir", str(place.home / "in"),
               "--log-level", "error"]
    place.process = subprocess.Popen(command, stdout=subprocess.PIPE,
                                     env={**os.environ, "JETSTREAM_HOME": str(place.home)})
    assert place.process.stdout is not None
    with place.process.stdout as said:
        place.port = json.loads(said.readline())["port"]
    return place


async def stopped(place: Place) -> None:
    """End the node of *place*."""
    assert place.process is not None
    place.process.terminate()
    await asyncio.get_running_loop().run_in_executor(None, place.process.wait)


@contextlib.contextmanager
def places(folder: Path) -> Iterator[list[Place]]:
    """The nodes of the other people."""
    made: list[Place] = []
    try:
        for name in PLACES:
            home = folder / name
            home.mkdir()
            made.append(start(Place(name, home)))
        yield made
    finally:
        for place in made:
            if place.process is not None:
                place.process.kill()
                place.process.wait()


def files(folder: Path, name: str, number: int, size: int) -> Path:
    """A folder with *number* files of *size* bytes."""
    target = folder / name
    (target / "graded").mkdir(parents=True)
    block = random.Random(name).randbytes(size)
    for count in range(number):
        (target / "graded" / f"R07_{count:04}.exr").write_bytes(count.to_bytes(4, "big") + block[4:])
    (target / "notes.txt").write_text("For the grade.\n")
    return target


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that must come true."""
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


class Photographer:
    """Drives the window and takes the pictures."""

    def __init__(self, desk: application.Desk, others: list[Place], source: Path) -> None:
        self._desk = desk
        self._others = others
        self._source = source
        self._ids: dict[str, str] = {}

    async def introduce(self, fingerprint: str) -> None:
        """Let the window's node in everywhere, and put everybody into its address book."""
        client = self._desk.context.session.client
        for place in reversed(self._others):
            async with self.at(place.name) as other:
                await other.server.superuser()
                await other.receive.add_authorized_client(fingerprint)
            made = await client.send.create_destination("127.0.0.1", place.port, name=place.name)
            self._ids[place.name] = made.id

    async def send(self, path: Path, place: str, limit: int | None, folder: str = "") -> str:
        """Send *path*; answers the id of the transfer."""
        client = self._desk.context.session.client
        mappings = {path.name: str(path)}
        manifest = await client.send.create_manifest(mappings, user_data={"mappings": mappings})
        await client.send.wait_for_manifest(manifest)
        made = await client.send.create_transfer(self._ids[place], manifest, send_rate_max=limit,
                                                 destination_path=folder)
        return made.id

    @contextlib.asynccontextmanager
    async def at(self, name: str) -> AsyncIterator[Any]:
        """A client of the node of somebody else."""
        place, home = next(place for place in self._others if place.name == name), os.environ["JETSTREAM_HOME"]
        os.environ["JETSTREAM_HOME"] = str(place.home)
        try:
            async with connect("127.0.0.1", place.port) as other:
                os.environ["JETSTREAM_HOME"] = home
                yield other
        finally:
            os.environ["JETSTREAM_HOME"] = home

    def take(self, name: str, appearance: str = "light") -> None:
        """One picture."""
        self._desk.context.theme.set_appearance(appearance)  # type: ignore[arg-type]
        focused = self._desk.window.focusWidget()
        if focused is not None and focused.property("role") == "primary":
            focused.clearFocus()
        IMAGES.mkdir(exist_ok=True)
        self._desk.window.grab().save(str(IMAGES / f"{name}.png"))

    async def go(self) -> None:
        """All six."""
        desk, window, poller = self._desk, self._desk.window, self._desk.context.poller
        desk.context.theme.set_appearance("light")
        await until(lambda: isinstance(desk.context.session.status, Connected))
        status = desk.context.session.status
        assert isinstance(status, Connected)
        await self.introduce(status.server.fingerprint)
        await self.table(status.server.receive_port)
        window.table.select_key("s1")
        await self.vary("s1", "Studio B")
        await until(lambda: (poller.rows.get("s1") is not None and (poller.rows["s1"].fraction or 0) > 0.55))
        await until(lambda: getattr(poller.entities["s1"], "loss_rate", None) is not None)
        self.take("main-light")
        window.details.tabs.setCurrentIndex(SPEED)
        await asyncio.sleep(0.5)
        self.take("main-dark", "dark")
        window.details.tabs.setCurrentIndex(OVERVIEW)
        await self.ask(status.server.receive_port)
        await self.compose()
        await self.share()
        await self.get()

    async def vary(self, key: str, name: str) -> None:
        """Other limits one after the other, and a node that is gone for a moment, as happens."""
        poller, send = self._desk.context.poller, self._desk.context.session.client.send
        place = next(place for place in self._others if place.name == name)
        for limit, share in ((150_000, 0.2), (110_000, 0.26), (136_000, 0.34)):
            await send.update_transfer(key[1:], send_rate_max=limit)
            await until(lambda share=share: (poller.rows[key].fraction or 0) > share)
        await stopped(place)
        await asyncio.sleep(3)
        start(place)
        await until(lambda: poller.rows[key].rate)
        for limit, share in ((72_000, 0.44), (96_000, 0.5)):
            await send.update_transfer(key[1:], send_rate_max=limit)
            await until(lambda share=share: (poller.rows[key].fraction or 0) > share)
        await send.update_transfer(key[1:], send_rate_max=128_000)

    async def ask(self, port: int) -> None:
        """Somebody who is not known here wants to send something."""
        window = self._desk.window
        async with self.at("Studio B") as other:
            path = files(self._source, "Reel 08 – first grade", 240, MB)
            manifest = await other.send.wait_for_manifest(await other.send.create_manifest({path.name: str(path)}))
            made = await other.send.create_transfer(await other.send.create_destination("127.0.0.1", port), manifest)
            await until(window.offers.isVisible)
            await asyncio.sleep(0.3)
            self.take("asking-light")
            await other.send.delete_transfer(made)
            await until(window.offers.isHidden)
            await until(window.banner.passing.isVisible)
            window.banner.passing.close_button.click()  # that it is not offered any more has been read

    async def receive(self, port: int) -> None:
        """Somebody who is known here sends something."""
        async with self.at("Colour lab") as other:
            await self._desk.context.commands.let_in(other.fingerprint, "Colour lab")
            path = self._source / "Plates_0423"
            manifest = await other.send.wait_for_manifest(await other.send.create_manifest({path.name: str(path)}))
            await other.send.create_transfer(await other.send.create_destination("127.0.0.1", port), manifest,
                                             send_rate_max=52_000)

    async def table(self, port: int) -> None:
        """Rows in every state: done, moving in both directions, paused, waiting, failed."""
        desk, poller, source = self._desk, self._desk.context.poller, self._source
        client = desk.context.session.client
        for name, number, size in (("Reel 07 – final grade", 411, 2_500_000), ("Sound stems", 95, 4 * MB),
                                   ("Plates_0423", 120, 3 * MB), ("Backup home folder", 300, MB),
                                   ("Location photos", 64, 3 * MB), ("Contracts 2026", 13, 30_000),
                                   ("VFX pull 12", 12, 10 * MB)):
            files(source, name, number, size)
        await self.send(source / "Reel 07 – final grade", "Studio B", 128_000, "incoming")
        await self.send(source / "Sound stems", "Dailies archive", 40_000)
        await self.receive(port)
        paused = await self.send(source / "Backup home folder", "Dailies archive", 200_000)
        await self.send(source / "Location photos", "Colour lab", None)
        await until(lambda: all(f"s{n}" in poller.rows for n in (1, 2, 3, 4)) and poller.rows["s3"].done > 100 * MB)
        await client.send.suspend_transfer(paused)
        gone = next(place for place in self._others if place.name == "Anna’s laptop")
        await stopped(gone)
        await self.send(source / "Contracts 2026", "Anna’s laptop", None)
        failing = await self.send(source / "VFX pull 12", "Studio B", 100_000)
        await until(lambda: poller.rows.get(f"s{failing}") is not None and poller.rows[f"s{failing}"].done > 30 * MB)
        await client.send.fail_transfer(failing, "Stopped: the source drive was unplugged")
        await until(lambda: any(row.group is Group.FAILED for row in poller.rows.values()))
        await until(lambda: any(row.group is Group.DONE for row in poller.rows.values()))

    async def compose(self) -> None:
        """The composer with a basket in it, some of which is there already."""
        desk, composer = self._desk, self._desk.window.composer
        lut = self._source / "LUT show v4.cube"
        lut.write_bytes(b"0" * 1_100_000)
        there = next(place for place in self._others if place.name == "Colour lab").home / "in" / "incoming" / "reel07"
        (there / "graded").mkdir(parents=True)
        for name in ("R07_0003.exr", "R07_0008.exr", "R07_0009.exr"):
            (there / "graded" / name).write_bytes(b"first grade")
        desk.compose.drop([str(self._source / "Reel 07 – final grade"), str(lut)], None)
        await until(lambda: composer.history.now.items)
        composer.rename("Reel 07 – final grade", "reel07")
        composer.tree.setExpanded(composer.model.index(0, 0), True)
        await until(lambda: composer.model.rowCount(composer.model.index(0, 0)))
        composer.tree.setExpanded(composer.model.index(0, 0, composer.model.index(0, 0)), True)
        composer.list.setCurrentIndex(composer.list.values.index(
            composer.list.values.find(self._ids["Colour lab"]) or 0, 0))
        composer.folder.setText("incoming")
        composer.options.overwrite.setCurrentIndex(composer.options.overwrite.findData(OVERWRITE_NEVER))
        await until(lambda: "files to" in composer.send.text())
        await until(lambda: composer.card.text(THERE) and not composer.card.running)
        await asyncio.sleep(0.5)
        self.take("composer-light")
        composer.start()  # nothing is kept for later
        composer.closed.emit()

    async def share(self) -> None:
        """A token that was just made."""
        window = self._desk.window
        window.table.select_key("s4")
        window.actions_.share.trigger()
        card = window.card
        card.form.limit._group.button(1).click()  # type: ignore[union-attr]
        card.form.description.setText("Location photos, first day")  # type: ignore[union-attr]
        card.make.click()  # type: ignore[union-attr]
        await until(lambda: card.shown is not None)  # type: ignore[union-attr]
        await asyncio.sleep(0.3)
        self.take("share-light")

    async def get(self) -> None:
        """What somebody else shares, with a part of it chosen."""
        place = next(place for place in self._others if place.name == "Studio B")
        async with self.at(place.name) as other:
            path = self._source / "Reel 08 – first grade"
            for name, number in (("sound", 12), ("stills", 30)):
                (path / name).mkdir()
                for count in range(number):
                    (path / name / f"R08_{count:04}.{'wav' if name == 'sound' else 'png'}").write_bytes(b"0" * 400_000)
            manifest = await other.send.wait_for_manifest(await other.send.create_manifest({path.name: str(path)}))
            token = await other.send.create_shared_token(manifest, description="Reel 08", download_limit=5)
        self._desk.get.get(f"jetstream://127.0.0.1:{place.port}/download?token={token.token}")
        card = self._desk.get._card
        assert card is not None
        await until(card.list.isVisible)
        model = card.pick.tree.model()
        top = model.index(0, 0)
        await until(lambda: model.rowCount(top))
        model.toggle(model.index(0, 0, top))  # type: ignore[attr-defined]
        await asyncio.sleep(0.3)
        self.take("get-light")


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        os.environ["JETSTREAM_HOME"], os.environ["HOME"] = str(base / "home"), str(base)  # paths begin with ~
        os.environ["JETSTREAM_CARRIER"] = "udp"  # on so short a path connections would be chosen
        (base / "Projects").mkdir()
        app = Application(["jetstream-desktop"])

        async def run(others: list[Place]) -> None:
            node = LocalNode(dial, ["--api-port", "0", "--api-host", "127.0.0.1", "--sandbox-dir",
                                                str(base / "JetStream"), "--log-level", "error"])
            notices = Notices()
            desk = application.build(app, node.reach, _raise, notices)
            desk.window.resize(1280, 800)
            desk.window.show()
            notices.open()
            desk.context.tasks.spawn(desk.context.session.run(), "session")
            try:
                await Photographer(desk, others, base / "Projects").go()
            finally:
                await application.leave(desk, node, None)

        with places(base) as others, asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(app)) as runner:
            runner.run(run(others))
        shutil.rmtree(base / "Projects")


def _raise(error: BaseException) -> None:
    raise error


if __name__ == "__main__":
    main()
