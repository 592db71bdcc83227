"""Votes where a text holds one of some words."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction, vote_if
from weaklabel.labeling.kinds._labels import class_number
from weaklabel.labeling.kinds._search import words_search
from weaklabel.labeling.kinds._together import HoldsWord


def keywords(
    name: str, words: Sequence[str], label: int, *, column: str = "text", whole_words: bool = True
) -> LabelingFunction:
    """A labeling function that votes where the text holds one of the words, in any case.

    Parameters
    ----------
    name
        Of the function.
    words
        Words or phrases.
    label
        The class number it votes.
    column
        Where the text stands; a missing text abstains.
    whole_words
        Match "win" in "win it" but not in "window".

    Raises
    ------
    LabelingFunctionError
        There are no words, one is empty or no text, or they are one text instead of a list; or the label is no number.

    Examples
    --------
    >>> from weaklabel.labeling.functions import Row
    >>> prize = keywords("prize", ["won", "prize"], label=1)
    >>> prize(Row(text="You WON!")), prize(Row(text="a wonder"))
    (1, -1)
    """
    words = _in_order(name, words)
    label = class_number(name, label, "it")
    either = "|".join(re.escape(word) for word in words)
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)" if whole_words else either, re.IGNORECASE)

    def holds_word(x: Any) -> int:
        text = x[column]
        return vote_if(text is not None and pattern.search(text) is not None, label)

    hold_word = HoldsWord(words_search(pattern, words, whole_words), tuple(words), whole_words, column, label)
    return LabelingFunction(name, holds_word, columns=(column,), batch=hold_word)


def _in_order(name: str, words: Any) -> list[str]:
    """The words of any collection, in an order that says nothing: a set's differs from process to process."""
    found = sorted(words, key=str) if isinstance(words, Iterable) and not isinstance(words, str) else []
    if not found or not all(isinstance(word, str) and word for word in found):
        raise LabelingFunctionError(
            f"labeling function {name!r}: words are a list such as ['won', 'prize'], not {words!r}"
        )
    return found
