"""Whatever runs a search, it finds what Python's `re` finds."""

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.labeling.kinds import _search
from weaklabel.labeling.kinds._search import Search, regex_search, texts_of, words_search

SIGNS = [chr(point) for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]
ODD = "\x1c\n\rİıſKßéÀ½²\u0301\u200d‿Ⓐⓐᾳ中のк\U0001f600"


@pytest.fixture(autouse=True, scope="module")
def _rust_searches_few_texts_too():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_search, "FEW", 0)
        yield


def python(pattern, texts):
    return [text is not None and pattern.search(text) is not None for text in texts]


def found(search, texts):
    return search.found(pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)}), "text").tolist()


@pytest.mark.parametrize(
    "pattern",
    [
        r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", r"(?i)\w", r"(?i)\W", r"(?i)[a-z]", r"(?i)[^a-z]", r"\ba", r"a\b",
        r"(?i)\bi\b", r"(?i)[sk]", r"(?i)é|ß|σ", r"a$", r"(?m)^i$", r"(?s)a.i", r"[\W\d]",
    ],
)  # fmt: skip
def test_on_every_sign_there_is_alone_and_between_letters(pattern):
    search = regex_search(re.compile(pattern))
    texts = [*SIGNS, *(f"a{sign}i" for sign in SIGNS)]

    differ = np.flatnonzero(np.array(found(search, texts)) != np.array(python(search.python, texts)))

    assert search.wide is not None, "it should not be left to Python"
    assert [texts[i] for i in differ] == []


@pytest.mark.parametrize("whole", [True, False])
def test_words_on_every_sign_there_is(whole):
    words = ["i", "ask", "straße"]
    either = "|".join(words)
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)" if whole else either, re.IGNORECASE)
    texts = [text for sign in SIGNS for text in (f"as{sign}", f"ask{sign}", f"STRA{sign}E")]

    search = words_search(pattern, words, whole)

    differ = np.flatnonzero(np.array(found(search, texts)) != np.array(python(pattern, texts)))
    assert [texts[i] for i in differ] == []


PATTERNS = (
    r"a(?=b)", r"(?<!a)b", r"(a)\1", r"a++b", r"(?>a)b", r"[[a]", r"[a&&b]", r"[+--b]", r"[]a]", r"[^]a]", r"a{,2}b",
    r"a{b", r"\<a\>", r"\b{start}", r"(?x) a b # c", r"(?a)\w", r"(?P<x>a)(?P=x)", r"[\b]", r"\Z", r"a\Z", r"\x41",
    r"(?i)\u0130", r"(?i)[à-ü]", r"(?i:I)a", r"[a\-z]", r"a|", r"()", r"[(--a]", r"\++b", r"[()]", r"\\b", r"\\\b",
    r"a{2}+", r"a|b$", r"$a", r"(?s:.)a", r"\N{BULLET}", r"[~~]", r"a\ b", r"(?i:k)\b", "", r"[(?i]",
    r"a{1, 2}b", r"a{ 1}b",
)  # fmt: skip
TEXTS = [
    None, "", "a", "b", "ab", "aab", "aaab", "ba", "abc", "a b", "<a>", "]", "[", "&", "-", "~", "(", "?", "+b", "+",
    "\\b", "\\", "b{start}", "a{b", "\x08", "A", "\u2022", "é", "Ü", "a\n", "ab\n", "aa", "a{,2}b",
    "a{1, 2}b", "a{ 1}b",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
def test_patterns_that_the_engines_read_in_different_ways(pattern):
    texts = [*TEXTS, *ODD, *(f"{sign}a" for sign in ODD), *(f"a{sign}" for sign in ODD)]
    compiled = re.compile(pattern)

    assert found(regex_search(compiled), texts) == python(compiled, texts)


pieces = st.sampled_from(
    [
        *"abik .-",
        r"\w",
        r"\W",
        r"\d",
        r"\s",
        r"\b",
        r"\B",
        "[a-i]",
        r"[^\w]",
        r"[\s\d]",
        "^",
        "$",
        ".",
        "é",
        "(?:a|i)",
        r"\.",
    ]
)
repeats = st.sampled_from(["", "", "", "*", "+", "?", "{1,2}", "*?"])
patterns = st.lists(st.tuples(pieces, repeats).map("".join), min_size=1, max_size=5).map("".join)
texts = st.lists(st.text(alphabet="abikABIK .-1_\n" + ODD, max_size=8), min_size=1, max_size=20)


@settings(max_examples=400, deadline=None)
@given(patterns, st.sampled_from([0, re.I, re.M, re.I | re.S]), texts)
def test_any_pattern_on_any_texts(pattern, flags, texts):
    try:
        compiled = re.compile(pattern, flags)
    except re.error:
        return

    assert found(regex_search(compiled), texts) == python(compiled, texts)


words_of = st.lists(st.text(alphabet="abik'-. K" + ODD, min_size=1, max_size=4), min_size=1, max_size=5)


@settings(max_examples=300, deadline=None)
@given(words_of, st.booleans(), texts)
def test_any_words_on_any_texts(words, whole, texts):
    either = "|".join(map(re.escape, words))
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)" if whole else either, re.IGNORECASE)

    assert found(words_search(pattern, words, whole), texts) == python(pattern, texts)


def test_a_pattern_too_large_for_rust_is_left_to_python():
    pattern = re.compile(r"(?:\w{500}){500}x")

    assert regex_search(pattern) == Search(pattern)


def test_texts_are_told_apart_once_for_a_frame_and_forgotten_with_it():
    from weaklabel.labeling.kinds import _once

    frame = pl.DataFrame({"text": ["a", "é", None]})

    assert texts_of(frame, "text") is texts_of(frame, "text")
    assert id(frame) in _once._made
    key = id(frame)
    del frame
    assert key not in _once._made


def test_a_column_that_holds_no_text_is_refused_and_categories_are_text():
    with pytest.raises(TypeError, match="column 'n' holds Int64, not text"):
        texts_of(pl.DataFrame({"n": [1]}), "n")
    frame = pl.DataFrame({"c": pl.Series(["a", "b"], dtype=pl.Categorical), "none": pl.Series([None, None])})
    assert regex_search(re.compile("a")).found(frame, "c").tolist() == [True, False]
    assert regex_search(re.compile("")).found(frame, "none").tolist() == [False, False]
