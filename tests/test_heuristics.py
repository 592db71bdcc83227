import numpy as np
import pytest

from weaklabel import ABSTAIN, apply, datasets, gold_labels, load_lfs, plugins
from weaklabel.errors import DatasetError

DATA = {"sms_spam": "sms_spam", "sentiment": "review_sentiment", "tumours": "breast_cancer"}


def train_split(name):
    try:
        return datasets.load(name, "train")
    except DatasetError as error:
        pytest.skip(f"needs the data set {name}: {error}")


def test_every_file_that_ships_is_tested_here():
    assert set(DATA) <= set(plugins.scripts("heuristics"))


@pytest.mark.parametrize("file", DATA)
def test_a_shipped_file_holds_ten_functions_for_the_classes_of_its_data(file):
    found = load_lfs(file)

    assert len(found.lfs) >= 10
    assert found.classes == datasets.describe(DATA[file]).classes


@pytest.mark.parametrize("file", DATA)
def test_every_function_votes_on_the_real_data_and_beats_chance(file):
    table, found = train_split(DATA[file]), load_lfs(file)
    L = apply(found.lfs, table, found.classes)
    gold = gold_labels(table, L.item_ids, found.classes)
    shares = np.bincount(gold[gold != ABSTAIN]) / (gold != ABSTAIN).sum()

    assert not L.faults
    for name, votes in zip(L.lf_names, L.votes.T, strict=True):
        judged = (votes != ABSTAIN) & (gold != ABSTAIN)
        assert judged.any(), f"{name} never votes"
        # Chance is to vote the same classes on items drawn blindly.
        right, chance = (votes == gold)[judged].mean(), shares[votes[judged]].mean()
        assert right > chance, f"{name} is right on {right:.1%} of its votes; blind votes would be on {chance:.1%}"
