from jetstream.checks import Check, check, untried
from jetstream.findings import DESTINATION_STEPS, Step
from jetstream_desktop import assets, i18n
from jetstream_desktop.state.findings import lines, summary

NAME = check("name-found", host="b.example", addresses="10.0.0.7")
REFUSED = check("route-refused", host="b.example", port=8886)


def test_a_line_for_every_step_while_it_runs_and_for_what_was_found_after_that():
    shown = lines([NAME], True)
    assert [line.step for line in shown] == list(DESTINATION_STEPS)
    assert [line.word for line in shown] == ["good", "testing…", *[""] * 6]
    assert [line.step for line in lines([NAME, REFUSED], False)] == ["name", "route"]


def test_a_line_has_a_word_a_sentence_and_what_to_do():
    line = lines([REFUSED], False)[0]
    assert (line.icon, line.tone, line.word) == ("alert", "bad", "failed")
    assert line.fix.startswith("Start the node")
    assert line.spoken == f"Route and port: failed. {line.text} {line.fix}"


def test_in_german_with_the_same_facts():
    i18n.use(assets.catalogue("de"))
    try:
        line = lines([REFUSED], False)[0]
        assert line.text == "b.example ist da, aber an Port 8886 hört niemand zu."
        assert lines([untried(Step.LOGIN)], False)[0].name == "Anmeldung"
        assert lines([check("folder-ok", free=23_100_000_000)], False)[0].text == (
            "Dort lassen sich Dateien schreiben; 23,1 GB sind frei.")
    finally:
        i18n.use({})


def test_nothing_from_outside_turns_the_line_around():
    line = lines([check("protocol-ok", version="1", node="\u202eevil\n")], False)[0]
    assert "\u202e" not in line.text
    assert "\n" not in line.text


def test_a_newer_node_may_find_more():
    newer = Check(step="weather", outcome="cloudy", code="weather-rain", text="It rains.")
    line = lines([newer], False)[0]
    assert (line.name, line.word, line.text) == ("weather", "cloudy", "It rains.")


def test_the_whole_in_one_sentence():
    assert summary([NAME, REFUSED, untried(Step.LOGIN)]) == ("It fails at: Route and port.", "bad")
    assert summary([NAME])[1] == "good"
    assert summary([NAME, check("clock-ahead", offset=10**9)])[1] == "caution"
