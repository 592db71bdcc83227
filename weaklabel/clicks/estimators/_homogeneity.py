"""Is the same shown at every position? The test behind the assumption of a randomised log."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from weaklabel.numerics import Floats


@dataclass(frozen=True)
class Homogeneity:
    """What the test found.

    Attributes
    ----------
    unit
        The columns that say what is shown.
    p_value
        Of Pearson's chi-square test that every position draws from one mix of units.
    departure
        Cohen's w beyond what chance explains: the root mean square, over impressions, of a unit's relative excess
        (or want) at its position. The bias that it leaves in a CTR ratio is at most w times the coefficient of
        variation of relevance, by Cauchy-Schwarz.
    example
        The unit and position with the most impressions too many.
    shown, expected
        Its impressions, and how many one mix at every position would give.
    """

    unit: tuple[str, ...]
    p_value: float
    departure: float
    example: dict[str, object]
    shown: int
    expected: float


def homogeneity(shown: pl.DataFrame, unit: Sequence[str]) -> Homogeneity | None:
    """Test that the mix of units is the same at every position; None where nothing can tell.

    Nothing can tell if there is only one unit or position, or if no unit was shown twice. Rare units need no pooling,
    for the statistic is not held to have the moments of a full table: its mean and variance are those of random order
    given both margins, exact for impressions drawn one by one and widened for pages without repeats.

    Parameters
    ----------
    shown
        Columns position, impressions, and those of `unit`.
    unit
        The columns that say what is shown.

    Source: Dawson, A simplified expression for the variance of the chi-square function on a contingency table,
    Biometrika 1954.
    """
    cells = _counted(shown, *unit, "position")
    mean, variance = _null_moments(_margin(cells, *unit), _margin(cells, "position"))
    if variance <= 0:
        return None
    n = pl.col("impressions")
    cells = cells.with_columns(expected=n.sum().over(unit) * n.sum().over("position") / n.sum())
    total = float(cells["impressions"].sum())
    # sum (O - E)^2 / E over all cells; the cells with O = 0, of which there may be billions, need not be listed
    statistic = float((cells["impressions"] ** 2 / cells["expected"]).sum()) - total
    worst = cells.row(int((cells["impressions"] - cells["expected"]).arg_max() or 0), named=True)
    return Homogeneity(
        unit=tuple(unit),
        p_value=_upper_tail(statistic, mean, variance),
        departure=max(0.0, (statistic - mean) / total) ** 0.5,
        example={name: worst[name] for name in (*unit, "position")},
        shown=int(worst["impressions"]),
        expected=worst["expected"],
    )


def _counted(shown: pl.DataFrame, *by: str) -> pl.DataFrame:
    # In the order of the rows, so that sums of floats come out the same in every run.
    return shown.group_by(by, maintain_order=True).agg(pl.col("impressions").sum())


def _margin(cells: pl.DataFrame, *by: str) -> Floats:
    return _counted(cells, *by)["impressions"].cast(pl.Float64).to_numpy()


def _null_moments(rows: Floats, columns: Floats) -> tuple[float, float]:
    """Mean and variance of Pearson's statistic in a randomised log, given the margins."""
    total, r, c = float(rows.sum()), len(rows), len(columns)
    if r < 2 or c < 2 or rows.max() < 2 or total < 4:
        return 0.0, 0.0
    (v1, w1), (v2, w2) = _spread(rows, total), _spread(columns, total)
    mean = total * (r - 1) * (c - 1) / (total - 1)
    variance = 2 * total / (total - 3) * (v1 - w1) * (v2 - w2) + total**2 / (total - 1) * w1 * w2
    # A page never shows a document twice, so its impressions are not independent draws. This adds c - 1 to the mean
    # and multiplies the variance by up to (c / (c - 1))^2; shuffles of one fixed list reach both.
    return mean + (c - 1), variance * (c / (c - 1)) ** 2


def _spread(margin: Floats, total: float) -> tuple[float, float]:
    k = len(margin)
    return (k - 1) * (total - k) / (total - 1), (total * float((1 / margin).sum()) - k**2) / (total - 2)


def _upper_tail(statistic: float, mean: float, variance: float) -> float:
    """P(at least this) under the gamma distribution of that mean and variance; of a full table, the chi-square one."""
    from scipy.special import gammaincc

    return float(gammaincc(mean**2 / variance, max(statistic, 0.0) * mean / variance))
