import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.errors import TableError
from weaklabel.labeling.duplicates import residual_correlation
from weaklabel.labeling.pairs import conflicts, correlation, kappa, kappa_where_both_vote, meetings, pairs

# a and b meet on items 0 to 3 and differ on 2 and 3; a and c meet on item 4 and agree; b and c never meet.
L = LabelMatrix.from_array(
    [[0, 0, -1], [1, 1, -1], [1, 0, -1], [0, 1, -1], [1, -1, 1], [-1, -1, -1]], lf_names=("a", "b", "c")
)


def random_matrix(seed, n=60, m=5, k=3):
    rng = np.random.default_rng(seed)
    votes = np.where(rng.random((n, m)) < 0.7, rng.integers(0, k, (n, m)), -1)
    votes[:, 0] = np.minimum(votes[:, 0], 0)  # votes one class only
    return LabelMatrix.from_array(votes, classes=[f"class {y}" for y in range(k)]), rng


def square(frame):
    return frame.drop("lf").to_numpy().astype(float)


def test_conflicts_worked_by_hand():
    assert conflicts(L).rows() == [("a", 0, 2, 0), ("b", 2, 0, 0), ("c", 0, 0, 0)]
    assert conflicts(L, share=True).rows() == [("a", 0, 0.5, 0), ("b", 0.5, 0, None), ("c", 0, None, 0)]


def test_kappa_worked_by_hand():
    # a, b on the 4 items where both vote: they agree on 2, and so they would by chance.
    # Of all 6: a says 0, 1, nothing on 2, 3, 1 items, b on 2, 2, 2; they agree on 3; chance is (4 + 6 + 2) / 36.
    assert correlation(L, abstentions=False).row(0) == ("a", 1, 0, None)
    assert correlation(L).row(0)[2] == pytest.approx((3 / 6 - 12 / 36) / (1 - 12 / 36))


def test_functions_of_one_class_are_alike_by_when_they_vote():
    votes = np.full((100, 3), -1)
    votes[:10, 0], votes[:10, 1], votes[10:20, 2] = 1, 1, 0
    found = correlation(LabelMatrix.from_array(votes, lf_names="abc"))

    assert found["b"][0] == 1
    assert found["c"][0] == pytest.approx((0.8 - 0.81) / (1 - 0.81))
    # Where both vote they can but agree, as chance has it, or differ: this kappa knows nothing of them.
    assert correlation(LabelMatrix.from_array(votes), abstentions=False)["lf_1"][0] is None


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(2, 4))
def test_counts_and_kappas_are_those_of_a_loop_over_pairs(seed, n, k):
    matrix, _ = random_matrix(seed, n, 4, k)
    both, differ = meetings(matrix)
    everywhere, meeting = kappa(matrix), kappa_where_both_vote(matrix)

    for a, b in np.ndindex(4, 4):
        va, vb = matrix.votes[:, a], matrix.votes[:, b]
        met = (va != -1) & (vb != -1)
        assert both[a, b] == met.sum()
        assert differ[a, b] == (va != vb)[met].sum()
        assert everywhere[a, b] == pytest.approx(plain_kappa(va, vb), nan_ok=True)
        assert meeting[a, b] == pytest.approx(plain_kappa(va[met], vb[met]), nan_ok=True)


def plain_kappa(a, b):
    chance = sum((a == v).mean() * (b == v).mean() for v in np.unique([*a, *b])) if len(a) else 1
    return ((a == b).mean() - chance) / (1 - chance) if chance < 1 - 1e-9 else np.nan


@pytest.mark.parametrize("seed", range(3))
def test_kappa_is_scikit_learns(seed):
    matrix, _ = random_matrix(seed)
    a, b = matrix.votes[:, 2], matrix.votes[:, 3]
    met = (a != -1) & (b != -1)

    assert kappa(matrix)[2, 3] == pytest.approx(cohen_kappa_score(a, b))
    assert kappa_where_both_vote(matrix)[2, 3] == pytest.approx(cohen_kappa_score(a[met], b[met]))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_neither_the_order_of_items_nor_the_names_of_classes_matter(seed, k):
    matrix, rng = random_matrix(seed, k=k)
    renamed = np.append(rng.permutation(k), -1)[matrix.votes]
    other = LabelMatrix.from_array(renamed[rng.permutation(len(renamed))], matrix.classes)

    for view in (conflicts, correlation, pairs):
        left, right = view(matrix), view(other)
        assert left.select(pl.col(pl.String, pl.Int64)).equals(right.select(pl.col(pl.String, pl.Int64)))
        assert np.allclose(left.select(pl.col(pl.Float64)), right.select(pl.col(pl.Float64)), equal_nan=True)


def test_more_items_than_are_counted_at_a_time_are_all_counted():
    votes = np.random.default_rng(0).integers(-1, 2, (300, 2))
    once, often = (meetings(LabelMatrix.from_array(np.tile(votes, (times, 1)))) for times in (1, 40_000))

    assert (often[0] == 40_000 * once[0]).all()
    assert (often[1] == 40_000 * once[1]).all()


def test_pairs_stand_with_those_that_conflict_most_first():
    found = pairs(L)

    assert found.select("lf_a", "lf_b", "both", "conflicts", "share").rows() == [
        ("a", "b", 4, 2, 0.5),
        ("a", "c", 1, 0, 0),
        ("b", "c", 0, 0, None),
    ]
    assert found["residual_correlation"].to_list() == [None] * 3


def test_with_beliefs_it_is_the_correlation_of_errors():
    matrix, rng = random_matrix(0)
    probs = rng.dirichlet(np.ones(3), len(matrix.votes))
    posterior = Posterior(probs, matrix.item_ids, matrix.classes, matrix.covered)

    expected = residual_correlation(matrix, posterior)

    assert square(correlation(matrix, posterior)) == pytest.approx(expected, nan_ok=True)
    listed = pairs(matrix, posterior).filter(pl.col("lf_a") == "lf_1", pl.col("lf_b") == "lf_3")
    assert listed["residual_correlation"][0] == pytest.approx(expected[1, 3])


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3, 1)])
def test_without_items_or_pairs_there_is_nothing_to_list(shape):
    matrix = LabelMatrix.from_array(np.zeros(shape, int))

    assert len(conflicts(matrix)) == len(correlation(matrix, abstentions=False)) == shape[1]
    assert len(pairs(matrix)) == (3 if shape[1] == 3 else 0)


def test_a_function_called_as_the_column_of_names_is_refused():
    with pytest.raises(TableError, match="a labeling function is called 'lf', .* rename it"):
        conflicts(LabelMatrix.from_array([[0, 1]], lf_names=("lf", "b")))
