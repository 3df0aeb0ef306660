import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream.tokens import new_token
from jetstream_desktop.state.getting import Reading, read

TOKEN = new_token(lambda n: bytes(range(1, n + 1)))


def test_a_link():
    found = read(f" jetstream://studio-b:9000/download?token={TOKEN} ", "")
    assert found.link == f"jetstream://studio-b:9000/download?token={TOKEN}"
    assert found.complete
    assert "studio-b" in found.hint


@pytest.mark.parametrize("text", [
    "https://example.com/x", "jetstream://host/connect", "jetstream://host/download", "jetstream://host/download?token=XXXX",
    "jetstream://", "/etc/passwd",
])
def test_links_that_cannot_be_fetched(text):
    found = read(text, "")
    assert found.wrong
    assert found.hint
    assert found.link is None


def test_a_token_needs_an_address():
    found = read(TOKEN.lower().replace(".", " "), "")
    assert found.needs_host
    assert found.complete
    assert found.link is None
    assert read(TOKEN, "not an address").wrong
    assert read(TOKEN, "studio-b").link == f"jetstream://studio-b/download?token={TOKEN}"


def test_mistakes_are_caught_while_typing():
    assert read(TOKEN[:4], "") == Reading(hint="Go on typing…")
    swapped = TOKEN[1] + TOKEN[0] + TOKEN[2:]
    assert read(swapped, "").wrong
    assert read("", "") == Reading()


@given(st.text(max_size=200), st.text(max_size=20))
def test_rubbish_never_breaks_it(text, host):
    found = read(text, host)
    assert found.link is None or found.link.startswith("jetstream://")
