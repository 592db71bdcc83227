"""One of weaklabel's estimators, or what it is to be compared with, as a peer among peers.

The cost is that of counting and estimating; labels and the ranker are made afterwards.
"""

from pathlib import Path

import polars as pl
from exchange import folders, note, options

import weaklabel as wl
from weaklabel.clicks.counting import count
from weaklabel.clicks.rank import rank

BASELINES = ("naive clicks", "true curve", "full information")


def main() -> None:
    """Estimate, report, and then make labels and a ranker of it."""
    log, documents, out = folders()
    name, by_features = options()[0], "--features" in options()
    if name == "full information":
        full_information(documents, out)
        return
    counts = count(log)
    try:
        curve = estimated(name, log, documents, counts, "--anchors" in options())
    except wl.WeaklabelError as error:
        note(out, curve=None, refused=str(error))
        return
    note(
        out,
        curve=curve.examination.tolist(),
        lower=curve.lower.tolist() if name not in BASELINES else None,
        upper=curve.upper.tolist(),
        position=curve.position.tolist(),
    )
    if "--curve" in options():
        return
    shown = pl.read_parquet(documents / "shown.parquet")
    how = {"method": "naive"} if name == "naive clicks" else {}
    if by_features:
        how = {"features": shown.select("query_id", "doc_id", features(shown))}
    labels = wl.debias(counts, curve, **how)
    labels.frame.write_parquet(out / "labels.parquet")
    voted(labels, out)
    ranked(labels, documents, out)


def voted(labels: wl.RelevanceLabels, out: Path) -> None:
    """What clicks vote, where they show two groups of documents at all."""
    try:
        votes = wl.as_votes(labels)
    except wl.WeaklabelError:
        return
    pairs = labels.frame.select("query_id", "doc_id")
    pairs.with_columns(vote=pl.Series(votes.votes[:, 0])).write_parquet(out / "votes.parquet")


def estimated(name: str, log: Path, documents: Path, counts: wl.ClickCounts, graded: bool) -> wl.Propensities:
    """The curve by an estimator's name, by its clicks alone, or the one that was planted."""
    if name == "naive clicks":
        return by_clicks(counts)
    if name == "true curve":
        return planted(by_clicks(counts), pl.read_parquet(documents / "truth.parquet"))
    if name == "trust":
        return wl.estimate(counts, name, anchors=anchors(counts, documents) if graded else None)
    needs_pages = name in ("cascade", "dbn")
    return wl.estimate(wl.read_log(log) if needs_pages else counts, name)


def planted(known: wl.Propensities, truth: pl.DataFrame) -> wl.Propensities:
    """The true curve; with what its users click by trust alone, where they do."""
    rows = truth.filter(pl.col("position").is_in(known.position.tolist()))
    theta = rows["examination"].to_numpy()
    affine = {name: rows[name].to_numpy() for name in ("alpha", "beta") if name in rows.columns}
    return wl.Propensities(known.position, theta, theta, theta, known.impressions, known.clicks, **affine)


def anchors(counts: wl.ClickCounts, documents: Path, n: int = 300) -> pl.DataFrame:
    """Documents of the log that people graded, drawn at random."""
    shown = pl.read_parquet(documents / "shown.parquet", columns=["query_id", "doc_id", "relevance"])
    return counts.items.join(shown, on=["query_id", "doc_id"]).sample(n, seed=0)


def by_clicks(counts: wl.ClickCounts) -> wl.Propensities:
    """Click rate of each position relative to the first."""
    sums = counts.frame.group_by("position").agg(pl.col("impressions", "clicks").sum()).sort("position")
    position, shown, clicks = (sums[name].to_numpy() for name in sums.columns)
    rate = clicks / shown
    theta = rate / rate[0]
    return wl.Propensities(position, theta, theta, theta, shown, clicks)


def full_information(documents: Path, out: Path) -> None:
    """A ranker that was told the relevance of every document."""
    shown = pl.read_parquet(documents / "shown.parquet")
    told = shown.select(
        "query_id", "doc_id", "relevance", impressions=1, clicks=0, effective_sample_size=1.0, exposure=1.0
    )
    note(out, curve=None)
    told.write_parquet(out / "labels.parquet")
    ranked(wl.RelevanceLabels(told), documents, out)


def ranked(labels: wl.RelevanceLabels, documents: Path, out: Path) -> None:
    """Train on the documents that were shown, and score those of other queries."""
    shown, new = (pl.read_parquet(documents / f"{which}.parquet") for which in ("shown", "new"))
    ranker = rank(labels, shown.select("query_id", "doc_id", features(shown)))
    ranker.score(new).write_parquet(out / "scores.parquet")


def features(frame: pl.DataFrame) -> pl.Expr:
    """The columns f1, f2, ..."""
    return pl.col([name for name in frame.columns if name[0] == "f" and name[1:].isdigit()])


if __name__ == "__main__":
    main()
