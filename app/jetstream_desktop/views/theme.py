"""The look: one object that knows colours, fonts, distances and icons, and follows the system's light and dark.

Views receive the theme and read ``theme.colours`` whenever they paint, so a change of appearance is one repaint.
"""

from collections.abc import Collection
from typing import Literal

from PySide6.QtCore import QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from jetstream_desktop import assets
from jetstream_desktop.assets import Colours
from jetstream_desktop.views.stylesheet import stylesheet

Appearance = Literal["system", "light", "dark"]
ICON_SIZE = 18
_LARGEST = 3.0
"""Icons are drawn for the screens that there are, and so large for others that may come."""
_WEIGHTS = {"header": QFont.Weight.DemiBold, "title": QFont.Weight.DemiBold, "heading": QFont.Weight.DemiBold,
            "token": QFont.Weight.DemiBold, "name": QFont.Weight.Medium}


_NOBODY_S_CHOICE = frozenset({"", "Sans", "Sans Serif", "sans-serif"})
_GOOD_FAMILIES = ("Inter", "Noto Sans", "Cantarell", "Ubuntu")


class Theme(QObject):
    """Colours, fonts and icons of the application. ``changed`` fires after light has become dark or the reverse."""

    changed = Signal()

    def __init__(self, application: QApplication, appearance: Appearance = "system") -> None:
        super().__init__(application)
        self._application = application
        self._appearance: Appearance = appearance
        self._tokens = assets.tokens()
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._fonts: dict[tuple[str, bool], QFont] = {}
        self._base = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        self._base.setFamily(family(self._base.family(), QFontDatabase.families()))
        self.scale = _scale_of(self._base)
        """How much larger than usual the person has set the system's text, between 1 and 2."""
        self._ratios = sorted({*(screen.devicePixelRatio() for screen in application.screens()), _LARGEST})
        self.colours: Colours = self._tokens.light
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._scheme_changed)
        self.set_appearance(appearance)

    @property
    def appearance(self) -> Appearance:
        """What was asked for; ``system`` follows the desktop."""
        return self._appearance

    @property
    def dark(self) -> bool:
        """Whether the dark colours are in use."""
        return self.colours is self._tokens.dark

    def set_appearance(self, appearance: Appearance) -> None:
        """Use light or dark, or follow the system."""
        self._appearance = appearance
        self._apply()

    def _scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self._appearance == "system":
            self._apply()

    def _apply(self) -> None:
        wants_dark = self._appearance == "dark"
        if self._appearance == "system":
            wants_dark = self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        self.colours = self._tokens.dark if wants_dark else self._tokens.light
        self._pixmaps.clear()
        self._application.setPalette(self._palette())
        self._application.setFont(self.font("body"))
        backward = self._application.layoutDirection() == Qt.LayoutDirection.RightToLeft
        self._application.setStyleSheet(stylesheet(self.colours, self._tokens, self.scale, backward=backward))
        self.changed.emit()

    def _palette(self) -> QPalette:
        c = self.colours
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: c.window, QPalette.ColorRole.Base: c.pane,
            QPalette.ColorRole.AlternateBase: c.window, QPalette.ColorRole.Button: c.pane,
            QPalette.ColorRole.Text: c.text, QPalette.ColorRole.WindowText: c.text,
            QPalette.ColorRole.ButtonText: c.text, QPalette.ColorRole.PlaceholderText: c.dim,
            QPalette.ColorRole.Highlight: c.accent, QPalette.ColorRole.HighlightedText: c.accent_text,
            QPalette.ColorRole.ToolTipBase: c.pane, QPalette.ColorRole.ToolTipText: c.text,
            QPalette.ColorRole.Link: c.accent_ink, QPalette.ColorRole.Mid: c.hairline,
            QPalette.ColorRole.Dark: c.hairline, QPalette.ColorRole.Light: c.pane, QPalette.ColorRole.Accent: c.accent,
        }
        for role, colour in roles.items():
            palette.setColor(role, QColor(colour))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(c.faint))
        return palette

    def font(self, role: str, bold: bool = False) -> QFont:
        """The font of a role of the type scale, always with tabular figures."""
        found = self._fonts.get((role, bold))
        if found is None:
            found = QFont(self._base)
            found.setPixelSize(round(self._tokens.type[role] * self.scale))
            found.setWeight(QFont.Weight.DemiBold if bold else _WEIGHTS.get(role, QFont.Weight.Normal))
            found.setFeature(QFont.Tag("tnum"), 1)
            self._fonts[role, bold] = found
        return found

    def space(self, steps: int) -> int:
        """A distance in steps of four pixels."""
        return self._tokens.space * steps

    @property
    def radius(self) -> int:
        """The one corner radius."""
        return self._tokens.radius

    @property
    def row(self) -> int:
        """Height of a row with two lines."""
        return round(self._tokens.row * self.scale)

    def colour(self, name: str) -> QColor:
        """A colour of the current appearance by its token."""
        return QColor(getattr(self.colours, name))

    def pixmap(self, name: str, colour: str, size: int = ICON_SIZE, ratio: float = 1.0) -> QPixmap:
        """An icon as a pixmap of *size* logical pixels; *colour* is a token name or ``#rrggbb``."""
        value = colour if colour.startswith("#") else str(getattr(self.colours, colour))
        key = (name, value, size, ratio)
        found = self._pixmaps.get(key)
        if found is None:
            found = render(assets.icon_svg(name, value), size, ratio)
            self._pixmaps[key] = found
        return found

    def icon(self, name: str, colour: str = "text", size: int = ICON_SIZE, margin: int = 0) -> QIcon:
        """An icon for buttons and menus, sharp at 100 to 300 %; paler when disabled.

        :param margin: empty room on both sides, where a text stands beside it closer than it should.
        """
        icon = QIcon()
        for ratio in self._ratios:
            for tone, mode in ((colour, QIcon.Mode.Normal), ("faint", QIcon.Mode.Disabled)):
                icon.addPixmap(_with_margin(self.pixmap(name, tone, size, ratio), margin), mode)
        return icon

    def application_icon(self) -> QIcon:
        """The icon of the program itself."""
        source = (assets.folder() / "app.svg").read_bytes()
        icon = QIcon()
        for size in (16, 24, 32, 48, 64, 128, 256):
            icon.addPixmap(render(source, size, 1.0))
        return icon


def family(system: str, installed: Collection[str]) -> str:
    """The family of the text: the system's, unless nobody has chosen one there and a better one is installed."""
    if system not in _NOBODY_S_CHOICE:
        return system
    return next((one for one in _GOOD_FAMILIES if one in installed), system)


def _scale_of(font: QFont) -> float:
    usual = 13.0
    size = QFontInfo(font).pixelSize() or usual
    return max(1.0, min(2.0, size / (usual + 2))) if size > usual + 2 else 1.0


def _with_margin(pixmap: QPixmap, margin: int) -> QPixmap:
    if not margin:
        return pixmap
    ratio = pixmap.devicePixelRatio()
    wide = QPixmap(pixmap.width() + round(2 * margin * ratio), pixmap.height())
    wide.setDevicePixelRatio(ratio)
    wide.fill(Qt.GlobalColor.transparent)
    painter = QPainter(wide)
    painter.drawPixmap(margin, 0, pixmap)
    painter.end()
    return wide


def render(svg: bytes, size: int, ratio: float) -> QPixmap:
    """Draw SVG bytes into a pixmap of *size* logical pixels."""
    pixels = round(size * ratio)
    pixmap = QPixmap(QSize(pixels, pixels))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(svg).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
