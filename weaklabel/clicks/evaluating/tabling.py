"""Values, differences and diagnostics as frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import polars as pl

from weaklabel.clicks.cells import Mask
from weaklabel.clicks.evaluating.curve import Curve
from weaklabel.clicks.evaluating.methods import CLIPPED, Seen, click_weights
from weaklabel.clicks.evaluating.ranking import LOGGED
from weaklabel.clicks.evaluating.resampling import Interval
from weaklabel.clicks.evaluating.values import Question, ask
from weaklabel.numerics import Floats

FACTORS = np.round(np.linspace(0.5, 1.5, 11), 1)  # steepness of the curve, 1 as estimated


@dataclass(frozen=True)
class Outcome:
    """Values of all rankings by all methods, and of their resamples.

    Attributes
    ----------
    names, methods
        R rankings and m methods.
    value
        Shape (R * m + 2,), as `ask` gives them.
    replicates
        Shape (B, R * m + 2); None where the log has too few groups.
    swept
        Shape (factors, R * m + 2): values at each steepness of the curve.
    interval
        From values and replicates to the ends.
    """

    names: Sequence[str]
    methods: Sequence[str]
    value: Floats
    replicates: Floats | None
    swept: Floats
    interval: Interval

    def of(self, weights: Floats) -> tuple[float, float | None, float | None]:
        """A linear combination of the values, with its interval."""
        value = self.value @ weights
        if self.replicates is None:
            return float(value), None, None
        lower, upper = self.interval(value, self.replicates @ weights)
        return float(value), float(lower), float(upper)

    def unit(self, name: int, method: int) -> Floats:
        """Picks one value out of all."""
        return self._picks(name * len(self.methods) + method)

    @property
    def observed(self) -> Floats:
        """Picks the value of what was shown, from the clicks where they fell."""
        return self._picks(len(self.value) - 1)

    @property
    def gap(self) -> Floats:
        """Picks the two sides of the check: IPS less what was observed."""
        return self._picks(len(self.value) - 2) - self.observed

    def _picks(self, index: int) -> Floats:
        return np.asarray(np.eye(len(self.value))[index])


def sweep(question: Question, curve: Curve) -> Floats:
    """All values at each steepness of the curve."""
    cells = question.layout.cells
    return np.array([ask(question, cells.N, cells.C, curve.steeper(factor)) for factor in FACTORS])


def values(outcome: Outcome, seen: Sequence[Seen], question: Question, clicks: float) -> pl.DataFrame:
    """One row per ranking and method."""
    rows: list[dict[str, str | float | None]] = []
    for (r, name), (m, method) in product(enumerate(outcome.names), enumerate(outcome.methods)):
        support = _support(seen[r], question.clip, method, clicks)
        rows.append({"ranking": name, "method": method, **_valued(outcome, outcome.unit(r, m)), **support})
    if not question.options.normalised:
        rows.append({"ranking": LOGGED, "method": "observed", **_valued(outcome, outcome.observed)})
    return pl.DataFrame(rows, infer_schema_length=None)


def _valued(outcome: Outcome, pick: Floats) -> dict[str, float | None]:
    value, lower, upper = outcome.of(pick)
    swept = outcome.swept @ pick
    return {"value": value, "lower": lower, "upper": upper, "lowest": float(swept.min()), "highest": float(swept.max())}


def _support(seen: Seen, clip: float, method: str, clicks: float) -> dict[str, float | None]:
    ess, largest = (None, None) if method == "plug_in" else _concentration(seen, clip, method, clicks)
    low = seen.shown & (seen.rho < clip) if method in CLIPPED else np.zeros_like(seen.shown)
    return {
        "ess_share": ess,
        "largest_weight_share": largest,
        "clipped_share": _share(seen.weight, low),
        "never_shown_share": _share(seen.pages, ~seen.shown),
        "could_add": float(seen.weight @ ~seen.shown),
    }


def _concentration(seen: Seen, clip: float, method: str, clicks: float) -> tuple[float | None, float | None]:
    weight, clicked = click_weights(seen, clip, method), np.maximum(seen.clicks, 0.0)
    total, squares = float(weight @ clicked), float(weight**2 @ clicked)
    if not squares > 0:
        return None, None
    return total**2 / squares / clicks, float(weight[clicked > 0].max()) / total


def _share(values: Floats, flags: Mask) -> float:
    total = float(values.sum())
    return float(values @ flags) / total if total > 0 else 0.0


def differences(outcome: Outcome) -> pl.DataFrame:
    """One row per pair of rankings and method, the later of a pair less the earlier, all less what was logged."""
    pairs = [(b, a) for a, b in combinations(range(len(outcome.names) - 1), 2)]
    pairs += [(r, len(outcome.names) - 1) for r in range(len(outcome.names) - 1)]
    rows = [_difference(outcome, r, base, m) for (r, base), m in product(pairs, range(len(outcome.methods)))]
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"crossover": pl.Float64})


def _difference(outcome: Outcome, r: int, base: int, m: int) -> dict[str, str | float | None]:
    pick = outcome.unit(r, m) - outcome.unit(base, m)
    value, lower, upper = outcome.of(pick)
    said = {"ranking": outcome.names[r], "baseline": outcome.names[base], "method": outcome.methods[m]}
    crossover = _crossover(outcome.swept @ pick)
    return {**said, "difference": value, "lower": lower, "upper": upper, "crossover": crossover}


def _crossover(swept: Floats) -> float | None:
    """The steepness nearest to 1 at which the difference changes its sign; None if it never does."""
    turns = np.flatnonzero(swept[:-1] * swept[1:] < 0)
    left, right = swept[turns], swept[turns + 1]
    at = FACTORS[turns] + (FACTORS[turns + 1] - FACTORS[turns]) * left / (left - right)
    return float(at[np.abs(at - 1).argmin()]) if len(at) else None


def sensitivity(outcome: Outcome) -> pl.DataFrame:
    """Value of each ranking by each method at each steepness of the curve."""
    rows = [
        (float(factor), name, method, float(outcome.swept[f] @ outcome.unit(r, m)))
        for f, factor in enumerate(FACTORS)
        for (r, name), (m, method) in product(enumerate(outcome.names), enumerate(outcome.methods))
    ]
    return pl.DataFrame(rows, schema=["factor", "ranking", "method", "value"], orient="row")
