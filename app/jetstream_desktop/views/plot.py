"""How the speed graph is drawn: scales, curve, gaps, marks, read-out. One :class:`Plot` for each painting."""

import datetime
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen

from jetstream_desktop.i18n import tr
from jetstream_desktop.state import axis, numbers
from jetstream_desktop.state.history import Point, Summary
from jetstream_desktop.state.interruptions import Interruption
from jetstream_desktop.views import painting
from jetstream_desktop.views.theme import Theme

NOTHING = "0 B/s"
_ABOVE, _BELOW = 18, 22
_LABEL = 17
"""Height of a line of small text."""
_APART = 24
"""Pixels that a rate on the scale needs for itself."""
_CLOCK_ABOVE = 900.0
"""Seconds from which on the time of the day stands below."""
_FRESH = 2.5
"""Seconds for which a sample is what is true."""


def clock(time: float) -> str:
    """The time of the day with seconds."""
    return datetime.datetime.fromtimestamp(time).strftime("%H:%M:%S")


class Plot:
    """Where things lie in *whole*: times from *start* to *end* (seconds), rates from 0 to *top* (bytes a second)."""

    def __init__(self, theme: Theme, whole: QRect, start: float, end: float, top: float, *, live: bool) -> None:
        self._theme = theme
        self._start, self._end, self._top, self._live = start, end, top, live
        self._metrics = QFontMetrics(theme.font("small"))
        self._steps = axis.rates(top, max(1, (whole.height() - _ABOVE - _BELOW) // _APART))
        words = [numbers.rate_step(rate, top) for rate in self._steps]
        self._scale = max(map(self._metrics.horizontalAdvance, words)) + 8
        self.area = whole.adjusted(0, _ABOVE, -1 - self._scale, -_BELOW)

    def x(self, time: float) -> float:
        """Where *time* lies."""
        return self.area.left() + (time - self._start) / (self._end - self._start) * self.area.width()

    def time(self, x: float) -> float:
        """What time lies there."""
        share = (x - self.area.left()) / max(1, self.area.width())
        return self._start + share * (self._end - self._start)

    def _y(self, rate: float) -> float:
        return self.area.bottom() + 1 - rate / self._top * self.area.height()

    def grid(self, painter: QPainter) -> None:
        """Lines of round rates with the rates beside them, and of round times."""
        theme, area = self._theme, self.area
        for rate in self._steps:
            y = round(self._y(rate))
            painter.fillRect(area.left(), y, area.width(), 1, theme.colour("hairline"))
            label = QRect(area.right() + 9, y - _LABEL // 2, self._scale, _LABEL)
            painting.text(painter, label, numbers.rate_step(rate, self._top) if rate else "0", theme.font("small"),
                          theme.colour("dim"))
        for time in self._clock_times():
            painter.fillRect(round(self.x(time)), area.top(), 1, area.height(), theme.colour("hairline"))

    def _clock_times(self) -> tuple[float, ...]:
        if self._end - self._start < _CLOCK_ABOVE:
            return ()
        return axis.clock_times(self._start, self._end, max(1, self.area.width() // 120))

    def stops(self, painter: QPainter, stops: Sequence[Interruption]) -> None:
        """Where nothing moved: a dotted line on the ground, on a ground of its own."""
        theme, area = self._theme, self.area
        for stop in stops:
            left, right = max(area.left(), round(self.x(stop.start))), min(area.right(), round(self.x(stop.end)))
            if right <= left:
                continue
            painter.fillRect(QRect(left, area.top(), right - left, area.height()), theme.colour("window"))
            painter.setPen(QPen(theme.colour("caution"), 1.6, Qt.PenStyle.DotLine))
            painter.drawLine(left, area.bottom(), right, area.bottom())

    def curve(self, painter: QPainter, points: Sequence[Point]) -> None:
        """The rate, broken where nothing is known."""
        painter.save()
        painter.setClipRect(self.area.adjusted(0, -2, 1, 2))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        run: list[QPointF] = []
        before = self._start
        for point in [*points, Point(self._end, None)]:
            if point.rate is not None:
                run.append(QPointF(self.x(point.time), self._y(point.rate)))
                before = point.time
                continue
            if run and point.time - before < _FRESH:  # what the last sample says goes on until the next look
                run.append(QPointF(self.x(point.time), run[-1].y()))
            self._run(painter, run)
            run = []
        painter.restore()

    def _run(self, painter: QPainter, run: Sequence[QPointF]) -> None:
        if not run:
            return
        accent, wash = self._theme.colour("accent"), QColor(self._theme.colour("accent"))
        wash.setAlpha(34)
        line = QPainterPath(run[0])
        for place in run[1:]:
            line.lineTo(place)
        fill = QPainterPath(line)
        fill.lineTo(run[-1].x(), self.area.bottom() + 1)
        fill.lineTo(run[0].x(), self.area.bottom() + 1)
        fill.closeSubpath()
        painter.fillPath(fill, wash)
        painter.strokePath(line, QPen(accent, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                                      Qt.PenJoinStyle.RoundJoin))

    def marks(self, painter: QPainter, summary: Summary) -> None:
        """The average as a dashed line, the peak as a dot."""
        theme, area, peak = self._theme, self.area, summary.peak
        y = round(self._y(summary.average))
        painter.setPen(QPen(theme.colour("dim"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(area.left(), y, area.right(), y)
        if peak.rate and peak.time >= self._start:
            place = QPointF(self.x(peak.time), self._y(peak.rate))
            painting.dot(painter, place.toPoint(), theme.colour("accent"), size=7)

    def axis(self, painter: QPainter, stops: Sequence[Interruption]) -> None:
        """Both ends of the time, between them the causes of the longest gaps, and times of the day."""
        first, last = clock(self._start), clock(self._end)
        if self._live:
            first, last = tr("{time} ago", time=numbers.duration(self._end - self._start)), tr("now")
        taken: list[QRect] = []
        self._below(painter, self.area.left(), first, taken)
        self._below(painter, self.area.right(), last, taken)
        for stop in sorted(stops, key=lambda one: one.start - one.end):
            if stop.end > self._start:
                self._below(painter, self.x((max(stop.start, self._start) + stop.end) / 2), stop.words, taken)
        for time in self._clock_times():
            self._below(painter, self.x(time), clock(time)[:5], taken)

    def _below(self, painter: QPainter, x: float, words: str, taken: list[QRect]) -> None:
        """Words below the graph, about *x*; left out where others stand."""
        width = self._metrics.horizontalAdvance(words) + 2
        left = round(min(max(x - width / 2, self.area.left()), self.area.right() + 1 - width))
        box = QRect(left, self.area.bottom() + 5, width, _LABEL)
        if all(not box.adjusted(-12, 0, 12, 0).intersects(other) for other in taken):
            taken.append(box)
            painting.text(painter, box, words, self._theme.font("small"), self._theme.colour("dim"))

    def reading(self, painter: QPainter, time: float, rate: float | None, words: str) -> None:
        """A line at *time*, a dot at *rate*, and the words in a box above."""
        theme, area = self._theme, self.area
        x = min(max(self.x(time), area.left()), area.right())
        painter.fillRect(QRectF(x, area.top(), 1, area.height()), theme.colour("dim"))
        if rate is not None:
            painting.dot(painter, QPointF(x + 0.5, self._y(rate)).toPoint(), theme.colour("accent"))
        width = min(self._metrics.horizontalAdvance(words) + 18, area.width())
        box = QRect(round(min(max(x - width / 2, area.left()), area.right() - width)), area.top() - _ABOVE, width, 22)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour("hairline"))
        painter.setBrush(theme.colour("window"))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.restore()
        painting.text(painter, box.adjusted(8, 0, -8, 0), words, theme.font("small"), theme.colour("text"),
                      painting.Align.AlignHCenter)
