"""Whoever cannot see the window hears what everything in it is."""

import asyncio

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QTabBar,
)

from app.helpers.running import running
from app.views.surfaces import furnished, surfaces, visible
from jetstream_desktop.views.graph import SpeedGraph
from jetstream_desktop.views.qr import QrCode
from jetstream_desktop.views.settings_card import WeekGrid
from jetstream_desktop.views.widgets import Chips

KINDS = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QAbstractItemView, QTabBar, SpeedGraph, QrCode,
         WeekGrid, Chips)


def name_of(control):
    """What a screen reader says: the name, else the text of a button."""
    return control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")


def inner(control):
    """Parts of other controls, which speak for them: fields of boxes, lists of boxes, icons in fields."""
    above = control.parentWidget()
    return isinstance(above, QAbstractSpinBox | QComboBox | QLineEdit) or (
        above is not None and isinstance(above.parentWidget(), QComboBox)) or type(control).__name__ == "QHeaderView"


def test_every_visible_control_of_every_page_has_a_name(gui, qapp, tmp_path):
    (tmp_path / "reel" / "a").mkdir(parents=True)
    (tmp_path / "reel" / "b.tmp").write_bytes(b"x")
    node = furnished()

    async def work():
        async with running(qapp, node.connect) as desk:
            seen, nameless = 0, []
            for page, show in surfaces(desk, node, tmp_path / "reel"):
                await show()
                await asyncio.sleep(0)
                for control in visible(desk.window, KINDS):
                    if inner(control):
                        continue
                    seen += 1
                    if not name_of(control).strip():
                        nameless.append((page, type(control).__name__, type(control.parentWidget()).__name__))
            assert nameless == []
            assert seen > 300

    gui(work)
