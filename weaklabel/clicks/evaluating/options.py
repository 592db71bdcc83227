"""What an evaluation can be asked for, checked once."""

from collections.abc import Sequence
from dataclasses import dataclass

from weaklabel.clicks.evaluating.methods import METHODS
from weaklabel.errors import ModelError, UnknownNameError

DEFAULT_METHODS = {"dcg": ("ips", "snips", "clipped", "doubly_robust"), "plug_in_ndcg": ("plug_in",)}
INTERVALS = ("jackknife", "bootstrap")


@dataclass(frozen=True)
class Options:
    """Parameters of `evaluate`, within their ranges.

    Raises
    ------
    ModelError
        One is outside its range.
    UnknownNameError
        There is no such method, metric or kind of interval.
    """

    k: int
    methods: tuple[str, ...]
    metric: str
    clip: float | None
    level: float
    intervals: str
    resamples: int
    seed: int

    def __post_init__(self) -> None:
        if self.k < 1 or int(self.k) != self.k:
            raise ModelError(f"k is {self.k}: a cut-off is a whole number from 1, such as 10")
        if self.clip is not None and not 0 < self.clip <= 1:
            raise ModelError(f"clip is {self.clip}: the least exposure on a page lies in (0, 1], such as 0.02")
        if not 0 < self.level < 1:
            raise ModelError(f"level is {self.level}: a confidence lies between 0 and 1, such as 0.95")
        if self.resamples < 1:
            raise ModelError(f"resamples is {self.resamples}: a bootstrap needs at least 1, and 200 are usual")
        _known(self.intervals, INTERVALS, "kind of interval")

    @property
    def normalised(self) -> bool:
        """Whether a query's DCG is divided by that of its best order."""
        return self.metric != "dcg"


def methods_of(named: Sequence[str] | str | None, metric: str) -> tuple[str, ...]:
    """The methods asked for, or those that are usual for the metric; raises as `Options`."""
    _known(metric, tuple(DEFAULT_METHODS), "metric")
    if named is None:
        return DEFAULT_METHODS[metric]
    methods = (named,) if isinstance(named, str) else tuple(dict.fromkeys(named))
    if not methods:
        raise ModelError(f"no method is named: name at least one of {', '.join(METHODS)}")
    for name in methods:
        _known(name, tuple(METHODS), "method")
    if metric != "dcg" and methods != ("plug_in",):
        raise ModelError(f"{metric} is not linear in relevance: only the method 'plug_in' estimates it, not {methods}")
    return methods


def _known(name: str, known: Sequence[str], what: str) -> None:
    if name not in known:
        raise UnknownNameError(f"no {what} is called {name!r}; there are: {', '.join(known)}")
