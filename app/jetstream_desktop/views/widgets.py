"""Small parts that every page is made of: labels, buttons, chips, fields. All plain text, never markup."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFont, QFontMetrics, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QStyledItemDelegate,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from jetstream_desktop.state.text import plain_tooltip
from jetstream_desktop.views.flow import Flow
from jetstream_desktop.views.theme import ICON_SIZE, Theme

BESIDE = 3
"""Room on both sides of an icon that a text stands beside; the style leaves too little."""


_INK = {"primary": "accent_text", "danger": "bad"}  # icons on buttons, by role


class IconKeeper(QObject):
    """Keeps the icon of a button or an action in the colours of the theme."""

    def __init__(self, owner: QAbstractButton | QAction, theme: Theme, name: str, colour: str = "text",
                 margin: int = 0) -> None:
        super().__init__(owner)
        self._margin = margin
        self._owner = owner
        self._theme = theme
        self._name = name
        self._colour = colour
        theme.changed.connect(self.refresh)
        self.refresh()

    def recolour(self, colour: str) -> None:
        """Another colour of the theme."""
        self._colour = colour
        self.refresh()

    def refresh(self) -> None:
        """Draw the icon anew."""
        self._owner.setIcon(self._theme.icon(self._name, self._colour, margin=self._margin))


class IconLabel(QLabel):
    """An icon by itself, drawn anew when light becomes dark."""

    def __init__(self, theme: Theme, name: str, colour: str, size: int = ICON_SIZE,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = name
        self._colour = colour
        self._size = size
        self.setFixedSize(size, size)
        theme.changed.connect(self.refresh)
        self.refresh()

    def show_icon(self, name: str, colour: str) -> None:
        """Another icon."""
        self._name, self._colour = name, colour
        self.refresh()

    def refresh(self) -> None:
        """Draw it anew."""
        ratio = max(1.0, self.devicePixelRatioF())
        self.setPixmap(self._theme.pixmap(self._name, self._colour, self._size, ratio))


class ElidedLabel(QLabel):
    """One line that ends in an ellipsis where there is no room, with the whole text as its tool tip."""

    def __init__(self, text: str = "", role: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if role:
            set_role(self, role)
        self.setText(text)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip("")

    def minimumSizeHint(self) -> QSize:
        return QSize(20, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = QFontMetrics(self.font()).elidedText(self.text(), self._mode, self.contentsRect().width())
        if (shown != self.text()) != bool(self.toolTip()):
            self.setToolTip(plain_tooltip(self.text()) if shown != self.text() else "")
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment() | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()


def set_role(widget: QWidget, role: str) -> None:
    """Give *widget* a role of the style sheet, also one that changes later."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def label(text: str, role: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A plain-text label."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse
                                     | Qt.TextInteractionFlag.TextSelectableByKeyboard)
    return made


def button(text: str, role: str = "", *, theme: Theme | None = None, icon: str = "", tip: str = "") -> QPushButton:
    """A push button; *tip* is also its accessible description."""
    made = QPushButton(text)
    if role:
        made.setProperty("role", role)
    if theme is not None and icon:
        IconKeeper(made, theme, icon, _INK.get(role, "text"), BESIDE)
        made.setIconSize(QSize(ICON_SIZE + 2 * BESIDE, ICON_SIZE))
    if tip:
        made.setToolTip(tip)
        made.setAccessibleDescription(tip)
    made.setAutoDefault(True)  # Enter presses it, as Space does
    return made


def dress(made: QPushButton, role: str) -> None:
    """Give a button another role, and its icon the colour of that."""
    set_role(made, role)
    for keeper in made.findChildren(IconKeeper):
        keeper.recolour(_INK.get(role, "text"))


def icon_button(theme: Theme, icon: str, name: str, colour: str = "text") -> QToolButton:
    """A flat button with an icon only; *name* is its tool tip and accessible name."""
    made = QToolButton()
    made.setProperty("role", "flat")
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    IconKeeper(made, theme, icon, colour)
    return made


class _Number(QSpinBox):
    """Leaves the wheel to the page: who scrolls it must not change a value that passes below the mouse."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class _Choice(QComboBox):
    """Leaves the wheel to the page, too; its open list has a wheel of its own."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def number_field(name: str, low: int, high: int, suffix: str = "") -> QSpinBox:
    """A field for a whole number; *name* is its accessible name."""
    made = _Number()
    made.setRange(low, high)
    made.setSuffix(suffix)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not by the wheel either
    made.setAccessibleName(name)
    made.lineEdit().setTextMargins(7, 0, 4, 0)  # the style sheet's padding does not reach the line edit inside
    return made


def drop_down(name: str) -> QComboBox:
    """A list to choose one value from; *name* is its accessible name."""
    made = _Choice()
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setAccessibleName(name)
    made.setItemDelegate(QStyledItemDelegate(made))  # the style sheet does not reach the delegate that it has
    return made


_AROUND = 4
"""What is shown around a field that was scrolled to."""
_TAB_ROOM = 19
"""Padding and distance of a tab, as the style sheet has them, and a pixel for rounding."""


class SteadyTabs(QTabBar):
    """Tabs as wide as their bold text, which they have while they are chosen, so that nothing moves then."""

    def tabSizeHint(self, index: int) -> QSize:
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        return QSize(QFontMetrics(bold).horizontalAdvance(self.tabText(index)) + _TAB_ROOM,
                     super().tabSizeHint(index).height())


def hairline(vertical: bool = False) -> QFrame:
    """A line of one pixel."""
    made = QFrame()
    made.setProperty("role", "line")
    if vertical:
        made.setFixedWidth(1)
    else:
        made.setFixedHeight(1)
    return made


def column(*, margins: tuple[int, int, int, int] = (0, 0, 0, 0), spacing: int = 0) -> QVBoxLayout:
    """A vertical layout with its distances."""
    made = QVBoxLayout()
    made.setContentsMargins(*margins)
    made.setSpacing(spacing)
    return made


def row(*, margins: tuple[int, int, int, int] = (0, 0, 0, 0), spacing: int = 8) -> QHBoxLayout:
    """A horizontal layout with its distances."""
    made = QHBoxLayout()
    made.setContentsMargins(*margins)
    made.setSpacing(spacing)
    return made


def panel(layout: QLayout, role: str = "") -> QWidget:
    """A widget that holds *layout*, with a ground of its own if *role* says so."""
    made = QWidget()
    made.setLayout(layout)
    if role:
        made.setProperty("role", role)
        made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return made


class _Scroller(QScrollArea):
    """Shows all of the field that the Tab key leads to; Qt itself shows the part where the cursor is."""

    def focusNextPrevChild(self, forward: bool) -> bool:
        moved = super().focusNextPrevChild(forward)
        field, inner = QApplication.focusWidget(), self.widget()
        if moved and field is not None and inner is not None and inner.isAncestorOf(field):
            middle = field.mapTo(inner, field.rect().center())
            self.ensureVisible(middle.x(), middle.y(), 0, field.height() // 2 + _AROUND)
        return moved


def scrolled(inner: QWidget) -> QScrollArea:
    """*inner* in what scrolls it up and down if it is higher than its place, without a ground of its own."""
    area = _Scroller()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    area.viewport().setAutoFillBackground(False)
    inner.setAutoFillBackground(False)
    return area


def clear(layout: QLayout) -> None:
    """Remove everything from *layout*."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        inner = item.layout()
        if widget is not None:
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def leave_room(chip: QAbstractButton) -> None:
    """As wide as the bold text that it has while it is chosen, so that nothing moves then."""
    chip.ensurePolished()
    font = QFont(chip.font())
    font.setWeight(QFont.Weight.DemiBold)
    chip.setMinimumWidth(QFontMetrics(font).horizontalAdvance(chip.text()) + 22)


class Chips(QWidget):
    """A row of buttons of which one is chosen.

    :param wraps: they go on in the next line where there is no room.
    """

    chosen = Signal(object)
    """The value of the chip that was chosen by the person."""

    def __init__(self, name: str, options: Sequence[tuple[str, Any]], value: Any = None, *,
                 wraps: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._values: list[Any] = []
        line: QLayout = Flow(spacing=6) if wraps else row(spacing=6)
        for text, option in options:
            chip = button(text, "chip")
            chip.setCheckable(True)
            chip.setAccessibleName(f"{name}: {text}")
            leave_room(chip)
            self._group.addButton(chip, len(self._values))
            self._values.append(option)
            line.addWidget(chip)
        if isinstance(line, QHBoxLayout):
            line.addStretch(1)
        self.setLayout(line)
        self._group.idClicked.connect(self._clicked)
        self.set_value(value)

    def value(self) -> Any:
        """The chosen value, ``None`` if there is none."""
        number = self._group.checkedId()
        return self._values[number] if number >= 0 else None

    def set_value(self, value: Any) -> None:
        """Choose without telling anyone."""
        if value in self._values:
            self._group.button(self._values.index(value)).setChecked(True)

    def set_text(self, value: Any, text: str) -> None:
        """Another text on a chip."""
        chip = self._group.button(self._values.index(value))
        chip.setText(text)
        leave_room(chip)

    def _clicked(self, number: int) -> None:
        self.chosen.emit(self._values[number])
