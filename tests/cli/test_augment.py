"""`augment` and `slices` as a user runs them."""

import numpy as np
import polars as pl
import pytest

import weaklabel as wl

TFS = """
from snorkel.augmentation import transformation_function

@transformation_function()
def shout(x):
    x.text = x.text.upper()
    return x

@transformation_function()
def shorten(x):
    if len(x.text) < 3:
        return None
    x.text = x.text[:-1]
    return x
"""
SLICES = """
from snorkel.slicing import slicing_function

@slicing_function()
def short(x):
    return len(x.text) < 3

@slicing_function()
def never(x):
    return False
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tfs.py").write_text(TFS)
    (tmp_path / "slices.py").write_text(SLICES)
    texts = ["a" * (1 + i % 6) for i in range(60)]
    label = ["spam" if i % 2 else "ham" for i in range(60)]
    table = pl.DataFrame({"id": [f"c-{i}" for i in range(60)], "text": texts, "label": label})
    table.write_csv("table.csv")
    probs = np.array([[0.2, 0.8] if i % 3 else [0.9, 0.1] for i in range(60)])
    posterior = wl.Posterior(probs, table["id"], ("ham", "spam"), np.ones(60, bool))
    posterior.save("posterior.parquet")
    wl.training_set(posterior, table).save("training.parquet")
    return tmp_path


def test_a_training_set_is_augmented_and_can_be_trained_on(files, weaklabel):
    shown = weaklabel("augment tfs.py training.parquet --policy each --seed 3")
    weaklabel("train augmented.parquet --test table.csv")

    assert "2 transformation functions made 100 copies; 160 items in all\nwrote augmented.parquet" in shown
    made = wl.TrainingSet.load("augmented.parquet")
    assert made.table["augmented_from"].null_count() == 60
    assert made.provenance["augmented"]["seed"] == 3


def test_a_table_is_augmented_to_a_table_by_a_policy_with_options(files, weaklabel):
    weaklabel(
        "augment tfs.py table.csv --policy random --set n_per_original=2 --set keep_original=false --out copies.csv"
    )

    found = pl.read_csv("copies.csv")
    assert found.columns == ["id", "text", "label", "augmented_from"]
    assert found["augmented_from"].null_count() == 0


def test_each_slice_has_its_scores(files, weaklabel):
    shown = weaklabel("slices slices.py posterior.parquet table.csv --metric recall --metric recall --out slices.csv")

    assert "all items and each slice, 95 % intervals:" in shown
    assert "recall" in shown
    assert "accuracy" not in shown
    assert "few: under 20 items of known class" in shown
    found = pl.read_csv("slices.csv")
    assert found.select("slice", "items", "few").rows() == [
        ("overall", 60, False),
        ("short", 20, False),
        ("never", 0, True),
    ]
    assert "accuracy_lower" in found.columns


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("augment tfs.py table.csv --policy randm", "no policy is called 'randm' (did you mean 'random'?)"),
        ("augment tfs.py posterior.parquet", "posterior.parquet holds a posterior; a training set is needed here"),
        ("augment slices.py table.csv", "slices.py defines no transformation function"),
        ("augment tfs.py nothing.csv", "no file at nothing.csv"),
        ("slices tfs.py posterior.parquet table.csv", "defines no slicing function"),
        ("slices slices.py posterior.parquet table.csv --metric f2", "no metric is called 'f2'; there are: accuracy"),
        ("slices slices.py posterior.parquet table.csv --gold-column truth", "the table has no column 'truth'"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_1(files, weaklabel, line, said):
    told = weaklabel(line, code=1)

    assert said in told
    assert told.count("\n") == 1
