"""The QR code of a link."""

import io

import segno
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from jetstream_desktop.i18n import tr


class QrCode(QWidget):
    """A QR code: dark on white whatever the appearance, as cameras want it."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[bytes] = []
        self._text = ""
        self.setFixedSize(QSize(136, 136))
        self.setAccessibleName(tr("QR code of the link"))

    def show_text(self, text: str) -> None:
        """Show *text* as a code; nothing for an empty one."""
        self._text = text
        self._rows = [bytes(line) for line in segno.make(text, error="m").matrix] if text else []
        self.setVisible(bool(text))
        self.update()

    def png(self) -> bytes:
        """The code as a picture for a file."""
        out = io.BytesIO()
        segno.make(self._text, error="m").save(out, kind="png", scale=8, border=4)
        return out.getvalue()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("white"))
        size = len(self._rows)
        if size:
            image = QImage(size + 4, size + 4, QImage.Format.Format_RGB32)
            image.fill(QColor("white"))
            for y, line in enumerate(self._rows):
                for x, dark in enumerate(line):
                    if dark:
                        image.setPixelColor(x + 2, y + 2, QColor("#11151c"))
            painter.drawImage(self.rect(), image)
        painter.end()
