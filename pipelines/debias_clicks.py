"""From a click log to relevance: examination per position from the traffic in random order, then correction."""

from pathlib import Path

import polars as pl

import weaklabel as wl
from weaklabel.report import Chart, Section, Table, charts

LEAST = 300  # impressions of a pair that the comparison shows


def run(dataset: str = "open_bandit", randomised: str = "random", out: Path = Path("out/debias_clicks")) -> Section:
    """Estimate how often each position is examined, and correct the click rates of a whole log for it.

    Parameters
    ----------
    dataset
        A click log with a column `policy`.
    randomised
        The policy whose order was random; propensities are learned from its traffic alone.
    out
        Folder for the propensities and the relevance labels.
    """
    frame = wl.datasets.load(dataset)
    log = wl.ClickLog(frame)
    shuffled = wl.ClickLog(frame.filter(pl.col("policy") == randomised))
    propensities = wl.estimate(shuffled, "randomized")
    relevance = {method: wl.debias(log, propensities, method) for method in ("naive", "ips", "snips")}
    propensities.save(out / "propensities.parquet")
    relevance["snips"].save(out / "relevance.parquet")
    return Section(
        f"Click log debiased: {dataset}",
        (
            f"{len(log):,} impressions with {log.frame['click'].sum():,} clicks, of which {len(shuffled):,} with "
            f"{shuffled.frame['click'].sum():,} clicks were shown in random order: those tell the examination.",
            _verdict(propensities),
            *_refusals(frame, randomised),
        ),
        (
            Table("Examination of each position relative to the first, 95 % intervals", propensities.to_frame()),
            Table(f"Relevance of the most clicked items shown at least {LEAST} times", _compared(relevance)),
        ),
        (Chart("How often each position is examined, with 95 % intervals.", charts.position_bias(propensities)),),
    )


def _verdict(propensities: wl.Propensities) -> str:
    below_first = slice(1, None)
    undecided = (propensities.lower <= 1) & (propensities.upper >= 1)
    if undecided[below_first].all():
        return (
            "Every interval holds 1: these clicks are too few to say that any position is examined less than the first."
        )
    told = propensities.position[~undecided].tolist()
    return f"Examination differs from the first position's beyond chance at: {', '.join(map(str, told)) or 'none'}."


def _refusals(frame: pl.DataFrame, randomised: str) -> list[str]:
    """What the estimator says of the traffic that was not random."""
    said = []
    for policy in frame["policy"].unique().sort():
        if policy == randomised:
            continue
        try:
            wl.estimate(wl.ClickLog(frame.filter(pl.col("policy") == policy)), "randomized")
        except wl.WeaklabelError as error:
            said.append(f"The traffic of policy {policy!r} alone is refused: {error}.")
    return said


def _compared(relevance: dict[str, wl.RelevanceLabels]) -> pl.DataFrame:
    pairs = ["query_id", "doc_id"]
    shown = relevance["naive"].frame.select(*pairs, "impressions", "clicks", pl.col("relevance").alias("click rate"))
    for method in ("ips", "snips"):
        corrected = relevance[method].frame
        shown = shown.join(corrected.select(*pairs, pl.col("relevance").alias(method)), on=pairs)
    sizes = relevance["snips"].frame.select(
        *pairs, pl.col("effective_sample_size").round(0).cast(int).alias("effective n")
    )
    most = shown.join(sizes, on=pairs).filter(pl.col("impressions") >= LEAST)
    return most.sort("clicks", "click rate", *pairs, descending=[True, True, False, False]).head(8)
