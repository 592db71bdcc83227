import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.estimators import _affine as affine
from weaklabel.clicks.estimators.trust import Trust
from weaklabel.clicks.simulate import simulate
from weaklabel.clicks.users.trust import Trust as Users
from weaklabel.errors import ModelError, NotIdentifiedError, TableError

ALPHA, BETA = np.array([0.5, 0.4, 0.3]), np.array([0.4, 0.2, 0.1])


def counts_of(*rows, context=()):
    names = ["query_id", "doc_id", *context, "position", "impressions", "clicks"]
    return ClickCounts(pl.DataFrame(rows, schema=names, orient="row"), context=context)


def exact(grades, shown=10_000):
    """Documents of these grades at each of three positions, clicked just as often as expected."""
    rate = np.outer(grades, ALPHA) + BETA
    rows = [("q", f"d{i}", k + 1, shown, round(shown * rate[i, k])) for i in range(len(grades)) for k in range(3)]
    return counts_of(*rows)


def anchors_of(grades, name="relevance"):
    return pl.DataFrame({"query_id": "q", "doc_id": [f"d{i}" for i in range(len(grades))], name: grades})


def test_exact_click_rates_give_the_planted_lines():
    grades = [0.0, 0.2, 0.5, 0.7, 1.0]

    found = Trust(anchors=anchors_of(grades)).estimate(exact(grades))

    assert found.alpha == pytest.approx(ALPHA, abs=2e-3)
    assert found.beta == pytest.approx(BETA, abs=2e-3)
    assert found.examination == pytest.approx((ALPHA + BETA) / 0.9, abs=2e-3)


def test_documents_without_a_grade_change_nothing():
    grades = [0.0, 0.2, 0.5, 0.7, 1.0]
    whole = exact([*grades, 0.9, 0.1])

    few = Trust(anchors=anchors_of(grades)).estimate(exact(grades))
    among = Trust(anchors=anchors_of(grades)).estimate(whole)

    assert among.alpha == pytest.approx(few.alpha, rel=1e-6)
    assert among.provenance["anchors"] == 5


def test_grades_count_as_powers_of_two_and_other_names_are_left_out():
    grades = [0, 1, 2, 2, 0]  # (2^g - 1) / 3
    graded = anchors_of(grades, "grade").vstack(
        pl.DataFrame({"query_id": ["elsewhere"], "doc_id": ["x"], "grade": [2]})
    )

    by_grade = Trust(anchors=graded).estimate(exact([0, 1 / 3, 1, 1, 0]))

    assert by_grade.alpha == pytest.approx(ALPHA, abs=2e-3)


def test_a_file_of_anchors_is_as_good_as_a_frame(tmp_path):
    grades = [0.0, 0.2, 0.5, 0.7, 1.0]
    anchors_of(grades).write_csv(tmp_path / "anchors.csv")

    found = Trust(anchors=str(tmp_path / "anchors.csv")).estimate(exact(grades))

    assert found.beta == pytest.approx(BETA, abs=2e-3)


def test_the_slope_is_that_of_the_posterior():
    grades = [0.0, 0.3, 0.6, 0.8, 1.0]
    cells, relevance = exact(grades, shown=50).cells, np.array(grades)
    neighbours, at = affine.walk(cells, 0.7), np.array([[-1.0, -0.5, 0.3], [0.4, 0.1, -0.2]])

    slope = affine.posterior(cells, relevance, neighbours, at)[1].ravel()
    steps = 1e-6 * np.eye(6).reshape(6, 2, 3)
    ends = [[affine.posterior(cells, relevance, neighbours, at + s * step)[0] for s in (1, -1)] for step in steps]

    assert slope == pytest.approx([(up - down) / 2e-6 for up, down in ends], rel=1e-4)


def test_positions_of_few_clicks_are_drawn_towards_their_neighbours():
    grades = [0.0, 1.0, 0.0, 1.0, 0.5]
    rows = [("q", f"d{i}", k, 9000, round(9000 * (0.2 + 0.5 * g))) for k in (1, 3) for i, g in enumerate(grades)]
    rows += [("q", f"d{i}", 2, 3, 2 if g else 1) for i, g in enumerate(grades)]

    firm, free = (Trust(anchors=anchors_of(grades), roughness=r).estimate(counts_of(*rows)) for r in (0.3, 1000.0))

    assert firm.beta[1] == pytest.approx(0.2, abs=0.05)
    assert abs(free.beta[1] - 0.2) > 0.1


def test_planted_trust_is_recovered_from_a_hundred_and_fifty_anchors():
    rng = np.random.default_rng(1)
    docs = [
        (f"q{q}", f"d{d}", float(rng.choice([0.1, 0.4, 1.0])), *rng.normal(size=3)) for q in range(60) for d in range(6)
    ]
    rankings = pl.DataFrame(docs, schema=["query_id", "doc_id", "relevance", "a", "b", "c"], orient="row")
    counts = count(simulate(rankings, "trust", 30_000, depth=5, seed=2))

    found = Trust(anchors=rankings.sample(150, seed=3)).estimate(counts)

    alpha, beta = Users().affine(5)
    assert found.alpha == pytest.approx(alpha, abs=0.04)
    assert found.beta == pytest.approx(beta, abs=0.03)
    truth = (alpha + beta) / (alpha[0] + beta[0])
    assert ((found.lower <= truth) & (truth <= found.upper)).mean() >= 0.8
    assert (found.upper[1:] / found.lower[1:] < 1.5).all()


def test_lines_stay_within_probabilities_where_click_rates_do_not():
    # A line through 0 of 20 and 20 of 20 clicks at relevance .4 and .6 would reach -2 and 3.
    rows = [("q", f"d{i}", k, 20, 20 * (i % 2)) for i in range(6) for k in (1, 2)]

    found = Trust(anchors=anchors_of([0.4, 0.6] * 3)).estimate(counts_of(*rows))

    assert (found.beta >= 0).all()
    assert (found.alpha + found.beta <= 1).all()


def test_a_click_that_is_certain_on_top_is_no_infinite_step_from_the_next_position():
    grades, high, low = [0.0, 0.2, 0.5, 0.7, 0.9], np.array([1.0, 0.8, 0.6, 0.5]), np.array([0.4, 0.2, 0.1, 0.1])
    rate = np.outer(grades, high) + np.outer(1 - np.array(grades), low)
    rows = [("q", f"d{i}", k + 1, 200, round(200 * rate[i, k])) for i in range(5) for k in range(4)]

    found = Trust(anchors=anchors_of(grades)).estimate(counts_of(*rows))

    assert found.examination == pytest.approx(high, abs=0.01)  # a walk of logits: 0.83, 0.62, 0.52
    assert found.alpha[0] + found.beta[0] == pytest.approx(1.0, abs=0.01)


def test_each_context_has_lines_of_its_own():
    grades = [0.0, 1.0, 0.0, 1.0, 0.5]
    rows = [("q", f"d{i}", x, k, 9000, round(9000 * (low + 0.5 * g))) for x, low in (("desk", 0.1), ("phone", 0.4))
            for i, g in enumerate(grades) for k in (1, 2)]  # fmt: skip

    found = Trust(anchors=anchors_of(grades)).estimate(counts_of(*rows, context=("device",)))

    assert found.beta == pytest.approx([0.1, 0.1, 0.4, 0.4], abs=2e-3)


def test_clicks_alone_are_refused_with_what_it_takes():
    with pytest.raises(NotIdentifiedError, match="clicks alone cannot tell trust.* 100 to 300 graded pairs"):
        Trust().estimate(exact([0.0, 1.0]))


def test_positions_of_too_few_anchors_are_named():
    grades = [0.0, 0.2, 0.5, 0.7, 1.0]
    rows = [("q", f"d{i}", k, 100, 30) for i in range(5) for k in (1, 2)] + [("q", "d0", 3, 100, 10)]

    with pytest.raises(NotIdentifiedError, match=r"position 3 showed too few anchors \(1; at least 5"):
        Trust(anchors=anchors_of(grades)).estimate(counts_of(*rows))


def test_positions_whose_anchors_are_all_alike_are_named():
    rows = [("q", f"d{i}", 1 + i // 5, 100, 30) for i in range(10)] + [("q", "d0", 2, 100, 10)]

    with pytest.raises(NotIdentifiedError, match="the anchors at position 2 all have the same relevance"):
        Trust(anchors=anchors_of([0.5] + [0.0, 1.0] * 2 + [0.5] * 5)).estimate(counts_of(*rows))


def test_positions_where_better_documents_are_clicked_less_are_named():
    rows = [("q", f"d{i}", k, 9000, 3000 if k == 1 and i % 2 else 2000) for i in range(6) for k in (1, 2)]
    rows = [(*row[:4], row[4] + 1000) if row[2] == 2 and int(row[1][1]) % 2 == 0 else row for row in rows]

    with pytest.raises(NotIdentifiedError, match="at position 2 anchors that were graded better were not clicked more"):
        Trust(anchors=anchors_of([0.0, 1.0] * 3), roughness=100.0).estimate(counts_of(*rows))


@pytest.mark.parametrize(
    ("anchors", "message"),
    [
        (pl.DataFrame({"query_id": ["q"], "doc_id": ["d0"]}), "no column 'grade'.*or a relevance"),
        (anchors_of([0.5, 1.5]), "relevance 1.5 in row 1: a relevance lies in"),
        (anchors_of([0, -1], "grade"), "grade -1 in row 1: a grade is 0 or more"),
        (anchors_of([0, 1000], "grade"), "grade 1000: a grade is 0 or more"),
        (anchors_of([0.5, None]), "relevance None in row 1"),
        (pl.concat([anchors_of([0.5]), anchors_of([0.7])]), "document 'd0' of query 'q'"),
    ],
)
def test_anchors_that_cannot_be_used_are_refused(anchors, message):
    with pytest.raises(TableError, match=message):
        Trust(anchors=anchors).estimate(exact([0.0, 1.0]))


@pytest.mark.parametrize("parameters", [{"level": 0}, {"roughness": 0.0}, {"least": 1}])
def test_parameters_outside_their_range_are_refused(parameters):
    with pytest.raises(ModelError, match=f"{next(iter(parameters))} is {next(iter(parameters.values()))}"):
        Trust(**parameters).estimate(exact([0.0, 1.0]))
