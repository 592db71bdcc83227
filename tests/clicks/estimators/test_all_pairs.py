import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.estimators._pairs import pairs
from weaklabel.clicks.estimators.all_pairs import AllPairs, fit, likelihood
from weaklabel.clicks.simulate import simulate
from weaklabel.errors import ModelError, NotIdentifiedError, UnknownNameError

THETA = np.array([1.0, 0.8, 0.5, 0.4, 0.25, 0.2])


def counts_of(*rows):
    names = ["query_id", "doc_id", "position", "impressions", "clicks"]
    return ClickCounts(pl.DataFrame(rows, schema=names, orient="row"))


def exact(doc, relevance, *places, shown=2000):
    """A document whose clicks are what is expected of THETA, to the click."""
    return [("q", doc, k, shown, round(shown * relevance * THETA[k - 1])) for k in places]


def random_counts(seed=0, items=12, p=4):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(items):
        for k in rng.choice(p, rng.integers(1, p + 1), replace=False):
            shown = int(rng.integers(1, 30))
            rows.append(("q", f"d{i:02}", int(k) + 1, shown, int(rng.integers(0, shown + 1))))
    return counts_of(*rows)


@pytest.mark.parametrize("weights", ["harmonic", "uniform"])
def test_pairs_add_up_as_a_loop_over_documents_does(weights):
    counts = random_counts()
    weight, clicked = np.zeros((4, 4)), np.zeros((4, 4))
    for (_,), rows in counts.frame.group_by("doc_id"):
        for a in rows.to_dicts():
            for b in rows.to_dicts():
                if a["position"] != b["position"]:
                    n, m = a["impressions"], b["impressions"]
                    w = n * m / (n + m) if weights == "harmonic" else 1.0
                    weight[a["position"] - 1, b["position"] - 1] += w
                    clicked[a["position"] - 1, b["position"] - 1] += w * a["clicks"] / n

    found = pairs(counts.cells, weights)

    assert found.weight == pytest.approx(weight)
    assert found.clicked == pytest.approx(clicked)


@pytest.mark.parametrize("weights", ["harmonic", "uniform"])
def test_one_document_at_two_places_gives_the_ratio_of_its_click_rates(weights):
    found = AllPairs(weights=weights).estimate(counts_of(("q", "a", 1, 100, 40), ("q", "a", 2, 300, 60)))

    assert found.examination.tolist() == pytest.approx([1.0, 0.5])


@pytest.mark.parametrize("weights", ["harmonic", "uniform"])
def test_pairs_of_the_same_product_of_positions_have_relevance_of_their_own(weights):
    # 1 x 6 = 2 x 3, and 2 x 6 = 3 x 4: documents of one pair are good, those of the other bad.
    rows = exact("a", 0.9, 1, 6) + exact("b", 0.1, 2, 3) + exact("c", 0.2, 2, 6) + exact("d", 0.8, 3, 4)
    rows += exact("e", 0.5, 4, 5) + exact("f", 0.3, 1, 2)

    found = AllPairs(weights=weights).estimate(counts_of(*rows))

    assert found.examination == pytest.approx(THETA, rel=1e-4)


def test_the_slope_is_that_of_the_likelihood():
    both = pairs(random_counts(1).cells, "harmonic")
    at, step = np.array([0.0, -0.2, -0.5, -0.4]), 1e-6

    slope = likelihood(both, at)[1]
    ends = [[likelihood(both, at + sign * step * np.eye(4)[k])[0] for sign in (1, -1)] for k in range(4)]

    assert slope == pytest.approx([(up - down) / (2 * step) for up, down in ends], rel=1e-4, abs=1e-6)


def test_any_start_leads_to_the_same_estimate():
    both, free = pairs(random_counts(2).cells, "harmonic"), np.array([False, True, True, True])

    near = fit(both, free, np.zeros(4))
    far = fit(both, free, np.array([0.0, 2.0, -3.0, 1.0]))

    assert far == pytest.approx(near, abs=1e-4)


def test_planted_examination_is_recovered_from_several_rankers():
    rng = np.random.default_rng(5)
    docs = [(f"q{q}", f"d{d}", rng.uniform(0.1, 0.9), *rng.normal(size=3)) for q in range(20) for d in range(6)]
    names = ["query_id", "doc_id", "relevance", "a", "b", "c"]
    log = simulate(pl.DataFrame(docs, schema=names, orient="row"), "position_based", 40_000, depth=6, seed=1)

    found = AllPairs().estimate(count(log))

    truth = 1 / np.arange(1, 7)
    assert found.examination == pytest.approx(truth, rel=0.06)
    assert ((found.lower <= truth) & (truth <= found.upper)).mean() >= 5 / 6
    assert found.replicates.shape == (20, 6)


def test_names_and_the_order_of_rows_do_not_matter():
    counts = random_counts(3, items=30)
    other = counts.frame.with_columns(doc_id="x" + pl.col("doc_id").str.reverse()).reverse()

    one, renamed = AllPairs().estimate(counts), AllPairs().estimate(ClickCounts(other))

    assert renamed.examination == pytest.approx(one.examination, rel=1e-5)


def test_documents_that_never_move_are_refused():
    with pytest.raises(NotIdentifiedError, match="every document has its place"):
        AllPairs().estimate(counts_of(("q", "a", 1, 100, 40), ("q", "b", 2, 100, 20)))


def test_positions_that_hang_on_a_click_or_two_are_refused():
    rows = [("q", "a", 1, 100, 40), ("q", "a", 2, 100, 20), ("q", "b", 2, 5, 1), ("q", "b", 3, 5, 1)]

    with pytest.raises(NotIdentifiedError, match="too few clicks link position 3"):
        AllPairs().estimate(counts_of(*rows))


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"weights": "min"}, UnknownNameError, "no weights are called 'min'; there are: harmonic, uniform"),
        ({"level": 0.0}, ModelError, "level is 0.0"),
        ({"max_se": -1}, ModelError, "max_se is -1"),
    ],
)
def test_parameters_outside_their_range_are_refused(parameters, error, message):
    with pytest.raises(error, match=message):
        AllPairs(**parameters).estimate(counts_of(("q", "a", 1, 100, 40), ("q", "a", 2, 100, 20)))
