"""Clicks and rules denoised together: simulated users over real images, rules on their pixels, one set of labels."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

import weaklabel as wl
from weaklabel.report import Chart, Section, Table, charts

Right = Mapping[str, NDArray[np.bool_]]  # source of labels -> which items it has right

RULES, RAW, CORRECTED, GOLD = "rules", "clicks as counted", "clicks corrected", "known classes"
WITH_RAW, TOGETHER = f"{RULES} and {RAW}", f"{RULES} and {CORRECTED}"
DIGITS = tuple("0123456789")
BALANCE = (0.9, 0.1)  # each image is paired with ten digits, and is one of them
IMAGES, ALBUM, RANKERS = 600, 40, 4
CLICKED = {True: 0.6, False: 0.1}  # share of examined images, by whether it is the digit that was asked for
SERVING = wl.Logging(zipf=0.5)  # some digits of some albums are asked for more often than others


def run(
    heuristics: str = "digits", sessions: int = 20_000, out: Path = Path("out/clicks_and_rules"), seed: int = 0
) -> Section:
    """Label images by what simulated users click, by what rules say, and by both together.

    Somebody asks for a digit in an album of 40 images and sees ten of them, by one of four weak rankers. Images and
    rules are real; the users are simulated, so what they examine is known.

    Parameters
    ----------
    heuristics
        A Python file of labeling functions on pairs of an image and the `digit` that was asked for.
    sessions
        Pages of results that users look at.
    out
        Folder for the propensities, the votes and the labels.
    seed
        Of the users, the rankers and the classifier.
    """
    images, examples, test = (wl.datasets.load("digits", split) for split in ("train", "valid", "test"))
    images, rules = images.head(IMAGES), wl.load_lfs(heuristics)
    pairs = _pairs(images)
    rankings = _rankings(pairs, examples, seed)
    log = wl.simulate(rankings, "position_based", sessions, logging=SERVING, seed=seed)
    planted = wl.truth(rankings, "position_based", sessions, logging=SERVING, seed=seed)
    counts = wl.count(log)
    curve = wl.estimate(counts, "harvesting")

    votes = {RULES: wl.apply(rules.lfs, pairs, rules.classes)}
    for voter, believed in ((RAW, _flat(curve)), (CORRECTED, curve)):
        relevance = wl.debias(counts, believed)
        votes[voter] = wl.as_votes(relevance, items=pairs, classes=rules.classes)
        votes[f"{RULES} and {voter}"] = votes[RULES].beside(votes[voter])
    beliefs = {name: wl.denoise(L, "hybrid_em", class_balance=BALANCE) for name, L in votes.items()}
    labels = {name: _digits(belief, images) for name, belief in beliefs.items()}
    predicted = {name: _predicted(each, images, test, seed) for name, each in {**labels, GOLD: _known(images)}.items()}

    curve.save(out / "propensities.parquet")
    votes[TOGETHER].save(out / "votes.parquet")
    beliefs[TOGETHER].save(out / "pairs.parquet")
    labels[TOGETHER].save(out / "labels.parquet")

    right, right_test = _right(labels, images), _right(predicted, test)
    return Section(
        "Clicks and rules together: digits",
        (
            f"Simulated users over real images: {sessions:,} pages of results, {log.frame['click'].sum():,} clicks, "
            f"{len(counts.items):,} of {len(pairs):,} pairs of an image and a digit shown. {len(rules.lfs)} rules look "
            "at the pixels. The known classes decide what the simulated users click, and score the labels.",
            _recovered(curve, planted),
            *_verdicts(right, right_test),
        ),
        (
            Table("Examination by position: planted, and learned with 95 % intervals", _curves(curve, planted)),
            Table("What clicks vote on the pairs, and how many of these votes are wrong", _voters(votes, pairs)),
            Table(
                f"Share that is right, 95 % intervals: labels of {len(images):,} images, and end models trained on "
                f"them, on {len(test):,} held-out images",
                _accuracies(right, right_test),
            ),
        ),
        (Chart("How often each position is examined: planted, and learned from clicks.", _picture(curve, planted)),),
    )


def _pairs(images: pl.DataFrame) -> pl.DataFrame:
    """Each image as an answer to each digit asked for in its album."""
    album = pl.format("album {}", pl.int_range(pl.len()) // ALBUM).alias("album")
    answers = images.select(pl.col("id").alias("doc_id"), album, "label", pl.col(r"^pixel_.*$"))
    pairs = answers.join(pl.DataFrame({"digit": DIGITS}), how="cross", maintain_order="left_right")
    asked = pl.format("{} in {}", "digit", "album").alias("query_id")
    return pairs.select(pl.format("{} as {}", "doc_id", "digit").alias("id"), asked, pl.all())


def _rankings(pairs: pl.DataFrame, examples: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Scores of rankers that know one handwritten example of each digit: how near an image is to it."""
    pixels = [name for name in pairs.columns if name.startswith("pixel_")]
    clicked = (pl.col("label") == pl.col("digit")).replace_strict(CLICKED, return_dtype=pl.Float64)
    rankings = pairs.select("query_id", "doc_id", clicked.alias("relevance"))
    for ranker in range(RANKERS):
        shuffled = examples.sample(fraction=1, shuffle=True, seed=RANKERS * seed + ranker)
        one_each = shuffled.unique("label", keep="first", maintain_order=True).rename({"label": "digit"})
        theirs = pairs.select("digit").join(one_each, on="digit", how="left", maintain_order="left")
        gaps = pairs.select(pixels).to_numpy() - theirs.select(pixels).to_numpy()
        rankings = rankings.with_columns(pl.Series(f"ranker {ranker}", -(gaps**2).sum(axis=1)))
    return rankings


def _flat(curve: wl.Propensities) -> wl.Propensities:
    """As if every position were examined alike: clicks are taken as they are counted."""
    ones = np.ones(len(curve.position))
    return wl.Propensities(curve.position, ones, ones, ones, curve.impressions, curve.clicks)


def _digits(belief: wl.Posterior, images: pl.DataFrame) -> wl.Posterior:
    """Which digit each image is, given how likely it is what was asked for: it is exactly one of the ten."""
    wrong, right = belief.probs.reshape(len(images), len(DIGITS), 2).transpose(2, 0, 1)
    odds = right / wrong
    covered = np.any(belief.covered.reshape(len(images), len(DIGITS)), axis=1)
    prior = np.full(len(DIGITS), 1 / len(DIGITS))
    return wl.Posterior(odds / odds.sum(axis=1, keepdims=True), images["id"], DIGITS, covered, prior=prior)


def _known(images: pl.DataFrame) -> wl.Posterior:
    gold = wl.gold_labels(images, images["id"], DIGITS)
    prior = np.full(len(DIGITS), 1 / len(DIGITS))
    return wl.Posterior(np.eye(len(DIGITS))[gold], images["id"], DIGITS, np.ones(len(images), bool), prior=prior)


def _predicted(labels: wl.Posterior, images: pl.DataFrame, test: pl.DataFrame, seed: int) -> wl.Posterior:
    return wl.train(wl.training_set(labels, images), seed=seed).predict_proba(test)


def _right(posteriors: Mapping[str, wl.Posterior], table: pl.DataFrame) -> Right:
    """Shape (n,) each; no label counts as wrong."""
    gold = wl.gold_labels(table, table["id"], DIGITS)
    return {name: posterior.labels() == gold for name, posterior in posteriors.items()}


def _recovered(curve: wl.Propensities, planted: pl.DataFrame) -> str:
    truth, below_first = planted["examination"].to_numpy(), slice(1, None)
    held = ((curve.lower <= truth) & (truth <= curve.upper))[below_first]
    off = np.abs(curve.examination - truth)[below_first].mean()
    return (
        f"Examination learned from these clicks is {off:.3f} off on average, and {held.sum()} of {len(held)} intervals "
        "hold what was planted."
    )


def _verdicts(right: Right, right_test: Right) -> list[str]:
    alone = max((RULES, CORRECTED), key=lambda name: right[name].mean())
    asked = ((TOGETHER, alone), (CORRECTED, RAW), (TOGETHER, WITH_RAW))
    return [
        *(f"Labels: {_compared(right, one, other)}" for one, other in asked),
        f"End models on held-out images: {_compared(right_test, TOGETHER, alone)}",
    ]


def _compared(right: Right, one: str, other: str) -> str:
    """Which is right more often on the same items, if that is beyond chance."""
    gain, lower, upper = 100 * _with_interval(right[one].astype(float) - right[other])
    by = f"{gain:+.1f} in a hundred, 95 % interval {lower:+.1f} to {upper:+.1f}"
    if lower <= 0 <= upper:
        return f"whether {one} are better than {other} cannot be told ({by})."
    return f"{one} are {'better' if lower > 0 else 'worse'} than {other} ({by})."


def _with_interval(values: NDArray[np.generic]) -> NDArray[np.float64]:
    """Mean and 95 % interval, shape (3,)."""
    half = 1.96 * values.std() / np.sqrt(len(values))
    return np.asarray(values.mean() + np.array([0, -half, half]))


def _curves(curve: wl.Propensities, planted: pl.DataFrame) -> pl.DataFrame:
    rate = pl.col("clicks") / pl.col("impressions")
    learned = curve.to_frame().select(
        "position", "examination", "lower", "upper", (rate / rate.first()).alias("click rate")
    )
    return planted.rename({"examination": "planted"}).join(learned, on="position", maintain_order="left")


def _voters(votes: Mapping[str, wl.LabelMatrix], pairs: pl.DataFrame) -> pl.DataFrame:
    relevant = (pairs["label"] == pairs["digit"]).to_numpy()
    rows = []
    for name in (RAW, CORRECTED):
        yes, no = (votes[name].votes[:, 0] == vote for vote in (1, 0))
        counted = (yes, yes & ~relevant, no, no & relevant, ~(yes | no))
        rows.append((name, *(int(those.sum()) for those in counted)))
    schema = ["voter", "relevant", "wrong", "not relevant", "wrong, too", "abstains"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _accuracies(right: Right, right_test: Right) -> pl.DataFrame:
    def shown(items: NDArray[np.bool_] | None) -> str | None:
        return None if items is None else "{:.3f} [{:.3f}, {:.3f}]".format(*_with_interval(items))

    rows = [(name, shown(right.get(name)), shown(items)) for name, items in right_test.items()]
    return pl.DataFrame(rows, schema=["labels from", "labels", "end model"], orient="row")


def _picture(curve: wl.Propensities, planted: pl.DataFrame) -> str:
    learned = curve.to_frame().select("position", pl.col("examination").alias("value"), "lower", "upper")
    curves = {"planted": planted.select("position", value="examination"), "learned": learned}
    return charts.position_curves(curves, "examination, relative to the first")
