"""Noise is failure: exceptions in slots, messages of Qt, what the loop is told: all fail the test."""

import asyncio
import gc
import os
import sys
import threading

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def qapp_cls():
    from jetstream_desktop.program import Application

    return Application


@pytest.fixture(scope="session")
def qapp_args():
    return ["jetstream-desktop"]


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """Every test has a state folder of its own."""
    monkeypatch.setenv("JETSTREAM_HOME", str(tmp_path / "state"))


@pytest.fixture
def mirrored(qapp):
    """The window of a language from right to left."""
    from PySide6.QtCore import Qt

    from jetstream_desktop import i18n

    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    i18n.mirror(False)


@pytest.fixture
def gui(qapp):
    """Runs a coroutine on a fresh Qt loop. What the loop's handler is told fails the test."""
    import qasync

    told = []

    def run(work):
        async def main():
            asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
            async with asyncio.timeout(60):
                await work()

        with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(qapp)) as runner:
            runner.run(main())
        gc.collect()

    hooks = sys.excepthook, threading.excepthook
    yield run
    sys.excepthook, threading.excepthook = hooks
    assert not told, told
