"""Votes where a text holds one of some words."""

import re
from collections.abc import Sequence
from typing import Any

from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction, vote_if


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
        There are no words, one is empty or no text, or they are one text instead of a list.

    Examples
    --------
    >>> from weaklabel.labeling.functions import Row
    >>> prize = keywords("prize", ["won", "prize"], label=1)
    >>> prize(Row(text="You WON!")), prize(Row(text="a wonder"))
    (1, -1)
    """
    if isinstance(words, str) or not words or not all(isinstance(word, str) and word for word in words):
        raise LabelingFunctionError(
            f"labeling function {name!r}: words are a list such as ['won', 'prize'], not {words!r}"
        )
    either = "|".join(re.escape(word) for word in words)
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)" if whole_words else either, re.IGNORECASE)

    def holds_word(x: Any) -> int:
        text = x[column]
        return vote_if(text is not None and pattern.search(text) is not None, label)

    return LabelingFunction(name, holds_word, columns=(column,))
