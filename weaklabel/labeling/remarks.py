"""What is worth saying about labeling functions, in sentences."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import LabelMatrix
from weaklabel.labeling.summary import class_coverage, in_company, summary

FEWEST = 10  # items; of fewer no share is remarked upon
LEAST_SECONDS = 0.1  # in all; nobody waits for less
MOST_NAMES = 5  # in one sentence, or in sentences of one kind


def remarks(L: LabelMatrix, gold: NDArray[np.integer] | None = None, lf: str | None = None) -> list[str]:
    """What stands out: silent, failing, contrary, wrong and slow functions, classes without votes, uncovered items.

    Parameters
    ----------
    L
        n items, m functions.
    gold
        Shape (n,): the known class, -1 where unknown; with it, functions that do worse than a guess are named.
    lf
        Only what is to be said of this function.

    Returns
    -------
    list of str
        A sentence each; empty if nothing does.

    Examples
    --------
    >>> remarks(LabelMatrix.from_array([[1, -1], [1, -1]], classes=("ham", "spam"), lf_names=("prize", "price")))
    ["'price' never votes", "no function votes 'ham'"]
    """
    everyone = summary(L, gold).with_columns(company=in_company(L.votes).sum(axis=0))
    frame = everyone if lf is None else everyone.filter(pl.col("lf") == lf)
    said = [
        *_silent(L, frame),
        *_faults(L, frame),
        *_contrary(frame),
        *_worse_than_chance(L, frame),
        *_slow(everyone, frame),
    ]
    return said if lf is not None else [*said, *_nobody_votes(L), *_uncovered(L)]


def _silent(L: LabelMatrix, frame: pl.DataFrame) -> Iterator[str]:
    names = frame.filter(pl.col("coverage") == 0)["lf"].to_list()
    if names and len(L.votes):
        yield f"{_listed(names)} never {'votes' if len(names) == 1 else 'vote'}"


def _faults(L: LabelMatrix, frame: pl.DataFrame) -> Iterator[str]:
    for fault in (fault for fault in L.faults if fault.lf in frame["lf"]):
        rows = "1 row" if fault.count == 1 else f"{fault.count:,} rows"
        yield (
            f"{fault.lf!r} failed on {rows} and abstains there; first on item {fault.item_id!r} "
            f"(row {fault.row}): {fault.error}"
        )


def _contrary(frame: pl.DataFrame) -> Iterator[str]:
    contrary = frame.filter(pl.col("against") > 0.5, pl.col("company") >= FEWEST).sort("against", descending=True)
    for lf, against, items in contrary.select("lf", "against", "company").head(MOST_NAMES).iter_rows():
        yield f"{lf!r} votes against all others on {_percent(against)} of the {items:,} items on which two or more do"
    yield from _more(contrary)


def _worse_than_chance(L: LabelMatrix, frame: pl.DataFrame) -> Iterator[str]:
    known = frame.with_columns(known=pl.col("correct") + pl.col("incorrect"))
    # As percentages, for "50 % where a guess has 50 %" says nothing.
    worse = known.filter((100 * pl.col("accuracy")).round() < round(100 / L.cardinality), pl.col("known") >= FEWEST)
    for lf, accuracy, items in worse.sort("accuracy").select("lf", "accuracy", "known").head(MOST_NAMES).iter_rows():
        yield (
            f"{lf!r} is right on {_percent(accuracy)} of the {items:,} items of known class on which it votes; "
            f"a guess among {L.cardinality} classes on {_percent(1 / L.cardinality)}"
        )
    yield from _more(worse)


def _slow(everyone: pl.DataFrame, frame: pl.DataFrame) -> Iterator[str]:
    """Of three functions or more, one that takes longer than all others together, if it is to be spoken of."""
    timed = everyone.drop_nulls("seconds").sort("seconds", descending=True)
    total = float(timed["seconds"].sum())
    if len(timed) > 2 and total >= LEAST_SECONDS and timed["seconds"][0] > total / 2:
        lf, seconds, each = timed.select("lf", "seconds", "us_per_row").row(0)
        if lf not in frame["lf"]:
            return
        yield f"{lf!r} takes {_percent(seconds / total)} of the time of all functions: {each:,.1f} us a row"


def _nobody_votes(L: LabelMatrix) -> Iterator[str]:
    names = class_coverage(L).filter(pl.col("votes") == 0)["class"].to_list()
    if 0 < len(names) < L.cardinality:  # if no function votes at all, that was said
        yield f"no function votes {_listed(names)}"


def _uncovered(L: LabelMatrix) -> Iterator[str]:
    missing = len(L.votes) - int(L.covered.sum())
    if missing:
        yield f"no function votes on {missing:,} of {len(L.votes):,} items ({_percent(missing / len(L.votes))})"


def _more(found: pl.DataFrame) -> Iterator[str]:
    if len(found) > MOST_NAMES:
        yield f"the same holds for {len(found) - MOST_NAMES:,} more"


def _listed(names: list[str]) -> str:
    """The names, quoted; of many the first and how many more."""
    some = ", ".join(repr(name) for name in names[:MOST_NAMES])
    return some if len(names) <= MOST_NAMES else f"{some} and {len(names) - MOST_NAMES:,} more"


def _percent(share: float) -> str:
    if share in (0, 1) or 0.01 <= share <= 0.99:
        return f"{100 * share:.0f} %"
    if 0.0001 <= share <= 0.9999:
        return f"{100 * share:.2f} %"
    return "under 0.01 %" if share < 0.5 else "over 99.99 %"
