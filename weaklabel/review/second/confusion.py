"""Which classes people take for which, where enough is known; elsewhere they err with all classes alike."""

import numpy as np

from weaklabel.numerics import Floats, normalise_log
from weaklabel.review.second.said import Said
from weaklabel.review.second.voters import Voters

CHECKED = 10.0  # of a class: the answers after which a person's own counts weigh as much as what is known otherwise
ROUNDS = 50
STILL = 1e-4  # largest change of a probability at which the rounds end


def confusions(said: Said, voters: Voters) -> Floats:
    """P(answer | class) of each person, shape (p, k, k), a row for each class.

    The crowd's confusion is shrunk to that of its accuracy alone, and a person's to the crowd's with his own accuracy,
    by ten answers a class: with fewer than that he is as good as known by his accuracy. Answers count as far as others
    answered the person's items: what stands alone tells hardly what is taken for what, and would confirm a guess.

    Source: Dawid and Skene, Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm, 1979; Kim and
    Ghahramani, Bayesian Classifier Combination, 2012 (a prior on the rows).
    """
    as_one = _alike(np.array([voters.crowd]), said.k)[0]
    better = _logit(voters.accuracy) - _logit(voters.crowd)
    found = _alike(voters.accuracy, said.k)
    compared = (said.compared / np.maximum(np.bincount(said.person, minlength=len(said.people)), 1))[:, None, None]
    for _ in range(ROUNDS):
        before = found
        counts = compared * _counts(said, normalise_log(voters.model + said.per_item(evidence(said, found))))
        crowd = _shares(counts.sum(axis=0) + CHECKED * as_one)
        found = _shares(counts + CHECKED * _moved(crowd, better))
        if np.abs(found - before).max(initial=0) < STILL:
            break
    return found


def evidence(said: Said, confusion: Floats) -> Floats:
    """Log P(answer | class), shape (a, k), from the confusions."""
    return np.asarray(np.log(confusion[said.person, :, said.label]))


def _counts(said: Said, probs: Floats) -> Floats:
    """How often each person gave each answer to items of each class, shape (p, class, answer)."""
    counts = np.zeros((len(said.people), said.k, said.k))
    np.add.at(counts.transpose(0, 2, 1), (said.person, said.label), probs[said.item])  # a view: (person, answer, class)
    return counts


def _alike(accuracy: Floats, k: int) -> Floats:
    """Confusions of those who take each class for any other alike, shape (p, k, k)."""
    right = accuracy[:, None, None]
    return np.asarray(np.where(np.eye(k, dtype=bool), right, (1 - right) / (k - 1)))


def _moved(crowd: Floats, better: Floats) -> Floats:
    """The crowd's confusion with every class right more often, by `better` in logits, shape (p, k, k)."""
    k = len(crowd)
    right = 1 / (1 + np.exp(-(_logit(np.diag(crowd)) + better[:, None])))
    wrong = _shares(np.where(np.eye(k, dtype=bool), 0, crowd))
    return np.asarray(np.where(np.eye(k, dtype=bool), right[:, :, None], (1 - right)[:, :, None] * wrong))


def _shares(counts: Floats) -> Floats:
    return np.asarray(counts / counts.sum(axis=-1, keepdims=True))


def _logit(share: Floats | float) -> Floats:
    return np.asarray(np.log(share) - np.log1p(-np.asarray(share)))
