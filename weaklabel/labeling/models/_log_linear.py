"""What most label models come down to once fitted: each vote adds its evidence, and abstentions say nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.errors import ModelError
from weaklabel.labeling.compiled.choice import pays
from weaklabel.labeling.compiled.vote_sums import VoteSums
from weaklabel.labeling.models._saved import Saved, model_name
from weaklabel.labeling.patterns import Votes, distinct
from weaklabel.numerics import Floats, normalise_log

Beliefs = tuple[Floats, NDArray[np.bool_]]

BLOCK = 2**14  # rows at a time
ROWS = 2**10  # of a block at a time, where votes become numbers: their float64 copy stays in the processor's cache
MANY_CLASSES = 5  # from here on, to find the distinct rows costs less than to work out all of them
PROBE = 2000
EXACT = 52  # bits of a sum that float64 holds without rounding, and one to spare
LEAST, MOST = 1e-200, 1e200  # of evidence that can be rounded
SAVED = 0.45e-9  # CPU seconds that compiled loops save per vote and class


@dataclass
class LogLinear(Saved):
    """log P(y | votes) = bias(y) + sum over the votes of evidence(function, vote, y) / design effect, up to a constant.

    The design effect of an item with r votes is 1 + dependence (r - 1): as many votes that err together are worth as
    r / (1 + dependence (r - 1)) that do not (Kish, Survey Sampling, 1965, of clusters). Without dependence it is 1.

    Attributes
    ----------
    bias_
        Shape (k,): what is believed of an item without votes, in logs.
    evidence_
        Shape (m, k, k), finite: [j, v, y] is what a vote v of function j adds to class y, in logs.
    dependence_
        Correlation of the errors of the votes on one item, in [0, 1].
    fitted_to_
        Names of the functions, and of the classes.
    """

    bias_: Floats = field(init=False, repr=False)
    evidence_: Floats = field(init=False, repr=False)
    dependence_: float = field(init=False, repr=False, default=0.0)
    fitted_to_: tuple[tuple[str, ...], tuple[str, ...]] = field(init=False, repr=False)

    def predict_proba(self, L: LabelMatrix) -> Posterior:
        """P(class | votes), summed in logs: many votes never underflow.

        Raises
        ------
        ModelError
            The matrix has other functions or classes than the one that the model was fitted to.
        """
        for kind, fitted, given in zip(("functions", "classes"), self.fitted_to_, (L.lf_names, L.classes), strict=True):
            if fitted != given:
                raise ModelError(_other_matrix(kind, fitted, given))
        believe = by_pattern if L.cardinality >= MANY_CLASSES and repeats(L.votes) else by_row
        probs, covered = believe(L.votes, self.bias_, self.evidence_, self.dependence_)
        prior = normalise_log(self.bias_[None])[0] if self._was_told() else np.full(L.cardinality, 1 / L.cardinality)
        return Posterior(probs, L.item_ids, L.classes, covered, provenance=self._provenance(), prior=prior)

    def _was_told(self) -> bool:
        """Whether the class balance was given, and not learned from the votes."""
        return getattr(self, "class_balance", None) is not None

    def _require(self, ranges: Mapping[str, bool], advice: str = "") -> None:
        """`ModelError` for the first parameter that is not in its range."""
        if wrong := [name for name, right in ranges.items() if not right]:
            said = advice or f", outside its range; see help({type(self).__name__})"
            raise ModelError(f"{wrong[0]} is {getattr(self, wrong[0])}{said}")

    def _provenance(self) -> dict[str, Any]:
        """The model's name and its parameters."""
        parameters = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        return {"model": model_name(type(self)), **parameters}


def by_row(votes: Votes, bias: Floats, evidence: Floats, dependence: float = 0.0) -> Beliefs:
    """P(y | votes), shape (n, k), and which rows have votes, (n,).

    Block by block, from the votes to the probabilities: what lies between stays in the processor's cache, and no
    one-hot matrix of all votes is built. The sums are exact, so that it makes no difference who adds them up.
    """
    m, k = evidence.shape[:2]
    # The last column counts the votes on the item.
    weights = np.concatenate([summable(evidence), np.ones((m, k, 1))], axis=2)
    sums = VoteSums(weights) if pays("beliefs", SAVED * votes.size * k) else partial(_sums, weights)
    probs, covered = np.empty((len(votes), k)), np.empty(len(votes), bool)
    for start in range(0, len(votes), BLOCK):
        said = sums(votes[start : start + BLOCK])
        log_p = bias[:, None] + said[:k] / design_effect(said[k], dependence)
        probs[start : start + BLOCK] = normalise_log(log_p.T)
        covered[start : start + BLOCK] = said[k] > 0
    return probs, covered


def summable(evidence: Floats) -> Floats:
    """The evidence, rounded so that no sum of one vote per function is: any order of adding gives the same bits.

    By at most a 2^52nd of the largest sum that there can be, which is about what each addition in float64 loses anyway.
    """
    total = np.abs(evidence).max(axis=(1, 2), initial=0).sum()
    if not LEAST < total < MOST:
        return evidence
    grain = np.ldexp(1.0, int(np.frexp(total)[1]) - EXACT)
    return np.asarray(np.rint(evidence / grain) * grain)


def _sums(weights: Floats, votes: Votes) -> Floats:
    """The weights of each row's votes, added up, shape (c, n)."""
    said, cast = np.zeros((weights.shape[2], len(votes))), np.empty((ROWS, votes.shape[1]))
    for start in range(0, len(votes), ROWS):
        block = votes[start : start + ROWS]
        for v in range(weights.shape[1]):
            np.copyto(cast[: len(block)], block == v)
            said[:, start : start + ROWS] += weights[:, v].T @ cast[: len(block)].T
    return said


def design_effect(n_votes: Floats, dependence: float) -> Floats:
    """By how much so many votes on an item count for less than as many independent ones, at least 1; same shape."""
    return np.asarray(1 + dependence * np.maximum(n_votes - 1, 0))


def by_pattern(votes: Votes, bias: Floats, evidence: Floats, dependence: float = 0.0) -> Beliefs:
    """The same, worked out once for each distinct row and gathered back."""
    first, which = distinct(votes, len(bias))
    probs, covered = by_row(votes[first], bias, evidence, dependence)
    return probs[which], covered[which]


def repeats(votes: Votes) -> bool:
    """Whether a look at the first rows says that most rows occur more than once."""
    probe = votes[:PROBE]
    return len(probe) == PROBE and len({row.tobytes() for row in probe}) < PROBE / 4


def _other_matrix(kind: str, fitted: Sequence[str], given: Sequence[str]) -> str:
    there, here = next(pair for pair in zip_longest(fitted, given) if pair[0] != pair[1])
    return (
        f"the model was fitted to {len(fitted)} {kind} and this matrix has {len(given)}; the first that differs is "
        f"{there!r} there and {here!r} here: give it the same ones in the same order"
    )
