"""Two arms of an online experiment: which one is clicked more, and how sure that is."""

import logging
import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.online.sample_size import check_shares
from weaklabel.clicks.reading.places import PAGE
from weaklabel.errors import ClickLogError, UnknownNameError

METRICS = ("ctr", "clicks_per_page")
MISMATCH = 0.0005  # below this, a split is not what was planned; honest ones warn once in 2,000 experiments
FEW = 30  # units of an arm, below which the normal approximation is not to be trusted

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arm:
    """One arm.

    Attributes
    ----------
    name
        Its value in the log.
    units
        Sessions or users.
    total
        Impressions (click-through rate) or pages (clicks per page).
    clicks
        All of them.
    rate
        Clicks per impression or page.
    error
        Its standard error, clustered by unit.
    design_effect
        Its variance over what it would be if impressions, or pages, were independent.
    """

    name: str
    units: int
    total: int
    clicks: int
    rate: float
    error: float
    design_effect: float


@dataclass(frozen=True)
class ArmComparison:
    """The second arm less the first.

    Attributes
    ----------
    metric
        "ctr" or "clicks_per_page".
    control, treatment
        The arms.
    difference, lower, upper
        Treatment less control, with its interval.
    lift, lift_lower, lift_upper
        The same relative to control: 0.02 is 2 % more. The interval is of the logarithm's.
    p_value
        Two-sided, of no difference.
    split_p_value
        Of the share of units in each arm being as planned; a small one means that units were lost or counted twice,
        and that the rest cannot be trusted.
    level
        Confidence of the intervals.
    """

    metric: str
    control: Arm
    treatment: Arm
    difference: float
    lower: float
    upper: float
    lift: float
    lift_lower: float
    lift_upper: float
    p_value: float
    split_p_value: float
    level: float

    def to_frame(self) -> pl.DataFrame:
        """One row per arm: arm, units, total, clicks, rate, error, design_effect."""
        return pl.DataFrame([{"arm": arm.name, **vars(arm)} for arm in (self.control, self.treatment)]).drop("name")


def compare_arms(
    log: ClickLog,
    treatment: ClickLog | None = None,
    *,
    arm: str = "arm",
    control: str | None = None,
    metric: str = "ctr",
    unit: str = "session_id",
    split: float = 0.5,
    level: float = 0.95,
) -> ArmComparison:
    """Compare how much two arms of an experiment are clicked.

    Impressions of one page, and pages of one user, go together; errors are therefore clustered by what was assigned to
    an arm at random, the unit.

    Parameters
    ----------
    log
        Both arms, told apart by the column `arm`; or the control alone.
    treatment
        The other arm, where each has its own log.
    arm
        The column that names the arm: two values.
    control
        Which value of it is the control; by default the first in alphabetical order.
    metric
        "ctr", clicks per impression, or "clicks_per_page", clicks per page: what a session shows for one query.
    unit
        The column of what was assigned: session_id, or one of users.
    split
        Planned share of units in treatment, in (0, 1).
    level
        Confidence of the intervals, in (0, 1).

    Raises
    ------
    ClickLogError
        A column is missing, there are not two arms, a unit is in both, or an arm has one unit or no click.
    ModelError
        `split` or `level` is outside its range.
    UnknownNameError
        There is no such metric.

    Source: the delta method for ratios: Deng, Knoblich and Lu, Applying the Delta Method in Metric Analytics, KDD 2018;
    the check of the split: Fabijan et al., Diagnosing Sample Ratio Mismatch in Online Controlled Experiments, KDD 2019.
    """
    if metric not in METRICS:
        raise UnknownNameError(f"no metric of arms is called {metric!r}; there are: {', '.join(METRICS)}")
    check_shares(split=split, level=level)
    frame = _one_frame(log, treatment, arm)
    names = _names(frame, arm, control)
    units = _per_unit(frame, arm, unit, metric)
    if treatment is None:
        _refuse_shared(units, unit)
    arms = [_arm(name, units.filter(pl.col("arm") == name)) for name in names]
    return _compared(metric, arms[0], arms[1], split, level)


def _one_frame(log: ClickLog, treatment: ClickLog | None, arm: str) -> pl.DataFrame:
    if treatment is None:
        return log.frame
    logs = {"control": log.frame, "treatment": treatment.frame}
    # Two logs may number their sessions alike: a unit of one is none of the other's.
    parts = [frame.with_columns(pl.lit(name).alias(arm)) for name, frame in logs.items()]
    return pl.concat(parts, how="diagonal_relaxed")


def _names(frame: pl.DataFrame, arm: str, control: str | None) -> tuple[str, str]:
    _require(frame, arm, "name the column of arms (arm=, --arm), or give each arm its own log")
    found = sorted(frame[arm].cast(pl.String).unique().drop_nulls())
    if len(found) != 2 or frame[arm].null_count():
        empty = f" and {frame[arm].null_count()} rows without one" if frame[arm].null_count() else ""
        raise ClickLogError(f"the column {arm!r} holds {len(found)} arms {found[:5]}{empty}; two are compared")
    first = found[0] if control is None else str(control)
    if first not in found:
        raise UnknownNameError(f"no arm is called {control!r}; there are: {', '.join(found)}")
    return first, found[1 - found.index(first)]


def _require(frame: pl.DataFrame, column: str, advice: str) -> None:
    if column not in frame.columns:
        raise ClickLogError(f"the log has no column {column!r}; there are: {', '.join(frame.columns)}; {advice}")


def _per_unit(frame: pl.DataFrame, arm: str, unit: str, metric: str) -> pl.DataFrame:
    """Of each unit in each arm: clicks, how many impressions or pages they are of, and the sum of these' squares."""
    _require(frame, unit, "it names what was assigned to an arm at random, such as unit='user_id' (--unit user_id)")
    if empty := frame[unit].null_count():
        raise ClickLogError(f"{empty} rows of the log have no {unit}, first row {frame[unit].is_null().arg_max()}")
    ones = frame.select(pl.col("click").cast(pl.Int64), arm=pl.col(arm).cast(pl.String), unit=pl.col(unit))
    if metric == "clicks_per_page":
        _require(frame, "session_id", "a page is what a session shows for one query")
        paged = ones.with_columns(page=frame.select(pl.struct(PAGE)).to_series())
        ones = paged.group_by("arm", "unit", "page").agg(pl.col("click").sum())
    click = pl.col("click")
    return ones.group_by("arm", "unit").agg(clicks=click.sum(), total=pl.len(), squares=(click**2).sum()).sort("unit")


def _refuse_shared(units: pl.DataFrame, unit: str) -> None:
    shared = units.filter(pl.col("unit").is_duplicated())["unit"]
    if len(shared):
        raise ClickLogError(
            f"{unit} {shared.sort()[0]!r} is in both arms, and so are {shared.n_unique() - 1} others: each belongs to "
            "one; name what was assigned (unit=, --unit), or leave these out"
        )


def _arm(name: str, units: pl.DataFrame) -> Arm:
    clicks, total = (units[column].to_numpy().astype(np.float64) for column in ("clicks", "total"))
    n, rate = len(units), clicks.sum() / total.sum()
    if n < 2:
        raise ClickLogError(f"arm {name!r} has one unit, which says nothing of how units differ: collect more")
    if not rate:
        raise ClickLogError(f"arm {name!r} has no click in {int(total.sum())}: a lift is relative, so collect more")
    if n < FEW:
        logger.warning("arm %r has only %d units: its interval is too narrow to be trusted", name, n)
    residual = clicks - rate * total
    variance = n / (n - 1) * (residual @ residual) / total.sum() ** 2
    single = units["squares"].sum() / total.sum() - rate**2  # the variance of one impression, or page
    effect = variance * total.sum() / single if single > 0 else 1.0
    return Arm(name, n, int(total.sum()), int(clicks.sum()), rate, math.sqrt(variance), effect)


def _compared(metric: str, control: Arm, treatment: Arm, split: float, level: float) -> ArmComparison:
    from scipy.stats import binomtest, norm

    z = float(norm.isf((1 - level) / 2))
    difference, error = treatment.rate - control.rate, math.hypot(control.error, treatment.error)
    ratio = treatment.rate / control.rate
    spread = z * math.hypot(control.error / control.rate, treatment.error / treatment.rate)
    p_value = 2 * float(norm.sf(abs(difference) / error)) if error else float(difference == 0)
    as_planned = float(binomtest(treatment.units, control.units + treatment.units, split).pvalue)
    if as_planned < MISMATCH:
        logger.warning(
            "%d units in the control and %d in treatment are not the planned split (treatment %g; p = %.1g): units "
            "were lost or counted twice, so do not trust the comparison",
            control.units, treatment.units, split, as_planned,
        )  # fmt: skip
    return ArmComparison(
        metric, control, treatment,
        difference, difference - z * error, difference + z * error,
        ratio - 1, ratio * math.exp(-spread) - 1, ratio * math.exp(spread) - 1,
        p_value, as_planned, level,
    )  # fmt: skip
