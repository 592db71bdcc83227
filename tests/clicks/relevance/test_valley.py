import numpy as np
import pytest
from scipy import stats

from weaklabel.clicks.relevance import valley
from weaklabel.errors import NotIdentifiedError

EDGES = valley.edges(0.01, 2.0)


def shares(*humps):
    """The share of documents between the edges, of log-normal humps (share, median, sd of the logarithm)."""
    below = sum(share * stats.norm.cdf(np.log(EDGES), np.log(median), sd) for share, median, sd in humps)
    return np.diff(below)


def test_two_alike_groups_part_half_way_in_ratio():
    found = valley.best(EDGES, shares((0.5, 0.1, 0.2), (0.5, 0.6, 0.2)))

    assert found == pytest.approx(np.sqrt(0.1 * 0.6), rel=0.05)


def test_of_two_valleys_the_one_that_parts_the_documents_better_counts():
    found = valley.best(EDGES, shares((0.75, 0.1, 0.15), (0.17, 0.4, 0.1), (0.08, 1.0, 0.1)))

    assert 0.15 < found < 0.35


@pytest.mark.parametrize(
    "humps",
    [
        [(1.0, 0.2, 0.5)],  # one hump
        [(0.96, 0.1, 0.2), (0.04, 1.0, 0.1)],  # hardly anything above
        [(0.5, 0.2, 0.3), (0.5, 0.3, 0.3)],  # two that run into one another
        [(0.9, 0.2, 0.6), (0.1, 1.2, 0.05)],  # a valley, beside documents that are not alike
    ],
)
def test_documents_that_do_not_part_are_refused(humps):
    with pytest.raises(NotIdentifiedError, match="threshold="):
        valley.best(EDGES, shares(*humps))


def test_the_units_of_relevance_do_not_matter():
    humps = [(0.5, 0.1, 0.2), (0.5, 0.6, 0.2)]

    once, scaled = valley.best(EDGES, shares(*humps)), valley.best(7 * EDGES, shares(*humps))

    assert scaled == pytest.approx(7 * once)
