"""What a node says is said in the person's language: the table is complete, and sentences are recognised by form."""

import string

import pytest

from helpers.sentences import LANGUAGES, sentences
from jetstream.errors import Conflict
from jetstream_desktop import assets, i18n
from jetstream_desktop.sentences import Sentences
from jetstream_server.files.browse import BrowseFailed
from jetstream_server.transfers.bottleneck import Stages, bottleneck


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(path.stem for path in LANGUAGES.glob("*.json")))
def test_a_language_knows_every_sentence_of_the_node(language):
    """If this fails: ``python tests/helpers/sentences.py`` says what resources/sentences/<language>.json lacks."""
    table, wanted = assets.sentences(language), sentences()
    assert wanted - set(table) == set()
    assert set(table) - wanted == set()
    assert [text for text in wanted if placeholders(text) != placeholders(table[text])] == []


def test_there_is_a_table_for_every_language_of_the_window():
    assert {path.stem for path in LANGUAGES.glob("*.json")} == set(assets.languages())
    assert assets.sentences("xx") == {}


@pytest.fixture(scope="module")
def german():
    return Sentences(assets.sentences("de"))


@pytest.mark.parametrize(("english", "said"), [
    ("There is no transfer 12.", "Eine Übertragung 12 gibt es nicht."),
    ("/tmp/a <b>.txt: permission denied", "/tmp/a <b>.txt: der Zugriff ist nicht erlaubt"),
    ("The files could not be listed: /x: the link leads nowhere",
     "Die Dateien konnten nicht aufgelistet werden: /x: der Link führt nirgendwohin"),
    ("2 files were not delivered: /a: it is gone; /b c: its size changed from 1 to 2 bytes; and 3 more. "
     "The others have arrived.",
     "2 Dateien wurden nicht geliefert: /a: sie ist weg; /b c: ihre Größe hat sich von 1 auf 2 Bytes geändert; "
     "und 3 weitere. Die anderen sind angekommen."),
    ("Complete: every byte is on the receiver's disk. a, b and 4 more: kept beside an existing one. s: left as it was.",
     "Vollständig: Jedes Byte ist auf der Platte des Empfängers. a, b und 4 weitere: neben einer vorhandenen abgelegt. "
     "s: so gelassen, wie sie war."),
    ("10.0.0.1:8886 cannot be reached: No route to host. It is tried again by itself.",
     "10.0.0.1:8886 ist nicht erreichbar: Es gibt keinen Weg zu diesem Rechner. Es wird von selbst wieder versucht."),
    ("Accepted: Studio B has logged in as ann.", "Angenommen: Studio B hat sich als ann angemeldet."),
    ("Started: the files go to Studio B.", "Begonnen: Die Dateien gehen an Studio B."),
    ("Started: the files come from the sender.", "Begonnen: Die Dateien kommen von dem Sender."),
    ("/srv: no space left on device", "/srv: auf der Platte ist kein Platz mehr"),
    ("Studio B runs an older JetStream, which can only give everything at once. Update it, or get everything.",
     "Auf Studio B läuft ein älteres JetStream; es kann nur alles auf einmal geben. Aktualisieren Sie es, oder holen "
     "Sie alles."),
    ("This is no JetStream link. A link looks like jetstream://HOST/download?token=WORDS.",
     "Das ist kein JetStream-Link. Ein Link sieht so aus: jetstream://HOST/download?token=WÖRTER."),
])
def test_sentences_in_german(german, english, said):
    assert german(english) == said


@pytest.mark.parametrize("text", ["", "Reel 07", "C: D", "a: b: c", "{braces} and {0}", "Line\nbreak: of nobody",
                                  "A sentence of a newer node. And another one.", "x" * 20_000])
def test_what_is_not_known_stays(german, text):
    assert german(text) == text
    assert Sentences({})(text) == text


def test_what_fills_a_placeholder_is_never_a_form(german):
    assert german("There is no account {user}{0}.") == "Ein Konto {user}{0} gibt es nicht."


def test_the_node_s_own_makers(german):
    busy = Stages(0.0, 9.0, 0.1)
    words = {bottleneck(busy, disk, 5e6, None, "Studio B") for disk in (0, 100)} - {None}
    assert words
    assert all(german(text) != text for text in words)
    assert german(str(BrowseFailed("/x", "it exists already"))) == "/x: das gibt es schon"


def test_the_window_says_it(german):
    try:
        i18n.use(assets.catalogue("de"), assets.sentences("de"))
        assert i18n.say(str(Conflict("There is no manifest 4."))) == "Ein Manifest 4 gibt es nicht."
        assert i18n.digits("12,345.6 MB") == "12.345,6 MB"
    finally:
        i18n.use({})
    assert i18n.digits("12,345.6 MB") == "12,345.6 MB"
    assert i18n.say("There is no manifest 4.") == "There is no manifest 4."
