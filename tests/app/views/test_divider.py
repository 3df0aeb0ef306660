"""The line between two parts, by keyboard."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget

from jetstream_desktop.views.divider import STEP, Divider


def test_tab_comes_to_it_and_arrows_move_it(qtbot):
    divider = Divider("Height of the details")
    qtbot.addWidget(divider)
    upper, lower = QListWidget(), QListWidget()
    divider.addWidget(upper)
    divider.addWidget(lower)
    divider.resize(300, 400)
    divider.setSizes([200, 200])
    with qtbot.waitExposed(divider):
        divider.show()
    handle = divider.handle(1)
    assert handle.accessibleName() == "Height of the details"
    handle.setFocus(Qt.FocusReason.TabFocusReason)
    middle = divider.grab().toImage().pixelColor(150, handle.geometry().center().y())
    assert middle == divider.palette().highlight().color(), "who comes by Tab sees where it is"
    before = divider.sizes()[0]
    QTest.keyClick(handle, Qt.Key.Key_Up)
    assert divider.sizes()[0] == before - STEP
    QTest.keyClick(handle, Qt.Key.Key_Down)
    QTest.keyClick(handle, Qt.Key.Key_Down)
    assert divider.sizes()[0] == before + STEP
    for _ in range(40):
        QTest.keyClick(handle, Qt.Key.Key_Up)
    assert divider.sizes()[0] > 0, "nothing disappears"
