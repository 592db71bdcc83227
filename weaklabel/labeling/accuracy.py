"""How often each labeling function is right, and how sure that is."""

from statistics import NormalDist

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior, checks
from weaklabel.errors import TableError
from weaklabel.numerics import Floats

GOLD, MODEL = "gold", "model, biased"
FEWEST = 20  # known votes; of fewer the correlation with the model's beliefs cannot be told
FEWEST_APART = 8.0  # effective number of them whose beliefs stand apart; of fewer one odd item makes the slope

Estimate = tuple[float, float, float]


def lf_accuracy(
    L: LabelMatrix,
    posterior: Posterior | None = None,
    gold: NDArray[np.integer] | None = None,
    level: float = 0.95,
) -> pl.DataFrame:
    """Accuracy of each labeling function among the items on which it votes, with an interval where gold allows one.

    Assumes that the items of known class were drawn at random, and that the label model saw none of their classes.
    Then the interval is valid however wrong the model is; the better the model, the narrower. Without gold there is
    none: resampling unlabelled votes only repeats the model's own mistakes (measured: "95 %" covered 8 %).

    Parameters
    ----------
    L
        n items, m functions.
    posterior
        What a label model believes of the same items; it sharpens the estimate, and is all there is without gold.
    gold
        Shape (n,): the known class, -1 where unknown.
    level
        Confidence of the intervals, in (0, 1).

    Returns
    -------
    polars.DataFrame
        Columns lf; votes; known (votes on items of known class); accuracy, lower, upper, in [0, 1], of items like
        these, not of these alone; basis: "gold", "model, biased" (no vote of known class; no interval), or null.
        With fewer than 20 known votes, or where the model's beliefs of them tell nothing or hang on a few odd items, it
        is Wilson's interval of the known votes; else the prediction-powered one.

    Raises
    ------
    TableError
        The posterior is of other items or classes, holds people's answers beside gold, or `level` is not in (0, 1).

    Source: Angelopoulos et al., Prediction-powered inference, Science 2023; Angelopoulos, Duchi and Zrnic, PPI++, 2023
    (the weight of the predictions); Wilson, Probable inference, JASA 1927; Agresti and Coull, Approximate is better
    than "exact", The American Statistician 1998.
    """
    if not 0 < level < 1:
        raise TableError(f"level is {level}; a confidence lies between 0 and 1, such as 0.95")
    probs = None if posterior is None else beliefs(posterior, L)
    known = np.full(len(L.votes), ABSTAIN) if gold is None else checks.gold(gold, len(L.votes), L.classes)
    if gold is not None and posterior is not None and posterior.answered.any():
        raise TableError(
            f"the posterior holds answers of people for {int(posterior.answered.sum())} items, so it knows what gold "
            "is to test: give the one from before they were folded in"
        )
    z = NormalDist().inv_cdf((1 + level) / 2)
    names = ("votes", "known", "accuracy", "lower", "upper", "basis")
    kinds = (pl.Int64, pl.Int64, pl.Float64, pl.Float64, pl.Float64, pl.String)
    rows = [_row(L.votes[:, j], probs, known, z) for j in range(len(L.lf_names))]
    frame = pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
    return frame.insert_column(0, pl.Series("lf", L.lf_names, pl.String))


def beliefs(posterior: Posterior, L: LabelMatrix) -> Floats:
    """The posterior's probabilities, shape (n, k), known to be of the matrix's items and classes.

    Raises
    ------
    TableError
        They are of other items, of the same in another order, or of other classes.
    """
    if posterior.classes != L.classes:
        raise TableError(f"the posterior is of the classes {posterior.classes}, the votes are of {L.classes}")
    if len(posterior.item_ids) != len(L.item_ids):
        raise TableError(f"the posterior is of {len(posterior.item_ids)} items, the votes are of {len(L.item_ids)}")
    if (other := (posterior.item_ids != L.item_ids)).any():
        row = int(other.arg_max() or 0)
        raise TableError(
            f"row {row} of the posterior is item {posterior.item_ids[row]!r}, of the votes {L.item_ids[row]!r}: "
            "give the posterior that was made from these votes"
        )
    return posterior.probs


def _row(
    votes: NDArray[np.int8], probs: Floats | None, gold: NDArray[np.int64], z: float
) -> tuple[int, int, float | None, float | None, float | None, str | None]:
    voted = np.flatnonzero(votes != ABSTAIN)
    predicted = None if probs is None else probs[voted, votes[voted]]
    known = gold[voted] != ABSTAIN
    right = (votes[voted] == gold[voted])[known].astype(np.float64)
    if len(right):
        return len(voted), len(right), *_against_gold(right, predicted, known, z), GOLD
    if predicted is not None and len(predicted):
        return len(voted), 0, float(predicted.mean()), None, None, MODEL
    return len(voted), 0, None, None, None, None


def _against_gold(right: Floats, predicted: Floats | None, known: NDArray[np.bool_], z: float) -> Estimate:
    if predicted is None or len(right) < FEWEST:
        return wilson(float(right.mean()), len(right), z)
    return prediction_powered(right, predicted[known], float(predicted.mean()), len(predicted), z)


def wilson(share: float, n: float, z: float) -> Estimate:
    """A share of n, and its score interval within [0, 1]; n need not be whole."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    # The interval of 0 begins at 0 and that of 1 ends at 1: but for rounding, which may step beyond, or fall short.
    return share, min(max(0.0, float(centre - half)), share), max(min(1.0, float(centre + half)), share)


def prediction_powered(right: Floats, predicted: Floats, overall: float, size: int, z: float) -> Estimate:
    """A share and its interval from n known outcomes, shape (n,), the predictions of them, and those of all items.

    The mean outcome is moved by what the predictions say about how the known items differ from all `size` of them,
    whose mean prediction is `overall`, times the slope of outcomes on predictions: PPI++ with the best lambda.
    """
    n, share = len(right), float(right.mean())
    deviation = predicted - predicted.mean()
    spread, together = float(deviation @ deviation), float(deviation @ right)
    if spread <= 1e-12 * n or spread**2 < FEWEST_APART * float((deviation**4).sum()):
        return wilson(share, n, z)
    # Why not share +- z standard errors: with few errors among the known votes their variance, and what is left of it
    # after the predictions, come out too small, and 95 % covers 85 %. So the outcomes' variance counts two right and
    # two wrong votes more (Agresti and Coull), the explained part of it is adjusted for having fitted a slope, and
    # what remains divides the sample size in Wilson's interval, which never leaves [0, 1].
    cautious = (n * share + 2) / (n + 4)
    explained = 1 - (1 - together**2 / (spread * n * cautious * (1 - cautious))) * (n - 1) / (n - 2)
    if explained <= 0:
        return wilson(share, n, z)
    moved = share + together / spread * (overall - float(predicted.mean()))
    return wilson(min(max(moved, 0.0), 1.0), n / (1 - explained * (1 - n / size)), z)
