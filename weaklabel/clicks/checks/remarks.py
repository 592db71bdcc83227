"""What is worth saying about a click log, in sentences."""

from collections.abc import Iterator

import numpy as np

from weaklabel.artefacts import Propensities
from weaklabel.clicks.checks import clicked_above as above
from weaklabel.clicks.checks import specification as shape
from weaklabel.clicks.checks.clicked_above import ClickedAbove
from weaklabel.clicks.checks.diagnosis import Findings
from weaklabel.clicks.checks.page_fit import PageFit
from weaklabel.clicks.checks.specification import Specification
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import links, pooling

FLAT = 0.1  # relative difference of click rates from their mean, up to which they count as the same
CLEAR = 0.05  # relative standard error of a click rate, up to which it can be called the same
THIN = 0.15  # standard error of log examination, above which a position deserves more pages
OFF = 0.15  # relative difference of click rate and examination that is worth a sentence
SCATTERED = 1.5  # times the variance of independent clicks


def remarks(found: Findings, counts: ClickCounts) -> tuple[str, ...]:
    """What stands out, the most important first: a sentence each."""
    return (
        *_refusals(found),
        *_shuffled(found),
        *_model(found),
        *_confounded(found),
        *_thin(found, counts),
        *_naive(found),
        *_amount(found),
        *_prediction(found),
        *_healthy(found),
    )


def _refusals(found: Findings) -> Iterator[str]:
    if not found.refused:
        return
    yield found.refused
    if found.propensities is not None:
        some = "" if len(found.propensities) < len(found.shown) else ", all of them"
        yield f"what follows is by harvesting, of {links.named(found.propensities.position)}{some}"


def _shuffled(found: Findings) -> Iterator[str]:
    """Click rates that do not depend on the position, where they could."""
    rate, clicks = found.shown["click_rate"].to_numpy(), found.shown["clicks"].to_numpy()
    if len(rate) < 3 or not clicks.all() or (clicks**-0.5 > CLEAR).any():
        return
    mean = clicks.sum() / found.shown["impressions"].sum()
    if (np.abs(rate / mean - 1) < FLAT).all():
        yield (
            f"click rates are the same at all positions ({rate.min():.1%} to {rate.max():.1%}): either people look at "
            "all of them alike, or these are not the positions that they saw, as where a log was shuffled before it "
            "was published; then nothing here is examination"
        )


def _model(found: Findings) -> Iterator[str]:
    """Where users are not position-based."""
    clicked, curves = found.clicked_above, found.specification
    if clicked is not None and clicked.verdict == above.CASCADE:
        yield f"cascade-like: {clicked.reason}. The estimators 'dbn' and 'cascade' know such users"
    if found.page_fit is not None and found.page_fit.top_down_better:
        yield _top_down(found.page_fit, clicked)
    ends = clicked is not None and clicked.verdict == above.CASCADE
    if curves is not None and curves.verdict == shape.TRUST and ends:
        yield (
            f"the curves of more and less relevant documents differ by about {curves.difference:.0%}, as they may "
            "where a click ends the search: what stands high then hides what stands below"
        )
    elif curves is not None and curves.verdict in (shape.TRUST, shape.CASCADE, shape.OTHERWISE):
        yield f"{_named(curves, clicked)}: {curves.reason}"
    if clicked is not None and clicked.verdict == above.UNEVEN:
        yield clicked.reason


def _named(curves: Specification, clicked: ClickedAbove | None) -> str:
    """The verdict; where clicks above end no search, what looks like it has another reason."""
    ends = clicked is None or clicked.verdict in (above.CASCADE, above.UNKNOWN)
    return curves.verdict if ends or curves.verdict != shape.CASCADE else shape.OTHERWISE


def _top_down(fit: PageFit, clicked: ClickedAbove | None) -> str:
    gain = (
        "a model of users who read from the top explains unseen pages better than a position-based one, by "
        f"{fit.gain:.4f} nats per document shown (standard error {fit.error:.4f})"
    )
    if clicked is not None and clicked.at_top is not None and clicked.at_top.lower > 1:
        return (
            f"{gain}; but right below a click people click more, {clicked.at_top} times, so that it is people who "
            "differ, not clicks that end the search"
        )
    return f"{gain}: compare the estimator 'dbn'"


def _confounded(found: Findings) -> Iterator[str]:
    yield from (one.reason for one in found.keys if one.matters)
    yield from (one.reason for one in found.contexts if one.differ)


def _thin(found: Findings, counts: ClickCounts) -> Iterator[str]:
    """Positions whose interval is wide, and what would help."""
    curve = found.propensities
    if curve is None or curve.context is not None:
        return
    error = np.log(curve.upper / curve.lower) / 4  # of about two standard errors on each side
    thin = error > THIN
    if not thin.any() or thin.all():
        return
    worst = int(error.argmax())
    pooled = pooling.one_curve(counts.cells)
    advice = links.swap(pooled, curve.position[~thin], curve.position[thin])
    yield (
        f"little is known of {links.named(curve.position[thin])}: examination of position {curve.position[worst]} is "
        f"{_at(curve, worst)}. What would help: {advice}"
    )


def _naive(found: Findings) -> Iterator[str]:
    """How far click rates by position are from examination: rankers put good documents high."""
    curve = found.propensities
    if curve is None or curve.context is not None or len(curve) < 2:
        return
    rate = curve.clicks / np.maximum(curve.impressions, 1)
    naive = rate / max(rate[0], np.finfo(float).tiny)
    off = (naive < curve.lower) | (naive > curve.upper)
    gap = np.where(off & (curve.position != curve.position[0]), np.abs(naive / curve.examination - 1), 0.0)
    worst = int(gap.argmax())
    if gap[worst] > OFF:
        yield (
            f"click rates are not examination: at position {curve.position[worst]} the click rate is "
            f"{naive[worst]:.3f} of that at position {curve.position[0]}, examination {_at(curve, worst)}"
        )


def _at(curve: Propensities, k: int) -> str:
    return f"{curve.examination[k]:.3f} [{curve.lower[k]:.3f}, {curve.upper[k]:.3f}]"


def _amount(found: Findings) -> Iterator[str]:
    """How much of the log says anything."""
    one = found.linkage
    informative = int(one.informative_clicks.sum())
    yield (
        f"{informative:,} of {one.clicks:,} clicks are on documents that were shown at several positions and compare "
        f"these; {1 - one.moved:.0%} of {one.impressions:,} impressions are of documents that never moved"
    )
    if found.specification is not None and found.specification.test.between_queries > SCATTERED:
        yield (
            f"between queries clicks scatter {found.specification.test.between_queries:.1f} times as much as chance "
            "would have it: examination differs between queries, and the curve is an average over them"
        )


def _prediction(found: Findings) -> Iterator[str]:
    one = found.held_out
    if one is not None and one.log_likelihood < one.by_document:
        yield (
            "unseen clicks are predicted no better with positions than by the click rate of each document alone: "
            f"log-likelihood {one.log_likelihood:.4f} and {one.by_document:.4f} per impression"
        )


def _healthy(found: Findings) -> Iterator[str]:
    """What was asked and found in order, or cannot be told."""
    ends = found.clicked_above is not None and found.clicked_above.verdict == above.CASCADE
    if found.specification is not None and found.specification.verdict in (shape.FITS, shape.UNKNOWN) and not ends:
        yield found.specification.reason
    if found.clicked_above is not None and found.clicked_above.verdict in (above.INDEPENDENT, above.UNKNOWN):
        yield found.clicked_above.reason
    if same := [", ".join(one.columns) for one in found.contexts if one.differ is False]:
        yield f"examination does not differ by {'; '.join(same)}: one curve does"
    if idle := [one.column for one in found.keys if one.matters is False]:
        yield f"the curve is the same whether or not documents are told apart by {', '.join(idle)}"
