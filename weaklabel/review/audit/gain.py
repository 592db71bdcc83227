"""How much the last answers made the end model better, and how much they may have at most."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from weaklabel.errors import AnswerError, TableError
from weaklabel.numerics import Floats
from weaklabel.review.audit.assisted import assisted
from weaklabel.review.audit.held_out import HeldOut
from weaklabel.review.audit.measures import Measure, measure


@dataclass(frozen=True)
class Gain:
    """What a number of answers did to the end model's score.

    Attributes
    ----------
    measure
        The score's name.
    value
        By how much it got better (a loss: smaller); negative if it got worse.
    lower, upper
        Its interval.
    level
        Confidence of the interval.
    labels
        Answers between the two models, 1 or more.
    audited
        Items on which the two were compared.
    """

    measure: str
    value: float
    lower: float
    upper: float
    level: float
    labels: int
    audited: int

    @property
    def upper_per_label(self) -> float:
        """What one more answer can be expected to bring at most, were it worth as much as these were."""
        return self.upper / self.labels


def audit_gain(now: HeldOut, before: HeldOut, labels: int, name: str = "accuracy", *, level: float = 0.95) -> Gain:
    """The gain between two models, compared on the same audit items.

    On the same items most of what makes a score uncertain cancels, so that a gain is known better than either score.

    Parameters
    ----------
    now, before
        The audit slice of today, held out from the model of today and from one that learned from earlier answers.
    labels
        Answers that today's model has more.
    name
        accuracy, f1 or log_loss.
    level
        Confidence of the interval, in (0, 1).

    Raises
    ------
    AnswerError
        The two are of other audit items, pools or classes.
    TableError
        `labels` is below 1, or `level` not in (0, 1).
    UnknownNameError
        There is no such measure.
    """
    if labels < 1:
        raise TableError(f"{labels} answers between two models: a gain needs at least 1")
    if not 0 < level < 1:
        raise TableError(f"level is {level}; a confidence lies between 0 and 1, such as 0.95")
    if now.classes != before.classes or now.pool != before.pool or not now.item_ids.equals(before.item_ids):
        raise AnswerError(
            f"today's model was held out from {len(now)} audit items of a pool of {now.pool}, the earlier one from "
            f"{len(before)} of {before.pool}: hold both out from today's slice"
        )
    how = measure(name)
    value, error = _difference(now, before, how)
    half = NormalDist().inv_cdf((1 + level) / 2) * error
    return Gain(name, value, value - half, value + half, level, labels, len(now))


def _difference(now: HeldOut, before: HeldOut, how: Measure) -> tuple[float, float]:
    """By how much the score got better, and the standard error."""
    sign = 1.0 if how.is_share else -1.0
    today, earlier = _linear(now, how), _linear(before, how)
    outcome, guess, overall = today[0] - earlier[0], today[1] - earlier[1], today[2] - earlier[2]
    # Two models that agree on every audit item may still differ elsewhere: imagine that each once mends an item.
    step = max(today[3], earlier[3])
    moved = assisted(outcome, guess, overall, now.pool, np.array([-step, step]), np.ones(2))
    plain = how.value(now.found.mean(axis=0)) - how.value(before.found.mean(axis=0))
    return sign * (plain + moved.value - float(outcome.mean())), moved.error


def _linear(held: HeldOut, how: Measure) -> tuple[Floats, Floats, float, float]:
    """Outcomes, guesses and the pool's mean guess along the slope, and what one mended item is worth there."""
    imagined, weights = how.imagined(held.found)
    weighed = np.concatenate([np.ones(len(held)), weights])
    slope = how.slope(np.average(np.vstack([held.found, imagined]), axis=0, weights=weighed))
    outcome = held.found @ slope
    worth = imagined @ slope if how.is_share else np.append(outcome, 0.0)
    step = float(worth.max() - worth.min())
    return outcome, held.believed @ slope, float(held.overall @ slope), step
