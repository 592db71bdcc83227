"""How far people and model can be believed, each judged by the others.

Everybody, the model too, is a voter who errs independently of the rest. A person is judged by how his answers fit what
all others, the model among them, say of the same items; so an answer that stands alone counts as far as the model knows
its item. Second opinions are asked where answer and model differ; because both are in what is weighed here, that choice
makes nobody look worse than he is, as it would if only the items with several answers were counted.
"""

from dataclasses import dataclass

import numpy as np

from weaklabel.numerics import Floats, normalise_log
from weaklabel.review.second.calibration import calibrate, calibrated, start
from weaklabel.review.second.said import Said

# Before anything is known of a crowd, and of a person beside his crowd: as if 10 of his answers had been checked.
RIGHT, CHECKED = 9.0, 10.0
ROUNDS = 50
STILL = 1e-4  # largest change of an accuracy at which the rounds end
LOGITS = np.linspace(-5, 8, 131)  # of an accuracy: from under .01 to above .999
ACCURACIES = 1 / (1 + np.exp(-LOGITS))


@dataclass(frozen=True, eq=False)
class Voters:
    """People's accuracies and the calibrated model.

    Attributes
    ----------
    accuracy, lower, upper
        Shape (p,): of each person, in (0, 1), with the ends of a 95 % interval.
    crowd
        The accuracy of somebody of whom nothing is known.
    model
        Shape (g, k): log-probabilities of the items' classes without any answer to them.
    """

    accuracy: Floats
    lower: Floats
    upper: Floats
    crowd: float
    model: Floats


def judge(said: Said) -> Voters:
    """Everybody's accuracy in the light of all others'; few comparisons are shrunk to the crowd's, and that to 0.9.

    Assumes that each person errs with all classes alike.

    Source: Raykar et al., Learning from Crowds, JMLR 2010 (model and people in one likelihood); Goh, Tkachenko and
    Mueller, CROWDLAB, 2022 (the beliefs of any model beside people).
    """
    crowd, accuracy = RIGHT / CHECKED, np.asarray([RIGHT / CHECKED] * len(said.people), np.float64)
    calibration = start(said.k)
    posterior: Floats = np.empty((len(said.people), len(ACCURACIES)))
    for _ in range(ROUNDS):
        each = one_coin(said, accuracy)
        together = said.per_item(each)
        calibration = calibrate(said.log_beliefs, together, calibration)
        model = calibrated(said.log_beliefs, calibration)
        crowd, posterior = _accuracies(said, normalise_log((model + together)[said.item] - each))
        step = posterior @ ACCURACIES - accuracy
        # Half: of two people the one who believes the other less seems better himself, so full steps go to and fro.
        accuracy = accuracy + step / 2
        if np.abs(step).max(initial=0) < STILL:
            break
    lower, upper = _quantile(posterior, 0.025), _quantile(posterior, 0.975)
    return Voters(accuracy, lower, upper, crowd, calibrated(said.log_beliefs, calibration))


def one_coin(said: Said, accuracy: Floats) -> Floats:
    """Log P(answer | class), shape (a, k), from each person's accuracy, shape (p,)."""
    right = accuracy[said.person]
    each = np.repeat(np.log((1 - right) / (said.k - 1))[:, None], said.k, axis=1)
    each[np.arange(len(right)), said.label] = np.log(right)
    return each


def _accuracies(said: Said, others: Floats) -> tuple[float, Floats]:
    """The crowd's accuracy, and each person's as a distribution over ACCURACIES, shape (p, grid).

    `others`, shape (a, k), are the probabilities of an answer's item by all but that answer.
    """
    fits = others[np.arange(len(said.label)), said.label][:, None]
    logs = np.zeros((len(said.people), len(ACCURACIES)))
    np.add.at(logs, said.person, np.log(fits * ACCURACIES + (1 - fits) * (1 - ACCURACIES) / (said.k - 1)))
    crowd = float(normalise_log(_prior(RIGHT / CHECKED) + logs.sum(axis=0, keepdims=True))[0] @ ACCURACIES)
    return crowd, normalise_log(_prior(crowd) + logs)


def _prior(mean: float) -> Floats:
    """Log density over LOGITS of an accuracy known from CHECKED answers, shape (grid,)."""
    return np.asarray(CHECKED * (mean * np.log(ACCURACIES) + (1 - mean) * np.log(1 - ACCURACIES)))


def _quantile(posterior: Floats, share: float) -> Floats:
    below = (posterior.cumsum(axis=1) < share).sum(axis=1)
    return np.asarray(ACCURACIES[below.clip(max=len(ACCURACIES) - 1)])
