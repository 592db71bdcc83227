"""The same twenty rules as row functions, as batch functions and as data give the same votes, whatever runs them."""

import re

import joblib
import numpy as np
import polars as pl
import pytest

from weaklabel.labeling.apply import apply
from weaklabel.labeling.functions import labeling_function
from weaklabel.labeling.kinds.expression import expression
from weaklabel.labeling.kinds.keywords import keywords
from weaklabel.labeling.kinds.lookup import lookup
from weaklabel.labeling.kinds.regex import regex
from weaklabel.labeling.kinds.threshold import threshold

CLASSES = ("ham", "spam")
WORDS = (
    ["prize", "winner", "won"], ["claim", "reward"], ["ringtone", "tones"], ["urgent"], ["free"], ["lol", "haha"],
    ["mum", "dad"], ["sorry", "thanks"], ["home", "lunch"], ["love", "dear"],
)  # fmt: skip
PATTERNS = (
    r"\b0(?:8|9)\d{2}\s?\d{3,}",
    r"£\s?\d",
    r"(?i)https?://|www\.",
    r"\b[A-Z]{4,}\b",
    r"\d{5,}$",
    r"(?i)\bi'?m\b",
)
FIRST = {"Sorry,": 0, "URGENT!": 1, "FREE": 1, "I": 0}


@pytest.fixture(scope="module")
def messages():
    from weaklabel import datasets
    from weaklabel.errors import DatasetError

    try:
        table = datasets.load("sms_spam")
    except DatasetError as error:
        pytest.skip(str(error))
    text = pl.col("text")
    return table.with_columns(length=text.str.len_chars(), first=text.str.split(" ").list.first())


def names():
    return [*(f"w{j}" for j in range(10)), *(f"p{j}" for j in range(6)), "long", "short", "first", "shouted"]


def declarative():
    return [
        *(keywords(f"w{j}", words, j % 2, whole_words=j < 5) for j, words in enumerate(WORDS)),
        *(regex(f"p{j}", pattern, 1) for j, pattern in enumerate(PATTERNS)),
        threshold("long", "length", 1, above=150),
        threshold("short", "length", 0, below=30),
        lookup("first", "first", FIRST),
        expression("shouted", pl.col("text").str.count_matches("!") > 2, label=1),
    ]


def by_row():
    def holds(words, label, whole):
        either = "|".join(words)
        search = re.compile(rf"\b(?:{either})\b" if whole else either, re.IGNORECASE).search
        return lambda x: label if search(x.text) else -1

    def matches(pattern):
        return lambda x: 1 if re.search(pattern, x.text) else -1

    rules = [
        *(holds(words, j % 2, j < 5) for j, words in enumerate(WORDS)),
        *(matches(pattern) for pattern in PATTERNS),
        lambda x: 1 if x.length > 150 else -1,
        lambda x: 0 if x["length"] < 30 else -1,
        lambda x: FIRST.get(x.first, -1),
        lambda x: 1 if x.text.count("!") > 2 else -1,
    ]
    return [labeling_function(name=name)(rule) for name, rule in zip(names(), rules, strict=True)]


def by_batch():
    """Numpy, lists and polars, as users write them."""

    def holds(words, label, whole):
        either = "|".join(words)
        search = re.compile(rf"\b(?:{either})\b" if whole else either, re.IGNORECASE).search
        return lambda rows: [label if search(text) else -1 for text in rows["text"]]

    def matches(pattern):
        found = np.vectorize(lambda text: re.search(pattern, text) is not None, otypes=[bool])
        return lambda rows: np.where(found(rows["text"].to_numpy()), 1, -1)

    rules = [
        *(holds(words, j % 2, j < 5) for j, words in enumerate(WORDS)),
        *(matches(pattern) for pattern in PATTERNS),
        lambda rows: rows.select(pl.when(pl.col("length") > 150).then(1).otherwise(-1)).to_series(),
        lambda rows: np.where(rows["length"] < 30, 0, -1).astype(np.int8),
        lambda rows: rows["first"].replace_strict(FIRST, default=-1),
        lambda rows: (rows["text"].str.count_matches("!") > 2).cast(pl.Int8) * 2 - 1,
    ]
    return [labeling_function(name=name, batch=True)(rule) for name, rule in zip(names(), rules, strict=True)]


@pytest.fixture(scope="module")
def plain(messages):
    """Row by row, function by function, without any of our machinery."""
    rows = messages.iter_rows(named=True)
    return np.array([[lf.f(_Plain(row)) for lf in by_row()] for row in rows])


class _Plain(dict):
    __getattr__ = dict.__getitem__


FORMS = {"declarative": declarative, "row": by_row, "batch": by_batch}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("engine", ["sequential", "threading", "loky"])
@pytest.mark.parametrize("batch_size", [None, 333, 10_000])
def test_every_form_on_every_engine_and_batch_size_gives_the_same_votes(messages, plain, form, engine, batch_size):
    with joblib.parallel_config("loky" if engine == "sequential" else engine):
        L = apply(FORMS[form](), messages, CLASSES, n_jobs=1 if engine == "sequential" else 2, batch_size=batch_size)

    assert L.faults == ()
    assert (L.votes == plain).all()
    assert (L.votes >= 0).any(axis=0).all()


@pytest.mark.parametrize("form", FORMS)
def test_one_row_at_a_time_gives_the_same_votes(messages, plain, form):
    L = apply(FORMS[form](), messages[:150], CLASSES, batch_size=1)

    assert (L.votes == plain[:150]).all()


def test_forms_can_be_mixed(messages, plain):
    forms = [by_row(), by_batch(), declarative()]

    L = apply([forms[j % 3][j] for j in range(20)], messages, CLASSES)

    assert (L.votes == plain).all()
