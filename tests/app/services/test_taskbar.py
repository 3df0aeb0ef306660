"""The progress on the icon in the taskbar, on a bus of our own that something listens to."""

import shutil
import subprocess
import sys

import pytest

from app.helpers.build import NOW, row
from jetstream_desktop.services.taskbar import APPLICATION, INTERFACE, Taskbar, session_bus
from jetstream_desktop.state.filters import totals

pytestmark = pytest.mark.skipif(not (shutil.which("dbus-daemon") and shutil.which("dbus-monitor")),
                                reason="needs a bus and a listener")


@pytest.fixture
def address():
    daemon = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    assert daemon.stdout is not None
    with daemon.stdout:
        yield daemon.stdout.readline().strip()
        daemon.kill()
        daemon.wait()


@pytest.fixture
def heard(address):
    """Reads what a dock would hear, line by line."""
    monitor = subprocess.Popen(["dbus-monitor", "--address", address, f"interface='{INTERFACE}'"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert monitor.stdout is not None
    with monitor.stdout:
        for line in monitor.stdout:
            if "NameLost" in line:  # from now on it listens
                break
        yield monitor.stdout
        monitor.kill()
        monitor.wait()


def update(heard):
    """The next signal: progress and whether it is shown."""
    found, words = [], []
    for line in heard:
        words.append(line.strip())
        if "boolean" in line or "double" in line:
            found.append(line.split()[-1])
        if len(found) == 2:
            assert any(APPLICATION in word for word in words)
            return float(next(w for w in found if w[0].isdigit())), "true" in found
    raise AssertionError("nothing was heard")


@pytest.mark.skipif(sys.platform != "linux", reason="a way of Linux desktops")
def test_a_dock_hears_the_progress(qapp, address, heard):
    from PySide6.QtDBus import QDBusConnection

    bus = QDBusConnection.connectToBus(address, "test")
    assert bus.isConnected()
    taskbar = Taskbar(bus)
    for progress in (None, 0.25, 0.2504, 0.5, 1.7, None, None):
        taskbar.show(progress)
    assert [update(heard) for _ in range(4)] == [(0.25, True), (0.5, True), (1.0, True), (0.0, False)]
    QDBusConnection.disconnectFromBus("test")


def test_without_a_bus_nothing_happens(qapp, monkeypatch, tmp_path):
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert session_bus() is None
    taskbar = Taskbar(None)
    taskbar.show(0.5)
    assert not taskbar.available


def test_the_progress_of_all_that_moves():
    moving = [row(1, bytes_acked=100), row(2, bytes_acked=700), row(3, total_bytes=None, bytes_acked=5)]
    resting = [row(4, status="complete", processing=False, end_time=NOW), row(5, status="suspended", processing=False)]
    assert totals([*moving, *resting]).progress == 0.4
    assert totals(resting).progress is None
