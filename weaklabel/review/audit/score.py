"""The score of the end model on the whole pool, from the audit slice alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from statistics import NormalDist

import numpy as np
import polars as pl

from weaklabel.errors import TableError
from weaklabel.labeling.accuracy import wilson
from weaklabel.numerics import Floats
from weaklabel.review.audit.assisted import Estimate, assisted
from weaklabel.review.audit.held_out import HeldOut
from weaklabel.review.audit.measures import Measure, measure, unseen


@dataclass(frozen=True)
class AuditScore:
    """How good the end model is on items like those of the pool that it was not trained on.

    Attributes
    ----------
    measure
        accuracy, f1 or log_loss.
    value
        The estimate; approximately unbiased, whatever strategy chose the other answers.
    lower, upper
        Its interval.
    level
        Confidence of the interval.
    audited
        Answered items that it rests on.
    pool
        Items that it speaks of.
    skipped
        Items of the audit that people could not answer. The estimate is of those that they can.
    worst, best
        Where the interval would end if the model were wrong, or right, on every item that people cannot answer, the
        same share of them skipped in the pool as in the audit; None for a measure for which no such bound exists.
    effective
        The number of audit answers that would have told as much without the model's help.
    naive
        What other numbers at hand would have said: name, which says why it is biased -> value.
    """

    measure: str
    value: float
    lower: float
    upper: float
    level: float
    audited: int
    pool: int
    skipped: int
    worst: float | None
    best: float | None
    effective: float
    naive: Mapping[str, float] = field(default_factory=dict)

    @property
    def width(self) -> float:
        """Of the interval."""
        return self.upper - self.lower

    def to_frame(self) -> pl.DataFrame:
        """Columns basis, value, lower, upper: the audit first, then the biased numbers, which have no interval."""
        rows: list[tuple[str, float, float | None, float | None]] = [("audit", self.value, self.lower, self.upper)]
        rows += [(name, value, None, None) for name, value in self.naive.items()]
        return pl.DataFrame(rows, schema=["basis", "value", "lower", "upper"], orient="row")


def audit_score(held: HeldOut, name: str = "accuracy", *, level: float = 0.95) -> AuditScore:
    """The score with an interval that the model's own beliefs make narrower, and that holds however wrong they are.

    The mean over the audit slice is moved by what the beliefs say about how the slice differs from the whole pool,
    times the slope of outcomes on beliefs; a model whose beliefs tell nothing moves nothing.

    Parameters
    ----------
    held
        Answers of the audit slice beside predictions by models that did not see them: `held_out`.
    name
        accuracy; f1, of class 1 with two classes, else the mean over the classes; log_loss in nats, no probability
        counting as less than one in a million. An item on which the model abstains counts as wrong in accuracy.
    level
        Confidence of the interval, in (0, 1).

    Returns
    -------
    AuditScore
        With f1 of several classes, one of which neither the audit nor the model's labels in it show, the interval
        allows for any score of that class.

    Raises
    ------
    TableError
        `level` is not in (0, 1).
    UnknownNameError
        There is no such measure.

    Source: Angelopoulos et al., Prediction-powered inference, Science 2023; PPI++, 2023; Särndal, Swensson and
    Wretman, Model Assisted Survey Sampling, 1992 (the difference estimator, and linearised functions of means).
    """
    if not 0 < level < 1:
        raise TableError(f"level is {level}; a confidence lies between 0 and 1, such as 0.95")
    how = measure(name)
    found = assess(held, how)
    lower, upper = _interval(found, len(held), how, level)
    if name == "f1":
        lower, upper = _any_of_unseen(held, lower, upper)
    worst, best = _bounds(lower, upper, held) if name == "accuracy" else (None, None)
    naive = {basis: how.value(means) for basis, means in held.naive.items()}
    return AuditScore(
        name, found.value, lower, upper, level, len(held), held.pool, held.skipped, worst, best, found.effective, naive
    )


def assess(held: HeldOut, how: Measure) -> Estimate:
    """The score of the held-out predictions, moved by the beliefs about the pool, and its variance."""
    imagined, weights = how.imagined(held.found)
    slope = how.slope(np.average(np.vstack([held.found, imagined]), axis=0, weights=_weights(held, weights)))
    moved = assisted(
        held.found @ slope, held.believed @ slope, float(held.overall @ slope), held.pool, imagined @ slope, weights
    )
    value = how.value(held.found.mean(axis=0)) + moved.value - float((held.found @ slope).mean())
    return replace(moved, value=min(max(value, 0.0), 1.0) if how.is_share else max(value, 0.0))


def t_quantile(level: float, freedom: float) -> float:
    """Of Student's distribution, two-sided."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2))


def _weights(held: HeldOut, imagined: Floats) -> Floats:
    return np.concatenate([np.ones(len(held)), imagined])


def _interval(found: Estimate, n: int, how: Measure, level: float) -> tuple[float, float]:
    if how.is_share:
        # Wilson's interval for as many coin tosses as would vary like this estimate: it never leaves [0, 1].
        centre = (n * found.value + 2) / (n + 4)
        _, lower, upper = wilson(
            found.value, centre * (1 - centre) / found.error**2, NormalDist().inv_cdf((1 + level) / 2)
        )
        return lower, upper
    # A loss is above 0, and so is the lower end: there the interval is the one that is symmetric on the log scale.
    half = t_quantile(level, n - 1) * found.error
    return found.value * float(np.exp(-half / max(found.value, 1e-12))), found.value + half


def _any_of_unseen(held: HeldOut, lower: float, upper: float) -> tuple[float, float]:
    lost = unseen(held.found.mean(axis=0))
    share = float(lost[1]) if len(lost) == 2 else float(lost.mean())
    return lower * (1 - share), upper * (1 - share) + share


def _bounds(lower: float, upper: float, held: HeldOut) -> tuple[float, float]:
    share = held.skipped / (len(held) + held.skipped)
    return lower * (1 - share), upper * (1 - share) + share
