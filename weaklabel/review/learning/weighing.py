"""How much an answer counts beside a weak label, as the answers themselves say.

An answer is surely right and a weak label is not, but weak labels are many, and the end model averages their errors
out, as far as they are not all of one kind. How far, no formula knows: where functions are good three is enough and
ten does harm, where they are poor thirty is too little. So answers are predicted by models that did not see them and
that counted the others for more or less, and each weight is believed as far as it predicted them well.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from weaklabel.numerics import Floats
from weaklabel.review.learning.adjusted import mixed, sharpened, sharpness
from weaklabel.review.learning.evidence import Evidence

WEIGHTS = (1.0, 10.0, 100.0)
BELIEF = np.array([0.4, 0.5, 0.1])  # in each before any answer
TRUST = 0.5  # an answer was chosen where the model doubts, so it counts for half of one
FEWEST = 10  # answers from which they are asked
FOLDS = 3


@dataclass(frozen=True, eq=False)
class Weighed:
    """What an answer counts, and how the answers are predicted by models that did not see them.

    Attributes
    ----------
    weight
        In weak labels, from 1 to 100.
    crossed
        Shape (a, k), or None where there are too few answers to hold any out.
    """

    weight: float
    crossed: Floats | None


def weigh(evidence: Evidence, start: Any = None) -> Weighed:
    """The weights' geometric mean, each counting as far as it is believed.

    A weight is tried only if the one below it is rather believed than not: each costs as many fits as there are folds.

    Source: Bayesian averaging with a tempered likelihood; the score is Brier's, which bears a wrong answer or two.
    """
    if len(evidence.y) < FEWEST:
        return Weighed(_mean(BELIEF), None)
    if evidence.only_answers:
        return Weighed(1.0, _crossed(evidence, 1.0, [start] * FOLDS)[0])
    models: list[Any] = [start] * FOLDS
    parts, misses = [], []
    belief = BELIEF
    for weight in WEIGHTS:
        crossed, models = _crossed(evidence, weight, models)
        parts.append(crossed)
        misses.append(_missed(crossed, evidence))
        belief = _belief(np.array(misses))
        if len(misses) > 1 and belief[-1] < 0.5:
            break
    return Weighed(_mean(belief), mixed(parts, belief))


def _crossed(evidence: Evidence, weight: float, starts: list[Any]) -> tuple[Floats, list[Any]]:
    """What models that did not see the answers expect of them, (a, k), and the models."""
    found = np.empty((len(evidence.y), evidence.weak.shape[1]))
    models = []
    for fold, start in enumerate(starts):
        held = evidence.fold == fold
        models.append(evidence.trained(weight, ~held, start))
        found[held] = evidence.expected(models[-1], evidence.rows[held])
    return found, models


def _missed(crossed: Floats, evidence: Evidence) -> float:
    """Brier's score, summed. Each is sharpened first: weak labels make modest, and modesty is mended otherwise."""
    sure = sharpened(crossed, sharpness(crossed, evidence.y))
    return float(((sure - np.eye(crossed.shape[1])[evidence.y]) ** 2).sum())


def _belief(misses: Floats) -> Floats:
    logs = np.log(BELIEF[: len(misses)]) - TRUST * (misses - misses.min())
    belief = np.exp(logs - logs.max())
    return np.asarray(belief / belief.sum())


def _mean(belief: Floats) -> float:
    return float(np.exp(belief @ np.log(WEIGHTS[: len(belief)])))
