"""A field for a rate: people read and type MB/s, as everywhere in the window; inside it is kbit/s, as nodes have it."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox

from jetstream_desktop.i18n import digits, tr
from jetstream_desktop.state import numbers

_KBPS: Final = 8_000
"""kbit/s in a MB/s."""
_DECIMALS: Final = 3


class RateField(QDoubleSpinBox):
    """*name* is its accessible name. A value that nobody changes stays as fine as it was given."""

    def __init__(self, name: str, low_kbps: int, high_kbps: int) -> None:
        super().__init__()
        self._given = low_kbps
        self.setDecimals(_DECIMALS)
        self.setRange(low_kbps / _KBPS, high_kbps / _KBPS)
        self.setSuffix(tr(" MB/s"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not by the wheel either
        self.setAccessibleName(name)
        self.lineEdit().setTextMargins(7, 0, 4, 0)  # the style sheet's padding does not reach the line edit inside
        self._shown = self.value()
        self.valueChanged.connect(self._tell)
        self._tell()

    def kbps(self) -> int:
        """The rate in kbit/s."""
        return self._given if self.value() == self._shown else round(self.value() * _KBPS)

    def set_kbps(self, rate: int) -> None:
        """Show a rate in kbit/s."""
        self.setValue(rate / _KBPS)
        self._given, self._shown = rate, self.value()

    def _tell(self) -> None:
        self.setToolTip(numbers.bits(self.value() * 1e6) if self.value() else "")

    # How it is written: no zeros at its end, and both signs are understood as that of the decimals

    def textFromValue(self, value: float) -> str:
        return digits(f"{value:.{_DECIMALS}f}".rstrip("0").rstrip("."))

    def valueFromText(self, text: str) -> float:
        return float(self._number(text) or 0)

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        number = self._number(text)
        try:
            value = float(number or "0")
        except ValueError:
            return QValidator.State.Invalid, text, place
        decimals = number.partition(".")[2]
        if len(decimals) > _DECIMALS or value > self.maximum() or not set(number) <= set("0123456789."):
            return QValidator.State.Invalid, text, place
        state = QValidator.State.Acceptable if number and value >= self.minimum() else QValidator.State.Intermediate
        return state, text, place

    def _number(self, text: str) -> str:
        if text == self.specialValueText():
            return "0"
        return text.removesuffix(self.suffix()).strip().replace(",", ".")

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
