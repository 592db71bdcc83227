import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from weaklabel.labeling.compiled.automaton import automaton
from weaklabel.labeling.compiled.scan import scan

DOUBT = 5
words = st.lists(st.text(alphabet="abAB_ -", min_size=1, max_size=4), min_size=1, max_size=4)
sets = st.lists(st.tuples(words.map(tuple), st.booleans()), min_size=1, max_size=4)
texts = st.lists(st.text(alphabet="abABc_ -", max_size=12), max_size=10)


def scanned(texts, sets):
    encoded = [text.encode() for text in texts]
    hits = scan(b"".join(encoded), [len(one) for one in encoded], automaton(tuple(sets)), DOUBT)
    return [[j for j in range(64) if hit >> j & 1] for hit in hits.tolist()]


def by_re(text, words, alone):
    either = "|".join(map(re.escape, words))
    return re.search(rf"(?<!\w)(?:{either})(?!\w)" if alone else either, text, re.IGNORECASE) is not None


@settings(max_examples=300, deadline=None)
@given(sets, texts)
def test_each_set_is_found_where_python_finds_one_of_its_words(sets, texts):
    expected = [[j for j, (some, alone) in enumerate(sets) if by_re(text, some, alone)] for text in texts]

    assert scanned(texts, sets) == expected


def test_words_inside_and_at_the_end_of_other_words_are_found():
    sets = [(("she",), False), (("he", "hers"), False), (("his",), False)]

    assert scanned(["ushers", "this", "h", ""], sets) == [[0, 1], [2], [], []]


def test_a_word_does_not_reach_from_one_text_into_the_next():
    assert scanned(["w", "in", "win"], [(("win",), False)]) == [[], [], [0]]


def test_a_word_beside_a_sign_beyond_ascii_is_in_doubt_only_if_it_must_stand_alone():
    sets = [(("win",), True), (("win",), False)]

    assert scanned(["win é", "éwin", "winé", "win", "xwiné"], sets) == [[0, 1], [1, DOUBT], [1, DOUBT], [0, 1], [1]]


def test_words_of_bytes_beyond_ascii_mean_themselves():
    assert scanned(["K", "k", "\u212a"], [(("\u212a",), False)]) == [[], [], [0]]
