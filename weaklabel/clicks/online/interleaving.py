"""Interleaving: two rankings on one page, and what the clicks on such pages say about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.errors import ModelError, TableError

TEAMS = ("a", "b")


def team_draft(
    ranking_a: Sequence[str], ranking_b: Sequence[str], k: int = 10, seed: int = 0
) -> tuple[list[str], list[str]]:
    """One page from two rankings, as two captains pick teams; each click then counts for the team of its document.

    In every round a coin says who picks first; each picks the highest document of its ranking that is not on the page
    yet. So both have the same chances at every height of the page, and two equal rankings win equally often.

    Parameters
    ----------
    ranking_a, ranking_b
        Documents, best first, none twice in one ranking.
    k
        How many documents the page shows.
    seed
        Of the coin: another one for every page.

    Returns
    -------
    tuple
        The documents, and the team ("a" or "b") of each. Fewer than `k` where either ranking has none left to pick.

    Raises
    ------
    TableError
        A document stands in one ranking twice.
    ModelError
        `k` is below 1.

    Source: Radlinski, Kurup and Joachims, How Does Clickthrough Data Reflect Retrieval Quality?, CIKM 2008.
    """
    if k < 1:
        raise ModelError(f"k is {k}: a page shows at least one document")
    _refuse_twice(ranking_a, "a")
    _refuse_twice(ranking_b, "b")
    rng, left = np.random.default_rng(seed), (iter(ranking_a), iter(ranking_b))
    docs: dict[str, str] = {}
    while True:
        first = int(rng.integers(2))
        for captain in (first, 1 - first):
            pick = next((doc for doc in left[captain] if doc not in docs), None)
            if pick is None or len(docs) == k:
                return list(docs), list(docs.values())
            docs[pick] = TEAMS[captain]


def _refuse_twice(ranking: Sequence[str], team: str) -> None:
    seen: set[str] = set()
    for doc in ranking:
        if doc in seen:
            raise TableError(f"ranking_{team} has document {doc!r} twice: a ranking has each document once")
        seen.add(doc)


@dataclass(frozen=True)
class InterleavingResult:
    """On how many pages ranking a got more clicks than ranking b, fewer, and as many.

    Parameters
    ----------
    wins, losses, ties
        Pages (or users) on which a got more clicks, b got more, and both got as many, such as none.
    level
        Confidence of the interval, in (0, 1).

    Raises
    ------
    TableError
        A number is negative, or all are 0.
    ModelError
        `level` is outside its range.

    Source: the preference: Chapelle, Joachims, Radlinski and Yue, Large-Scale Validation and Analysis of Interleaved
    Search Evaluation, TOIS 2012; the interval: Bonett and Price, Adjusted Wald Confidence Interval for a Difference of
    Binomial Proportions Based on Paired Data, Journal of Educational and Behavioral Statistics 2012.
    """

    wins: int
    losses: int
    ties: int
    level: float = 0.95

    def __post_init__(self) -> None:
        if min(self.wins, self.losses, self.ties) < 0 or not self.n:
            raise TableError(
                f"wins, losses and ties are {self.wins}, {self.losses} and {self.ties}: each is 0 or more, not all 0"
            )
        if not 0 < self.level < 1:
            raise ModelError(f"level is {self.level}: a confidence lies between 0 and 1, such as 0.95")

    @property
    def n(self) -> int:
        """All pages."""
        return self.wins + self.losses + self.ties

    @property
    def preference(self) -> float:
        """Delta_AB, in [-0.5, 0.5]: the share of pages that a wins, a tie counting half, less one half."""
        return (self.wins + self.ties / 2) / self.n - 0.5

    @property
    def interval(self) -> tuple[float, float]:
        """Of the preference, at `level`; it allows for ties, and for few pages."""
        from scipy.stats import norm

        n = self.n + 2
        won, lost = (self.wins + 1) / n, (self.losses + 1) / n
        spread = float(norm.isf((1 - self.level) / 2)) * np.sqrt((won + lost - (won - lost) ** 2) / n)
        return max((won - lost - spread) / 2, -0.5), min((won - lost + spread) / 2, 0.5)

    @property
    def p_value(self) -> float:
        """Of the sign test, two-sided: how likely a split as uneven would be if both were as good; ties say nothing."""
        from scipy.stats import binomtest

        decided = self.wins + self.losses
        return float(binomtest(self.wins, decided).pvalue) if decided else 1.0

    def to_frame(self) -> pl.DataFrame:
        """One row: preference, lower, upper, p_value, wins, losses, ties."""
        lower, upper = self.interval
        row = {"preference": self.preference, "lower": lower, "upper": upper, "p_value": self.p_value}
        return pl.DataFrame({**row, "wins": self.wins, "losses": self.losses, "ties": self.ties})


def interleaving(results: Any, *, unit: str = "session_id", level: float = 0.95) -> InterleavingResult:
    """Which of two interleaved rankings people prefer.

    Parameters
    ----------
    results
        Frame with the `unit`, `team` ("a" or "b") and `clicks` (how many the team got) or `click` (0 or 1 per
        document). Several rows of a unit and team add up; a page without a click must be there too, as a tie.
    unit
        What counts once, won by the team that got more clicks: a page, or the column of users where one person sees
        many pages, as those are not independent.
    level
        Confidence of the interval, in (0, 1).

    Raises
    ------
    TableError
        A column is missing, a team is neither "a" nor "b", clicks are negative or missing, or there are no rows.
    """
    frame = tables.as_frame(results)
    clicks = "clicks" if "clicks" in frame.columns else "click"
    tables.require(frame, [unit, "team", clicks], "the results", "unit names what counts once")
    _check(frame, unit, clicks)
    number = pl.col(clicks).cast(pl.Float64).cast(pl.Int64)
    signed = pl.when(pl.col("team") == "a").then(number).otherwise(-number)
    lead = frame.group_by(unit).agg(lead=signed.sum())["lead"]
    return InterleavingResult(int((lead > 0).sum()), int((lead < 0).sum()), int((lead == 0).sum()), level)


def _check(frame: pl.DataFrame, unit: str, clicks: str) -> None:
    if not len(frame):
        raise TableError("the results have no rows: no page was shown")
    number = frame[clicks].cast(pl.Float64, strict=False)
    whole = number.is_finite() & (number >= 0) & (number == number.round())
    for name, fine, advice in (
        (unit, frame[unit].is_not_null(), "every row needs one"),
        ("team", frame["team"].is_in(TEAMS).fill_null(False), 'it is "a" or "b"'),
        (clicks, whole.fill_null(False), "it is a whole number, 0 or more"),
    ):
        if not fine.all():
            row = int(fine.not_().arg_max() or 0)
            raise TableError(f"the results have {name} = {frame[name][row]!r} in row {row}: {advice}")
