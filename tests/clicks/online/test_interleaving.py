import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.clicks.online.interleaving import InterleavingResult, interleaving, team_draft
from weaklabel.errors import ModelError, TableError


def results(*rows):
    return pl.DataFrame(rows, schema=["session_id", "team", "clicks"], orient="row")


documents = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1)


def test_each_page_starts_with_the_top_of_one_of_the_rankings():
    pages = [team_draft(["x", "y"], ["y", "x"], 2, seed) for seed in range(20)]

    assert {(tuple(docs), tuple(teams)) for docs, teams in pages} == {
        (("x", "y"), ("a", "b")),
        (("y", "x"), ("b", "a")),
    }


def test_the_draft_of_a_worked_case_skips_what_is_on_the_page():
    pages = {tuple(zip(*team_draft("pqr", "pst", 4, seed), strict=True)) for seed in range(50)}

    # whoever starts takes p; the other's next are q or s; then one more each
    firsts = {page[:2] for page in pages}
    assert firsts == {(("p", "a"), ("s", "b")), (("p", "b"), ("q", "a"))}
    assert all({doc for doc, _ in page} <= set("pqrst") for page in pages)


@settings(max_examples=50, deadline=None)
@given(documents, documents, st.integers(1, 8), st.integers(0, 1000))
def test_a_page_has_no_document_twice_and_the_teams_are_of_one_size(a, b, k, seed):
    docs, teams = team_draft(a, b, k, seed)

    assert len(set(docs)) == len(docs) == len(teams) <= k
    assert all(abs(teams[:n].count("a") - teams[:n].count("b")) <= 1 for n in range(len(teams) + 1))
    for doc, team in zip(docs, teams, strict=True):
        ranking = a if team == "a" else b
        above = ranking[: ranking.index(doc)]
        assert set(above) <= set(docs)


def test_two_equal_rankings_win_equally_often():
    rng, wins = np.random.default_rng(0), []
    for seed in range(1000):
        docs, teams = team_draft("abcd", "abcd", 4, seed)
        clicked = {doc for doc in docs if rng.random() < {"a": 0.6, "b": 0.4, "c": 0.2, "d": 0.1}[doc]}
        credit = [team for doc, team in zip(docs, teams, strict=True) if doc in clicked]
        wins.append(credit.count("a") - credit.count("b"))

    found = InterleavingResult(sum(w > 0 for w in wins), sum(w < 0 for w in wins), sum(w == 0 for w in wins))
    assert found.interval[0] < 0 < found.interval[1]
    assert found.p_value > 0.01


def test_a_ranking_with_a_document_twice_is_refused():
    with pytest.raises(TableError, match="ranking_b has document 'y' twice"):
        team_draft(["x"], ["y", "y"])


def test_a_page_of_nothing_is_refused():
    with pytest.raises(ModelError, match="k is 0"):
        team_draft(["x"], ["y"], 0)


def test_a_page_is_won_by_the_team_with_more_clicks():
    found = interleaving(
        results(("1", "a", 2), ("1", "b", 1), ("2", "b", 1), ("3", "a", 1), ("3", "b", 1), ("4", "a", 0), ("5", "a", 1))
    )

    assert (found.wins, found.losses, found.ties) == (2, 1, 2)
    assert found.preference == pytest.approx((2 + 1) / 5 - 0.5)


def test_clicks_of_single_documents_add_up():
    rows = pl.DataFrame({"session_id": [1, 1, 1], "team": ["a", "b", "a"], "click": [1, 1, 1]})

    assert interleaving(rows).wins == 1


def test_a_user_with_many_pages_counts_once():
    pages = results(*((str(page), "a", 1) for page in range(50)), ("60", "b", 1))
    by_user = pages.with_columns(user_id=pl.when(pl.col("team") == "a").then(1).otherwise(2))

    assert interleaving(by_user).wins == 50
    assert interleaving(by_user, unit="user_id").wins == 1


def test_the_published_comparison_of_a_learned_ranker_with_production_is_significant():
    # Joachims, Swaminathan and Schnabel, WSDM 2017: 87 wins, 48 losses and 83 ties, p = .001
    found = InterleavingResult(87, 48, 83)

    assert found.p_value == pytest.approx(0.001, abs=0.0005)
    assert found.preference == pytest.approx((87 - 48) / 2 / 218)
    assert found.interval[0] > 0


def test_the_sign_test_of_a_small_case():
    assert InterleavingResult(5, 0, 9).p_value == pytest.approx(2 * 0.5**5)
    assert InterleavingResult(0, 0, 9).p_value == 1.0


@pytest.mark.parametrize(("win", "lose", "pages"), [(0.3, 0.2, 200), (0.05, 0.01, 300), (0.5, 0.45, 30)])
def test_the_interval_covers_the_planted_preference_as_often_as_it_says(win, lose, pages):
    drawn = np.random.default_rng(1).multinomial(pages, [win, lose, 1 - win - lose], size=1000)

    found = [InterleavingResult(*map(int, row)).interval for row in drawn]

    covered = np.mean([lower <= (win - lose) / 2 <= upper for lower, upper in found])
    assert 0.93 <= covered <= 0.98


def test_swapping_the_teams_turns_the_result_round():
    one, other = InterleavingResult(30, 12, 8), InterleavingResult(12, 30, 8)

    assert one.preference == pytest.approx(-other.preference)
    assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]))
    assert one.p_value == other.p_value


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (results(("1", "c", 1)), "team = 'c' in row 0"),
        (results(("1", "a", 1), ("1", "b", -1)), "clicks = -1 in row 1"),
        (results(("1", "a", None)), "clicks = None in row 0"),
        (results(("1", "a", 1.0), ("1", "b", 0.5)), "clicks = 0.5 in row 1"),
        (results((None, "a", 1)), "session_id = None in row 0"),
        (results(("1", "a", 1)).clear(), "no rows"),
        (results(("1", "a", 1)).drop("team"), "no column 'team'"),
    ],
)
def test_results_that_cannot_be_read_are_refused_with_their_row(rows, said):
    with pytest.raises(TableError, match=said):
        interleaving(rows)


@pytest.mark.parametrize("counts", [(0, 0, 0), (-1, 2, 3)])
def test_impossible_numbers_of_wins_are_refused(counts):
    with pytest.raises(TableError, match="wins, losses and ties are"):
        InterleavingResult(*counts)
