"""The program as Qt knows it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QLibraryInfo, QLocale, QTranslator, Signal
from PySide6.QtWidgets import QApplication


class Application(QApplication):
    """Turns Qt's own wish to quit (session end, dock menu) into a request."""

    quit_wanted = Signal()

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(list(arguments))
        self.setApplicationName("JetStream")
        self.setDesktopFileName("jetstream-desktop")
        self.setQuitOnLastWindowClosed(False)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Quit:
            self.quit_wanted.emit()
            return True
        return super().event(event)


def speak(application: QApplication, language: str) -> QTranslator | None:
    """Let Qt's own words (menus of fields, file dialogs, names of keys) and dates be in *language*, if Qt knows it."""
    translator = QTranslator(application)
    if not translator.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        return None
    application.installTranslator(translator)
    if QLocale.system().language() != QLocale(language).language():
        QLocale.setDefault(QLocale(language))
    return translator
