import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import Propensities
from weaklabel.errors import TableError


def propensities(position=(1, 2), examination=(1.0, 0.5), lower=(1.0, 0.4)):
    return Propensities(position, examination, lower, (1.0, 0.6), (100, 90), (10, 5))


@pytest.mark.parametrize("position", [(2, 1), (1, 1), (0, 1)])
def test_positions_must_increase_from_one(position):
    with pytest.raises(TableError, match="positions must increase from 1: "):
        propensities(position)


@pytest.mark.parametrize("wrong", [0.0, -0.1, float("nan"), float("inf")])
def test_an_examination_that_is_not_positive_is_named_with_its_position(wrong):
    with pytest.raises(TableError, match=f"examination at position 2 is {wrong}: it must be positive"):
        propensities(examination=(1.0, wrong))


def test_columns_of_different_length_are_refused():
    with pytest.raises(TableError, match=r"the columns differ in shape: .*'lower': \(1,\)"):
        propensities(lower=(1.0,))


def test_an_estimate_may_exceed_one():
    assert propensities(examination=(1.0, 1.3)).examination.tolist() == [1.0, 1.3]


def test_its_arrays_cannot_be_written_over():
    with pytest.raises(ValueError, match="read-only"):
        propensities().examination[0] = 0.5


def curves(**changes):
    """Two contexts of two positions each."""
    values = {
        "position": np.array([1, 2, 1, 2]),
        "examination": np.array([1.0, 0.5, 1.0, 0.25]),
        "lower": np.array([1.0, 0.4, 1.0, 0.2]),
        "upper": np.array([1.0, 0.6, 1.0, 0.3]),
        "impressions": np.array([9, 9, 7, 7]),
        "clicks": np.array([3, 2, 3, 1]),
        "context": pl.DataFrame({"device": ["desk", "desk", "phone", "phone"]}),
        "replicates": np.array([[1.0, 0.5, 1.0, 0.25], [1.0, 0.6, 1.0, 0.2]]),
        "alpha": np.array([0.9, 0.5, 0.8, 0.2]),
        "beta": np.array([0.1, 0.05, 0.1, 0.02]),
    }
    return Propensities(**(values | changes))


def test_curves_of_contexts_replicates_and_affine_terms_come_back_from_disk(tmp_path):
    curves().save(tmp_path / "p.parquet")

    back = Propensities.load(tmp_path / "p.parquet")

    assert back.to_frame().equals(curves().to_frame())
    assert back.to_frame().columns[:2] == ["device", "position"]
    assert (back.replicates == curves().replicates).all()
    assert back.starts.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"context": pl.DataFrame({"device": ["desk"] * 4})}, r"positions must increase.*\[1, 2, 1, 2\]"),
        ({"context": pl.DataFrame({"device": ["desk"]})}, "context has 1 rows, and there are 4 positions"),
        ({"replicates": np.ones((2, 3))}, r"replicates have shape \(2, 3\)"),
        ({"alpha": np.ones(3)}, "differ in shape"),
    ],
)
def test_curves_that_do_not_fit_together_are_refused(changes, said):
    with pytest.raises(TableError, match=said):
        curves(**changes)
