"""Links: read, written, and refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream.errors import InvalidParameters
from jetstream.links import Link, format_link, parse_link

WORDS = "MAYWEBRO.TRUPO.VEVEEBLU"


@pytest.mark.parametrize(("text", "link"), [
    (f"jetstream://studio.example/download?token={WORDS}", Link("studio.example", 8886, "download", {"token": WORDS})),
    (f"  jetstream://studio:9000/download?token={WORDS}\n", Link("studio", 9000, "download", {"token": WORDS})),
    ("jetstream://10.0.0.7/connect", Link("10.0.0.7", 8886, "connect")),
    ("jetstream://[2001:db8::1]:7000/connect/", Link("2001:db8::1", 7000, "connect")),
    ("jetstream://[fe80::1%eth0]/connect", Link("fe80::1%eth0", 8886, "connect")),
    ("JetStream://Studio/Download?token=x", Link("studio", 8886, "download", {"token": "x"})),
    ("jetstream://user:secret@studio/connect", Link("studio", 8886, "connect")),
    ("jetstream:jetstream://studio/connect", Link("studio", 8886, "connect")),
    ("jetstream:studio/connect", Link("studio", 8886, "connect")),
    ("jetstream:studio:9000/connect", Link("studio", 9000, "connect")),
    ("jetstream://studio/download?token=a%20b&name=%C3%A9", Link("studio", 8886, "download",
                                                                 {"token": "a b", "name": "é"})),
    ("jetstream://studio/later?x=", Link("studio", 8886, "later", {"x": ""})),
])
def test_links_are_read(text, link):
    assert parse_link(text) == link


@pytest.mark.parametrize("text", [
    "", "studio", "http://studio/download?token=x", "jetstream://", "jetstream:", "jetstream:///download?token=x",
    "jetstream://studio", "jetstream://studio/", "jetstream://studio:0/connect", "jetstream://studio:99999/connect",
    "jetstream://studio:port/connect", "jetstream://[::1/connect", "jetstream://stu dio/connect",
    "jetstream://studio/a/b", "jetstream://studio/connect?novalue", "jetstream://stu%64io/connect",
    "jetstream://studio/connect?" + "x=1&" * 4000, "jetstream://[zz::1]/connect",
])
def test_other_text_is_refused_with_a_sentence(text):
    with pytest.raises(InvalidParameters) as caught:
        parse_link(text)
    assert caught.value.facts == {"field": "link"}
    assert str(caught.value).endswith(".")


hosts = st.one_of(st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,40}[a-z0-9])?", fullmatch=True),
                  st.ip_addresses().map(str))


@given(st.builds(Link, hosts, st.integers(1, 65535), st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True),
                 st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
                                 st.text(st.characters(exclude_categories=["Cs"]), max_size=50), max_size=4)))
def test_what_is_written_is_read_back(link):
    assert parse_link(format_link(link)) == link


@given(st.text(max_size=200))
def test_any_text_is_a_link_or_is_refused(text):
    try:
        link = parse_link("jetstream://" + text)
    except InvalidParameters:
        return
    assert parse_link(format_link(link)) == link


@pytest.mark.parametrize("link", [Link("a b"), Link("a/b"), Link(""), Link("studio", 0), Link("studio", 70000),
                                  Link("studio", action="a/b"), Link("studio", action="")])
def test_a_link_that_nobody_could_read_is_not_written(link):
    with pytest.raises(InvalidParameters):
        format_link(link)


def test_the_usual_port_is_left_out():
    assert format_link(Link("studio", parameters={"token": WORDS})) == f"jetstream://studio/download?token={WORDS}"
    assert format_link(Link("::1", 9000, "connect")) == "jetstream://[::1]:9000/connect"


def test_a_link_shown_in_a_log_keeps_its_token():
    assert WORDS not in repr(Link("studio", parameters={"token": WORDS}))
    assert Link("studio", parameters={"token": WORDS}).token == WORDS
    assert Link("studio", action="connect").token is None
