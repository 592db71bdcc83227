"""Labeling functions: a name, and a rule that votes on a row or abstains."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, overload

from weaklabel.artefacts import ABSTAIN

# A rule takes a row and its resources and returns -1 or a class number.
Rule = Callable[..., int]


class Row(SimpleNamespace):
    """One row of a table: `x.text` and `x["text"]` are the same; Snorkel's preprocessors work on it."""

    def __getitem__(self, column: str) -> Any:
        try:
            return getattr(self, column)
        except AttributeError:
            raise KeyError(column) from None


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
        Passed to `f` by keyword: word lists, lookups, models.
    pre
        Applied to the row first, in order: Snorkel's preprocessors, or any function from row to row.
    columns
        The columns it needs, if it knows; a table without them is refused before anything runs.
    """

    name: str
    f: Rule
    resources: Mapping[str, Any] = field(default_factory=dict)
    pre: Sequence[Callable[[Any], Any]] = ()
    columns: tuple[str, ...] = ()

    def __call__(self, x: Any) -> int:
        """The vote on one row."""
        for preprocess in self.pre:
            x = preprocess(x)
            if x is None:
                raise ValueError("a preprocessor returned None instead of a row")
        return self.f(x, **self.resources)


@overload
def labeling_function(name: Rule) -> LabelingFunction: ...
@overload
def labeling_function(
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] | None = None,
) -> Callable[[Rule], LabelingFunction]: ...
def labeling_function(
    name: str | Rule | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] | None = None,
) -> LabelingFunction | Callable[[Rule], LabelingFunction]:
    """Decorator that makes a labeling function of a function; parameters as in Snorkel, parentheses optional.

    Parameters
    ----------
    name
        Default: the function's own.
    resources
        Passed to the function by keyword.
    pre
        Preprocessors of the row, in order.

    Examples
    --------
    >>> @labeling_function()
    ... def shouts(x):
    ...     return 1 if x.text.isupper() else -1
    >>> shouts(Row(text="CALL NOW")), shouts(Row(text="see you"))
    (1, -1)
    """
    if callable(name):
        return LabelingFunction(name.__name__, name)

    def decorate(f: Rule) -> LabelingFunction:
        return LabelingFunction(name or f.__name__, f, resources or {}, tuple(pre or ()))

    return decorate


def vote_if(match: bool, label: int) -> int:
    """The label where the rule matches, else an abstention."""
    return label if match else ABSTAIN
