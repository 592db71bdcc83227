import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.estimators.swap import Swap
from weaklabel.clicks.simulate import Logging, simulate
from weaklabel.errors import ModelError, NotIdentifiedError, UnknownNameError


def counts_of(*rows, context=()):
    names = ["query_id", "doc_id", *context, "position", "impressions", "clicks"]
    return ClickCounts(pl.DataFrame(rows, schema=names, orient="row"), context=context)


def swapped(rng, queries=30, shown=200, theta=(1.0, 0.5, 0.25)):
    """Neighbours of each query swap in half of the impressions; a log without sessions."""
    rows = []
    for q in range(queries):
        for k in range(len(theta) - 1):
            relevance = rng.uniform(0.2, 0.8)
            for place in (k, k + 1):
                clicks = int(rng.binomial(shown, relevance * theta[place]))
                rows.append((f"q{q}", f"d{k}", place + 1, shown, clicks))
    return counts_of(*rows)


def test_documents_are_pooled_as_mantel_and_haenszel_do():
    # sum C' N / (N + N') = 10 * 100/150 + 5 * 50/150 = 8.333; sum C N' / (N + N') = 40 * 50/150 + 5 * 100/150 = 16.667
    counts = counts_of(("q", "a", 1, 100, 40), ("q", "a", 2, 50, 10), ("q", "b", 1, 50, 5), ("q", "b", 2, 100, 5))

    found = Swap().estimate(counts)

    assert found.examination.tolist() == pytest.approx([1.0, 0.5])


def test_ratios_of_neighbours_multiply_down_the_page():
    counts = counts_of(("q", "a", 1, 100, 40), ("q", "a", 2, 100, 20), ("q", "b", 2, 100, 60), ("q", "b", 3, 100, 30))

    found = Swap().estimate(counts)

    assert found.examination.tolist() == pytest.approx([1.0, 0.5, 0.25])


def test_swaps_with_the_top_compare_each_position_with_the_first():
    counts = counts_of(("q", "a", 1, 100, 40), ("q", "a", 2, 100, 20), ("q", "b", 1, 100, 60), ("q", "b", 3, 100, 30))

    found = Swap(pairs="first").estimate(counts)

    assert found.examination.tolist() == pytest.approx([1.0, 0.5, 0.5])


def test_documents_that_kept_their_place_change_nothing():
    moved = [("q", "a", 1, 100, 40), ("q", "a", 2, 100, 20)]

    alone = Swap().estimate(counts_of(*moved))
    among = Swap().estimate(counts_of(*moved, ("q", "b", 1, 1000, 900), ("r", "c", 2, 1000, 1)))

    assert among.examination.tolist() == alone.examination.tolist()


def test_each_context_has_a_curve_of_its_own():
    rows = [("q", "a", "phone", 1, 100, 40), ("q", "a", "phone", 2, 100, 10)]
    rows += [("q", "a", "desk", 1, 100, 40), ("q", "a", "desk", 2, 100, 30)]

    found = Swap().estimate(counts_of(*rows, context=("device",))).to_frame()

    assert found["device"].to_list() == ["desk", "desk", "phone", "phone"]
    assert found["examination"].to_list() == pytest.approx([1.0, 0.75, 1.0, 0.25])


def test_planted_examination_is_recovered_from_swaps_with_the_top():
    rng = np.random.default_rng(1)
    pairs = [(f"q{q}", f"d{d}", rng.uniform(0.2, 0.9), -float(d)) for q in range(5) for d in range(4)]
    rankings = pl.DataFrame(pairs, schema=["query_id", "doc_id", "relevance", "score"], orient="row")
    log = simulate(rankings, "position_based", 40_000, depth=4, logging=Logging(swap=0.5), seed=2)

    found = Swap(pairs="first").estimate(count(log))

    truth = 1 / np.arange(1, 5)
    assert found.examination == pytest.approx(truth, rel=0.1)
    assert ((found.lower <= truth) & (truth <= found.upper)).all()
    assert found.provenance["intervals"] == "delete-group jackknife, 20 groups of sessions"


def test_intervals_cover_the_planted_curve_as_often_as_they_say_without_sessions():
    rng = np.random.default_rng(3)
    truth = np.array([0.5, 0.25])

    found = [Swap(level=0.9).estimate(swapped(rng)) for _ in range(60)]
    covered = np.mean([(p.lower[1:] <= truth) & (truth <= p.upper[1:]) for p in found])

    assert 0.82 <= covered <= 0.97
    assert found[0].provenance["intervals"] == "delete-group jackknife, 20 groups of queries: the log has no sessions"


def test_few_queries_without_sessions_leave_impressions_to_resample():
    found = Swap().estimate(counts_of(("q", "a", 1, 1000, 400), ("q", "a", 2, 1000, 200)))

    error = np.log(found.upper[1] / found.examination[1]) / 2.09  # Student's t of 19 degrees
    assert error == pytest.approx((0.6 / 400 + 0.8 / 200) ** 0.5, rel=0.4)
    assert "impressions, taken as independent" in found.provenance["intervals"]


def test_neighbours_that_no_document_links_are_named_with_what_would_link_them():
    counts = counts_of(("q", "a", 1, 100, 40), ("q", "a", 2, 100, 20), ("q", "b", 3, 100, 30))

    with pytest.raises(NotIdentifiedError, match=r"positions 2-3 cannot .* no document .* both.*swapping positions 2"):
        Swap().estimate(counts)


def test_swapped_documents_without_a_click_at_one_end_say_nothing():
    counts = counts_of(("q", "a", 1, 100, 40), ("q", "a", 2, 100, 0), ("q", "b", 2, 100, 9))

    with pytest.raises(NotIdentifiedError, match="never clicked at position 2"):
        Swap().estimate(counts)


def test_two_clicks_are_too_few_to_compare():
    counts = counts_of(("q", "a", 1, 100, 1), ("q", "a", 2, 100, 1))

    with pytest.raises(NotIdentifiedError, match="too few clicks link position 2"):
        Swap().estimate(counts)


def test_the_context_that_cannot_be_compared_is_named():
    rows = [("q", "a", "desk", 1, 100, 40), ("q", "a", "desk", 2, 100, 30)]
    rows += [("q", "a", "phone", 1, 100, 40), ("q", "b", "phone", 2, 100, 10)]

    with pytest.raises(NotIdentifiedError, match="where device is 'phone'"):
        Swap().estimate(counts_of(*rows, context=("device",)))


def test_one_position_is_refused():
    with pytest.raises(NotIdentifiedError, match="only one position"):
        Swap().estimate(counts_of(("q", "a", 1, 100, 40)))


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"pairs": "all"}, UnknownNameError, "no pairs are called 'all'; there are: adjacent, first"),
        ({"level": 1.0}, ModelError, "level is 1.0"),
        ({"max_se": 0}, ModelError, "max_se is 0"),
    ],
)
def test_parameters_outside_their_range_are_refused(parameters, error, message):
    with pytest.raises(error, match=message):
        Swap(**parameters).estimate(counts_of(("q", "a", 1, 9, 4), ("q", "a", 2, 9, 2)))
