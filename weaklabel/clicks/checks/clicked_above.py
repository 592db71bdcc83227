"""Does a click above change what is clicked below? What tells users who stop when they have found something."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.clicks.cells import Ints
from weaklabel.clicks.checks.ratio import Ratio, of_logs
from weaklabel.clicks.count_columns import BY_BUCKET
from weaklabel.clicks.counting import count
from weaklabel.clicks.curves import intervals
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.reading.places import PAGE
from weaklabel.errors import ClickLogError
from weaklabel.numerics import Floats

COLUMN = "clicked_above"
PLACE = ["query_id", "doc_id", "position"]
INDEPENDENT = "independent"
CASCADE = "cascade-like"
UNEVEN = "uneven users"
UNKNOWN = "cannot tell"
FEW = 5  # clicks; buckets that have none of them look alike, which is no precision
SLIGHT = 0.05  # a ratio this near to 1 hardly matters


@dataclass(frozen=True, eq=False)
class ClickedAbove:
    """How a click above goes with clicks below.

    Attributes
    ----------
    verdict
        "independent", "cascade-like" (a click ends the reading of some), "uneven users" (clicks come together: some
        people look further than others), or "cannot tell".
    reason
        The verdict as a sentence, with its numbers.
    ratio
        The click rate of a document at a position below a click, relative to that of the same document at the same
        position on pages without a click above: 1 if examination depends on the position alone. None where the log
        has nothing to compare.
    at_top
        The same, right below the top.
    p_value
        Of independence, over all positions and right below the top; 1 where the log has nothing to compare.
    by_position
        position, ratio, lower, upper; and how many clicks below a click the ratio rests on.
    """

    verdict: str
    reason: str
    ratio: Ratio | None
    at_top: Ratio | None
    p_value: float
    by_position: pl.DataFrame


@dataclass(frozen=True)
class _Compared:
    """A ratio, its p-value, and the clicks below a click that it rests on."""

    ratio: Ratio
    p_value: float
    clicks: float


def clicked_above(log: ClickLog, alpha: float = 0.05) -> ClickedAbove:
    """Compare clicks on documents below a click with those on the same documents, at the same places, without one.

    Nothing has to move for that: a log of a single ranking will do. Just below the top the ratio is plain, since
    everybody starts at the top: below 1, a click there has ended the search of some. Further down a click above also
    tells that somebody has read so far, which raises the ratio wherever people differ in how far they read. Where one
    query means two things, a click on one meaning lowers the clicks on the other, as if the search had ended.

    Parameters
    ----------
    log
        With session_id.
    alpha
        Significance, in (0, 1).

    Raises
    ------
    ClickLogError
        The log has no session_id.

    Source: Mantel and Haenszel's ratio of rates, as in Rothman and Boice, Epidemiologic Analysis with a Programmable
    Calculator, 1979; delete-group jackknife over sessions.
    """
    if "session_id" not in log.frame.columns:
        raise ClickLogError("the log has no session_id, so nothing says which clicks were on one page: add one")
    position, terms = _terms(_below_the_top(log.frame))
    places = np.unique(position)
    at = [_compared(terms[position == place].sum(axis=0)) for place in places]
    by_position = _table(places, at)
    if not at:
        return ClickedAbove(
            UNKNOWN, "no document was shown both below a click and without one", None, None, 1, by_position
        )
    overall, top = _compared(terms.sum(axis=0)), at[0]
    p_value = min(1.0, 2 * min(overall.p_value, top.p_value))
    verdict = _verdict(overall.ratio, top.ratio, int(places[0]), p_value, alpha)
    return ClickedAbove(*verdict, overall.ratio, top.ratio, p_value, by_position)


def _below_the_top(frame: pl.DataFrame) -> ClickLog:
    """All but the first document of each page, each with whether anything above it was clicked."""
    rows = frame.select(*PLACE, "session_id", "click").sort(*PAGE, "position")
    above = (pl.col("click").cast(pl.Int64).cum_sum().over(PAGE) - pl.col("click")) > 0
    first = pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in PAGE)
    kept = rows.with_columns(above.cast(pl.Int8).cast(pl.String).alias(COLUMN)).filter(~first.fill_null(True))
    return ClickLog(kept if len(kept) else rows.with_columns(pl.lit("0").alias(COLUMN)))


def _terms(log: ClickLog) -> tuple[Ints, Floats]:
    """For each document at a place both below a click and not: its position, and the two sides of the ratio.

    Shape (s,) and (s, 2, 1 + B): of all sessions, then without each bucket.
    """
    counted = count(log, key=(COLUMN,)).frame
    below, other = (counted.filter(pl.col(COLUMN) == value) for value in ("1", "0"))
    both = below.join(other, on=PLACE, suffix="_other")
    names = [name + suffix for suffix in ("", "_other") for name in BY_BUCKET]
    N1, C1, N0, C0 = (_leaving_out(both[name].to_numpy().astype(np.float64)) for name in names)
    N = np.maximum(N1 + N0, 1)
    return both["position"].to_numpy(), np.stack([C1 * N0 / N, C0 * N1 / N], axis=1)


def _leaving_out(by_bucket: Floats) -> Floats:
    total = by_bucket.sum(axis=1, keepdims=True)
    return np.hstack([total, total - by_bucket])


def _compared(terms: Floats) -> _Compared:
    """From the two sides of a ratio, shape (2, 1 + B)."""
    from scipy.special import stdtr

    # Half a click on each side: without a single click below a click the ratio is small, not 0.
    log_ratio = np.log(terms[0] + 0.5) - np.log(terms[1] + 0.5)
    error, groups = float(intervals.standard_error(log_ratio[1:])), terms.shape[1] - 1
    clicks = float(terms[:, 0].min())
    if clicks < FEW:
        error = max(error, (clicks + 0.5) ** -0.5)
    mean = float(log_ratio[0])
    p_value = 2 * float(stdtr(groups - 1, -abs(mean) / max(error, np.finfo(float).tiny)))
    return _Compared(of_logs(mean, error, groups), p_value, float(terms[0, 0]))


def _table(places: Ints, at: Sequence[_Compared]) -> pl.DataFrame:
    columns = {name: [getattr(each.ratio, name) for each in at] for name in ("value", "lower", "upper")}
    frame = pl.DataFrame({"position": places, **columns, "clicks": [round(each.clicks) for each in at]})
    return frame.rename({"value": "ratio"})


def _verdict(overall: Ratio, top: Ratio, place: int, p_value: float, alpha: float) -> tuple[str, str]:
    times = f"{overall} times as many clicks"
    if p_value >= alpha and overall.vague:
        return UNKNOWN, f"too few clicks below a click to tell whether a click ends the search: {times}"
    if p_value >= alpha:
        return INDEPENDENT, f"a click above changes nothing below: {times}"
    if max(abs(overall.value - 1), abs(top.value - 1)) < SLIGHT:
        return INDEPENDENT, f"a click above changes little below: {times}"
    if top.upper < 1 or overall.upper < 1:
        return CASCADE, (
            f"a click often ends the search: right below a click, at position {place}, the same documents are clicked "
            f"{top} times as often as without one; over all positions {overall} times"
        )
    return UNEVEN, (
        f"below a click, the same documents at the same places are clicked {overall} times as often: some people look "
        "further or click more than others, and the curve is the average of all"
    )
