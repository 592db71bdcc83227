"""Search all texts of a column at once, and find what Python's `re` finds.

Python's `re` defines the meaning. Rust's engine, through polars, does the work for the texts on which the two provably
agree: its pattern is translated where the engines differ, and texts that hold a sign on which they may still differ go
through `re` itself, as does every text where the pattern has no counterpart.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.labeling.functions import flags
from weaklabel.labeling.kinds._once import once

Flags = NDArray[np.bool_]

WORD = r"\p{L}\p{N}_"  # Python's \w; Rust's has combining marks, too, and lacks ½
ESCAPES = {
    "w": f"[{WORD}]",
    "W": f"[^{WORD}]",
    "d": r"\p{Nd}",
    "D": r"\P{Nd}",
    "s": r"[\s\x1c-\x1f]",  # Python's has the separators of ASCII, too
    "S": r"[^\s\x1c-\x1f]",
    "Z": r"\z",
    "<": "<",  # Rust's \< and \> are edges of words
    ">": ">",
}
# The same in texts of ASCII signs, and compiled in a fraction of the time: polars does that anew for each batch.
PLAIN_ESCAPES = {
    **ESCAPES,
    "w": "[0-9A-Za-z_]",
    "W": "[^0-9A-Za-z_]",
    "d": "[0-9]",
    "D": "[^0-9]",
    "s": r"[\t-\r\x1c-\x1f ]",
    "S": r"[^\t-\r\x1c-\x1f ]",
    "b": r"(?-u:\b)",
}
TEXT = (pl.String, pl.Categorical, pl.Enum, pl.Null)  # what a column of texts may be
FEW = 40  # texts that Python searches in the time that it takes to compile a pattern for Rust
# Signs on which the engines may differ. Python 3.11 knows Unicode 14; i and its relatives fold in Python alone, and
# the subscript iota, a mark, folds to a letter in Rust alone; what is a word's edge differs where \w does.
NEW, FOLDS = r"\P{Age:14.0}", "İı\u0345"
EDGES = rf"[\p{{Alphabetic}}\p{{M}}\p{{Nd}}\p{{Pc}}\p{{Join_Control}}]~~[{WORD}]"
KINDRED = "İıſ\u212a"  # outside ASCII, but equal to an ASCII letter in another case
COUNT = re.compile(r"\{[\d, ]* [\d, ]*\}")  # Rust overlooks the space in a{2, 3}; to Python these are signs of the text
TOKEN = re.compile(r"\\(.)|(\[\^?)|(\])|(\(\?[a-zA-Z-]*)|(.)", re.DOTALL)


@dataclass(frozen=True)
class Search:
    """One search, in the forms in which it is run.

    Attributes
    ----------
    python
        What it means.
    plain
        For texts of ASCII signs, in Rust's syntax; None: by `python`.
    wide
        For other texts.
    lowered
        `plain` is for texts in lower case.
    confirm
        A second pattern that those found by `plain` must match; `plain` is then only quick.
    odd
        Class of the signs for which another text goes through `python`.
    newline
        A text that ends in a line feed goes through `python`: there, `$` matches before it.
    """

    python: re.Pattern[str]
    plain: str | None = None
    wide: str | None = None
    lowered: bool = False
    confirm: str | None = None
    odd: str = NEW
    newline: bool = False

    def found(self, rows: pl.DataFrame, column: str) -> Flags:
        """Which texts of the column match, shape (b,); False where there is none."""
        texts = texts_of(rows, column)
        if self.plain is None or self.wide is None:
            return self._by_python(texts.all)
        if not len(texts.others):
            return self._in_plain(texts)
        out = np.empty(len(rows), bool)
        out[texts.at_plain] = self._in_plain(texts)
        out[texts.at_others] = self._in_wide(texts)
        return out

    def _in_plain(self, texts: "Texts") -> Flags:
        searched = texts.lowered if self.lowered else texts.plain
        found = _contains(searched, self.plain)
        if self.confirm is not None and found.any():
            hits = np.flatnonzero(found)
            found[hits] = _contains(searched.gather(hits), self.confirm)
        if self.newline:
            self._correct(found, texts.plain, flags(texts.plain.str.ends_with("\n")))
        return found

    def _in_wide(self, texts: "Texts") -> Flags:
        others = texts.others
        if len(others) < FEW:
            return self._by_python(others)
        found, odd = _contains(others, self.wide), texts.with_signs(self.odd)
        self._correct(found, others, odd | flags(others.str.ends_with("\n")) if self.newline else odd)
        return found

    def _correct(self, found: Flags, texts: pl.Series, doubtful: Flags) -> None:
        rows = np.flatnonzero(doubtful)
        found[rows] = self._by_python(texts.gather(rows))

    def _by_python(self, texts: pl.Series) -> Flags:
        search = self.python.search
        found = [text is not None and search(text) is not None for text in texts.to_list()]
        return np.array(found, bool)


class Texts:
    """A column of texts, told apart by whether they are ASCII: `plain` and `others`, and where they stand."""

    def __init__(self, texts: pl.Series) -> None:
        ascii_only = flags(texts.str.len_bytes() == texts.str.len_chars())
        self.all = texts
        self.at_plain, self.at_others = np.flatnonzero(ascii_only), np.flatnonzero(~ascii_only)
        self.plain = texts.gather(self.at_plain) if len(self.at_others) else texts
        self.others = texts.gather(self.at_others)
        self._with_signs: dict[str, Flags] = {}

    @cached_property
    def lowered(self) -> pl.Series:
        """The plain ones in lower case."""
        return self.plain.str.to_lowercase()

    def with_signs(self, signs: str) -> Flags:
        """Which of the others hold one of these signs, a class as in a pattern; worked out once for each class."""
        if signs not in self._with_signs:
            self._with_signs[signs] = _contains(self.others, f"[{signs}]")
        return self._with_signs[signs]


def texts_of(rows: pl.DataFrame, column: str) -> Texts:
    """The column's texts; told apart once for all functions that search it, as that costs as much as a search.

    Raises
    ------
    TypeError
        The column holds no texts.
    """
    kind = rows.schema[column]
    if kind not in TEXT:
        raise TypeError(f"column {column!r} holds {kind}, not text")
    return once(rows, f"texts of {column}", lambda: Texts(rows[column].cast(pl.String)))


def regex_search(pattern: re.Pattern[str]) -> Search:
    """The search for a regular expression."""
    source, mode = pattern.pattern, pattern.flags
    tokens = list(_tokens(source))
    folds = bool(mode & re.IGNORECASE) or any(kind == "flags" and "i" in text for kind, text in tokens)
    if (
        mode & (re.ASCII | re.VERBOSE | re.LOCALE)
        or COUNT.search(source)
        or _untranslatable(tokens)
        or (folds and _folds_oddly(source))
    ):
        return Search(pattern)
    prefix = "".join(sign for flag, sign in ((re.I, "i"), (re.M, "m"), (re.S, "s")) if mode & flag)
    plain, wide = (
        (f"(?{prefix})" if prefix else "") + "".join(_translated(tokens, escapes))
        for escapes in (PLAIN_ESCAPES, ESCAPES)
    )
    if not _compiles(wide) or not _compiles(plain):
        return Search(pattern)
    edged = ("escape", "b") in tokens
    odd = NEW + (FOLDS if folds else "") + (f"[{EDGES}]" if edged else "")
    newline = ("other", "$") in tokens and not mode & re.MULTILINE
    return Search(pattern, plain, wide, odd=odd, newline=newline)


def words_search(pattern: re.Pattern[str], words: Sequence[str], whole: bool) -> Search:
    """The search for any of some words in any case, alone or (unless `whole`) inside others; `pattern` says the same.

    In texts of ASCII signs it looks for the lower-case words in lower-case texts, which Rust does several at a time,
    and looks at the words' edges only in the texts where one is found.
    """
    either = "|".join(re.escape(word) for word in words)
    if set("".join(words)) & set(KINDRED):
        return Search(pattern)
    lower = [re.escape(word.lower()) for word in words if word.isascii()]
    plain = "|".join(lower) or r"[^\s\S]"  # nothing: no text of ASCII signs holds another word
    edge = f"[^{WORD}]"
    wide = rf"(?:\A|{edge})(?i:{either})(?:{edge}|\z)" if whole else f"(?i:{either})"
    confirm = rf"(?:\A|[^0-9a-z_])(?:{plain})(?:[^0-9a-z_]|\z)" if whole else None
    if not all(map(_compiles, (plain, wide, confirm or ""))):
        return Search(pattern)
    return Search(pattern, plain, wide, lowered=True, confirm=confirm, odd=NEW + FOLDS)


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    """The pattern's pieces, each with where it stands: an escape, a class's edge or inside, a group's flags, other."""
    inside = False
    for escaped, opening, closing, group, other in TOKEN.findall(source):
        if escaped:
            yield ("inner escape" if inside else "escape"), escaped
        elif inside and closing:
            yield "close", closing
            inside = False
        elif inside:
            yield from (("inside", sign) for sign in opening or group or other)
        elif opening:
            yield "open", opening
            inside = True
        elif group:
            yield "flags", group
        else:
            yield "other", closing or other


def _untranslatable(tokens: list[tuple[str, str]]) -> bool:
    r"""Whether Rust may take a piece in another sense: sets in sets, possessive repeats, \b{start}."""
    for (kind, text), (after, next_text) in pairwise([*tokens, ("end", "")]):
        if kind == "open" and after == "close":  # []...]: the bracket is a member
            return True
        if kind == "inside" and (text == "[" or (text in "&-~" and next_text == text)):
            return True
        if kind == "inner escape" and text == "b":
            return True
        if kind == "other" and text in "*+?}" and (after, next_text) == ("other", "+"):
            return True
        if kind == "escape" and (text == "B" or (text == "b" and next_text == "{")):  # \B is not Python's in ""
            return True
        if kind == "flags" and set(text) & set("xaLu"):
            return True
    return False


def _folds_oddly(source: str) -> bool:
    """Whether a pattern without regard to case holds signs that the engines may fold in different ways."""
    odd_sign = not source.isascii() and bool(set(source) & {"-", *FOLDS})
    return odd_sign or re.search(r"\\[xuUN]", source) is not None


def _translated(tokens: list[tuple[str, str]], escapes: Mapping[str, str]) -> Iterator[str]:
    for kind, text in tokens:
        yield escapes.get(text, "\\" + text) if kind in ("escape", "inner escape") else text


def _compiles(pattern: str) -> bool:
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError:
        return False
    return True


def _contains(texts: pl.Series, pattern: str | None) -> Flags:
    return flags(texts.str.contains(pattern or ""))
