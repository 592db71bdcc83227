"""What a position-based model predicts for sessions that it has not seen, beside what these did."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from weaklabel.artefacts import Propensities
from weaklabel.clicks.cells import Cells, Mask
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import intervals, pooling
from weaklabel.clicks.relevance import slot_bias
from weaklabel.errors import ClickLogError
from weaklabel.numerics import Floats

LEAST = 1e-6  # no click is predicted to be less, or more, likely than that
HELD_OUT = 5  # every fifth bucket is kept for the test


@dataclass(frozen=True, eq=False)
class HeldOut:
    """How well clicks of sessions that were not seen are predicted.

    Attributes
    ----------
    impressions, clicks
        Of these sessions.
    log_likelihood
        Mean per impression, in nats, by the position-based model.
    perplexity
        2 to the mean of -log2 P(what happened): 1 is certainty, 2 a coin toss.
    by_position
        The log-likelihood if every document had the click rate of its position.
    by_document
        And if every document had its own click rate wherever it stands.
    positions
        One row per position: impressions, log_likelihood and perplexity of the model, and the perplexity by position.
    """

    impressions: int
    clicks: int
    log_likelihood: float
    perplexity: float
    by_position: float
    by_document: float
    positions: pl.DataFrame


def predicted_rates(counts: ClickCounts, propensities: Propensities) -> pl.DataFrame:
    """Click rates by position, as observed and as predicted from the other half of the sessions.

    Each half of the sessions says how relevant a document is, and the model how often it is then clicked in the other
    half. Documents that were shown in one half only are left out.

    Parameters
    ----------
    counts
        Of a log with sessions.
    propensities
        Estimated from it, for the same contexts; positions that it lacks are left out.

    Returns
    -------
    polars.DataFrame
        The context where there is one, position, impressions, observed, predicted, and their ratio with its 95 %
        interval (ratio, lower, upper), which takes the curve for known.

    Raises
    ------
    ClickLogError
        The log has no session_id.
    """
    cells, curve = _at_known_places(counts, propensities)
    odd = np.arange(cells.buckets) % 2 == 1
    parts = [_predicted(cells, curve, chosen) for chosen in (odd, ~odd)]
    shown, clicked, expected = (sum(each) for each in zip(*parts, strict=True))
    shown, clicked, expected = np.asarray(shown), np.asarray(clicked), np.asarray(expected)
    safe = np.maximum(shown, 1)
    # What is predicted is as uncertain as what is observed: it comes from as many clicks again.
    wide = np.exp(intervals.half_width(0.95) * np.sqrt(1 / (clicked + 0.5) + 1 / (expected + 0.5)))
    ratio = (clicked + 0.5) / (expected + 0.5)
    columns = {
        "position": cells.position,
        "impressions": shown.astype(np.int64),
        "observed": clicked / safe,
        "predicted": expected / safe,
        "ratio": ratio,
        "lower": ratio / wide,
        "upper": ratio * wide,
    }
    return _with_context(counts, cells, pl.DataFrame(columns))


def held_out(counts: ClickCounts, propensities: Propensities) -> HeldOut | None:
    """How likely the model finds the clicks of a fifth of the sessions, given the relevance that the others show.

    Parameters
    ----------
    counts
        Of a log with sessions.
    propensities
        For the same contexts. Where it knows what it would be without each bucket, those of the test are left out.

    Returns
    -------
    HeldOut or None
        None where either part has no impressions or no clicks.

    Raises
    ------
    ClickLogError
        The log has no session_id.
    """
    test = np.arange(counts.buckets) % HELD_OUT == HELD_OUT - 1
    cells, curve = _at_known_places(counts, _without(propensities, test))
    fitted, unseen = cells.only(~test), cells.only(test)
    if not (fitted.C.any() and unseen.N.any()):
        return None
    alpha, beta = curve[:, cells.slot]
    model = alpha * _relevance(fitted, alpha, beta)[cells.item] + beta
    document = _relevance(fitted, np.ones_like(alpha), np.zeros_like(beta))[cells.item]
    position = (fitted.per_slot(fitted.C) / np.maximum(fitted.per_slot(fitted.N), 1))[cells.slot]
    ours, theirs = _log_likelihood(unseen, model), _log_likelihood(unseen, position)
    n, shown = unseen.N.sum(), unseen.per_slot(unseen.N)
    each = unseen.per_slot(ours) / np.maximum(shown, 1)
    columns = {
        "position": cells.position,
        "impressions": shown.astype(np.int64),
        "log_likelihood": each,
        "perplexity": np.exp(-each),
        "perplexity_by_position": np.exp(-unseen.per_slot(theirs) / np.maximum(shown, 1)),
    }
    return HeldOut(
        int(n),
        int(unseen.C.sum()),
        float(ours.sum() / n),
        float(np.exp(-ours.sum() / n)),
        float(theirs.sum() / n),
        float(_log_likelihood(unseen, document).sum() / n),
        _with_context(counts, cells, pl.DataFrame(columns)).filter(pl.col("impressions") > 0),
    )


def inverse_weights(counts: ClickCounts, propensities: Propensities) -> Floats:
    """By how much the clicks of each document are weighted up, shape (n,): 1 where it always stood at the top.

    That is impressions over expected examinations. A document counts once in each context, and not at all where it was
    shown at no known place.
    """
    cells, curve = _places(counts, propensities)
    shown, examined = cells.per_item(cells.N), cells.per_item(cells.N * curve[0][cells.slot])
    return np.asarray(shown[examined > 0] / examined[examined > 0])


def _at_known_places(counts: ClickCounts, propensities: Propensities) -> tuple[Cells, Floats]:
    """The cells at the places of the curve, and alpha and beta at each slot, (2, p): P(click) = alpha gamma + beta."""
    if not counts.buckets:
        raise ClickLogError("the log has no session_id: it takes sessions that were not seen to check a prediction")
    return _places(counts, propensities)


def _places(counts: ClickCounts, propensities: Propensities) -> tuple[Cells, Floats]:
    cells = pooling.by_context(counts.cells)  # each context has its own curve, relative to its own relevance
    curve = _curve(counts, propensities)
    known = np.isfinite(curve[0])
    return cells.where(known[cells.slot]), np.where(known, curve, 0.0)


def _curve(counts: ClickCounts, propensities: Propensities) -> Floats:
    """Alpha and beta at each slot of the counts, (2, p); nan where they are not known."""
    alpha = propensities.examination if propensities.alpha is None else propensities.alpha
    beta = np.zeros(len(alpha)) if propensities.beta is None else propensities.beta
    row = slot_bias.rows(counts, propensities)
    return np.where(row >= 0, np.stack([alpha, beta])[:, row], np.nan)


def _without(propensities: Propensities, test: Mask) -> Propensities:
    """The curve as it would be without these buckets, to first order: what leaving each out does, added up."""
    replicates, whole = propensities.replicates, np.log(propensities.examination)
    if replicates is None or len(replicates) != len(test) or propensities.alpha is not None:
        return propensities
    moved = (np.log(replicates[test]) - whole).sum(axis=0)
    return replace(propensities, examination=np.exp(whole + moved))


def _predicted(cells: Cells, curve: Floats, chosen: Mask) -> tuple[Floats, Floats, Floats]:
    """Impressions, clicks, and clicks predicted from the other sessions, of the chosen ones; each (p,)."""
    judged, half = cells.only(~chosen), cells.only(chosen)
    alpha, beta = curve[:, cells.slot]
    exposure = judged.per_item(judged.N * alpha)
    known = exposure > 0
    # Not shrunk: what is drawn to a mean is too low where good documents stand, and the sum is what counts here.
    relevance = judged.per_item(judged.C - judged.N * beta) / np.where(known, exposure, 1.0)
    seen = known[cells.item]
    expected = np.where(seen, half.N * (alpha * relevance[cells.item] + beta), 0.0)
    observed = np.where(seen, half.C, 0.0)
    return half.per_slot(np.where(seen, half.N, 0.0)), half.per_slot(observed), half.per_slot(expected)


def _relevance(cells: Cells, alpha: Floats, beta: Floats) -> Floats:
    """P(click | examined) of each item, drawn to that of all as far as their spread, beyond chance, advises."""
    clicks = np.maximum(cells.per_item(cells.C - cells.N * beta), 0.0)
    exposure = cells.per_item(cells.N * alpha)
    rate = clicks.sum() / exposure.sum()
    spread = float(((clicks - rate * exposure) ** 2 - rate * exposure).sum() / (exposure**2).sum())
    strength = rate / spread if spread > 0 else float(exposure.sum())
    return np.asarray((clicks + strength * rate) / (exposure + strength))


def _log_likelihood(cells: Cells, rate: Floats) -> Floats:
    p = np.clip(rate, LEAST, 1 - LEAST)
    return np.asarray(cells.C * np.log(p) + (cells.N - cells.C) * np.log1p(-p))


def _with_context(counts: ClickCounts, cells: Cells, frame: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([counts.contexts[cells.context], frame], how="horizontal") if counts.context else frame
