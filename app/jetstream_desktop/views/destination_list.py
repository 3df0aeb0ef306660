"""The list of destinations in the composer: two lines each, with a mark for reachable."""

from PySide6.QtCore import QItemSelectionModel, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.models.lists import ValueTableModel
from jetstream_desktop.models.roles import SNAPSHOT, Index
from jetstream_desktop.state.address import Choice
from jetstream_desktop.views import painting
from jetstream_desktop.views.scrolling import edge_bar
from jetstream_desktop.views.theme import Theme


class ChoiceDelegate(QStyledItemDelegate):
    """Paints a destination."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, round(54 * self._theme.scale))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        choice: Choice | None = index.data(SNAPSHOT)
        if choice is None:
            return
        area, theme = option.rect, self._theme
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("wash" if selected else "hover"))
            painter.drawRoundedRect(QRectF(area.adjusted(0, 2, 0, -2)), theme.radius, theme.radius)
        middle = area.center().y()
        unknown = choice.destination is None and choice.reachable is None
        tone = "good" if choice.reachable else "accent" if unknown else "faint"
        filled = bool(choice.reachable) or unknown
        painting.dot(painter, QPoint(area.left() + 12, middle + 1), theme.colour(tone), filled=filled, within=area)
        upper = QRect(area.left() + 25, middle - 19, area.width() - 32, 20)
        lower = QRect(area.left() + 25, middle, area.width() - 32, 18)
        ink = theme.colour("accent_ink" if selected else "text")
        painting.text(painter, upper, choice.title, theme.font("body", selected), ink, within=area)
        painting.text(painter, lower, choice.line, theme.font("small"), theme.colour("dim"), within=area)
        painter.restore()


class ChoiceList(QListView):
    """Destinations to choose from. What was chosen stays chosen while the list is filtered or refreshed."""

    chosen = Signal(object)
    """The :class:`Choice`, or ``None``."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.hint = ""
        """What stands here while there is nothing to choose from."""
        self.values: ValueTableModel[Choice] = ValueTableModel(
            ("",), lambda choice, _column: f"{choice.title}, {choice.line}", lambda choice: choice.key, self)
        self.setModel(self.values)
        self.setItemDelegate(ChoiceDelegate(theme, self))
        self.setAccessibleName(tr("Destinations"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        edge_bar(self)
        self.setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._key: str | None = None
        self._quiet = False
        self.selectionModel().currentChanged.connect(self._moved)
        theme.changed.connect(self.viewport().update)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.values.rowCount():
            return
        painter = QPainter(self.viewport())
        painter.setFont(self._theme.font("small"))
        painter.setPen(self._theme.colour("dim"))
        area = self.viewport().rect().adjusted(2, 6, -2, 0)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap),
                         self.hint)
        painter.end()

    def show_hint(self, hint: str) -> None:
        """Other words for while there is nothing to choose from."""
        self.hint = hint
        self.setAccessibleDescription(hint)
        self.viewport().update()

    def current(self) -> Choice | None:
        """What is chosen."""
        value: Choice | None = self.currentIndex().data(SNAPSHOT)
        return value

    def first(self) -> Choice | None:
        """The uppermost, if there is one."""
        value: Choice | None = self.values.index(0, 0).data(SNAPSHOT)
        return value

    def step(self, lines: int) -> None:
        """Choose another one, *lines* further down; the first if none is chosen."""
        last = self.values.rowCount() - 1
        if last >= 0:
            row = self.currentIndex().row()
            place = 0 if row < 0 else max(0, min(last, row + lines))
            self.setCurrentIndex(self.values.index(place, 0))

    def show_choices(self, found: list[Choice], prefer: str | None = None) -> None:
        """Show *found*; choose *prefer*, or what was chosen before, or nothing."""
        wanted = prefer or self._key
        self._quiet = True
        self.values.replace(found)
        place = self.values.find(wanted) if wanted is not None else None
        if place is not None:
            self.selectionModel().setCurrentIndex(self.values.index(place, 0),
                                                  QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self._key = wanted
        else:
            self.clearSelection()
            self.selectionModel().clearCurrentIndex()
        self._quiet = False
        self._show_current()
        self.chosen.emit(self.current())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_current()

    def _show_current(self) -> None:
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def _moved(self, current: Index) -> None:
        if self._quiet:
            return
        choice: Choice | None = current.data(SNAPSHOT)
        self._key = None if choice is None else choice.key
        self.chosen.emit(choice)
