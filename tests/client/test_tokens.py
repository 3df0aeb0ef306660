"""Tokens: their form, what the check catches, and what is said while someone types."""

import os
import random
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jetstream.errors import InvalidParameters
from jetstream.tokens import canonical_token, is_token, new_token, problem_with

PUBLISHED = "MAYWEBRO.TRUPO.VEVEEBLU"

tokens = st.integers(0, 1 << 64).map(lambda seed: new_token(random.Random(seed).randbytes))


@given(tokens)
def test_a_new_token_has_three_groups_of_letters(token):
    assert re.fullmatch(r"[A-Z]{6,12}\.[A-Z]{4,8}\.[A-Z]{6,12}", token)
    assert is_token(token)
    assert problem_with(token) is None
    assert canonical_token(token) == token


def test_the_published_token_is_well_formed():
    assert canonical_token("maywebro trupo-veveeblu") == PUBLISHED


def test_tokens_differ():
    assert len({new_token(os.urandom) for _ in range(2000)}) == 2000


def test_constant_randomness_still_gives_a_token():
    assert is_token(new_token(bytes))
    assert is_token(new_token(lambda count: b"\xff" * count))


@given(tokens, st.data())
def test_case_dots_spaces_and_dashes_do_not_matter(token, data):
    letters = token.replace(".", "")
    gaps = data.draw(st.lists(st.sampled_from(["", " ", ".", "-", "\t", "–", "\n", " . "]), min_size=len(letters),
                              max_size=len(letters)))
    cases = data.draw(st.lists(st.booleans(), min_size=len(letters), max_size=len(letters)))
    typed = "".join(gap + (c.lower() if low else c) for c, gap, low in zip(letters, gaps, cases, strict=True))
    assert canonical_token(typed) == token


@settings(max_examples=25)
@given(tokens)
def test_every_single_wrong_letter_is_caught(token):
    for index, right in enumerate(token):
        if right == ".":
            continue
        for wrong in set(string.ascii_uppercase) - {right}:
            assert not is_token(token[:index] + wrong + token[index + 1 :])


@given(tokens)
def test_every_swap_of_neighbours_is_caught(token):
    letters = token.replace(".", "")
    for index in range(len(letters) - 1):
        a, b = letters[index : index + 2]
        if a != b:
            assert not is_token(letters[:index] + b + a + letters[index + 2 :])


@given(tokens)
def test_nothing_is_wrong_with_a_beginning(token):
    for end in range(len(token)):
        assert problem_with(token[:end]) is None


@given(tokens)
def test_a_beginning_is_no_token(token):
    for end in range(len(token) - 2):
        if not is_token(token[:end]):
            with pytest.raises(InvalidParameters) as caught:
                canonical_token(token[:end])
            assert caught.value.facts == {"field": "token"}


@pytest.mark.parametrize(("typed", "says"), [
    ("MAYW3BRO", "“3” is none"),
    ("MAYWEÉ", "“É” is none"),
    ("MAQ", "“Q” does not occur"),
    ("QA", "“QA” does not occur"),
    ("MAYEBO", "“MAYE” does not occur"),
    ("MAYWEBRO.TRUPO.VEVEEBLUMA", "too long"),
    ("MAYWEBRO.TRUPO.VEVEEBLE", "is wrong, or two are swapped"),
    ("A" * 201, "too long"),
])
def test_typing_mistakes_are_named(typed, says):
    sentence = problem_with(typed)
    assert sentence is not None
    assert says in sentence
    assert not is_token(typed)
    with pytest.raises(InvalidParameters, match=re.escape(sentence)):
        canonical_token(typed)


@given(st.text(max_size=300))
def test_any_text_is_judged_without_stumbling(text):
    assert is_token(text) in (True, False)
    assert problem_with(text) is None or isinstance(problem_with(text), str)
