from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest, chisquare

from weaklabel.clicks.simulate import (
    Logging,
    graded_rankings,
    position_curve,
    relevance_of_grades,
    simulate,
    simulate_to,
    truth,
    weak_rankers,
)
from weaklabel.clicks.users.dbn import DBN
from weaklabel.clicks.users.position_based import PositionBased
from weaklabel.errors import ClickLogError, ModelError, TableError, UnknownNameError

MQ2008 = Path(__file__).parents[2].parent / "shared/data/clicks/mq2008/mq2008.npz"

# Query q: the two rankers disagree on a, b and c. Query r has only two documents.
SMALL = pl.DataFrame(
    {
        "query_id": ["q", "q", "q", "r", "r"],
        "doc_id": ["a", "b", "c", "x", "y"],
        "relevance": [0.9, 0.5, 0.2, 0.4, 0.1],
        "up": [3.0, 2.0, 1.0, 2.0, 1.0],
        "down": [1.0, 2.0, 3.0, 2.0, 1.0],
    }
)
ONE = pl.DataFrame(
    {"query_id": ["q"] * 4, "doc_id": list("abcd"), "relevance": [1.0, 0.5, 0.5, 0.2], "s": [4, 3, 2, 1]}
)


def pages(log):
    """What each session was shown, from the top, and by which ranker."""
    shown = log.frame.sort("session_id", "position").group_by("session_id", maintain_order=True)
    return shown.agg(pl.col("query_id", "ranker").first(), pl.col("doc_id").str.join(""), "click")


def graded(queries=60, documents=12, features=6, seed=0):
    """Documents whose grade shows in their features, with noise."""
    rng = np.random.default_rng(seed)
    n = queries * documents
    X, weights = rng.normal(size=(n, features)), rng.normal(size=features)
    grade = np.clip(np.round((X @ weights + rng.normal(size=n)) / np.linalg.norm(weights)), 0, 2).astype(int)
    ids = {"query_id": np.repeat(np.arange(queries), documents), "doc_id": np.tile(np.arange(documents), queries)}
    return pl.DataFrame(ids | {"grade": grade} | {f"f{j + 1}": X[:, j] for j in range(features)})


def with_rankers(frame, **options):
    return weak_rankers(frame.with_columns(relevance=relevance_of_grades(frame["grade"], top=2)), **options)


def mq2008():
    data = np.load(MQ2008)
    X = data["X_train"]
    frame = pl.DataFrame({"query_id": data["qid_train"], "grade": data["y_train"].astype(int)}).hstack(
        [pl.Series(f"f{j + 1}", X[:, j]) for j in range(X.shape[1])]
    )
    numbered = frame.with_columns(doc_id=pl.int_range(pl.len()).over("query_id"))
    return with_rankers(numbered.filter(pl.len().over("query_id") >= 2))


def curves(log):
    """Click rate by rank, and the fixed point of relevance and examination, each relative to the top."""
    cells = log.frame.group_by("query_id", "doc_id", "position").agg(pl.len().alias("n"), pl.col("click").sum())
    item = cells.select(pl.struct("query_id", "doc_id").rank("dense") - 1).to_series().to_numpy()
    k, n, c = cells["position"].to_numpy() - 1, cells["n"].to_numpy(), cells["click"].to_numpy()
    naive = np.bincount(k, c) / np.bincount(k, n)
    theta = np.ones(len(naive))
    for _ in range(200):
        gamma = np.bincount(item, c) / np.bincount(item, n * theta[k])
        theta = np.bincount(k, c) / np.bincount(k, n * gamma[item])
    return naive / naive[0], theta / theta[0]


def test_a_log_has_a_row_for_each_document_shown():
    log = simulate(SMALL, sessions=50, depth=2)

    assert log.frame.columns == ["query_id", "doc_id", "position", "click", "session_id", "ranker"]
    assert len(log) == 100
    assert log.frame["session_id"].n_unique() == 50
    assert log.frame["position"].to_list() == [1, 2] * 50
    assert set(log.frame["click"]) == {0, 1}


def test_each_ranker_shows_its_best_documents_first_and_a_short_query_gives_a_short_page():
    shown = pages(simulate(SMALL, sessions=200, depth=5))

    assert set(shown.select("query_id", "ranker", "doc_id").unique().rows()) == {
        ("q", "up", "abc"),
        ("q", "down", "cba"),
        ("r", "up", "xy"),
        ("r", "down", "xy"),
    }


def test_equal_scores_keep_the_order_of_the_ids():
    shown = pages(simulate(SMALL.with_columns(up=0.0), sessions=20, logging=Logging(rankers=["up"])))

    assert set(shown["doc_id"]) == {"abc", "xy"}


def test_neither_features_nor_grades_nor_texts_are_rankers_but_relevance_may_be_one():
    more = SMALL.with_columns(grade=1, f1=0.5, title=pl.lit("text"))

    assert set(simulate(more, sessions=50).frame["ranker"]) == {"up", "down"}
    assert set(simulate(more, sessions=50, logging=Logging(rankers=["relevance"])).frame["ranker"]) == {"relevance"}


def test_the_order_of_the_rows_of_the_rankings_changes_nothing():
    log = simulate(SMALL, sessions=100, seed=4)

    assert simulate(SMALL.sample(fraction=1, shuffle=True, seed=2), sessions=100, seed=4).frame.equals(log.frame)


def test_the_same_seed_gives_the_same_log_and_another_seed_another():
    first, again, other = (simulate(SMALL, sessions=100, seed=seed).frame for seed in (1, 1, 2))

    assert first.equals(again)
    assert not first.equals(other)


def test_other_users_see_the_same_pages():
    shown = [simulate(SMALL, users, sessions=100).frame.drop("click") for users in ("position_based", "trust", "dbn")]

    assert shown[0].equals(shown[1])
    assert shown[0].equals(shown[2])


def test_parameters_reach_the_named_user_model():
    log = simulate(ONE, "position_based", sessions=50, theta=[1.0, 0, 0, 0])

    assert log.frame.group_by("position").agg(pl.col("click").sum()).sort("position")["click"].to_list() == [
        50,
        0,
        0,
        0,
    ]


def test_a_user_model_may_be_given_as_an_object():
    assert simulate(ONE, PositionBased(eta=2), sessions=50).frame.equals(simulate(ONE, sessions=50, eta=2).frame)


def test_rankers_serve_by_their_weights():
    log = simulate(SMALL, sessions=4000, depth=1, logging=Logging(weights=[3, 1]))

    assert binomtest(log.frame["ranker"].eq("up").sum(), 4000, 0.75).pvalue > 0.001


def test_a_swap_exchanges_the_top_with_a_random_lower_rank_in_its_share_of_the_sessions():
    shown = pages(simulate(ONE, sessions=6000, logging=Logging(swap=0.3)))["doc_id"].value_counts()

    counts = dict(shown.rows())
    assert set(counts) == {"abcd", "bacd", "cbad", "dbca"}
    assert chisquare([counts[page] for page in ("abcd", "bacd", "cbad", "dbca")], [4200, 600, 600, 600]).pvalue > 0.001


def test_a_page_of_one_document_has_nothing_to_swap():
    assert set(simulate(ONE, sessions=30, depth=1, logging=Logging(swap=1)).frame["doc_id"]) == {"a"}


def test_a_shuffle_puts_every_document_everywhere_equally_often():
    log = simulate(SMALL, sessions=6000, logging=Logging(shuffle=True, query_weights={"q": 1}))

    places = log.frame.group_by("doc_id", "position").len()
    assert len(places) == 9
    assert chisquare(places["len"]).pvalue > 0.001


def test_a_shuffle_leaves_no_holes_in_short_pages():
    shown = pages(simulate(SMALL, sessions=200, depth=6, logging=Logging(shuffle=True)))

    assert set(shown["doc_id"].str.len_chars()) == {2, 3}
    assert simulate(SMALL, sessions=200, depth=6, logging=Logging(shuffle=True)).frame["position"].max() == 3


def test_queries_are_asked_by_zipfs_law():
    n = 20
    rankings = pl.DataFrame({"query_id": np.repeat(np.arange(n), 2), "doc_id": [0, 1] * n, "relevance": 0.5, "s": 1})
    expected = (1 / np.arange(1, n + 1)) / (1 / np.arange(1, n + 1)).sum()

    counts = simulate(rankings, sessions=20_000, depth=1, logging=Logging(zipf=1)).frame["query_id"].value_counts()

    assert chisquare(counts["count"].sort(descending=True), 20_000 * expected).pvalue > 0.001


def test_a_query_is_asked_by_its_weight_and_never_without_one():
    log = simulate(SMALL, sessions=100, logging=Logging(query_weights={"r": 2}))

    assert set(log.frame["query_id"]) == {"r"}


def test_users_may_differ_by_context():
    users = {"desk": PositionBased(theta=[1, 0.8]), "phone": PositionBased(theta=[1, 0.2])}
    rankings = pl.DataFrame({"query_id": ["q", "q"], "doc_id": ["a", "b"], "relevance": 1.0, "s": [1, 0]})

    log = simulate(rankings, users, 8000, context="screen", mix={"phone": 1, "desk": 3})

    second = log.frame.filter(pl.col("position") == 2)
    clicks = dict(second.group_by("screen").agg(pl.struct(pl.col("click").sum(), n=pl.len())).rows())
    assert log.context == ("ranker", "screen")
    assert binomtest(clicks["phone"]["n"], 8000, 0.25).pvalue > 0.001
    assert binomtest(clicks["phone"]["click"], clicks["phone"]["n"], 0.2).pvalue > 0.001
    assert binomtest(clicks["desk"]["click"], clicks["desk"]["n"], 0.8).pvalue > 0.001


def test_a_page_is_seen_by_one_user():
    users = {"desk": "position_based", "phone": "dbn"}

    log = simulate(SMALL, users, 200)

    assert log.frame.group_by("session_id").agg(pl.col("device").n_unique())["device"].max() == 1


def test_a_log_written_part_by_part_is_the_log(tmp_path):
    users, sessions = {"desk": "position_based", "phone": "dbn"}, 130_000  # more than one part

    rows = simulate_to(tmp_path / "new" / "log.parquet", SMALL, users, sessions, depth=1, seed=5)

    log = simulate(SMALL, users, sessions, depth=1, seed=5).frame
    written = pl.read_parquet(tmp_path / "new" / "log.parquet")
    assert rows == sessions
    assert written.select(log.columns).equals(log)
    assert log["session_id"].n_unique() == sessions
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["log.parquet"]


def test_a_log_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ClickLogError, match=r"cannot write .*log\.parquet: "):
        simulate_to(tmp_path / "file" / "log.parquet", SMALL, sessions=10)


def test_the_truth_of_position_based_users_is_their_curve_relative_to_the_top():
    assert truth(ONE, sessions=10).rows() == [(k, pytest.approx(1 / k)) for k in (1, 2, 3, 4)]
    assert truth(ONE, sessions=10, theta=[0.5, 0.25, 0.5, 0.0])["examination"].to_list() == [1, 0.5, 1, 0]


def test_the_truth_of_users_who_stop_is_the_mean_over_the_pages():
    # By "up", b stands below a: .9 * .9 * (1 - .9 * .9) + .1 * .9 = .2439; by "down", below c: .2 * .738 + .8 * .9
    only_q = {"sessions": 2000, "depth": 2, "seed": 3}
    logging = Logging(query_weights={"q": 1})
    share = simulate(SMALL, "dbn", logging=logging, **only_q).frame["ranker"].eq("up").mean()

    found = truth(SMALL, "dbn", logging=logging, **only_q)

    expected = share * (0.9 * 0.171 + 0.1 * 0.9) + (1 - share) * (0.2 * 0.738 + 0.8 * 0.9)
    assert found["examination"].to_list() == pytest.approx([1, expected])


def test_the_truth_of_several_users_is_a_curve_for_each():
    users = {"phone": PositionBased(eta=2), "desk": PositionBased()}

    found = truth(ONE, users, 100, depth=2)

    assert found.rows() == [("desk", 1, 1.0), ("desk", 2, 0.5), ("phone", 1, 1.0), ("phone", 2, 0.25)]


def test_a_log_of_position_based_users_gives_back_the_planted_curve_and_click_rates_do_not():
    rankings = with_rankers(graded())

    naive, harvested = curves(simulate(rankings, sessions=20_000))

    assert abs(harvested - position_curve(10)).mean() < 0.01
    assert abs(naive - position_curve(10)).mean() > 0.03


@pytest.mark.skipif(not MQ2008.is_file(), reason="MQ2008 is not in ../shared/data/clicks")
def test_on_real_rankings_click_rates_are_biased_as_measured_and_the_fixed_point_is_not():
    naive, harvested = curves(simulate(mq2008(), sessions=20_000))

    assert abs(naive - position_curve(10)).mean() == pytest.approx(0.032, abs=0.008)
    assert abs(harvested - position_curve(10)).mean() < 0.012


def test_a_grade_becomes_the_chance_of_a_click_by_what_it_gains():
    # .1 + .9 (2^g - 1) / 3
    assert relevance_of_grades([0, 1, 2]) == pytest.approx([0.1, 0.4, 1.0])
    assert relevance_of_grades(pl.Series([0, 1, 2]), noise=0, top=4) == pytest.approx([0, 1 / 15, 3 / 15])


@pytest.mark.parametrize(
    ("grades", "options", "message"),
    [
        ([0, -1], {}, r"the highest grade is 0"),
        ([2, -1], {}, r"row 1 has grade -1\.0: a grade is in 0\.\.2"),
        ([0, 3], {"top": 2}, r"row 1 has grade 3\.0: a grade is in 0\.\.2"),
        ([1, None], {"top": 2}, "row 1 has grade nan"),
        ([0, 0], {}, r"the highest grade is 0\.0: say which grade"),
        ([0, 1], {"noise": 1.5}, r"noise is 1\.5"),
    ],
)
def test_grades_outside_their_range_are_refused(grades, options, message):
    with pytest.raises(TableError, match=message):
        relevance_of_grades(grades, **options)


def test_weak_rankers_put_better_grades_higher_each_in_its_own_way():
    frame = weak_rankers(graded(), n=3, queries=4)

    correlations = [np.corrcoef(frame["grade"], frame[f"ranker_{j}"])[0, 1] for j in range(3)]
    assert min(correlations) > 0.3
    assert len({round(correlation, 6) for correlation in correlations}) == 3


def test_weak_rankers_depend_on_the_seed_and_not_on_the_order_of_the_rows():
    frame = graded()
    mixed = frame.with_row_index("row").sample(fraction=1, shuffle=True, seed=1)

    scores = weak_rankers(frame, seed=3)["ranker_0"].to_numpy()

    assert weak_rankers(mixed, seed=3).sort("row")["ranker_0"].to_numpy() == pytest.approx(scores)
    assert not np.allclose(weak_rankers(frame, seed=4)["ranker_0"], scores)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.col("grade") * 0, "no query has documents of different grades"),
        (pl.lit(None).alias("grade"), "a grade is missing"),
        (pl.lit(float("inf")).alias("f2"), "row 0 has f2 inf: a feature is a finite number"),
    ],
)
def test_rankers_need_grades_that_differ_and_features_that_are_numbers(change, message):
    with pytest.raises(TableError, match=message):
        weak_rankers(graded(queries=3).with_columns(change))


def test_rankers_need_features():
    with pytest.raises(TableError, match="has no features f1, f2"):
        weak_rankers(graded(queries=3).drop(f"f{j}" for j in range(1, 7)))


@pytest.mark.parametrize(
    ("rankings", "message"),
    [
        (SMALL.drop("relevance"), "no column 'relevance'.*; relevance_of_grades makes relevance of grades"),
        (SMALL.drop("doc_id"), "no column 'doc_id'"),
        (SMALL.drop("up", "down"), "no column of scores: add one per ranker"),
        (SMALL.with_columns(relevance=1.2), r"document 'a' of query 'q' has relevance 1\.2: it is P\(click"),
        (SMALL.with_columns(relevance=None), "document 'a' of query 'q' has relevance None"),
        (SMALL.with_columns(relevance=float("nan")), "document 'a' of query 'q' has relevance nan"),
        (SMALL.with_columns(relevance=pl.lit("high")), "not of their types"),
        (SMALL.with_columns(up=float("nan")), "document 'a' of query 'q' has score up nan: a score is a finite number"),
        (SMALL.with_columns(doc_id=pl.lit("a")), "document 'a' of query 'q' has doc_id 'a': it stands there more than"),
        (SMALL.with_columns(query_id=None), "document 'a' of query None has doc_id 'a': give every row its query"),
        (SMALL.filter(doc_id="a"), "none of the 1 queries of the rankings has two documents"),
        (SMALL.clear(), "none of the 0 queries"),
    ],
)
def test_rankings_that_are_none_are_refused(rankings, message):
    with pytest.raises(TableError, match=message):
        simulate(rankings, sessions=10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sessions": 0}, "sessions is 0"),
        ({"depth": 0}, "depth is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"eta": -1}, "eta is -1"),
        ({"ate": 1}, "has no parameter 'ate'"),
        ({"logging": Logging(swap=1.5)}, r"swap is 1\.5"),
        ({"logging": Logging(zipf=-1)}, "zipf is -1"),
        ({"logging": Logging(weights=[1])}, r"weights has shape \(1,\); one for each of 2"),
        ({"logging": Logging(weights=[1, -1])}, r"weights is \[1\.0, -1\.0\]"),
        ({"logging": Logging(weights=[0, 0])}, "one is positive"),
        ({"logging": Logging(query_weights={"z": 1})}, "query_weights names 'z'"),
        ({"logging": Logging(query_weights={"q": 1}, zipf=1)}, "give one of them"),
        ({"users": {}}, "users is empty"),
        ({"users": {"a": "dbn"}, "eta": 1}, "eta is given beside several users"),
        ({"users": {"a": "dbn"}, "mix": {"b": 1}}, "mix names b; the users are: a"),
        ({"users": {"a": "dbn"}, "context": "ranker"}, "context is 'ranker'"),
    ],
)
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(ModelError, match=message):
        simulate(SMALL, **options)


@pytest.mark.parametrize(
    ("rankers", "message"), [(["sideways"], "no column 'sideways'"), (["up", "up"], "ranker 'up' is named twice")]
)
def test_rankers_that_are_not_there_or_twice_are_refused(rankers, message):
    with pytest.raises(TableError, match=message):
        simulate(SMALL, logging=Logging(rankers=rankers))


def test_an_unknown_user_model_is_refused_with_those_there_are():
    with pytest.raises(UnknownNameError, match=r"no user is called 'robot'; there are: cascade, dbn, position_based"):
        simulate(SMALL, "robot")


def test_the_click_of_a_user_at_the_top_is_its_relevance():
    log = simulate(SMALL, DBN(), sessions=5000, depth=1, logging=Logging(query_weights={"q": 1}, rankers=["up"]))

    assert binomtest(log.frame["click"].sum(), 5000, 0.9).pvalue > 0.001


def test_graded_documents_become_rankings_in_one_step():
    rng = np.random.default_rng(0)
    graded = pl.DataFrame(
        {
            "query_id": [*np.repeat(["q", "r", "s"], 8).tolist(), "alone"],
            "doc_id": [str(i) for i in range(25)],
            "grade": [*rng.integers(0, 3, 24).tolist(), 1],
            "f1": rng.normal(size=25),
            "f2": rng.normal(size=25),
        }
    )

    made = graded_rankings(graded, rankers=2, queries=2)

    assert made.columns == ["query_id", "doc_id", "relevance", "ranker_0", "ranker_1"]
    assert "alone" not in made["query_id"].to_list()
    assert len(simulate(made, sessions=5)) > 5


def test_rankings_may_be_columns_by_name():
    assert simulate(SMALL.to_dict(as_series=False), sessions=50).frame.equals(simulate(SMALL, sessions=50).frame)


@pytest.mark.parametrize("name", ["sessions", "depth"])
def test_half_a_page_is_refused_and_a_whole_number_in_another_type_is_not(name):
    with pytest.raises(ModelError, match=f"{name} is 2.5: it is a whole number"):
        simulate(SMALL, **{name: 2.5})
    assert simulate(SMALL, **{"sessions": 10, name: 2.0}).frame.equals(
        simulate(SMALL, **{"sessions": 10, name: 2}).frame
    )


def test_grades_in_words_are_refused():
    with pytest.raises(TableError, match="grades are numbers"):
        relevance_of_grades(["good", "bad"])
