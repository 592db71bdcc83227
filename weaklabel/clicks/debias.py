"""Debias: from clicks and propensities to relevance labels."""

from typing import Any

import numpy as np
import polars as pl

from weaklabel.artefacts import Propensities, RelevanceLabels
from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts, as_counts
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.relevance import concentration, feature_prior, mixture, shrinkage
from weaklabel.clicks.relevance.corrections import METHODS, Pairs, by_pair
from weaklabel.clicks.relevance.shrinkage import Gammas
from weaklabel.clicks.relevance.slot_bias import SlotBias, slot_bias
from weaklabel.errors import ClickLogError, ModelError, UnknownNameError
from weaklabel.numerics import Floats

PRIORS = ("gamma", "nonparametric")
DOUBLY_ROBUST = ("dr", "doubly_robust", "doubly-robust")


def debias(
    log: ClickLog | ClickCounts,
    propensities: Propensities,
    method: str = "shrunk",
    clip: float = 0.1,
    *,
    prior: str = "gamma",
    features: Any = None,
    regressor: Any = None,
    level: float = 0.95,
    seed: int = 0,
) -> RelevanceLabels:
    """Relevance of each document for each query: clicks per examined impression.

    With N impressions and C clicks at a position of examination theta, summed over a document's positions:

    - "shrunk" (the default): sum C / sum (N theta), drawn towards the mean of all documents, or of documents like it
      where there are features, the more the less often it was examined (empirical Bayes with a gamma prior). Labels
      have sd, lower and upper: given the clicks, relevance lies between these two with probability `level`. The error
      of the propensities is in them where the propensities have replicates.
    - "naive": sum C / sum N, the click rate, biased by position. An impression weighs 1.
    - "ips": sum (C / theta) / sum N, unbiased if the propensities are right. It weighs 1 / theta.
    - "clipped": the same with theta no smaller than `clip`: less variance, some bias.
    - "snips": sum C / sum (N theta), self-normalised: clicks per impression that counts as examined, of lower variance
      and almost unbiased. It weighs theta, as for "shrunk".

    Under trust bias (propensities with alpha and beta) C - N beta takes the place of C, and alpha that of theta. A
    label is about (query, document): what further key columns tell apart is added up.

    Warnings are logged where a few impressions carry the labels: where all impressions together are worth less than a
    tenth of as many of equal weight, where the largest 1 % of the pairs (of at least 200) have more than half of the
    weight, or where for more than nine pairs in ten the prior counts more than the clicks.

    Parameters
    ----------
    log
        The log, or its counts.
    propensities
        Examination of each position of the log, in each context if it depends on it.
    method
        "shrunk", "naive", "ips", "clipped" or "snips".
    clip
        Smallest propensity that "clipped" divides by, in (0, 1]; the other methods do not clip. The provenance says
        which share of the impressions it touched.
    prior
        For "shrunk", what documents are like: "gamma" is one hump, "nonparametric" takes any shape, which is nearer to
        the truth where documents come in kinds, such as useless, good and best; in simulations it never was much worse.
    features
        For "shrunk": frame of query_id, doc_id and numbers, from which relevance is predicted where clicks are few.
        Each query is predicted by what the others taught, so no document informs its own prior.
    regressor
        What predicts: any scikit-learn regressor; None is boosted trees.
    level
        Probability of the intervals, in (0, 1).
    seed
        Of the folds and of the built-in regressor.

    Returns
    -------
    RelevanceLabels
        One row per (query_id, doc_id), sorted. The effective sample size is Kish's, (sum w)^2 / sum w^2, of the
        impressions' weights; exposure is sum (N theta). With features, `expected` is what they lead to expect of a
        document before its clicks are seen, the mean of its prior.

    Raises
    ------
    ClickLogError
        A position of the log has no propensity, its context is not told apart, or nothing was clicked, so that there is
        no mean to draw to.
    ModelError
        `clip` or `level` is outside its range, or features are given to a method that does not use them.
    TableError
        The features cannot be used.
    UnknownNameError
        There is no such method or prior.

    Source: Joachims, Swaminathan and Schnabel, Unbiased Learning-to-Rank with Biased Feedback, WSDM 2017 (ips);
    Swaminathan and Joachims, The Self-Normalized Estimator for Counterfactual Learning, NIPS 2015 (snips); Vardasbi,
    Oosterhuis and de Rijke, When Inverse Propensity Scoring does not Work, CIKM 2020 (affine correction); Clayton and
    Kaldor, Empirical Bayes Estimates of Age-Standardized Relative Risks, Biometrics 1987 (shrunk).
    """
    _check(method, clip, level, features, prior)
    counts = _counted(log, propensities)
    bias = slot_bias(counts, propensities)
    floor = clip if method == "clipped" else 0.0
    pairs = by_pair(counts, bias, floor)
    relevance, weight = METHODS[method](pairs)
    provenance = _provenance(method, floor, counts, bias, propensities)
    columns: dict[str, Floats] = {}
    if method == "shrunk":
        told = _expected(pairs, features, regressor, seed)
        gammas, learned = _shrunk(pairs, told, prior)
        gammas = Gammas(gammas.mean, np.hypot(gammas.sd, _moved(pairs, bias, gammas)))
        relevance, columns = gammas.mean, _interval(gammas, level)
        if told is not None:
            columns["expected"] = told * learned["prior"]["mean"]
        provenance |= learned | {"level": level, "propensity_error": len(bias.relative) > 0}
    provenance |= concentration.summary(pairs.per_pair, pairs.N, weight)
    concentration.warn(provenance, len(pairs.frame))
    return RelevanceLabels(_frame(pairs, relevance, weight, columns), provenance)


def _check(method: str, clip: float, level: float, features: Any, prior: str) -> None:
    if method.lower() in DOUBLY_ROBUST:
        raise UnknownNameError(
            "there is no doubly robust label: whether a document was examined is not seen, so the model's part cancels "
            "and what is left is 'ips'; use 'shrunk', with features= where there are some"
        )
    if method not in METHODS:
        raise UnknownNameError(f"no correction is called {method!r}; there are: {', '.join(METHODS)}")
    if prior not in PRIORS:
        raise UnknownNameError(f"no prior is called {prior!r}; there are: {', '.join(PRIORS)}")
    if not 0 < clip <= 1:
        raise ModelError(f"clip is {clip}: the smallest propensity to divide by lies in (0, 1], such as 0.1")
    if not 0 < level < 1:
        raise ModelError(f"level is {level}: a probability lies between 0 and 1, such as 0.95")
    if features is not None and method != "shrunk":
        raise ModelError(f"features are given, and {method!r} does not use them: leave them out, or use 'shrunk'")


def _counted(log: ClickLog | ClickCounts, propensities: Propensities) -> ClickCounts:
    if isinstance(log, ClickCounts) or propensities.context is None:
        return as_counts(log)
    return count(log, context=propensities.context.columns)


def _expected(pairs: Pairs, features: Any, regressor: Any, seed: int) -> Floats | None:
    """Relevance by features, shape (n,); None where there are none."""
    if not pairs.C.any():
        raise ClickLogError(
            "the log has no click, so there is no mean relevance to draw to: use method='naive', or a longer log"
        )
    if features is None:
        return None
    clicks, exposure = pairs.per_pair(pairs.C), pairs.exposure
    prior = shrinkage.learn(clicks, exposure, pairs.false)
    known = feature_prior.Known(clicks - pairs.false, exposure, prior)
    return feature_prior.cross_fit(feature_prior.matrix(features, pairs.frame), known, pairs.query, regressor, seed)


def _shrunk(pairs: Pairs, expected: Floats | None, shape: str) -> tuple[Gammas, dict[str, Any]]:
    """Relevance given the clicks, and what was learned of the prior.

    It is drawn in units of what features expect: exposure times that is the exposure in these units.
    """
    unit = np.ones(len(pairs.frame)) if expected is None else expected
    clicks, exposure, false = pairs.per_pair(pairs.C), pairs.exposure * unit, pairs.false
    prior = shrinkage.learn(clicks, exposure, false)
    spread = pairs.spread(shrinkage.posterior(prior, clicks, exposure, false).mean * unit)
    scaled = (clicks / spread, exposure / spread, false / spread)
    found = shrinkage.posterior(prior, *scaled)
    if shape == "nonparametric":
        highest = 1.1 * float(found.mean.max())
        found = mixture.learn(clicks, exposure, false, highest).posterior(*scaled, sharp=found)
    learned = {
        "prior": {"kind": shape, "shape": prior.shape, "mean": prior.mean, "features": expected is not None},
        "prior_outweighs_share": float((exposure < prior.exposure).mean()),
    }
    return Gammas(found.mean * unit, found.sd * unit), learned


def _moved(pairs: Pairs, bias: SlotBias, found: Gammas) -> Floats:
    """Standard error of relevance that comes of the propensities' own, shape (n,); 0 where it is not known.

    To first order: more exposure moves relevance down by the share of it that is not the prior's.
    """
    squares: Floats = np.zeros(len(pairs.frame))
    B, e = len(bias.relative), pairs.exposure
    weight = found.sd**2 * e / ((e * found.mean + pairs.false) * pairs.spread(found.mean))
    for relative in bias.relative:
        change = pairs.N * (relative[pairs.slot] - 1)
        more = found.mean * pairs.per_pair(change * pairs.alpha) + pairs.per_pair(change * pairs.beta)
        squares = squares + (weight * more) ** 2
    return np.asarray(np.sqrt((B - 1) / B * squares)) if B else squares


def _frame(pairs: Pairs, relevance: Floats, weight: Floats, columns: dict[str, Floats]) -> pl.DataFrame:
    return pairs.frame.with_columns(
        relevance=pl.Series(relevance),
        impressions=pl.Series(pairs.per_pair(pairs.N).astype(np.int64)),
        clicks=pl.Series(pairs.per_pair(pairs.C).astype(np.int64)),
        effective_sample_size=pl.Series(concentration.kish(pairs.per_pair, pairs.N, weight)),
        exposure=pl.Series(pairs.exposure),
        **{name: pl.Series(values) for name, values in columns.items()},
    )


def _interval(gammas: Gammas, level: float) -> dict[str, Floats]:
    tail = (1 - level) / 2
    return {"sd": gammas.sd, "lower": gammas.quantile(tail), "upper": gammas.quantile(1 - tail)}


def _provenance(
    method: str, floor: float, counts: ClickCounts, bias: SlotBias, propensities: Propensities
) -> dict[str, Any]:
    shown = counts.cells.per_slot(counts.cells.N)
    return {
        "method": method,
        "clip": floor or None,
        "clipped_share": float(shown[bias.alpha < floor].sum() / shown.sum()),
        "position": propensities.position.tolist(),
        "examination": propensities.examination.tolist(),
        "propensities": dict(propensities.provenance),
    }
