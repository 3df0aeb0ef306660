"""The speed graph: painted by us, gaps as gaps, a read-out under the pointer."""

import datetime
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.state import numbers
from jetstream_desktop.state.history import Point, nice_ceiling
from jetstream_desktop.views import painting
from jetstream_desktop.views.theme import Theme


class SpeedGraph(QWidget):
    """Shows points of a rate between two times."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._points: Sequence[Point] = ()
        self._start = 0.0
        self._end = 1.0
        self._hover: float | None = None
        self.setMouseTracking(True)
        self.setMinimumHeight(96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Speed over time"))
        theme.changed.connect(self.update)

    def show_points(self, points: Sequence[Point], start: float, end: float) -> None:
        """Show *points* on an axis from *start* to *end* (seconds)."""
        self._points, self._start, self._end = points, start, max(end, start + 1)
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
        for step in range(5):
            y = area.top() + area.height() * step // 4
            painter.fillRect(area.left(), y, area.width(), 1, theme.colour("hairline"))
        if not any(p.rate for p in self._points):
            painting.text(painter, area, tr("No speed to show yet"), theme.font("small"), theme.colour("dim"),
                          painting.Align.AlignHCenter)
        else:
            self._curve(painter, area, top)
            label = QRect(area.left(), area.top() - 18, area.width(), 17)
            painting.text(painter, label, numbers.rate(top), theme.font("small"), theme.colour("dim"),
                          painting.Align.AlignRight)
        self._axis(painter, area)
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
        ago = tr("{time} ago", time=numbers.duration(self._end - self._start))
        painting.text(painter, below, ago, theme.font("small"), theme.colour("dim"))
        painting.text(painter, below, tr("now"), theme.font("small"), theme.colour("dim"), painting.Align.AlignRight)

    def _read_out(self, painter: QPainter, area: QRect, top: float) -> None:
        if self._hover is None:
            return
        time = self._start + (self._hover - area.left()) / max(1, area.width()) * (self._end - self._start)
        near = min((p for p in self._points if p.rate is not None), key=lambda p: abs(p.time - time), default=None)
        if near is None or near.rate is None:
            return
        x, y = self._x(near.time), area.bottom() - near.rate / top * area.height()
        theme = self._theme
        painter.fillRect(QRectF(x, area.top(), 1, area.height()), theme.colour("faint"))
        painting.dot(painter, QPointF(x + 0.5, y).toPoint(), theme.colour("accent"))
        when = datetime.datetime.fromtimestamp(near.time).strftime("%H:%M:%S")
        words = f"{numbers.rate(near.rate) or '0 B/s'} · {when}"
        width = painter.fontMetrics().horizontalAdvance(words) + 16
        box = QRect(int(min(max(x - width / 2, area.left()), area.right() - width)), area.top() + 2, width, 20)
        painter.fillRect(box, theme.colour("window"))
        painting.text(painter, box, words, theme.font("small"), theme.colour("text"), painting.Align.AlignHCenter)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position().x()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    def layoutDirection(self) -> Qt.LayoutDirection:
        return Qt.LayoutDirection.LeftToRight
