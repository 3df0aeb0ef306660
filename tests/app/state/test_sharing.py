import datetime

import pytest

from app.helpers.build import NOW
from jetstream.entities import Token
from jetstream_desktop import assets, i18n
from jetstream_desktop.state import sharing

UTC = datetime.UTC


def token(**changes):
    return Token(**({"token": "MAYWEBRO.TRUPO.VEVEEBLU", "manifest_id": "m"} | changes))


def test_a_generated_password_is_words_and_a_number():
    words = sharing.generate_password(lambda n: 0).split("-")
    assert words == ["amber", "amber", "amber", "10"]
    assert sharing.generate_password() != sharing.generate_password()


@pytest.mark.parametrize(("password", "word"), [
    ("", "no password"), ("aaaaaaaaaaaa", "weak"), ("Kettle19", "fair"), ("amber-kettle-FOX-19", "good"),
])
def test_strength(password, word):
    assert sharing.strength(password)[1] == word


def test_a_generated_password_is_never_weak():
    assert all(sharing.strength(sharing.generate_password())[0] >= 2 for _ in range(200))


def test_moment():
    assert sharing.moment(NOW, UTC) == "Tue 14 Nov, 22:13"
    i18n.use(assets.catalogue("de"))
    try:
        assert sharing.moment(NOW, UTC) == "Di 14. Nov, 22:13"
    finally:
        i18n.use({})


def test_use_in_words():
    assert sharing.used(token()) == "not used yet"
    assert sharing.used(token(download_count=1)) == "used once"
    assert sharing.used(token(download_count=3)) == "used 3 times"
    assert sharing.used(token(download_count=2, download_limit=5)) == "2 of 5 used"


def test_until_and_alive():
    assert sharing.until(token(), NOW) == "never ends"
    assert sharing.until(token(expiry_time=NOW + 1), NOW, UTC) == "until Tue 14 Nov, 22:13"
    assert sharing.until(token(expiry_time=NOW), NOW, UTC) == "ended Tue 14 Nov, 22:13"
    assert sharing.alive(token(), NOW)
    assert not sharing.alive(token(expiry_time=NOW), NOW)
    assert not sharing.alive(token(download_limit=1, download_count=1), NOW)
    assert sharing.alive(token(download_limit=2, download_count=1, expiry_time=NOW + 1), NOW)


def test_message():
    full = sharing.message(token(link="jetstream://h/download?token=M", expiry_time=NOW + 1, password_required=True),
                           "Trailer", NOW, UTC)
    assert "jetstream://h" in full
    assert "until Tue 14 Nov" in full
    assert "password" in full
    bare = sharing.message(token(), "Trailer", NOW)
    assert "jetstream://" not in bare
    assert "MAYWEBRO" in bare


def test_tomorrow_begins_at_eight():
    assert sharing.seconds_until_morning(NOW, UTC) == 35_200
