"""`compare`, `duplicates` and `lf-accuracy` as a user runs them."""

import numpy as np
import polars as pl
import pytest

import weaklabel as wl


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Votes of five functions of which the last copies the first, and a table with 100 known classes."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500)
    right = rng.random((500, 4)) < [0.9, 0.6, 0.7, 0.65]
    votes = np.where(rng.random((500, 4)) < 0.7, np.where(right, y[:, None], 1 - y[:, None]), -1)
    votes = np.column_stack([votes, votes[:, 0]])
    L = wl.LabelMatrix.from_array(votes, ("ham", "spam"), ("sharp", "vague", "fair", "dull", "copy"))
    L.save("votes.parquet")
    wl.denoise(L, "majority").save("posterior.parquet")
    label = [("ham", "spam")[c] if i < 100 else None for i, c in enumerate(y)]
    pl.DataFrame({"id": L.item_ids, "label": label}).write_csv("gold.csv")
    return tmp_path


def test_models_are_compared_against_known_classes(files, weaklabel):
    shown = weaklabel("compare votes.parquet --gold gold.csv --model snorkel --out compared.csv")

    assert "label models on 500 items, best first:" in shown
    assert "On 100 items of known class" in shown
    assert "vote_log_likelihood" not in shown
    assert set(pl.read_csv("compared.csv")["model"]) == {"majority", "snorkel"}
    assert "vote_log_likelihood" in pl.read_csv("compared.csv").columns


def test_without_gold_they_are_compared_by_votes_and_the_guide_is_called_weak(files, weaklabel):
    shown = weaklabel("compare votes.parquet --model snorkel --model majority")

    assert "vote_log_likelihood" in shown
    assert "weak guide" in shown


def test_a_copy_is_listed_and_its_likeness_written(files, weaklabel):
    shown = weaklabel("duplicates votes.parquet --posterior posterior.parquet --out pairs.csv")

    assert "1 pairs of 5 labeling functions:" in shown
    assert pl.read_csv("pairs.csv").select("lf_a", "lf_b", "overlap", "agreement").rows() == [("sharp", "copy", 1, 1)]


def test_where_no_two_are_alike_that_is_said(files, weaklabel):
    wl.LabelMatrix.from_array([[0, -1], [-1, 1]]).save("votes.parquet")

    assert "no two of 2 labeling functions are alike" in weaklabel("duplicates votes.parquet --out pairs.csv")
    assert pl.read_csv("pairs.csv").is_empty()


def test_accuracies_have_intervals_where_gold_is_given(files, weaklabel):
    shown = weaklabel("lf-accuracy votes.parquet --posterior posterior.parquet --gold gold.csv --level 0.9 --out a.csv")

    assert "5 labeling functions, 90 % intervals:" in shown
    assert "judges itself" not in shown
    found = pl.read_csv("a.csv")
    assert found["basis"].to_list() == ["gold"] * 5
    assert found.filter(pl.col("lf") == "sharp").select(pl.col("lower") > 0.75, pl.col("upper") < 1).row(0) == (1, 1)


def test_without_gold_the_model_is_said_to_judge_itself(files, weaklabel):
    shown = weaklabel("lf-accuracy votes.parquet --posterior posterior.parquet")

    assert "model, biased" in shown
    assert "it judges itself: give --gold" in shown


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("compare votes.parquet --model snorkle", "error: no model is called 'snorkle' (did you mean 'snorkel'?)"),
        ("compare posterior.parquet", "error: posterior.parquet holds a posterior; a label matrix is needed here"),
        ("duplicates votes.parquet --posterior votes.parquet", "error: votes.parquet holds a label matrix"),
        ("lf-accuracy votes.parquet --level 95", "error: level is 95.0; a confidence lies between 0 and 1"),
        ("lf-accuracy votes.parquet --gold gold.csv --gold-column truth", "error: the table has no column 'truth'"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_1(files, weaklabel, line, said):
    told = weaklabel(line, code=1)

    assert said in told
    assert told.count("\n") == 1
