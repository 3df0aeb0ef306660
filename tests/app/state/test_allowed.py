import pytest

from jetstream_desktop.state.allowed import Allowed, allowed_from, fingerprint_in


@pytest.mark.parametrize("text", ["AB" * 32, " ".join(["abab"] * 16), ":".join(["ab"] * 32)])
def test_a_fingerprint(text):
    assert fingerprint_in(text) == "ab" * 32


@pytest.mark.parametrize("text", ["", "ab" * 31, "gh" * 32])
def test_no_fingerprint(text):
    assert fingerprint_in(text) is None


def test_entries():
    assert allowed_from({"clientPublicKey": "ab", "name": "Anna"}) == Allowed("ab", "Anna")
    assert allowed_from({"fingerprint": "cd"}) == Allowed("cd")
    assert allowed_from({}) == Allowed("")
