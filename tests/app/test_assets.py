import ast
import re
import string
from xml.etree import ElementTree

import pytest

from jetstream.findings import STEP_NAMES, WORDS
from jetstream_desktop import assets, i18n
from jetstream_desktop.views.theme import family


@pytest.mark.parametrize("name", assets.icon_names())
def test_icons_are_strokes_on_the_grid_in_the_colour_of_their_text(name):
    source = assets.icon_source(name)
    root = ElementTree.fromstring(source)
    assert root.get("viewBox") == "0 0 24 24"
    assert root.get("stroke") == "currentColor"
    assert root.get("stroke-width") == ("2.4" if name == "mark" else "1.7")  # the mark of the program is bolder
    assert b"currentColor" not in assets.icon_svg(name, "#112233")


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [assets.tokens().light, assets.tokens().dark], ids=["light", "dark"])
def test_text_can_be_read(colours):
    for ink in ("text", "dim", "accent_ink", "good", "caution", "bad"):
        for ground in ("pane", "window", "sidebar", "wash", "hover"):
            assert contrast(getattr(colours, ink), getattr(colours, ground)) >= 4.5, (ink, ground)
    for ink in ("text", "dim"):  # below the pointer in the sidebar, and on a button that cannot be pressed
        assert contrast(getattr(colours, ink), colours.track) >= 4.5, ink
    assert contrast(colours.accent_text, colours.accent) >= 4.5
    assert contrast(colours.accent_text, colours.accent_hover) >= 4.5


def test_translation_replaces_what_it_knows():
    try:
        i18n.use({"Send to {where}": "An {where} senden"})
        assert i18n.tr("Send to {where}", where="B") == "An B senden"
        assert i18n.tr("Other") == "Other"
    finally:
        i18n.use({})
    assert i18n.trn("{count} file", "{count} files", 2) == "2 files"
    assert assets.catalogue("xx") == {}


def test_every_icon_named_in_the_code_exists():
    names = set(assets.icon_names())
    source = "\n".join(p.read_text() for p in (assets._HERE).rglob("*.py"))
    used = set(re.findall(r'(?:theme|_theme)\.(?:icon|pixmap)\(\s*"([a-z-]+)"', source))
    assert used <= names


def strings_of_the_code():
    for path in sorted(assets._HERE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("tr", "trn"):
                for argument in node.args[: 1 if node.func.id == "tr" else 2]:
                    if isinstance(argument, ast.Constant):
                        yield argument.value


def words_of_findings():
    yield from STEP_NAMES.values()
    for words in WORDS.values():
        yield words.text
        yield from filter(None, [words.fix])


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(assets.languages()))
def test_a_language_is_complete_and_keeps_the_placeholders(language):
    catalogue = assets.catalogue(language)
    wanted = {*strings_of_the_code(), *words_of_findings()}
    assert wanted - set(catalogue) == set()
    assert set(catalogue) - wanted == set()
    assert [text for text in wanted if placeholders(text) != placeholders(catalogue[text])] == []


def test_the_system_s_font_is_kept_unless_nobody_chose_one():
    assert family("Cantarell", ["Inter", "Cantarell"]) == "Cantarell"
    assert family("Sans Serif", ["DejaVu Sans", "Noto Sans", "Inter"]) == "Inter"
    assert family("Sans Serif", ["DejaVu Sans"]) == "Sans Serif"
