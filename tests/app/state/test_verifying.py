"""What comparing an arrived transfer has found, in words."""

import pytest

from jetstream_desktop.state.verifying import Verification

FINE = {"nextOffset": None, "totalBlocks": 8, "missing": [], "changed": [], "damaged": [], "unsure": []}


def test_all_is_well():
    made = Verification("<b>")
    made.add({**FINE, "nextOffset": 4})
    assert (made.share, made.offset) == (0.5, 4)
    made.add(FINE)
    assert (made.share, made.tone, made.well) == (1.0, "good", True)
    assert made.sentence() == "“<b>” is as it arrived: every byte was read and compared."


def test_what_is_not():
    made = Verification("Reel")
    made.add({**FINE, "nextOffset": 4, "damaged": ["a"], "missing": ["m1", "m2", "m3"]})
    made.add({**FINE, "damaged": ["a"], "missing": ["m4", "m1"],
              "changed": ["c\\n\N{RIGHT-TO-LEFT OVERRIDE}"], "unsure": ["u"]})
    assert made.tone == "bad"
    assert made.sentence().startswith("“Reel”: one file is damaged, or shares its place with one that is (a); "
                                      "4 files are gone (m1, and 3 more); one file was changed since (c")
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in made.report()
    assert "  m4\n" in made.report()
    assert made.report().endswith("  u\n")


@pytest.mark.parametrize("answer", [{}, {**FINE, "nextOffset": "x"}, {**FINE, "damaged": None}])
def test_rubbish(answer):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Verification("x").add(answer)
