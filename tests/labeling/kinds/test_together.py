"""Functions that look for words find the same together as each for itself: what Python's `re` finds."""

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from weaklabel.labeling.applying.voting import vote
from weaklabel.labeling.compiled.choice import forced
from weaklabel.labeling.functions import LabelingFunction
from weaklabel.labeling.kinds import _search, _together
from weaklabel.labeling.kinds._together import HoldsWord
from weaklabel.labeling.kinds.keywords import keywords
from weaklabel.labeling.kinds.regex import regex

SIGNS = [chr(point) for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF]
ODD = "\x00\x1c\n\rİıſKßéÀ½²\u0301\u200d‿Ⓐⓐᾳ中のк\U0001f600"
CLASSES = ("ham", "spam")


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    with forced(True):
        yield


def frame(texts, **columns):
    kinds = {"text": pl.Series(texts, dtype=pl.String), "id": pl.Series(range(len(texts))).cast(pl.String)}
    return pl.DataFrame({**kinds, **columns})


def by_python(lfs, texts):
    votes = np.full((len(texts), len(lfs)), -1)
    for j, (words, whole) in enumerate(lfs):
        either = "|".join(map(re.escape, words))
        search = re.compile(rf"(?<!\w)(?:{either})(?!\w)" if whole else either, re.IGNORECASE).search
        votes[:, j] = [1 if text is not None and search(text) else -1 for text in texts]
    return votes.tolist()


def made(sets):
    return [keywords(f"k{j}", words, 1, whole_words=whole) for j, (words, whole) in enumerate(sets)]


words = st.lists(st.text(alphabet="abikK'-. _1", min_size=1, max_size=4), min_size=1, max_size=5)
some_words = st.one_of(words, st.lists(st.text(alphabet="ak" + ODD, min_size=1, max_size=3), min_size=1, max_size=3))
texts = st.lists(st.one_of(st.none(), st.text(alphabet="abikABIK .-1_'" + ODD, max_size=10)), min_size=1, max_size=20)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(some_words, st.booleans()), min_size=1, max_size=6), texts)
def test_any_words_on_any_texts(sets, texts):
    assert vote(made(sets), frame(texts), CLASSES).votes.tolist() == by_python(sets, texts)


@pytest.mark.parametrize("whole", [True, False])
def test_words_beside_and_among_every_sign_there_is(whole):
    sets = [(["i", "ask"], whole)]
    texts = [text for sign in SIGNS for text in (f"as{sign}", f"ask{sign}")]

    votes = vote(made(sets), frame(texts), CLASSES).votes

    assert np.flatnonzero((votes != by_python(sets, texts)).any(axis=1)).tolist() == []


@pytest.mark.parametrize("kind", [pl.Categorical, pl.Enum(["a win", "b"]), pl.Null])
def test_texts_of_other_types_are_texts(kind):
    column = pl.Series("text", ["a win", "b", None] if kind != pl.Null else [None] * 3, dtype=kind)

    votes = vote(made([(["win"], True), (["b"], True)]), frame(["x"] * 3).with_columns(column), CLASSES).votes

    assert votes.tolist() == ([[1, -1], [-1, 1], [-1, -1]] if kind != pl.Null else [[-1, -1]] * 3)


def test_more_functions_than_fit_into_one_pass_and_equal_ones_find_the_same():
    sets = [([f"w{j % 97}"], bool(j % 2)) for j in range(150)]
    texts = [f"w{i} xw{i + 1}" for i in range(100)]

    assert vote(made(sets), frame(texts), CLASSES).votes.tolist() == by_python(sets, texts)


def test_functions_read_their_own_columns():
    lfs = [keywords("a", ["win"], 1), keywords("b", ["win"], 1, column="title")]

    votes = vote(lfs, frame(["win", "no"], title=["no", "win"]), CLASSES).votes

    assert votes.tolist() == [[1, -1], [-1, 1]]


@pytest.mark.parametrize("few", [0, 1_000])
def test_many_texts_in_doubt_are_searched_as_they_would_be_alone(monkeypatch, few):
    monkeypatch.setattr(_search, "FEW", few)
    sets = [(["win"], True), (["cash"], False), (["k"], True)]
    texts = ["éwin", "win é", "K", "²win cash", "奖win奖", "aK k"] * 50

    assert vote(made(sets), frame(texts), CLASSES).votes.tolist() == by_python(sets, texts)


def test_words_of_too_many_letters_are_looked_for_alone(monkeypatch):
    rules = [lf.batch for lf in made([(["win"], True), (["cash"], False)])]

    assert HoldsWord.together(rules, frame(["win"])) == set(rules)
    monkeypatch.setattr(_together, "LETTERS", 5)
    assert HoldsWord.together(rules, frame(["win"])) == set()


def test_a_column_without_texts_fails_as_it_does_alone():
    rows = frame(["win", "no"], number=[1, 2])
    lfs = [keywords("k", ["win"], 1, column="number"), keywords("t", ["win"], 1), keywords("m", ["win"], 1, column="x")]

    together = vote(lfs, rows, CLASSES)
    with forced(False):
        alone = vote(lfs, rows, CLASSES)

    assert together.faults == alone.faults
    assert together.votes.tolist() == alone.votes.tolist() == [[-1, 1, -1], [-1, -1, -1]]


def test_known_votes_stay_and_only_open_rows_are_asked():
    lfs = made([(["win"], True), (["cash"], True)])
    known = np.array([[0, -2], [-2, -2], [-1, -2]], np.int8)

    block = vote(lfs, frame(["win cash", "win", "cash"]), CLASSES, known=known)

    assert block.votes.tolist() == [[0, 1], [1, -1], [-1, 1]]
    assert block.asked.tolist() == [1, 3]


def test_who_preprocesses_the_rows_votes_on_what_comes_out():
    def shout(rows):
        return rows.with_columns(text=pl.lit("win"))

    plain = keywords("k", ["win"], 1)
    changed = LabelingFunction("p", plain.f, pre=(shout,), columns=plain.columns, batch=plain.batch)

    assert vote([plain, changed], frame(["no", "win"]), CLASSES).votes.tolist() == [[-1, 1], [1, 1]]


def test_the_time_of_the_pass_is_shared_by_those_that_took_part():
    lfs = [*made([(["win"], True), (["win"], True), (["cash"], True)]), regex("r", "x", 1)]
    rows = frame(["a win of cash"] * 20_000)
    vote(lfs, rows, CLASSES)  # compiled

    seconds = vote(lfs, rows.clone(), CLASSES).seconds

    assert seconds.min() > 0
    assert seconds[:3].max() < 3 * seconds[:3].min()
