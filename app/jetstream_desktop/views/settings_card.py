"""Settings: few, each with its effect at once."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLabel, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.settings import Settings
from jetstream_desktop.state.options import MAX_LIMIT
from jetstream_desktop.state.text import home_relative, printable, sentence_case
from jetstream_desktop.state.week import DAYS, HOURS, WORKING, Speed, WeekLimits, rectangle
from jetstream_desktop.views import painting
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.details import field_label, form
from jetstream_desktop.views.flow import Flow
from jetstream_desktop.views.rate_field import RateField
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import ElidedLabel, button, drop_down, label, row

EDITED = ("appearance", "language", "on_close", "start_hidden", "notify", "nearby", "week")
"""What of the settings the card changes; the rest is not its business."""
_LEFT = 36
_CELL_H = 15


class WeekGrid(QWidget):
    """The week's hours: paint with the mouse, or move with the arrows and press Space."""

    changed = Signal(object)

    def __init__(self, theme: Theme, limits: WeekLimits) -> None:
        super().__init__()
        self._theme = theme
        self.limits = limits
        self._at = (0, 0)
        self._from = (0, 0)
        self._before = limits
        self._brush: Speed | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Slow hours of the week"))
        self.setFixedHeight(_CELL_H * DAYS + 18)
        self.setMinimumWidth(360)
        self._speak()

    def sizeHint(self) -> QSize:
        return QSize(520, _CELL_H * DAYS + 18)

    def _cell(self, day: int, hour: int) -> QRect:
        width = (self.width() - _LEFT) / HOURS
        left = _LEFT + round(hour * width)
        return QRect(left, day * _CELL_H, round((hour + 1) * width) + _LEFT - left, _CELL_H)

    def _cell_at(self, place: QPoint) -> tuple[int, int]:
        hour = int((place.x() - _LEFT) / max(1.0, (self.width() - _LEFT) / HOURS))
        return max(0, min(DAYS - 1, place.y() // _CELL_H)), max(0, min(HOURS - 1, hour))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        days = _days()
        for day in range(DAYS):
            painting.text(painter, QRect(0, day * _CELL_H, _LEFT, _CELL_H), days[day], theme.font("small"),
                          theme.colour("dim"))
            for hour in range(HOURS):
                slow = self.limits.speed(day, hour) is Speed.SLOW
                cell = self._cell(day, hour).adjusted(0, 0, -1, -1)
                painter.fillRect(cell, theme.colour("accent" if slow else "track"))
        if self.hasFocus():
            painter.setPen(theme.colour("text"))
            painter.drawRect(self._cell(*self._at).adjusted(0, 0, -2, -2))
        for hour in range(0, HOURS, 6):
            cell = self._cell(DAYS, hour)
            painting.text(painter, QRect(cell.left(), cell.top(), 50, 18), f"{hour}:00", theme.font("small"),
                          theme.colour("dim"))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._at = self._from = self._cell_at(event.position().toPoint())
        self._brush = Speed.FULL if self.limits.speed(*self._at) is Speed.SLOW else Speed.SLOW
        self._before = self.limits
        self._stretch()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._brush is not None:
            self._at = self._cell_at(event.position().toPoint())
            self._stretch()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._brush is not None:
            self._brush = None
            self._tell(self._before)

    def _stretch(self) -> None:
        """From where the mouse was pressed to where it is: all of it, however quickly it went."""
        assert self._brush is not None
        self.limits = self._before.painted(rectangle(self._from, self._at), self._brush)
        self._speak()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        move = moves.get(Qt.Key(event.key()))
        if move is not None:
            self._at = (max(0, min(DAYS - 1, self._at[0] + move[0])), max(0, min(HOURS - 1, self._at[1] + move[1])))
            self._speak()
            self.update()
        elif event.key() == Qt.Key.Key_Space:
            self._paint(Speed.FULL if self.limits.speed(*self._at) is Speed.SLOW else Speed.SLOW)
        else:
            super().keyPressEvent(event)

    def _paint(self, speed: Speed) -> None:
        before, self.limits = self.limits, self.limits.painted([self._at], speed)
        self._tell(before)

    def _tell(self, before: WeekLimits) -> None:
        if self.limits != before:
            self.changed.emit(self.limits)
        self._speak()
        self.update()

    def suggest(self) -> None:
        """Hours to begin with, where nobody has painted any: an empty week would do nothing."""
        if self.limits.empty:
            self.limits = self.limits.painted(WORKING, Speed.SLOW)
            self.update()

    def _speak(self) -> None:
        slow = self.limits.speed(*self._at) is Speed.SLOW
        self.setAccessibleDescription(tr("{day} {hour}:00, {speed}", day=_days()[self._at[0]], hour=self._at[1],
                                         speed=tr("slow") if slow else tr("full speed")))

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)


class SettingsCard(Card):
    """Every change takes effect at once; there is nothing to save."""

    changed = Signal(object)
    """The new :class:`Settings`."""
    folder_wanted = Signal()
    node_wanted = Signal()

    def __init__(self, theme: Theme, settings: Settings, folder: str | None, home: str, *, tray: bool,
                 node: str) -> None:
        super().__init__(theme, tr("Settings"), 660)
        self._settings = settings
        fields = form()
        fields.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.folder = ElidedLabel("", mode=Qt.TextElideMode.ElideMiddle)
        change = self._change = button(tr("Change…"))
        change.setAccessibleName(tr("Change the folder for received files"))
        change.clicked.connect(self.folder_wanted)
        line = row()
        line.addWidget(self.folder, 1)
        line.addWidget(change)
        fields.addRow(field_label(tr("Received files go to")), line)
        self._home = home
        self.show_folder(folder)
        fields.addRow(field_label(tr("Node shown")), self._node_line(node))
        self.appearance = self._box(tr("Appearance"), (("system", tr("as the system")), ("light", tr("light")),
                                                       ("dark", tr("dark"))), settings.appearance)
        fields.addRow(_title(self.appearance), self.appearance)
        self.language = self._box(tr("Language"), (("", tr("as the system")), ("en", "English"), ("de", "Deutsch")),
                                  settings.language)
        self.language.setToolTip(tr("from the next start on"))
        fields.addRow(_title(self.language), self.language)
        fields.addRow("", label(tr("from the next start on"), "dim"))
        closing = [("ask", tr("ask")), ("quit", tr("quit and pause transfers"))]
        if tray:
            closing.insert(1, ("tray", tr("go on in the tray")))
        self.on_close = self._box(tr("Closing the window"), closing, settings.on_close)
        fields.addRow(_title(self.on_close), self.on_close)
        self.hidden = self._check(tr("Start hidden in the tray"), settings.start_hidden)
        self.hidden.setVisible(tray)
        self.nearby = self._check(tr("Find nearby computers"), settings.nearby)
        self.notify = self._check(tr("Tell me when transfers are complete or fail"), settings.notify)
        if tray:
            fields.addRow("", self.hidden)
        fields.addRow("", self.notify)
        fields.addRow("", self.nearby)
        fields.addRow(field_label(tr("Speed by the clock")), self._slow_hours(settings.week))
        self.body.addLayout(fields)
        self._finish(theme, settings.week)

    def _node_line(self, node: str) -> QHBoxLayout:
        other = button(tr("Another…"))
        other.setAccessibleName(tr("Connect to another node"))
        other.clicked.connect(self.node_wanted)
        line = row()
        line.addWidget(ElidedLabel(node), 1)
        line.addWidget(other)
        return line

    def _slow_hours(self, week: WeekLimits) -> Flow:
        self.slow = RateField(tr("Limit in slow hours"), 8, MAX_LIMIT)
        self.slow.set_kbps(week.slow_kbps or 8_000)
        self.limited = QCheckBox(tr("Slow hours, at most"))
        self.limited.setChecked(week.enabled)
        return Flow(self.limited, self.slow, spacing=8)

    def _finish(self, theme: Theme, week: WeekLimits) -> None:
        self.grid = WeekGrid(theme, week)
        self._how = label(tr("Paint the hours that are slow, with the mouse or with arrow keys and space."), "dim",
                          wrap=True)
        for part in (self._how, self.grid):
            part.setEnabled(week.enabled)
            part.setVisible(week.enabled)
            self.body.addWidget(part)
        foot = row()
        foot.addStretch(1)
        done = button(tr("Done"), "primary")
        done.clicked.connect(self.closed)
        foot.addWidget(done)
        self.body.addLayout(foot)
        for signal in (self.appearance.currentIndexChanged, self.language.currentIndexChanged,
                       self.on_close.currentIndexChanged, self.hidden.toggled,
                       self.notify.toggled, self.nearby.toggled, self.limited.toggled, self.slow.valueChanged,
                       self.grid.changed):
            signal.connect(self._edited)

    def first_focus(self) -> QWidget:
        return self._change

    def _box(self, name: str, values: Sequence[tuple[str, str]], current: str) -> QComboBox:
        box = drop_down(name)
        for value, text in values:
            box.addItem(sentence_case(text), value)
        box.setCurrentIndex(max(0, box.findData(current)))
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(17)
        return box

    def _check(self, text: str, on: bool) -> QCheckBox:
        made = QCheckBox(text)
        made.setChecked(on)
        return made

    def show_folder(self, folder: str | None) -> None:
        """Where received files go."""
        self.folder.setText(home_relative(printable(folder or tr("the folder of the node")), self._home))

    def _edited(self, *_args: object) -> None:
        unfolds = self.limited.isChecked() and not self.grid.isEnabled()
        if unfolds:
            self.grid.suggest()
        self._how.setEnabled(self.limited.isChecked())
        self.grid.setEnabled(self.limited.isChecked())
        for part in (self._how, self.grid):
            part.setVisible(self.limited.isChecked())
        if unfolds:
            self.bring_into_sight(self.grid)
        week = replace(self.grid.limits, slow_kbps=self.slow.kbps(), enabled=self.limited.isChecked())
        self._settings = replace(
            self._settings, appearance=self.appearance.currentData(),
            language=self.language.currentData(), on_close=self.on_close.currentData(),
            start_hidden=self.hidden.isChecked(), notify=self.notify.isChecked(), nearby=self.nearby.isChecked(),
            week=week)
        self.changed.emit(self._settings)


def _title(box: QComboBox) -> QLabel:
    """The label of a list; on Linux it is what a screen reader calls the list by."""
    made = field_label(box.accessibleName())
    made.setBuddy(box)
    return made


def _days() -> tuple[str, ...]:
    return tr("Mon"), tr("Tue"), tr("Wed"), tr("Thu"), tr("Fri"), tr("Sat"), tr("Sun")
