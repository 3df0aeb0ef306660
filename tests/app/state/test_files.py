from jetstream.entities import Event, Manifest
from jetstream_desktop.state.files import FileLine, FileQuery, cell, found_wrong, left_out, undelivered
from jetstream_desktop.state.verifying import Verification


def manifest(**values):
    return Manifest(manifest_id="m", status="complete", processing=False, **values)


def test_words_fit_in_any_order_and_case():
    line = FileLine("Reel 07/Graded/x.EXR")
    assert FileQuery("exr reel").fits(line)
    assert FileQuery("").fits(line)
    assert not FileQuery("exr reel 08").fits(line)


def test_cells():
    line = FileLine("a\N{RIGHT-TO-LEFT OVERRIDE}b", 1500, "<b>no</b>\n")
    assert cell(line, 0).isprintable()
    assert cell(line, 1) == "2 KB"
    assert cell(line, 2).startswith("<b>no</b>")
    assert cell(FileLine("x"), 1) == ""


def test_what_the_listing_left_out():
    found = left_out(manifest(skipped=5, skipped_sample=("/a: b/c: permission denied", "/d: is a socket", "odd")))
    assert [(line.path, line.problem) for line in found] == [
        ("/a: b/c", "left out: permission denied"), ("/d", "left out: is a socket"), ("odd", "left out: odd"),
        ("…", "and 2 more were left out")]
    assert left_out(manifest()) == []


def test_what_was_not_delivered_is_what_the_last_try_says():
    def event(files):
        return Event(event="transferFailed", timestamp=1, fields={} if files is None else {"files": files})

    old, new = [{"path": "old", "reason": "r"}], [{"path": "a", "reason": "is gone"}, {"path": "b"}, "rubbish", 7]
    assert undelivered([event(None), event(old), event(None), event(new)]) == [
        FileLine("a", None, "is gone"), FileLine("b", None, "not delivered")]
    assert undelivered([event("rubbish"), event(7)]) == []


def test_what_verifying_has_found():
    found = Verification("x")
    found.add({"nextOffset": None, "totalBlocks": 1, "missing": ["m"], "changed": ["c"], "damaged": ["d"],
               "unsure": []})
    assert [line.path for line in found_wrong(found)] == ["d", "m", "c"]
    assert found_wrong(None) == []
