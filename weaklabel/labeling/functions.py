"""Labeling functions: a name, and a rule that votes on a row or abstains."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN
from weaklabel.labeling.applying.rows import Row as Row

# A rule takes a row (or a frame of rows) and its resources and returns -1 or a class number (or one for each row).
Rule = Callable[..., Any]


@dataclass(frozen=True)
class LabelingFunction:
    """A rule with a name. Made by `labeling_function` or by a factory such as `keywords`.

    Parameters
    ----------
    name
        Unique among the functions applied together.
    f
        Takes a row (and the resources, by keyword) and returns -1 to abstain or a class number.
    resources
        Passed by keyword: word lists, lookups, models.
    pre
        Applied first, in order: Snorkel's preprocessors, or any function from row to row.
    columns
        The columns it needs, if it knows; a table without them is refused before anything runs.
    batch
        The same rule for many rows at once, if there is one: takes a polars frame of b rows (and the resources) and
        returns b votes, as a Series, an array or a list. `apply` then uses it instead of `f`.
    """

    name: str
    f: Rule
    resources: Mapping[str, Any] = field(default_factory=dict)
    pre: Sequence[Callable[[Any], Any]] = ()
    columns: tuple[str, ...] = ()
    batch: Rule | None = None

    def __call__(self, x: Any) -> int:
        """The vote on one row."""
        return self.f(preprocessed(x, self.pre), **self.resources)  # type: ignore[no-any-return]

    def votes(self, rows: pl.DataFrame) -> Any:
        """The votes on the rows of a frame, by `batch`."""
        assert self.batch is not None
        return self.batch(preprocessed(rows, self.pre), **self.resources)


def preprocessed(x: Any, pre: Sequence[Callable[[Any], Any]]) -> Any:
    """The row, or the frame of rows, after all preprocessors."""
    for preprocess in pre:
        x = preprocess(x)
        if x is None:
            raise ValueError("a preprocessor returned None instead of a row")
    return x


def from_batch(
    name: str,
    batch: Rule,
    columns: Sequence[str] = (),
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] = (),
) -> LabelingFunction:
    """A labeling function from a rule that votes on all rows of a frame at once; called with one row, it makes a frame.

    Parameters
    ----------
    name
        Of the function.
    batch
        Takes a polars frame of b rows (and the resources, by keyword) and returns b votes.
    columns, resources, pre
        As in `LabelingFunction`; preprocessors go from frame to frame.
    """
    columns = tuple(columns)
    return LabelingFunction(name, partial(one_row, batch, columns), resources or {}, tuple(pre), columns, batch)


def one_row(batch: Rule, columns: tuple[str, ...], x: Any, /, **resources: Any) -> int:
    """The vote of a rule for frames on one row."""
    frame = x if isinstance(x, pl.DataFrame) else pl.DataFrame({name: [x[name]] for name in columns or vars(x)})
    (vote,) = batch(frame, **resources)
    return vote.item() if isinstance(vote, np.generic) else vote  # type: ignore[no-any-return]


@overload
def labeling_function(name: Rule) -> LabelingFunction: ...
@overload
def labeling_function(
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] | None = None,
    *,
    batch: bool = False,
    columns: Sequence[str] = (),
) -> Callable[[Rule], LabelingFunction]: ...
def labeling_function(
    name: str | Rule | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] | None = None,
    *,
    batch: bool = False,
    columns: Sequence[str] = (),
) -> LabelingFunction | Callable[[Rule], LabelingFunction]:
    """Decorator that makes a labeling function of a function; parameters as in Snorkel, parentheses optional.

    Parameters
    ----------
    name
        Default: the function's own.
    resources
        Passed to the function by keyword.
    pre
        Preprocessors of the row (with `batch`, of the frame), in order.
    batch
        The function takes a polars frame of rows and returns a vote for each: a Series, an array or a list. Each vote
        must depend on its own row alone, as the rows come in batches of any size.
    columns
        The columns that it reads, if a table without them is to be refused.

    Examples
    --------
    >>> @labeling_function()
    ... def shouts(x):
    ...     return 1 if x.text.isupper() else -1
    >>> shouts(Row(text="CALL NOW")), shouts(Row(text="see you"))
    (1, -1)

    >>> @labeling_function(batch=True)
    ... def long(rows):
    ...     return (rows["text"].str.len_chars() > 10).replace_strict({True: 1, False: -1})
    >>> long.votes(pl.DataFrame({"text": ["short", "a longer text"]})).to_list()
    [-1, 1]
    """
    if callable(name):
        return LabelingFunction(name.__name__, name)

    def decorate(f: Rule) -> LabelingFunction:
        own = name or f.__name__
        if batch:
            return from_batch(own, f, columns, resources, tuple(pre or ()))
        return LabelingFunction(own, f, resources or {}, tuple(pre or ()), tuple(columns))

    return decorate


def vote_if(match: bool, label: int) -> int:
    """The label where the rule matches, else an abstention."""
    return label if match else ABSTAIN


def votes_where(match: pl.Series | NDArray[np.bool_], label: int) -> NDArray[np.integer]:
    """The label in each row where the rule matches, else (where that is unknown, too) an abstention; shape (b,)."""
    found = flags(match) if isinstance(match, pl.Series) else match
    kind = np.int8 if abs(label) <= np.iinfo(np.int8).max else np.int64
    return np.where(found, kind(label), kind(ABSTAIN))


def flags(series: pl.Series) -> NDArray[np.bool_]:
    """Truth values as an array of one's own, False where one is missing."""
    return series.fill_null(False).to_numpy(writable=True)


def held(lf: Any, name: str) -> Any:
    """What our function holds as `f`, `resources` or `pre`, and Snorkel's as `_f`, `_resources` or `_pre`."""
    return getattr(lf, name, None) or getattr(lf, f"_{name}", None) or ()
