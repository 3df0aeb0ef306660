"""A row that goes on in the next line."""

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QPushButton, QWidget

from jetstream_desktop.views.flow import Flow


@pytest.fixture
def flow(qapp):
    parts = [QPushButton() for _ in range(4)]
    for part in parts:
        part.setFixedSize(100, 30)
    outer = QWidget()
    layout = Flow(*parts, spacing=10)
    outer.setLayout(layout)
    outer.show()
    yield outer, layout, parts
    outer.deleteLater()


def places(parts):
    return [(part.x(), part.y()) for part in parts]


def test_it_takes_as_many_lines_as_it_needs(flow):
    _outer, layout, parts = flow
    assert layout.sizeHint().width() == 430
    assert layout.minimumSize().width() == 100
    assert [layout.heightForWidth(width) for width in (430, 429, 210, 100, 50)] == [30, 70, 70, 150, 150]
    layout.setGeometry(QRect(0, 0, 429, 70))
    assert places(parts) == [(0, 0), (110, 0), (220, 0), (0, 40)]


def test_what_is_hidden_takes_no_room(flow):
    _outer, layout, parts = flow
    parts[1].hide()
    layout.setGeometry(QRect(5, 5, 429, 30))
    assert [parts[n].x() for n in (0, 2, 3)] == [5, 115, 225]
    assert layout.heightForWidth(320) == 30


def test_what_is_lower_stands_in_the_middle_of_its_line(flow):
    _outer, layout, parts = flow
    parts[0].setFixedSize(100, 20)
    layout.setGeometry(QRect(0, 0, 429, 70))
    assert places(parts)[:2] == [(0, 5), (110, 0)]


def test_from_right_to_left(flow, qapp):
    _outer, layout, parts = flow
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        layout.setGeometry(QRect(0, 0, 429, 70))
        assert places(parts) == [(329, 0), (219, 0), (109, 0), (329, 40)]
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
