"""The field for the folder at the other side: it has the destination's own folder until somebody types another one."""

from PySide6.QtWidgets import QLineEdit

from jetstream_desktop.i18n import tr


class FolderField(QLineEdit):
    """Empty means the receiver's usual folder."""

    def __init__(self) -> None:
        super().__init__()
        self._usual = ""
        self.setPlaceholderText(tr("their usual folder"))
        self.setAccessibleName(tr("Folder there"))

    def follow(self, usual: str) -> None:
        """Another destination, whose folder is *usual*. What a person has typed stays."""
        if usual == self._usual:
            return
        typed = self.text().strip() != self._usual
        self._usual = usual
        if not typed:
            self.setText(usual)
