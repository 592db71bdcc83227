"""From rules to an end model: votes, Snorkel, training set, classifier, scored on known classes it never saw."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

import weaklabel as wl
from weaklabel.report import Chart, Section, Table, charts, with_interval

MAJORITY, SNORKEL, BALANCED = "majority vote", "Snorkel", "Snorkel, class balance known"
HYBRID, GOLD = "hybrid_em", "known classes"
COLUMNS = ("lf", "polarity", "coverage", "overlaps", "conflicts", "against", "accuracy")


def run(
    dataset: str = "sms_spam", heuristics: str = "sms_spam", out: Path = Path("out/training_set"), seed: int = 0
) -> Section:
    """Build a training set from labeling functions alone, and see how good an end model trained on it gets.

    Parameters
    ----------
    dataset
        A data set with known classes; they serve to score, and in the last row to compare.
    heuristics
        A Python file of labeling functions, or the name of one that ships.
    out
        Folder for the votes, probabilities, training set and predictions.
    seed
        Of Snorkel's training and of the classifier.
    """
    rules = wl.load_lfs(heuristics)
    items, valid, test = (wl.datasets.load(dataset, split) for split in ("train", "valid", "test"))
    L, L_test = (wl.apply(rules.lfs, table, rules.classes) for table in (items, test))
    gold, gold_valid, gold_test = (wl.gold_labels(table, table["id"], rules.classes) for table in (items, valid, test))

    balance = np.bincount(gold_valid, minlength=len(rules.classes)) / len(valid)
    models = {
        MAJORITY: wl.label_model("majority"),
        SNORKEL: wl.label_model("snorkel", seed=seed),
        BALANCED: wl.label_model("snorkel", seed=seed, class_balance=balance.tolist()),
        HYBRID: wl.label_model("hybrid_em"),
    }
    labels = {name: model.fit(L).predict_proba(L) for name, model in models.items()}
    labels_test = {name: model.predict_proba(L_test) for name, model in models.items()}
    labels[GOLD] = wl.Posterior(np.eye(len(rules.classes))[gold], items["id"], rules.classes, np.ones(len(items), bool))
    training = {name: wl.training_set(posterior, items) for name, posterior in labels.items()}
    predicted = {name: wl.train(chosen, seed=seed).predict_proba(test) for name, chosen in training.items()}

    L.save(out / "votes.parquet")
    labels[BALANCED].save(out / "posterior.parquet")
    training[BALANCED].save(out / "training.parquet")
    predicted[BALANCED].save(out / "predictions.parquet")

    curves = {"labels": (labels_test[BALANCED], gold_test), "end model": (predicted[BALANCED], gold_test)}
    return Section(
        f"Training set from rules: {dataset}",
        (
            f"{len(rules.lfs)} labeling functions vote on {L.covered.mean():.1%} of {len(items):,} items whose known "
            f"classes only the last row uses. Scored on {len(test):,} held-out items, 95 % bootstrap intervals.",
            f"The known class balance ({_shares(balance, rules.classes)}) is that of {len(valid):,} further items.",
        ),
        (
            Table("Labeling functions on the training items", wl.summary(L, gold).select(COLUMNS)),
            Table("Labels from votes on the held-out items; no label counts as wrong", _scores(labels_test, gold_test)),
            Table(
                "End models on the held-out items, by what labelled their training set", _scores(predicted, gold_test)
            ),
        ),
        (
            Chart(
                "What Snorkel believes of the training items with votes.", charts.posterior_histogram(labels[BALANCED])
            ),
            Chart("Is a probability what it says? Larger dots are more held-out items.", charts.calibration(curves)),
        ),
    )


def _scores(posteriors: Mapping[str, wl.Posterior], gold: np.ndarray) -> pl.DataFrame:
    scores = {name: wl.score(posterior, gold) for name, posterior in posteriors.items()}
    return pl.DataFrame(
        {
            "labels from": list(scores),
            "coverage": [one.coverage for one in scores.values()],
            **{metric: [with_interval(one, metric) for one in scores.values()] for metric in ("accuracy", "f1", "auc")},
            "log_loss": [one.value["log_loss"] for one in scores.values()],
        }
    )


def _shares(balance: np.ndarray, classes: tuple[str, ...]) -> str:
    return ", ".join(f"{share:.0%} {name}" for share, name in zip(balance, classes, strict=True))
