"""What to know before the value of a ranking is believed, in sentences."""

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from weaklabel.clicks.evaluating.fitting import Fitted
from weaklabel.clicks.evaluating.ranking import LOGGED, discount
from weaklabel.clicks.evaluating.tabling import Outcome
from weaklabel.clicks.evaluating.values import Question

MUCH = 0.05  # a share of pages, of discounts or of clicks that is worth a sentence
NEGLIGIBLE = 0.01  # of the value of what was shown
FEW_CLICKS = 100  # by Kish's count; of fewer no normal interval is to be trusted


def about_queries(question: Question, ranked: Mapping[str, pl.DataFrame]) -> Iterator[str]:
    """Queries that only the log or only a ranking has."""
    queries = question.layout.groups["query_id"].unique()
    for name, frame in ranked.items():
        own = frame["query_id"].unique()
        if unknown := len(own) - int(own.is_in(queries.implode()).sum()):
            yield f"{unknown} of the {len(own)} queries of ranking {name!r} are not in the log and were left out"
    N = question.layout.cells.N
    left = 1 - question.pages(N) / float(question.layout.pages(N).sum())
    if left > 0:
        yield f"{left:.1%} of the log's pages are of queries that not every ranking has; the values are of the others"


def about_support(frame: pl.DataFrame, clicks: float, clip: float) -> Iterator[str]:
    """Documents never shown, little exposed, or carrying too much."""
    new = frame.filter((pl.col("ranking") != LOGGED) & (pl.col("method") != "observed"))
    for row in new.unique("ranking", keep="first", maintain_order=True).iter_rows(named=True):
        if row["never_shown_share"] > MUCH or row["could_add"] > _half_width(row):
            yield _never_shown(row)
    for row in new.iter_rows(named=True):
        said = f"{row['method']} of {row['ranking']!r}"
        if row["clipped_share"] > MUCH:
            yield f"{said}: {row['clipped_share']:.1%} of its discounts stand at an exposure below the clip of {clip:g}"
        if row["ess_share"] is not None and row["ess_share"] * clicks < FEW_CLICKS:
            yield f"{said} rests on {row['ess_share'] * clicks:.0f} effective clicks: its interval is a rough guide"
        if row["largest_weight_share"] is not None and row["largest_weight_share"] > MUCH:
            yield f"{said}: a single click carries {row['largest_weight_share']:.1%} of the value"


def _half_width(row: Mapping[str, float | None]) -> float:
    upper, value = row["upper"], row["value"]
    return 0.0 if upper is None or value is None else upper - value


def _never_shown(row: Mapping[str, float | str]) -> str:
    return (
        f"{row['never_shown_share']:.1%} of the places of ranking {row['ranking']!r} hold documents that the log never "
        f"showed: ips and clipped count them as 0, snips and doubly_robust guess, and no interval holds the error of "
        f"that; they could add up to {row['could_add']:.3g}"
    )


def about_curve(question: Question, fitted: Fitted) -> Iterator[str]:
    """What the curve leaves open."""
    cells, known = question.layout.cells, fitted.base.known
    if not known.all():
        positions = sorted(set(cells.position[~known].tolist()))
        share = cells.C[~known[cells.slot]].sum() / max(cells.C.sum(), 1.0)
        yield f"no propensity is known at positions {positions}, which hold {share:.1%} of the clicks: left out"
    if fitted.known:
        yield (
            "the propensities count as known, so the intervals are too narrow by what their own error would add: "
            "name an estimator, which is refitted in every resample"
        )
    if fitted.failed:
        yield f"without {fitted.failed} of the groups no curve could be estimated; there it stayed as it is"
    if not cells.buckets:
        yield "the log has no session_id, so the intervals are over queries, as if these were a sample of all queries"


def about_size(frame: pl.DataFrame, k: int) -> Iterator[str]:
    """Values that no ranking can have."""
    most = float(discount(np.arange(1, k + 1), k).sum())
    for row in frame.filter(pl.col("value") > most).iter_rows(named=True):
        yield (
            f"{row['method']} of {row['ranking']!r} is {row['value']:.3g}, but none is worth more than {most:.3g}: a "
            "few clicks on documents that were hardly shown carry it, as where the ranking was learned from this log"
        )


def about_values(outcome: Outcome, differences: pl.DataFrame) -> Iterator[str]:
    """What the resamples and the sweep over curves say."""
    if outcome.replicates is None:
        yield "the log has too few groups of sessions or queries for an interval: the values stand without"
    for row in differences.filter(pl.col("crossover").is_not_null()).iter_rows(named=True):
        yield (
            f"{row['method']}: the order of {row['ranking']!r} and {row['baseline']!r} turns around if the curve is "
            f"{row['crossover']:.2f} times as steep"
        )


def about_check(outcome: Outcome) -> Iterator[str]:
    """Whether the value of what was shown agrees with the clicks where they fell."""
    gap, lower, upper = outcome.of(outcome.gap)
    observed = float(outcome.value @ outcome.observed)
    beyond_chance = lower is not None and upper is not None and not lower <= 0 <= upper
    # A large log shows any curve to be a little off, as it does the smoothing of a curve that is right.
    if not beyond_chance or abs(gap) <= NEGLIGIBLE * abs(observed):
        return
    yield (
        f"the curve does not fit this log: what was shown is worth {observed + gap:.4g} by its documents' clicks at "
        f"all positions and {observed:.4g} by the clicks where they fell, which differ beyond chance"
    )
