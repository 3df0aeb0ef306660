"""The speed graph: painted by us, gaps as gaps with their causes, a read-out under the pointer."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state import numbers
from jetstream_desktop.state.history import Point, Summary, nice_ceiling
from jetstream_desktop.state.interruptions import Interruption
from jetstream_desktop.views import painting
from jetstream_desktop.views.plot import NOTHING, Plot, clock
from jetstream_desktop.views.theme import Theme


def _reading(point: Point) -> str:
    return f"{numbers.rate(point.rate) or NOTHING} · {clock(point.time)}"


def peak_and_average(said: Summary) -> str:
    """What the dot and the dashed line of the graph stand for."""
    return tr("peak {peak}, average {average}", peak=numbers.rate(said.peak.rate) or NOTHING,
              average=numbers.rate(said.average) or NOTHING)


class SpeedGraph(QWidget):
    """Shows points of a rate between two times. With *marks* the average and the peak are drawn, too."""

    def __init__(self, theme: Theme, *, marks: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self._marks = marks
        self._points: Sequence[Point] = ()
        self._stops: Sequence[Interruption] = ()
        self._summary: Summary | None = None
        self._start = 0.0
        self._end = 1.0
        self._live = True
        self._hover: float | None = None
        """The time that the read-out is for, in seconds."""
        self.setMouseTracking(True)
        self.setMinimumHeight(96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Speed over time"))
        theme.changed.connect(self.update)

    def show_points(self, points: Sequence[Point], start: float, end: float, *, live: bool = True,
                    stops: Sequence[Interruption] = (), summary: Summary | None = None) -> None:
        """Show *points* on an axis from *start* to *end* (seconds); *live* says that the end is now.

        :param stops: where nothing moved, and why.
        """
        self._points, self._start, self._end, self._live = points, start, max(end, start + 1), live
        self._stops, self._summary = stops, summary
        if self._hover is None:
            self.setAccessibleDescription(self.words)
        self.update()

    @property
    def words(self) -> str:
        """All that the graph shows, in words."""
        parts = [stop.words for stop in self._stops]
        if self._summary is not None:
            said = self._summary
            parts.insert(0, tr("now {now}, average {average}, peak {peak}", now=numbers.rate(said.latest) or NOTHING,
                               average=numbers.rate(said.average) or NOTHING,
                               peak=numbers.rate(said.peak.rate) or NOTHING))
        return "; ".join(parts)

    def _plot(self) -> Plot:
        top = nice_ceiling(max((p.rate or 0.0 for p in self._points), default=0.0))
        return Plot(self._theme, self.rect(), self._start, self._end, top, live=self._live)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # time runs that way everywhere
        plot, theme = self._plot(), self._theme
        if not any(p.rate for p in self._points):
            words = tr("No speed to show yet") if self._live else tr("No speed was recorded here")
            painting.text(painter, self.rect(), words, theme.font("small"), theme.colour("dim"),
                          painting.Align.AlignHCenter)
        else:
            plot.grid(painter)
            plot.stops(painter, self._stops)
            plot.curve(painter, self._points)
            if self._marks and self._summary is not None:
                plot.marks(painter, self._summary)
            plot.axis(painter, self._stops)
            self._read_out(painter, plot)
        if self.hasFocus():
            painter.setPen(theme.colour("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(plot.area)
        painter.end()

    def _read_out(self, painter: QPainter, plot: Plot) -> None:
        near, stop = self._near(), self._stop()
        if self._hover is None or (near is None and stop is None):
            return
        if stop is not None:
            plot.reading(painter, self._hover, None, self.reading)
        elif near is not None:
            plot.reading(painter, near.time, near.rate, self.reading)

    def _stop(self) -> Interruption | None:
        """The gap that the read-out is for."""
        hover = self._hover
        return None if hover is None else next((stop for stop in self._stops if stop.at(hover)), None)

    def _near(self) -> Point | None:
        """The point that the read-out is for."""
        hover = self._hover
        if hover is None:
            return None
        return min((p for p in self._points if p.rate is not None), key=lambda p: abs(p.time - hover), default=None)

    @property
    def reading(self) -> str:
        """What the read-out says; empty while there is none."""
        stop, near = self._stop(), self._near()
        if stop is not None:
            return f"{stop.words} · {stop.reason}" if stop.reason else stop.words
        return "" if near is None else _reading(near)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._plot().time(event.position().x())
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows go from point to point and from gap to gap, Home and End to the ends."""
        times = [p.time for p in self._points if p.rate is not None and not any(s.at(p.time) for s in self._stops)]
        times = sorted([*times, *((stop.start + stop.end) / 2 for stop in self._stops)])
        hover = self._hover
        place = len(times) if hover is None or not times else min(
            range(len(times)), key=lambda number: abs(times[number] - hover))
        places = {Qt.Key.Key_Left: place - 1, Qt.Key.Key_Right: place + 1, Qt.Key.Key_Home: 0,
                  Qt.Key.Key_End: len(times) - 1}
        wanted = places.get(Qt.Key(event.key()))
        if wanted is None or not times:
            super().keyPressEvent(event)
            return
        self._hover = times[max(0, min(len(times) - 1, wanted))]
        self.setAccessibleDescription(self.reading)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hover = None
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()
