import pytest
from PySide6.QtCore import Qt

from jetstream.entities import Destination
from jetstream_desktop.models.roles import SNAPSHOT
from jetstream_desktop.models.sidebar import SidebarModel
from jetstream_desktop.state.address import reachable
from jetstream_desktop.state.filters import Filter


def destination(number, **changes):
    return Destination(**({"destination_id": str(number), "destination_address": f"host{number}",
                           "destination_port": 8886} | changes))


@pytest.fixture
def model(qapp):
    made = SidebarModel()
    made.set_destinations([destination(1, name="Studio B"), destination(2, last_error="ConnectionFailed")])
    return made


def texts(model):
    return [model.index(r).data() for r in range(model.rowCount())]


def test_it_is_a_proper_model(model, qtmodeltester):
    qtmodeltester.check(model)
    assert model.rowCount() == len(texts(model)) > 0


def test_lines(model):
    assert texts(model) == ["All transfers", "Active", "Waiting", "Paused", "Done", "Failed", "Sharing", "Shared",
                            "Received", "Destinations", "Studio B", "host2", "All destinations…"]
    assert not model.flags(model.index(6)) & Qt.ItemFlag.ItemIsEnabled


def test_counts_change_in_place(model, qtbot):
    with qtbot.assertNotEmitted(model.modelReset):
        model.set_counts({Filter.ALL: 128})
        model.set_shared(4)
    assert model.index(0).data(Qt.ItemDataRole.AccessibleTextRole) == "All transfers, 128"
    assert model.index(7).data(SNAPSHOT).count == 4


def test_reachability():
    assert reachable(destination(1)) is None
    assert reachable(destination(1, last_recv_time=5)) is True
    assert reachable(destination(1, encrypted_connection_state="connected", last_error="x")) is True
    assert reachable(destination(1, last_recv_time=5, last_error="x")) is False
