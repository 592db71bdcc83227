"""The consensus of real crowds without a model, beside Dawid and Skene's rule."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from weaklabel import Posterior
from weaklabel.artefacts import Annotation
from weaklabel.review.second.settle import settle_answers

CROWDS = Path(__file__).parents[3].parent / "shared/data/ws"


def accuracy(votes, gold, of_each=None, seed=0):
    rng, ids = np.random.default_rng(seed), [f"{i:05}" for i in range(len(gold))]
    said = [
        Annotation(f"{i} {j}", ids[i], ids[i], str(row[j]), f"{j:03}")
        for i, row in enumerate(votes)
        for j in rng.permutation(np.flatnonzero(row >= 0))[:of_each]
    ]
    beliefs = Posterior(np.full((len(gold), 2), 0.5), pl.Series(ids), ("0", "1"), np.ones(len(gold), bool))
    labels = settle_answers(said, beliefs).labels
    return np.mean([labels.get(item) == str(y) for item, y in zip(ids, gold, strict=True)])


@pytest.mark.skipif(not (CROWDS / "crowd_rte").is_dir(), reason="the crowds are not in ../shared/data/ws")
@pytest.mark.parametrize(
    ("name", "of_each", "least"),
    # Of all items Dawid and Skene's rule is right on .898, .919, .550 (it decides .640), .431 (.577).
    [("bird", None, 0.88), ("rte", None, 0.919), ("rte", 2, 0.79), ("bird", 2, 0.67)],
)
def test_without_a_model_real_crowds_are_settled_about_as_well_as_by_dawid_and_skene_or_better(name, of_each, least):
    stored = np.load(CROWDS / f"crowd_{name}/votes.npz")
    votes, gold = stored["L_train"], stored["y_train"]

    found = np.mean([accuracy(votes, gold, of_each, seed) for seed in range(5 if of_each else 1)])

    assert found >= least
