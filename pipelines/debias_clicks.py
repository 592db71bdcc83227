"""From a click log to relevance: examination per position from the traffic in random order, then correction."""

from pathlib import Path

import numpy as np
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
    propensities, harvested = wl.estimate(shuffled, "randomized"), _harvested(frame)
    relevance = {method: wl.debias(log, propensities, method) for method in ("naive", "ips", "shrunk")}
    propensities.save(out / "propensities.parquet")
    relevance["shrunk"].save(out / "relevance.parquet")
    return Section(
        f"Click log debiased: {dataset}",
        (
            f"{len(log):,} impressions with {log.frame['click'].sum():,} clicks, of which {len(shuffled):,} with "
            f"{shuffled.frame['click'].sum():,} clicks were shown in random order: those tell the examination.",
            _verdict(propensities),
            *_refusals(frame, randomised),
            _agreement(propensities, harvested[randomised]),
            *(f"Diagnosis: {remark}." for remark in wl.diagnose(shuffled, columns=()).remarks[:1]),
            _told(relevance["shrunk"]),
        ),
        (
            Table("Examination of each position relative to the first, 95 % intervals", propensities.to_frame()),
            Table(
                "The same by harvesting, which needs no random order, from the traffic of each policy", _each(harvested)
            ),
            Table(
                f"Relevance of the most clicked items shown at least {LEAST} times; of shrunk with 95 % intervals",
                _compared(relevance),
            ),
        ),
        (Chart("How often each position is examined, with 95 % intervals.", charts.position_bias(propensities)),),
    )


def _harvested(frame: pl.DataFrame) -> dict[str, wl.Propensities]:
    """What items that moved tell, policy by policy."""
    parts = frame.partition_by("policy", as_dict=True)
    return {policy: wl.estimate(wl.ClickLog(part), "harvesting") for (policy,), part in sorted(parts.items())}


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


def _agreement(randomized: wl.Propensities, harvested: wl.Propensities) -> str:
    """Two estimates from the same clicks, of which each should lie within the other's interval."""
    within = [
        (one.lower <= other.examination) & (other.examination <= one.upper)
        for one, other in ((randomized, harvested), (harvested, randomized))
    ]
    gap = np.abs(randomized.examination - harvested.examination).max()
    if np.all(within):
        return f"Harvesting learns the same from the same clicks: at most {gap:.3f} apart, within either's intervals."
    return f"Harvesting learns something else from the same clicks: up to {gap:.3f} apart, beyond an interval."


def _told(labels: wl.RelevanceLabels) -> str:
    outweighed, n = labels.provenance["prior_outweighs_share"], len(labels)
    said = (
        "Shrunk labels lie between an item's own clicks and the mean of all; "
        f"for {outweighed:.0%} of the {n} items the mean counts more, so few are the clicks."
    )
    return said if labels.provenance["propensity_error"] else f"{said} Their intervals take examination as known."


def _each(harvested: dict[str, wl.Propensities]) -> pl.DataFrame:
    curves = [found.to_frame().select(pl.lit(policy).alias("policy"), pl.all()) for policy, found in harvested.items()]
    return pl.concat(curves)


def _compared(relevance: dict[str, wl.RelevanceLabels]) -> pl.DataFrame:
    pairs = ["query_id", "doc_id"]
    shown = relevance["naive"].frame.select(*pairs, "impressions", "clicks", pl.col("relevance").alias("click rate"))
    ips = relevance["ips"].frame.select(*pairs, pl.col("relevance").alias("ips"))
    shrunk = relevance["shrunk"].frame.select(*pairs, pl.col("relevance").alias("shrunk"), "lower", "upper")
    most = shown.join(ips, on=pairs).join(shrunk, on=pairs).filter(pl.col("impressions") >= LEAST)
    return most.sort("clicks", "click rate", *pairs, descending=[True, True, False, False]).head(8)
