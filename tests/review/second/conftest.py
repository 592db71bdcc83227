"""People who err on purpose, and a model beside them."""

import numpy as np
import polars as pl
import pytest

from weaklabel import Posterior
from weaklabel.artefacts import Annotation

CLASSES = ("a", "b", "c")


def model(probs, ids=None, classes=CLASSES):
    probs = np.array(probs, float)
    ids = [f"i{j:04}" for j in range(len(probs))] if ids is None else ids
    return Posterior(probs, pl.Series(ids, dtype=pl.String), tuple(classes), np.ones(len(probs), bool))


def answers(said):
    return [
        Annotation(f"{item} {who}", item, item, label, who) for item, by in said.items() for who, label in by.items()
    ]


def crowd(seed, n=400, accuracies=(0.95, 0.9, 0.6), each=2, right=0.8, sure=0.7):
    """Beliefs that are right on a share `right`, answers of people of known accuracy, and the truth."""
    rng, k = np.random.default_rng(seed), len(CLASSES)
    truth = rng.integers(k, size=n)
    guess = np.where(rng.random(n) < right, truth, (truth + rng.integers(1, k, n)) % k)
    said = {
        f"i{j:04}": {
            f"p{who}": CLASSES[truth[j] if rng.random() < accuracies[who] else (truth[j] + rng.integers(1, k)) % k]
            for who in rng.permutation(len(accuracies))[:each]
        }
        for j in range(n)
    }
    return model(np.eye(k)[guess] * sure + (1 - sure) / k), said, truth


@pytest.fixture(scope="session", name="model")
def _model():
    return model


@pytest.fixture(scope="session", name="answers")
def _answers():
    return answers


@pytest.fixture(scope="session", name="crowd")
def _crowd():
    return crowd
