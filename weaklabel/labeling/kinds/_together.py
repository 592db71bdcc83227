"""All functions of a plan that look for words in one column, in one pass over the bytes of its texts.

The pass finds words of ASCII signs in texts of any. It leaves to each function's own search the texts where it cannot
tell whether a sign beyond ASCII bounds a word, or stands for an ASCII letter in another case.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.labeling.compiled.automaton import automaton
from weaklabel.labeling.compiled.choice import pays
from weaklabel.labeling.compiled.scan import scan
from weaklabel.labeling.functions import votes_where
from weaklabel.labeling.kinds._once import once
from weaklabel.labeling.kinds._search import KINDRED, TEXT, Flags, Search

MOST = 63  # sets in one pass: a bit each of 64, and one for doubt
LETTERS = 20_000  # of all words: more need tables that no cache holds, and seconds to make them
# CPU seconds per byte of text: by Rust for each function, and for all in one pass.
ALONE, TOGETHER = 1.2e-9, 3e-9


@dataclass(frozen=True)
class HoldsWord:
    """The rule for many rows: the label where a text holds one of the words.

    Parameters
    ----------
    search
        For the words; says what they mean.
    words
        In no particular case.
    alone
        They do not count inside other words.
    column
        Where the texts stand.
    label
        The vote.
    """

    search: Search
    words: tuple[str, ...]
    alone: bool
    column: str
    label: int

    def __call__(self, rows: pl.DataFrame) -> NDArray[np.integer]:
        """The votes, shape (b,)."""
        found = _found(rows).get(self)
        return votes_where(self.search.found(rows, self.column) if found is None else found, self.label)

    @staticmethod
    def together(rules: "Iterable[HoldsWord]", rows: pl.DataFrame) -> "set[HoldsWord]":
        """Search for the words of all these rules at once where that pays; the rules that took part."""
        took_part: set[HoldsWord] = set()
        for some in _passes(rules, rows):
            texts = rows[some[0].column].cast(pl.String)
            n_bytes = int(texts.str.len_bytes().sum() or 0)
            if pays("words", n_bytes * (len(some) * ALONE - TOGETHER)):
                _found(rows).update(zip(some, _search(some, texts), strict=True))
                took_part.update(some)
        return took_part


def _found(rows: pl.DataFrame) -> dict[HoldsWord, Flags]:
    """What was found in this frame, by rule."""
    made: dict[HoldsWord, Flags] = once(rows, "words", dict)
    return made


def _passes(rules: Iterable[HoldsWord], rows: pl.DataFrame) -> Iterator[list[HoldsWord]]:
    """The rules for words of ASCII signs, by column; as many together as fit into one pass."""
    by_column: dict[str, list[HoldsWord]] = defaultdict(list)
    for rule in dict.fromkeys(rules):
        if rows.schema.get(rule.column) in TEXT and all(word.isascii() for word in rule.words):
            by_column[rule.column].append(rule)
    for some in by_column.values():
        for start in range(0, len(some), MOST):
            if sum(len(word) for rule in some[start : start + MOST] for word in rule.words) <= LETTERS:
                yield some[start : start + MOST]


def _search(rules: Sequence[HoldsWord], texts: pl.Series) -> Iterator[Flags]:
    """Which texts each rule finds a word in, shape (b,)."""
    doubt = len(rules)
    sets = automaton((*((rule.words, rule.alone) for rule in rules), (tuple(KINDRED), False)))
    joined = texts.str.join("").cast(pl.Binary).item() or b""
    hits = scan(joined, texts.str.len_bytes().fill_null(0).to_numpy(), sets, doubt)
    doubtful = np.flatnonzero(_bit(hits, doubt))
    left = pl.DataFrame({rules[0].column: texts.gather(doubtful)})
    for j, rule in enumerate(rules):
        found = _bit(hits, j)
        if len(left):
            found[doubtful] = rule.search.found(left, rule.column)
        yield found


def _bit(hits: NDArray[np.uint64], j: int) -> Flags:
    return np.asarray((hits & np.uint64(1 << j)) != 0)
