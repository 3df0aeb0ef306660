"""The pane below the table: Overview, Files, Speed and Events of the selected transfer."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFormLayout,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from jetstream.entities import Event
from jetstream_desktop.i18n import tr
from jetstream_desktop.models.lists import ValueTableModel
from jetstream_desktop.models.paged import PagedTableModel
from jetstream_desktop.state.details import Fact, Selected, overview
from jetstream_desktop.state.history import SpeedHistory
from jetstream_desktop.state.interruptions import interruptions
from jetstream_desktop.state.rows import Row
from jetstream_desktop.views.files_pane import FilesPane
from jetstream_desktop.views.graph import SpeedGraph, peak_and_average
from jetstream_desktop.views.listing import plain_table
from jetstream_desktop.views.reason import Reason
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import (
    Chips,
    ElidedLabel,
    IconLabel,
    SteadyTabs,
    button,
    column,
    hairline,
    label,
    panel,
    row,
    scrolled,
    set_role,
)

OVERVIEW, FILES, SPEED, EVENTS = range(4)
_WINDOWS: tuple[tuple[str, float | None], ...] = (("1 min", 60.0), ("10 min", 600.0), ("All", None))
_OVERVIEW_SECONDS = 600.0
_MOST_POINTS = 240
_EVENTS_EVERY = 2_000_000
"""µs between two looks at the events of what moves."""
_LEAST = 156
_ROOM_FOR_GRAPH = 760


class FactGrid(QWidget):
    """Labelled lines. Widgets are kept and only their texts change, so nothing flickers four times a second."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnMinimumWidth(0, 100)
        self._grid.setColumnStretch(1, 1)
        self._lines: list[tuple[ElidedLabel, IconLabel, ElidedLabel]] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._grid)
        layout.addStretch(1)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show these lines and no others."""
        while len(self._lines) < len(facts):
            line = (ElidedLabel(role="field"), IconLabel(self._theme, "info", "dim", 16), ElidedLabel())
            number = len(self._lines)
            line[0].setMinimumWidth(100)
            line[0].setMinimumHeight(20)
            said = row(spacing=4)
            said.addWidget(line[1])
            said.addWidget(line[2], 1)
            self._grid.addWidget(line[0], number, 0)
            self._grid.addLayout(said, number, 1)
            self._lines.append(line)
        for number, line in enumerate(self._lines):
            for widget in line:
                widget.setVisible(number < len(facts))
            if number < len(facts):
                self._fill(line, facts[number])

    def _fill(self, line: tuple[ElidedLabel, IconLabel, ElidedLabel], fact: Fact) -> None:
        name, icon, text = line
        name.setText(fact.label)
        icon.setVisible(bool(fact.icon))
        if fact.icon:
            icon.show_icon(fact.icon, fact.tone)
        if text.text() != fact.text:
            text.setText(fact.text)
        text.setAccessibleName(f"{fact.label}: {fact.text}")
        set_role(text, "strong" if fact.strong else fact.tone)


class Details(QWidget):
    """Shows one transfer. Files and events are asked for when their tab is opened."""

    files_wanted = Signal(int)
    events_wanted = Signal()
    csv_wanted = Signal()
    tab_changed = Signal(int)

    def __init__(self, theme: Theme, files: PagedTableModel, events: ValueTableModel[object]) -> None:
        super().__init__()
        self.setProperty("role", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._chosen: Selected | None = None
        self._history = SpeedHistory()
        self._events = events
        self._now = 0
        self._events_due = 0
        self._most = _LEAST
        self.files = FilesPane(theme, files)
        self.files_table = self.files.table
        self.tabs = SteadyTabs()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setAccessibleName(tr("Details"))
        for name in (tr("Overview"), tr("Files"), tr("Speed"), tr("Events")):
            self.tabs.addTab(name)
        self._pages = QStackedWidget()
        self._facts = FactGrid(theme)
        self.reason = Reason(theme)
        self._small = SpeedGraph(theme)
        self._small.setMinimumHeight(24)
        self._graph = SpeedGraph(theme, marks=True)
        self._graph.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._window = Chips(tr("Time shown"), [(tr(name), seconds) for name, seconds in _WINDOWS], 600.0)
        for page in (self._overview_page(), self.files, self._speed_page(), self._events_page(events)):
            self._pages.addWidget(page)
        files.wanted.connect(self.files_wanted)
        self._window.chosen.connect(self._replot)
        for told in (events.modelReset, events.rowsInserted):
            told.connect(self._replot)
        self.tabs.currentChanged.connect(self._tab)
        layout = column()
        head = row(margins=(16, 0, 16, 0))
        head.addWidget(self.tabs, 1)  # the chosen tab is bold, and so wider than the bar asks for
        layout.addLayout(head)
        layout.addWidget(hairline())
        layout.addWidget(self._pages, 1)
        self.setLayout(layout)

    def minimumSizeHint(self) -> QSize:
        """Enough for some lines, and where there is room for a reason as a whole: it is what the pane is opened for."""
        wanted = 0 if self.reason.isHidden() else self.tabs.height() + self.reason.wanted + 24
        return QSize(0, max(self.least, min(self._most, wanted)))

    @property
    def least(self) -> int:
        """The height below which it says nothing."""
        return round(_LEAST * self._theme.scale)

    def set_most(self, most: int) -> None:
        """How high a reason may make it."""
        if most != self._most:
            self._most = most
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(600, 252)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_graph()

    def _fit_graph(self) -> None:
        """Beside the lines there is a graph if there is room for it, and ever will be something to draw."""
        chosen = self._chosen
        drawn = chosen is None or chosen.row.finished is None or self._history.summary(self._now, None) is not None
        self._small.setVisible(drawn and self.width() >= _ROOM_FOR_GRAPH)

    def _overview_page(self) -> QWidget:
        page = column(margins=(16, 12, 16, 8), spacing=10)
        page.addWidget(self.reason)
        line = row(spacing=32)
        scroll = scrolled(self._facts)
        scroll.setMinimumHeight(0)
        scroll.verticalScrollBar().setProperty("role", "quiet")
        scroll.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # the reason keeps its place
        line.addWidget(scroll, 5)
        self._small.setMaximumWidth(960)
        line.addWidget(self._small, 6)
        page.addLayout(line, 1)
        return panel(page)

    def _speed_page(self) -> QWidget:
        layout = column(margins=(16, 10, 16, 8), spacing=6)
        line = row(spacing=12)
        line.addWidget(self._window)
        self._sums = ElidedLabel(role="dim")
        line.addWidget(self._sums, 1)
        csv = button(tr("Copy as CSV"), "flat", theme=self._theme, icon="copy")
        csv.clicked.connect(self.csv_wanted)
        line.addWidget(csv)
        layout.addLayout(line)
        layout.addWidget(self._graph, 1)
        return panel(layout)

    def _events_page(self, events: ValueTableModel[object]) -> QWidget:
        layout = column(margins=(0, 4, 0, 0))
        table = plain_table(self._theme, events, tr("Events"), 1)
        table.setColumnWidth(0, 170)
        table.horizontalHeader().hide()
        layout.addWidget(table, 1)
        return panel(layout)

    def show_transfer(self, chosen: Selected | None, history: SpeedHistory, now: int) -> None:
        """Show *chosen* at the time *now* (µs)."""
        before, self._chosen = self._chosen, chosen
        if chosen is None:
            return
        self.reason.show_row(chosen)
        self._facts.show_facts(overview(chosen, now, str(Path.home())))
        self._history, self._now = history, now
        self._fit_graph()
        if before is None or before.row.key != chosen.row.key:
            self.files.clear()
            self._events.replace(())
            self._ask(self.tabs.currentIndex())
            if self.tabs.currentIndex() != EVENTS:
                self.events_wanted.emit()  # they say why the graph has gaps
        elif before.entity is not chosen.entity:
            self._refresh(before, chosen, now)
        self._replot()

    def _refresh(self, before: Selected, chosen: Selected, now: int) -> None:
        """Something happened to the transfer whose files or events are open."""
        tab = self.tabs.currentIndex()
        if tab == FILES and before.row.files != chosen.row.files and not self.files.table.model().rowCount():
            self.files.restart()
        if before.row.group is not chosen.row.group or (tab == EVENTS and now >= self._events_due):
            self._events_due = now + _EVENTS_EVERY
            self.events_wanted.emit()

    def _replot(self) -> None:
        """Draw the graph that is seen."""
        if self._chosen is None:
            return
        tab = self.tabs.currentIndex()
        if tab == SPEED:
            self._plot(self._graph, self._window.value(), self._chosen.row)
        elif tab == OVERVIEW:
            self._plot(self._small, _OVERVIEW_SECONDS, self._chosen.row)

    def _plot(self, graph: SpeedGraph, seconds: float | None, shown: Row) -> None:
        now, live = (shown.finished or self._now) / 1e6, shown.finished is None
        points = self._history.points(now, seconds, _MOST_POINTS)
        first = points[0].time if points else now - 60
        start = first if seconds is None else max(now - seconds, min(first, now - 30))
        events = [event for event in self._events.values if isinstance(event, Event)]
        summary = self._history.summary(now, seconds)
        self._sums.setText("" if summary is None else peak_and_average(summary))
        graph.show_points(points, start, now, live=live, stops=interruptions(points, events, now, live=live),
                          summary=summary)

    def _tab(self, number: int) -> None:
        self._pages.setCurrentIndex(number)
        self._ask(number)
        self._replot()
        self.tab_changed.emit(number)

    def _ask(self, number: int) -> None:
        if self._chosen is None:
            return
        if number == FILES and not self.files.table.model().rowCount():
            self.files.restart()
        elif number == EVENTS:
            self.events_wanted.emit()


def form() -> QFormLayout:
    """A form with our distances, labels at the left in the dim colour."""
    made = QFormLayout()
    made.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    made.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    made.setHorizontalSpacing(16)
    made.setVerticalSpacing(10)
    return made


def field_label(text: str) -> QLabel:
    """The label of a form's line."""
    made = label(text, "field")
    made.setMinimumWidth(96)
    return made
