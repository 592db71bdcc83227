import numpy as np
import pytest
from scipy.sparse import csr_array

from weaklabel.errors import TableError
from weaklabel.review.picking.pool import Pool, joined


def pool(n, features=None):
    rng = np.random.default_rng(n)
    probs, weak = rng.dirichlet(np.ones(3), (2, n))
    return Pool(
        probs, rng.normal(size=(n, 2)) if features is None else features, weak, 0.8, np.stack([probs, weak]), weak * 2
    )


def test_rows_of_a_pool_keep_everything_that_is_known_of_them():
    whole = pool(5)

    part = whole.take(np.array([3, 1]))

    assert part.probs.tolist() == whole.probs[[3, 1]].tolist()
    assert part.features.tolist() == whole.features[[3, 1]].tolist()
    assert part.weak.tolist() == whole.weak[[3, 1]].tolist()
    assert part.members.tolist() == whole.members[:, [3, 1]].tolist()
    assert part.opinions.tolist() == whole.opinions[[3, 1]].tolist()
    assert part.lf_accuracy == 0.8


@pytest.mark.parametrize("sparse", [False, True])
def test_pools_join_in_their_order(sparse):
    features = csr_array(np.eye(5)) if sparse else np.eye(5)
    whole = pool(5, features)

    again = joined([whole.take(np.array([0, 1])), whole.take(np.array([2, 3, 4]))])

    dense = again.features.toarray() if sparse else again.features
    assert dense.tolist() == np.eye(5).tolist()
    assert again.probs.tolist() == whole.probs.tolist()
    assert again.opinions.tolist() == whole.opinions.tolist()
    assert again.members.tolist() == whole.members.tolist()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"features": np.ones(2)}, r"features have shape \(2,\): 2 items"),
        ({"weak": np.ones((3, 2))}, r"label model's probabilities have shape \(3, 2\), not \(2, 2\)"),
        ({"members": np.ones((2, 2))}, "members' probabilities have shape"),
        ({"opinions": np.ones((2, 3))}, r"opinions have shape \(2, 3\), not \(2, 2\)"),
        ({"lf_accuracy": 87}, "lf_accuracy is 87: it is a share"),
    ],
)
def test_what_is_of_other_items_is_refused(wrong, message):
    with pytest.raises(TableError, match=message):
        Pool(np.full((2, 2), 0.5), **wrong)
