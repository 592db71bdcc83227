"""What a curve mixes up: contexts that look differently, and documents that moved because their relevance moved."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from weaklabel.clicks.cells import Cells
from weaklabel.clicks.checks import curve_tests
from weaklabel.clicks.checks.curve_tests import CurveTest
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves import fixed_effects, intervals, links, pooling
from weaklabel.errors import ClickLogError, ConvergenceError, NotIdentifiedError

SLIGHT = 0.05  # relative difference of examination below which a significant one hardly matters
VAGUE = 0.2  # relative difference that a log must be able to show, or else it cannot tell
GROUPS = 20  # of queries or documents, where a log has no sessions


@dataclass(frozen=True)
class ContextTest:
    """Whether contexts need curves of their own.

    Attributes
    ----------
    columns
        The columns that make the contexts.
    differ
        True where they do, False where one curve does, None where the log cannot tell.
    reason
        A sentence.
    test
        That all contexts share one curve.
    difference
        By how much their curves differ, typically, relative to each other: what is beyond chance.
    """

    columns: tuple[str, ...]
    differ: bool | None
    reason: str
    test: CurveTest
    difference: float


@dataclass(frozen=True, eq=False)
class KeyTest:
    """Whether a column of the key changes the curve.

    Attributes
    ----------
    column
        Such as a segment of users, or the period.
    matters
        True where it does, False where it does not, None where the log cannot tell.
    reason
        A sentence.
    p_value
        That the curve is the same with the column as without; NaN where the log cannot tell.
    by_position
        position, examination with the column in the key, without it, and p_value of their difference.
    """

    column: str
    matters: bool | None
    reason: str
    p_value: float
    by_position: pl.DataFrame


def contexts_differ(counts: ClickCounts, alpha: float = 0.05) -> ContextTest:
    """Test that all contexts of the counts share one curve.

    What a document is worth may differ between contexts: each context compares its own clicks.

    Parameters
    ----------
    counts
        Counted with a context, such as the device.
    alpha
        Significance, in (0, 1).

    Raises
    ------
    ClickLogError
        The counts have no context.
    NotIdentifiedError
        Positions are not linked by documents shown at both.
    """
    if not counts.context:
        raise ClickLogError("these counts have no context: count the log with one, such as context='device'")
    own = pooling.by_context(counts.cells)
    links.refuse_unlinked(pooled := pooling.one_curve(own), links.groups(pooled))
    own = fixed_effects.informative(own)
    context = np.zeros(len(own.query), dtype=np.int64)
    context[own.item] = own.context[own.slot]
    cells = pooling.one_curve(own)
    found = curve_tests.evidence(cells, context, fixed_effects.fit(cells))
    test = curve_tests.test(found)
    difference, least = curve_tests.difference(test, found), curve_tests.visible(test, found)
    differ: bool | None = bool(test.p_value < alpha and difference >= SLIGHT)
    if not differ and least > VAGUE:
        differ = None
    reason = _of_contexts(counts, differ, test, max(difference, least))
    return ContextTest(counts.context, differ, reason, test, difference)


def _of_contexts(counts: ClickCounts, differ: bool | None, test: CurveTest, difference: float) -> str:
    name = ", ".join(counts.context)
    if differ is None:
        return f"too few clicks to tell whether examination differs by {name}"
    if differ:
        return (
            f"examination differs by {name}, typically by {difference:.0%} ({test}): "
            f"count with context={list(counts.context)}, for a curve of its own for each"
        )
    return f"examination does not differ by {name}, or by no more than about {difference:.0%} ({test}): one curve does"


def key_matters(counts: ClickCounts, column: str, alpha: float = 0.05) -> KeyTest:
    """Test that the curve is the same whether or not a column tells items apart.

    With the column in the key, relevance may differ between its values, and only clicks within one value are compared.
    If documents moved because their relevance moved, or differed, the curve without the column is off.

    Parameters
    ----------
    counts
        Counted with the column in the key.
    column
        Which one.
    alpha
        Significance, in (0, 1).

    Raises
    ------
    ClickLogError
        The column is not in the key.
    NotIdentifiedError
        Positions are not linked even without the column.

    Source: Hausman, Specification Tests in Econometrics, Econometrica 1978; both estimates leave out the same groups
    of sessions, so that their difference is as precise as it is.
    """
    if column not in counts.key:
        raise ClickLogError(
            f"{column!r} is not in the key of these counts, which is {list(counts.key)}: count the log with it"
        )
    rest = tuple(name for name in counts.key if name != column)
    with_it, without = (_pooled(some) for some in (counts, counts.collapse(rest, counts.context)))
    links.refuse_unlinked(without, links.groups(without))
    try:
        links.refuse_unlinked(with_it, links.groups(with_it))
        return _compared(fixed_effects.informative(with_it), fixed_effects.informative(without), column, alpha)
    except (NotIdentifiedError, ConvergenceError) as error:
        reason = f"whether {column} matters cannot be told: within one value, {error}"
        return KeyTest(column, None, reason, float("nan"), _empty())


def _pooled(counts: ClickCounts) -> Cells:
    cells = counts.cells if counts.buckets else _in_groups(counts)
    return pooling.one_curve(pooling.by_context(cells))


def _in_groups(counts: ClickCounts) -> Cells:
    """The cells in groups of queries, or of documents where queries are few, since there are no groups of sessions."""
    cells = counts.cells
    few = cells.query.max() + 1 < 2 * GROUPS
    of_item = counts.items.select(pl.struct(["query_id", "doc_id"] if few else ["query_id"]).rle_id()).to_series()
    return cells.in_groups((of_item.to_numpy()[cells.item] % GROUPS).astype(np.int64), GROUPS)


def _compared(with_it: Cells, without: Cells, column: str, alpha: float) -> KeyTest:
    from scipy.special import stdtr

    ours, theirs = fixed_effects.fit(with_it), fixed_effects.fit(without)
    left = intervals.jackknife(with_it, lambda some: fixed_effects.fit(some, ours))
    right = intervals.jackknife(without, lambda some: fixed_effects.fit(some, theirs))
    gap = np.append(ours - theirs, (ours - theirs)[1:].mean())  # at each position, and over all
    error = intervals.standard_error(np.column_stack([left - right, (left - right)[:, 1:].mean(axis=1)]))
    each = 2 * stdtr(len(left) - 1, -np.abs(gap) / np.maximum(error, np.finfo(float).tiny))
    each[0] = 1.0  # the first position is the reference of both
    p_value = min(1.0, float(each.min()) * (len(gap) - 1))
    matters: bool | None = bool(p_value < alpha and np.sqrt((gap[1:-1] ** 2).mean()) >= SLIGHT)
    if not matters and error[-1] * intervals.half_width(0.95, len(left)) > VAGUE:
        matters = None
    columns = {"position": with_it.position, "with": np.exp(ours), "without": np.exp(theirs), "p_value": each[:-1]}
    by_position = pl.DataFrame(columns)
    return KeyTest(
        column, matters, _of_key(column, matters, p_value, float(gap[-1]), by_position), p_value, by_position
    )


def _of_key(column: str, matters: bool | None, p_value: float, gap: float, by_position: pl.DataFrame) -> str:
    if matters is None:
        return f"too few clicks to tell whether documents moved because relevance did, by {column}"
    if not matters:
        return f"the curve is the same whether or not {column} tells documents apart (p {p_value:.2g})"
    way = "higher" if gap > 0 else "lower"
    why = "their relevance moved" if column == "period" else f"their relevance differs by {column}"
    last = by_position.row(-1, named=True)
    return (
        f"documents moved because {why}: compared within each {column}, examination of lower positions is {way} "
        f"({last['with']:.3f} and not {last['without']:.3f} at position {last['position']}, p {p_value:.2g}). "
        f"Count with {column} as a key"
    )


def _empty() -> pl.DataFrame:
    numbers = [(name, pl.Float64()) for name in ("with", "without", "p_value")]
    return pl.DataFrame(schema=[("position", pl.Int64()), *numbers])
