import subprocess
import sys

import pytest
from PySide6.QtNetwork import QLocalSocket

from jetstream_desktop.services.instance import Instance, hand_over, server_name

SECOND = """
import sys
from PySide6.QtCore import QCoreApplication
from jetstream_desktop.services.instance import hand_over
app = QCoreApplication([])
sys.exit(0 if hand_over(sys.argv[1], sys.argv[2:]) else 5)
"""


def test_a_second_start_hands_its_arguments_over(qtbot, tmp_path):
    name = server_name(tmp_path)
    first = Instance(tmp_path)
    assert first.listening
    with qtbot.waitSignal(first.asked, timeout=20_000) as caught:
        second = subprocess.Popen([sys.executable, "-c", SECOND, name, "/a b", "jetstream://h/connect"])
    assert caught.args[0] == ["/a b", "jetstream://h/connect"]
    assert second.wait(20) == 0
    first.close()


def test_a_first_that_is_still_starting_is_waited_for(qtbot, tmp_path):
    name = server_name(tmp_path)
    first = Instance(tmp_path)
    second = subprocess.Popen([sys.executable, "-c", SECOND, name, "/late"])
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(3)  # nobody's loop turns here meanwhile
    with qtbot.waitSignal(first.asked, timeout=20_000) as caught:
        pass
    assert caught.args[0] == ["/late"]
    assert second.wait(20) == 0
    first.close()


def test_of_two_that_start_at_once_one_listens(qapp, tmp_path):
    first, second = Instance(tmp_path), Instance(tmp_path)
    assert first.listening
    assert not second.listening
    first.close()


def test_without_a_first_there_is_nobody(qapp, tmp_path):
    assert not hand_over(server_name(tmp_path / "x"), ["/a"])


def test_rubbish_is_dropped(qtbot, tmp_path):
    first = Instance(tmp_path)
    seen = []
    first.asked.connect(seen.append)
    socket = QLocalSocket()
    socket.connectToServer(server_name(tmp_path))
    socket.write(b"\xff\xfe no json\n")
    qtbot.waitUntil(lambda: socket.state() == QLocalSocket.LocalSocketState.UnconnectedState, timeout=10_000)
    assert not seen
    first.close()


def test_a_socket_left_behind_is_taken_over(qapp, tmp_path):
    name = server_name(tmp_path)
    first = Instance(tmp_path)
    path = first._server.fullServerName()
    first.close()
    open(path, "w").close()
    assert not hand_over(name, [])
    again = Instance(tmp_path)
    assert again.listening
    again.close()


def test_one_that_hangs_is_replaced(qapp, tmp_path):
    first = Instance(tmp_path)
    second = Instance(tmp_path)
    assert not second.listening
    second.take_over()
    assert second.listening
    first.close()
    second.close()
