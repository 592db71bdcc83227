"""Does examination depend on the position alone? Then good documents and bad ones have the same curve."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from weaklabel.clicks.cells import Cells, Ints, Mask
from weaklabel.clicks.checks import curve_tests
from weaklabel.clicks.checks.curve_tests import CurveTest
from weaklabel.clicks.checks.ratio import Ratio, of_logs
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import fixed_effects, links, pooling
from weaklabel.clicks.curves.intervals import half_width
from weaklabel.errors import ConvergenceError
from weaklabel.numerics import Floats

FITS = "position-based fits"
TRUST = "trust-like"
CASCADE = "cascade-like"
OTHERWISE = "not position-based"
UNKNOWN = "cannot tell"
GROUPS = 3
SLIGHT = 0.05  # relative difference of curves below which a significant one hardly matters


@dataclass(frozen=True, eq=False)
class Specification:
    """Whether documents of high and of low relevance share one curve of examination.

    Attributes
    ----------
    verdict
        "position-based fits", "trust-like" (the clicks of good documents fall less from position to position),
        "cascade-like" (they fall more: what is found ends the search), "not position-based" (the curves differ in
        another way), or "cannot tell".
    reason
        The verdict as a sentence, with its numbers.
    test
        That the thirds share one curve.
    difference
        By how much the curves of the thirds differ, typically, relative to each other: what is beyond chance.
    ratio
        The examination of lower positions by the most relevant third, relative to the least relevant one: 1 if
        examination depends on the position alone. None where the log cannot tell.
    curves
        One row per third (1: the least relevant), context where there is one, and position: examination, lower, upper
        (95 %).
    """

    verdict: str
    reason: str
    test: CurveTest
    difference: float
    ratio: Ratio | None
    curves: pl.DataFrame


def specification(counts: ClickCounts, alpha: float = 0.05) -> Specification:
    """Test that examination depends on the position alone, by the relevance of what is shown.

    Each half of the sessions says how relevant a document is, and the other half how its clicks fall from position to
    position; so the noise of the one does not look like a finding of the other.

    Parameters
    ----------
    counts
        Of a log with sessions; documents need more than one position.
    alpha
        Significance, in (0, 1): how often a log that is position-based may be called otherwise.

    Raises
    ------
    NotIdentifiedError
        Positions are not linked by documents shown at both.
    """
    if not counts.buckets:
        return _unknown("the log has no session_id, and it takes two halves of the sessions to test the model")
    cells = pooling.by_context(counts.cells)
    links.refuse_unlinked(pooled := pooling.one_curve(cells), links.groups(pooled))
    cells = fixed_effects.informative(cells)
    try:
        log_theta = _curves(cells)
        both, group = _in_halves(cells, log_theta)
    except ConvergenceError as unsettled:
        return _unknown(str(unsettled))
    found = curve_tests.evidence(both, group, log_theta)
    test = curve_tests.test(found)
    if not test.df:
        return _unknown(f"{int(cells.C.sum()):,} clicks are on documents that moved: too few to test the model")
    log_curves, covariance = curve_tests.curves(both, group, log_theta)
    covariance = covariance * test.dispersion
    ratio = _ratio(log_curves[-1] - log_curves[0], covariance[-1] + covariance[0], ~cells.first)
    difference = curve_tests.difference(test, found)
    table = _table(counts, cells, log_curves, covariance)
    return Specification(*_verdict(test, difference, ratio, alpha), test, difference, ratio, table)


def _curves(cells: Cells) -> Floats:
    """Log examination at each slot, shape (p,): a curve for each context, drawn to what all have in common."""
    pooled = fixed_effects.fit(pooling.one_curve(cells))
    return pooling.fit(cells, pooling.learn(cells, pooled), pooled[pooling.place(cells)])


def _in_halves(cells: Cells, log_theta: Floats) -> tuple[Cells, Ints]:
    """The items once for each half of the sessions, and their third of relevance in the other half."""
    odd = np.arange(cells.buckets) % 2 == 1
    halves = [_half(cells, chosen) for chosen in (odd, ~odd)]
    judged = reversed(halves)
    group = np.concatenate([_thirds(a, b, log_theta) for a, b in zip(judged, halves, strict=True)])
    both = _stacked(*halves)
    present = np.unique(fixed_effects.informative(replace(both, query=np.arange(len(both.query)))).query)
    chosen = np.zeros(len(both.query), dtype=bool)
    chosen[present] = True
    return fixed_effects.informative(both), group[chosen]


def _half(cells: Cells, chosen: Mask) -> Cells:
    """The cells with the counts of the chosen buckets; where these are of use, the others stay, empty, for stacking."""
    some, kept = cells.only(chosen), chosen.astype(np.uint32)
    shown, clicked = cells.N_by_bucket, cells.C_by_bucket
    if shown is None or clicked is None or not curve_tests.thick(cells):
        return replace(some, N_by_bucket=None, C_by_bucket=None)
    return replace(some, N_by_bucket=shown * kept, C_by_bucket=clicked * kept)


def _stacked(a: Cells, b: Cells) -> Cells:
    names = ["slot", "N", "C", "query"] + (["N_by_bucket", "C_by_bucket"] if a.buckets else [])
    joined = {name: np.concatenate([getattr(a, name), getattr(b, name)]) for name in names}
    return replace(a, item=np.concatenate([a.item, b.item + len(a.query)]), **joined)


def _thirds(judged: Cells, cells: Cells, log_theta: Floats) -> Ints:
    """The third of relevance of each item as `judged` has it, shape (n,); thirds of the clicks in `cells`."""
    clicks, exposure = judged.per_item(judged.C), judged.per_item(judged.N * np.exp(log_theta)[judged.slot])
    # As if each item had been clicked once more, at the rate of all: an item that was hardly shown is not extreme.
    relevance = (clicks + 1) / (exposure + exposure.sum() / clicks.sum())
    order = np.argsort(relevance, kind="stable")
    weight = cells.per_item(cells.C)[order]
    third = np.minimum((np.cumsum(weight) - weight / 2) / weight.sum() * GROUPS, GROUPS - 1)
    group = np.empty(len(order), dtype=np.int64)
    group[order] = third.astype(np.int64)
    return group


def _ratio(difference: Floats, covariance: Floats, lower: Mask) -> Ratio:
    """The mean of a difference of two log curves over the lower positions, as precise as can be, as a ratio."""
    weight = np.linalg.solve(covariance[np.ix_(lower, lower)], np.ones(int(lower.sum())))
    return of_logs(float(weight @ difference[lower] / weight.sum()), float(weight.sum() ** -0.5))


def _verdict(test: CurveTest, difference: float, ratio: Ratio, alpha: float) -> tuple[str, str]:
    if test.p_value >= alpha and ratio.vague:
        return UNKNOWN, f"too few clicks to tell whether relevant and irrelevant documents share one curve ({test})"
    if test.p_value >= alpha:
        return FITS, f"documents of high and of low relevance share one curve, as position-based users imply ({test})"
    if difference < SLIGHT:
        return FITS, f"the curves of more and less relevant documents differ by only about {difference:.0%} ({test})"
    if ratio.lower > 1:
        return TRUST, (
            "from position to position clicks on relevant documents fall less than those on irrelevant ones, by "
            f"{ratio}: people click what stands high whether it is good or not ({test}). With grades of 100 to 300 "
            "documents as anchors, the estimator 'trust' corrects for it"
        )
    if ratio.upper < 1:
        return CASCADE, (
            "from position to position clicks on relevant documents fall more than those on irrelevant ones, by "
            f"{ratio}: where documents are good, people stop reading sooner, as where a click ends the search ({test})"
        )
    return OTHERWISE, (
        f"the curves of more and less relevant documents differ by about {difference:.0%} ({test}): examination "
        "depends on more than the position"
    )


def _table(counts: ClickCounts, cells: Cells, log_curves: Floats, covariance: Floats) -> pl.DataFrame:
    wide = half_width(0.95) * np.sqrt(np.array([each.diagonal() for each in covariance]))
    parts = []
    for third, (mean, gap) in enumerate(zip(log_curves, wide, strict=True), start=1):
        values = {"examination": np.exp(mean), "lower": np.exp(mean - gap), "upper": np.exp(mean + gap)}
        parts.append(pl.DataFrame({"third": np.full(len(mean), third), "position": cells.position, **values}))
    table = pl.concat(parts)
    if not counts.context:
        return table
    return pl.concat([pl.concat([counts.contexts[cells.context]] * len(parts)), table], how="horizontal")


def _unknown(reason: str) -> Specification:
    whole, fractions = ("third", "position"), ("examination", "lower", "upper")
    schema = [(name, pl.Int64()) for name in whole] + [(name, pl.Float64()) for name in fractions]
    return Specification(UNKNOWN, reason, curve_tests.NOTHING, 0.0, None, pl.DataFrame(schema=schema))
