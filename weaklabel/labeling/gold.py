"""A few known classes, used for all they are worth: precisions, class prior, calibration, and the items themselves."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel import tables
from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior, checks
from weaklabel.errors import TableError
from weaklabel.labeling.models._log_linear import LogLinear, design_effect
from weaklabel.labeling.models._prior import shares
from weaklabel.labeling.patterns import Fittable, vote_patterns
from weaklabel.numerics import Floats, log_sum_exp, normalise_log

STRENGTHS = (5.0, 20.0, 80.0, np.inf)  # known votes that what the model learned without any is worth
FOLDS = 5
FEWEST = 2 * FOLDS  # known classes that it takes to learn a class prior or to calibrate
STIFFNESS = 2.0  # of the calibration: the penalty on log temperature and class bias, in nats at 1
CAUTION = 1.64  # standard errors by which known classes must improve on the model as it is: 5 % by luck, one-sided

Gold = Mapping[str, str | int] | NDArray[np.integer]


@dataclass(frozen=True)
class _Known:
    """The items of known class, in the order of their ids so that no result depends on that of the rows.

    Attributes
    ----------
    y
        Shape (g,): their classes.
    item, function, vote
        Shape (v,): each vote on them.
    effect
        Shape (g,): the design effect of their votes.
    """

    y: NDArray[np.int64]
    item: NDArray[np.intp]
    function: NDArray[np.intp]
    vote: NDArray[np.int64]
    effect: Floats


@dataclass(frozen=True)
class _Candidate:
    """One way to use known classes, and how surprised it is by each of them when that one is left out."""

    strength: float
    own_prior: bool
    calibrated: bool
    scores: Floats
    surprise: Floats


def as_gold(gold: Gold, L: LabelMatrix) -> NDArray[np.int64]:
    """Known classes as an array, shape (n,), -1 where unknown, from one or from item id -> class name or number.

    Raises
    ------
    TableError
        An id is not in the matrix, or a class is none of its classes.
    """
    if not isinstance(gold, Mapping):
        return checks.gold(gold, len(L.votes), L.classes)
    number = {name: y for y, name in enumerate(L.classes)} | {y: y for y in range(L.cardinality)}
    if unknown := [item for item, label in gold.items() if label not in number]:
        raise TableError(
            f"item {unknown[0]!r} is known to be {gold[unknown[0]]!r}, which is no class; "
            f"the classes are {', '.join(L.classes)}"
        )
    rows = tables.rows_of(L.item_ids, list(gold))
    if lost := [item for item, row in zip(gold, rows, strict=True) if row is None]:
        raise TableError(f"{len(lost)} items of known class are not in the label matrix, first {lost[0]!r}")
    array = np.full(len(L.votes), ABSTAIN, np.int64)
    array[rows.to_numpy()] = [number[label] for label in gold.values()]
    return array


def learn_from_gold(
    model: LogLinear, L: LabelMatrix, gold: NDArray[np.int64], share: Floats | None = None
) -> tuple[LogLinear, dict[str, Any]]:
    """A fitted model made better by known classes, and what was done, for the provenance.

    With the classes' shares of all covered items, shape (k,), of `share_of`, items of known class alone will do.

    The precision of each vote is updated in closed form, as if what the model learned were `strength` known votes. That
    strength, whether the class prior comes from the known classes, and whether temperature and class biases are
    calibrated on them, is decided by the leave-one-out likelihood of the known classes; where no way is better than the
    model as it is beyond luck, the model stays as it is.

    Source: the Dirichlet posterior mean for each vote's precision; temperature scaling: Guo et al., On Calibration of
    Modern Neural Networks, ICML 2017.
    """
    share = share_of(model, L) if share is None else share
    precision = normalise_log_last(model.evidence_ + np.log(share))
    known = _known(model, L, gold)
    candidates = list(_candidates(model, known, precision, share))
    chosen = _choose(candidates)
    better = copy.copy(model)
    prior = _prior(known.y, share) if chosen.own_prior else share
    counts = _counts(known, precision.shape)
    if np.isfinite(chosen.strength):
        total = chosen.strength + counts.sum(axis=2, keepdims=True)
        precision = (chosen.strength * precision + counts) / total
    scale, bias = _calibration(chosen.scores, known.y) if chosen.calibrated else (1.0, np.zeros(len(share)))
    better.bias_ = scale * (np.log(prior) if chosen.own_prior else model.bias_) + bias
    better.evidence_ = scale * (np.log(precision) - np.log(prior))
    return better, {
        "known": len(known.y),
        "strength": chosen.strength if np.isfinite(chosen.strength) else None,
        "prior": "known classes" if chosen.own_prior else "model",
        "temperature": 1 / scale,
        "class_bias": bias.tolist(),
    }


def clamp(posterior: Posterior, gold: NDArray[np.int64]) -> Posterior:
    """The posterior with the items of known class set to it: probability 1, `covered` and `answered`."""
    known = gold != ABSTAIN
    probs = posterior.probs.copy()
    probs[known] = np.eye(len(posterior.classes))[gold[known]]
    return replace(posterior, probs=probs, covered=posterior.covered | known, answered=posterior.answered | known)


def normalise_log_last(logs: Floats) -> Floats:
    """`normalise_log` over the last axis of any shape."""
    return normalise_log(logs.reshape(-1, logs.shape[-1])).reshape(logs.shape)


def share_of(model: LogLinear, L: Fittable) -> Floats:
    """The classes' shares of the covered items, (k,), as the model sees them; one item of each is added."""
    if isinstance(L, LabelMatrix):
        return shares(model.predict_proba(L).probs[L.covered].sum(axis=0))
    table = vote_patterns(L)
    rows = LabelMatrix.from_array(table.votes, table.classes, table.lf_names)
    return shares(table.counts[rows.covered] @ model.predict_proba(rows).probs[rows.covered])


def _known(model: LogLinear, L: LabelMatrix, gold: NDArray[np.int64]) -> _Known:
    rows = np.flatnonzero(gold != ABSTAIN)
    rows = rows[L.item_ids.gather(rows).arg_sort().to_numpy()]
    votes = L.votes[rows]
    item, function = np.nonzero(votes != ABSTAIN)
    effect = design_effect((votes != ABSTAIN).sum(axis=1), model.dependence_)
    return _Known(gold[rows], item, function, votes[item, function].astype(np.int64), effect)


def _counts(known: _Known, shape: tuple[int, ...]) -> Floats:
    """How often each vote meets each known class, (m, k, k)."""
    counts = np.zeros(shape)
    np.add.at(counts, (known.function, known.vote, known.y[known.item]), 1)
    return counts


def _prior(y: NDArray[np.int64], share: Floats) -> Floats:
    """The class prior from known classes, smoothed by one item a class that is spread as the model's share."""
    k = len(share)
    return np.asarray((np.bincount(y, minlength=k) + k * share) / (len(y) + k))


def _candidates(model: LogLinear, known: _Known, precision: Floats, share: Floats) -> Iterator[_Candidate]:
    """The model as it is comes first."""
    enough = len(known.y) >= FEWEST
    for own_prior in (False, True) if enough else (False,):
        for strength in sorted(STRENGTHS, reverse=True):
            scores = _left_out(model, known, precision, share, strength, own_prior)
            yield _Candidate(strength, own_prior, False, scores, _surprise(scores, known.y))
            if enough:
                yield _Candidate(strength, own_prior, True, scores, _cross_fitted(scores, known.y))


def _left_out(
    model: LogLinear, known: _Known, precision: Floats, share: Floats, strength: float, own_prior: bool
) -> Floats:
    """Scores of each known item, (g, k), by what is learned from all others."""
    g, k = len(known.y), len(share)
    own = np.eye(k)[known.y]
    prior = np.tile(share, (g, 1))
    if own_prior:
        prior = (own.sum(axis=0) - own + k * share) / (g - 1 + k)
    votes = precision[known.function, known.vote]
    if np.isfinite(strength):
        others = _counts(known, precision.shape)[known.function, known.vote] - own[known.item]
        votes = (strength * votes + others) / (strength + others.sum(axis=1, keepdims=True))
    said = np.zeros((g, k))
    np.add.at(said, known.item, np.log(votes) - np.log(prior[known.item]))
    return (np.log(prior) if own_prior else model.bias_) + said / known.effect[:, None]


def _choose(candidates: list[_Candidate]) -> _Candidate:
    as_it_is = candidates[0]
    best = min(candidates, key=lambda candidate: float(candidate.surprise.mean()))
    gain = as_it_is.surprise - best.surprise
    return best if gain.mean() > CAUTION * gain.std() / np.sqrt(len(gain)) else as_it_is


def _surprise(scores: Floats, y: NDArray[np.int64]) -> Floats:
    """-log P(known class), (g,), in nats."""
    return np.asarray(log_sum_exp(scores) - scores[np.arange(len(y)), y])


def _cross_fitted(scores: Floats, y: NDArray[np.int64]) -> Floats:
    fold = np.arange(len(y)) % FOLDS
    surprise = np.empty(len(y))
    for held in range(FOLDS):
        scale, bias = _calibration(scores[fold != held], y[fold != held])
        surprise[fold == held] = _surprise(scores[fold == held] * scale + bias, y[fold == held])
    return surprise


def _calibration(scores: Floats, y: NDArray[np.int64]) -> tuple[float, Floats]:
    """Scale and class biases that make the known classes least surprising, without straying far from 1 and 0."""
    from scipy.optimize import minimize

    own = np.eye(scores.shape[1])[y]

    def loss(x: Floats) -> tuple[float, Floats]:
        scale, bias = np.exp(x[0]), x[1:]
        z = scale * scores + bias
        error = normalise_log(z) - own
        penalty = STIFFNESS * float(x @ x)
        slope = np.concatenate([[scale * (error * scores).sum()], error.sum(axis=0)]) + 2 * STIFFNESS * x
        return float(_surprise(z, y).sum()) + penalty, slope

    found = minimize(loss, np.zeros(scores.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return float(np.exp(found[0])), np.asarray(found[1:])
