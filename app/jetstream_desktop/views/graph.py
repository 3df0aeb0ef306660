"""The speed graph: painted by us, gaps as gaps, a read-out under the pointer."""

import datetime
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state import numbers
from jetstream_desktop.state.history import Point, nice_ceiling
from jetstream_desktop.views import painting
from jetstream_desktop.views.theme import Theme


def _clock(time: float) -> str:
    return datetime.datetime.fromtimestamp(time).strftime("%H:%M:%S")


def _reading(point: Point) -> str:
    return f"{numbers.rate(point.rate) or '0 B/s'} · {_clock(point.time)}"


class SpeedGraph(QWidget):
    """Shows points of a rate between two times."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._points: Sequence[Point] = ()
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

    def show_points(self, points: Sequence[Point], start: float, end: float, *, live: bool = True) -> None:
        """Show *points* on an axis from *start* to *end* (seconds); *live* says that the end is now."""
        self._points, self._start, self._end, self._live = points, start, max(end, start + 1), live
        rates = [p.rate for p in points if p.rate]
        if rates:
            self.setAccessibleDescription(tr("now {now}, peak {peak}", now=numbers.rate(rates[-1]),
                                             peak=numbers.rate(max(rates))))
        self.update()

    def _area(self) -> QRect:
        return self.rect().adjusted(0, 18, -1, -22)

    def _x(self, time: float) -> float:
        area = self._area()
        return area.left() + (time - self._start) / (self._end - self._start) * area.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area, theme = self._area(), self._theme
        top = nice_ceiling(max((p.rate or 0.0 for p in self._points), default=0.0))
        if not any(p.rate for p in self._points):
            words = tr("No speed to show yet") if self._live else tr("No speed was recorded here")
            painting.text(painter, area, words, theme.font("small"), theme.colour("dim"),
                          painting.Align.AlignHCenter)
        else:
            for step in range(5):
                y = area.top() + area.height() * step // 4
                painter.fillRect(area.left(), y, area.width(), 1, theme.colour("hairline"))
            self._curve(painter, area, top)
            label = QRect(area.left(), area.top() - 18, area.width(), 17)
            painting.text(painter, label, numbers.rate(top), theme.font("small"), theme.colour("dim"),
                          painting.Align.AlignRight)
            self._axis(painter, area)
        if self.hasFocus():
            painter.setPen(theme.colour("accent"))
            painter.drawRect(area.adjusted(0, 0, -1, 0))
        self._read_out(painter, area, top)
        painter.end()

    def _curve(self, painter: QPainter, area: QRect, top: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent, wash = self._theme.colour("accent"), QColor(self._theme.colour("accent"))
        wash.setAlpha(34)
        run: list[QPointF] = []
        for point in [*self._points, Point(self._end, None)]:
            if point.rate is not None:
                run.append(QPointF(self._x(point.time), area.bottom() - point.rate / top * area.height()))
                continue
            self._run(painter, area, run, accent, wash)
            run = []
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _run(self, painter: QPainter, area: QRect, run: Sequence[QPointF], accent: QColor, wash: QColor) -> None:
        if not run:
            return
        line = QPainterPath(run[0])
        for place in run[1:]:
            line.lineTo(place)
        fill = QPainterPath(line)
        fill.lineTo(run[-1].x(), area.bottom())
        fill.lineTo(run[0].x(), area.bottom())
        fill.closeSubpath()
        painter.fillPath(fill, wash)
        painter.strokePath(line, QPen(accent, 1.6))

    def _axis(self, painter: QPainter, area: QRect) -> None:
        theme = self._theme
        below = QRect(area.left(), area.bottom() + 3, area.width(), 18)
        first, last = _clock(self._start), _clock(self._end)
        if self._live:
            first, last = tr("{time} ago", time=numbers.duration(self._end - self._start)), tr("now")
        painting.text(painter, below, first, theme.font("small"), theme.colour("dim"))
        painting.text(painter, below, last, theme.font("small"), theme.colour("dim"), painting.Align.AlignRight)

    def _read_out(self, painter: QPainter, area: QRect, top: float) -> None:
        near = self._near()
        if near is None or near.rate is None:
            return
        x, y = self._x(near.time), area.bottom() - near.rate / top * area.height()
        theme = self._theme
        painter.fillRect(QRectF(x, area.top(), 1, area.height()), theme.colour("faint"))
        painting.dot(painter, QPointF(x + 0.5, y).toPoint(), theme.colour("accent"))
        words = _reading(near)
        width = painter.fontMetrics().horizontalAdvance(words) + 16
        box = QRect(int(min(max(x - width / 2, area.left()), area.right() - width)), area.top() + 2, width, 20)
        painter.fillRect(box, theme.colour("window"))
        painting.text(painter, box, words, theme.font("small"), theme.colour("text"), painting.Align.AlignHCenter)

    def _near(self) -> Point | None:
        """The point that the read-out is for."""
        hover = self._hover
        if hover is None:
            return None
        return min((p for p in self._points if p.rate is not None), key=lambda p: abs(p.time - hover), default=None)

    @property
    def reading(self) -> str:
        """What the read-out says; empty while there is none."""
        near = self._near()
        return "" if near is None else _reading(near)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area = self._area()
        share = (event.position().x() - area.left()) / max(1, area.width())
        self._hover = self._start + share * (self._end - self._start)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows go from point to point, Home and End to the ends."""
        times = [p.time for p in self._points if p.rate is not None]
        near = self._near()
        place = times.index(near.time) if near is not None else len(times)
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

    def layoutDirection(self) -> Qt.LayoutDirection:
        return Qt.LayoutDirection.LeftToRight
