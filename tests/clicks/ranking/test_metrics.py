import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from weaklabel.artefacts import RelevanceLabels
from weaklabel.clicks.ranking.metrics import compare_rankings, dcg, mrr, ndcg
from weaklabel.errors import ModelError, TableError, UnknownNameError

PAIR = ["query_id", "doc_id"]


def ranking(*rows, by="score"):
    return pl.DataFrame(rows, schema=[*PAIR, by], orient="row")


def gold(*rows):
    return pl.DataFrame(rows, schema=[*PAIR, "grade"], orient="row")


# Best first by the scores: grades 0, 2, 1.
ONE = ranking(("q", "a", 3.0), ("q", "b", 2.0), ("q", "c", 1.0))
GRADES = gold(("q", "a", 0), ("q", "b", 2), ("q", "c", 1))
LOG3 = np.log2(3)


def random_lists(rng, queries=30, docs=12, levels=4):
    rows = [
        (f"q{q}", f"d{d}", float(rng.integers(levels)), int(rng.integers(5)))
        for q in range(queries)
        for d in range(docs)
    ]
    frame = pl.DataFrame(rows, schema=[*PAIR, "score", "grade"], orient="row")
    return frame.select(*PAIR, "score"), frame.select(*PAIR, "grade")


@pytest.mark.parametrize(
    ("k", "gain", "expected"),
    [
        (3, "exponential", (3 / LOG3 + 1 / 2) / (3 + 1 / LOG3)),
        (3, "linear", (2 / LOG3 + 1 / 2) / (2 + 1 / LOG3)),
        (2, "exponential", (3 / LOG3) / (3 + 1 / LOG3)),
        (1, "exponential", 0.0),
    ],
)
def test_ndcg_is_the_discounted_gain_over_that_of_the_best_order(k, gain, expected):
    found = ndcg(ONE, GRADES, k, gain=gain)

    assert found.value == pytest.approx(expected)
    assert found.metric == f"ndcg@{k}"


def test_dcg_is_not_divided_by_the_best():
    assert dcg(ONE, GRADES, 3).value == pytest.approx(3 / LOG3 + 1 / 2)


def test_mrr_is_one_over_the_rank_of_the_first_relevant_document():
    assert mrr(ONE, GRADES).value == pytest.approx(1 / 2)
    assert mrr(ONE, GRADES, 1).value == 0.0


def test_mrr_of_tied_documents_is_that_of_a_random_order():
    tied = ranking(("q", "a", 9.0), ("q", "b", 1.0), ("q", "c", 1.0), ("q", "d", 1.0))
    two_of_them = gold(("q", "b", 1), ("q", "c", 1), ("q", "d", 0), ("q", "a", 0))

    found = mrr(tied, two_of_them)

    # among b, c, d the first place is relevant with 2/3 (rank 2), else the second is (rank 3)
    assert found.value == pytest.approx(2 / 3 * 1 / 2 + 1 / 3 * 1 / 3)


@pytest.mark.parametrize("k", [1, 3, 10, 50])
def test_ndcg_equals_that_of_scikit_learn_ties_and_all(k):
    scores, grades = random_lists(np.random.default_rng(1))

    found = ndcg(scores, grades, k)

    both = scores.join(grades, on=PAIR).partition_by("query_id", as_dict=True)
    for query, value in found.by_query.rows():
        one = both[(query,)]
        gain = 2.0 ** one["grade"].to_numpy() - 1
        assert value == pytest.approx(ndcg_score([gain], [one["score"].to_numpy()], k=k))


def test_a_rank_counts_from_the_top_and_labels_by_their_relevance():
    by_rank = ranking(("q", "a", 1), ("q", "b", 2), ("q", "c", 3), by="rank")
    labels = RelevanceLabels(
        ONE.rename({"score": "relevance"}).with_columns(impressions=1, clicks=0, effective_sample_size=1.0)
    )

    assert ndcg(by_rank, GRADES, 3).value == ndcg(labels, GRADES, 3).value == ndcg(ONE, GRADES, 3).value


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_neither_the_order_of_rows_nor_the_names_of_documents_matter(seed):
    rng = np.random.default_rng(seed)
    scores, grades = random_lists(rng, queries=4, docs=6, levels=2)
    grades = grades.with_columns(grade=pl.when(pl.col("doc_id") == "d0").then(1).otherwise("grade"))
    other = {f"d{d}": f"x{place}" for d, place in enumerate(rng.permutation(6))}

    def renamed(frame):
        return frame.with_columns(pl.col("doc_id").replace(other)).sample(fraction=1, shuffle=True, seed=seed)

    for metric in (ndcg, dcg, mrr):
        a, b = metric(scores, grades, 3, n_bootstrap=5), metric(renamed(scores), renamed(grades), 3, n_bootstrap=5)
        assert a.by_query["value"].to_list() == pytest.approx(b.by_query["value"].to_list())
        assert (a.lower, a.upper) == pytest.approx((b.lower, b.upper))


def test_what_was_left_out_is_counted():
    scores = ranking(("q", "a", 1.0), ("q", "new", 2.0), ("none", "a", 1.0), ("ungraded", "a", 1.0))
    grades = gold(("q", "a", 1), ("none", "a", 0), ("elsewhere", "a", 1))

    found = ndcg(scores, grades)

    assert (found.queries, found.without_relevant, found.not_ranked, found.without_grade) == (1, 2, 1, 1)
    assert found.value == pytest.approx(1 / LOG3)  # the document without a grade stands first and gains nothing


def test_a_relevant_document_that_is_not_ranked_lowers_ndcg():
    assert ndcg(ranking(("q", "a", 1.0)), gold(("q", "a", 1), ("q", "b", 1)), 2).value == pytest.approx(
        1 / (1 + 1 / LOG3)
    )


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    rng, covered = np.random.default_rng(5), 0
    docs = [("a", 1.0, 1), ("b", 0.0, 0)]
    for seed in range(100):
        # one query in four has its two documents the wrong way round: the expected value is known
        rows = [(f"q{q}", d, -s if rng.random() < 0.25 else s, g) for q in range(60) for d, s, g in docs[:1]]
        frame = pl.DataFrame(rows, schema=[*PAIR, "score", "grade"], orient="row")
        other = frame.select("query_id", doc_id=pl.lit("b"), score=0.0, grade=pl.lit(0, pl.Int64))
        both = pl.concat([frame, other])
        found = ndcg(both.drop("grade"), both.drop("score"), n_bootstrap=200, seed=seed)
        covered += found.lower <= 0.75 + 0.25 / LOG3 <= found.upper

    assert 88 <= covered <= 99


def test_one_query_says_nothing_of_others():
    found = ndcg(ONE, GRADES)

    assert (found.lower, found.upper) == (-np.inf, np.inf)


def test_two_rankings_are_compared_query_by_query():
    a = ranking(("q", "a", 2.0), ("q", "b", 1.0), ("r", "a", 2.0), ("r", "b", 1.0), ("s", "a", 2.0), ("s", "b", 1.0))
    b = a.with_columns(score=pl.when(pl.col("query_id") == "s").then("score").otherwise(-pl.col("score")))
    grades = gold(("q", "a", 1), ("q", "b", 0), ("r", "a", 0), ("r", "b", 1), ("s", "a", 1), ("s", "b", 0))

    found = compare_rankings(mrr(a, grades), mrr(b, grades))

    assert (found.wins, found.losses, found.ties) == (1, 1, 1)
    assert found.value == pytest.approx(0.0)
    assert found.lower == pytest.approx(-found.upper)


def test_pairing_makes_the_interval_narrower_than_two_apart():
    rng = np.random.default_rng(2)
    scores, grades = random_lists(rng, queries=200, levels=1000)
    a = ndcg(scores, grades)
    b = ndcg(scores.with_columns(pl.col("score") + pl.Series(rng.normal(0, 30, len(scores)))), grades)

    found = compare_rankings(a, b)

    assert found.value == pytest.approx(a.value - b.value)
    assert found.upper - found.lower < 0.7 * (a.upper - a.lower)


def test_rankings_of_other_queries_are_not_compared():
    other = ranking(("q", "a", 1.0), ("r", "a", 1.0))

    with pytest.raises(TableError, match=r"different queries \(1 of the first's 2"):
        compare_rankings(ndcg(other, gold(("q", "a", 1), ("r", "a", 1))), ndcg(ONE, GRADES))


def test_metrics_of_two_kinds_are_not_compared():
    with pytest.raises(TableError, match="by ndcg@10, the other by mrr@10"):
        compare_rankings(ndcg(ONE, GRADES), mrr(ONE, GRADES))


@pytest.mark.parametrize(
    ("scores", "grades", "said"),
    [
        (ONE.drop("score"), GRADES, "no column 'score'"),
        (ONE, GRADES.drop("grade"), "no column 'grade'"),
        (pl.concat([ONE, ONE]), GRADES, "document 'a' of query 'q' twice"),
        (ONE, pl.concat([GRADES, GRADES]), "the gold has document 'a' of query 'q' twice"),
        (ranking(("q", "a", float("nan"))), GRADES, "score = nan in row 0"),
        (ranking(("q", "a", None), by="score"), GRADES, "score = None in row 0"),
        (ONE, gold(("q", "a", -1)), "grade -1.0 in row 0"),
        (ONE, gold(("q", "a", 5000)), "grade 5000.0 in row 0"),
        (ONE, gold(("q", "a", 0)), "none of the 1 ranked queries has a document with a grade above 0"),
        (ONE, gold(("7", "a", 1)), "the ranking has query_id 'q', the gold '7'"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_its_value(scores, grades, said):
    with pytest.raises(TableError, match=said):
        ndcg(scores, grades)


@pytest.mark.parametrize("wrong", [{"k": 0}, {"level": 1.0}, {"n_bootstrap": 0}])
def test_a_parameter_outside_its_range_is_refused(wrong):
    with pytest.raises(ModelError, match=f"{next(iter(wrong))} is {next(iter(wrong.values()))}"):
        ndcg(ONE, GRADES, **wrong)


def test_an_unknown_gain_is_refused():
    with pytest.raises(UnknownNameError, match="no gain is called 'square'"):
        ndcg(ONE, GRADES, gain="square")
