import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.browsing.pages import Pages
from weaklabel.clicks.estimators.cascade import Cascade
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.simulate import simulate, truth
from weaklabel.clicks.users.cascade import Cascade as Users
from weaklabel.errors import AssumptionError, ModelError, NotIdentifiedError


def pages_of(*clicks, docs="abcdefgh"):
    """Pages that all show the same documents in the same order."""
    rows = [(f"s{i:04}", "q", docs[k], k + 1, click) for i, page in enumerate(clicks) for k, click in enumerate(page)]
    names = ["session_id", "query_id", "doc_id", "position", "click"]
    return Pages.from_log(ClickLog(pl.DataFrame(rows, schema=names, orient="row")))


@pytest.fixture
def rankings():
    rng = np.random.default_rng(0)
    docs = [(f"q{q}", f"d{d}", rng.uniform(0.05, 0.6), rng.normal(), rng.normal()) for q in range(15) for d in range(6)]
    return pl.DataFrame(docs, schema=["query_id", "doc_id", "relevance", "a", "b"], orient="row")


def test_attractiveness_is_clicks_per_time_it_was_examined():
    # a: 1 of 4; b: 1 of 3, as a click on a hides it once; c: 1 of 2. Without a click all was read.
    pages = pages_of([1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0])

    model = Cascade(prior=1e-9).learn(pages)

    assert model.attractiveness[:3] == pytest.approx([1 / 4, 1 / 3, 1 / 2])


def test_attractiveness_is_drawn_towards_the_mean():
    # 3 clicks of 9 examined are a third, which counts as one more time: (1 + 1/3) / (4 + 1)
    model = Cascade(prior=1.0).learn(pages_of([1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]))

    assert model.attractiveness[0] == pytest.approx((1 + 1 / 3) / 5)


def test_examination_is_the_share_of_pages_that_nothing_above_was_clicked_on():
    found = Cascade(prior=1e-9).estimate(pages_of([1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]))

    assert found.examination == pytest.approx([1.0, 3 / 4, 2 / 4])


def test_planted_examination_is_recovered_although_nothing_moved(rankings):
    log = simulate(rankings.drop("b"), "cascade", 8000, depth=6, seed=1)

    found = Cascade().estimate(Pages.from_log(log))

    planted = truth(rankings.drop("b"), "cascade", 8000, depth=6, seed=1)["examination"].to_numpy()
    assert found.examination == pytest.approx(planted, rel=0.1)
    assert ((found.lower <= planted) & (planted <= found.upper)).mean() >= 5 / 6
    assert found.replicates.shape == (20, 6)


def test_the_likelihood_is_that_of_the_users(rankings):
    log = simulate(rankings, "cascade", 500, depth=6, seed=1)
    pages = Pages.from_log(log)

    model = Cascade().learn(pages)
    relevance = np.where(pages.shown, model.attractiveness[pages.item], np.nan)

    assert model.log_likelihood(pages) == pytest.approx(Users().log_likelihood(relevance, pages.click))


def test_a_second_click_is_impossible_to_the_model_and_left_out_of_its_estimate():
    clicks = [[1, 0], [0, 1]] * 20
    pages = pages_of(*clicks, [1, 1])

    model = Cascade().learn(pages)

    assert model.log_likelihood(pages)[-1] == -np.inf
    assert model.attractiveness[:2] == pytest.approx(Cascade().learn(pages_of(*clicks, [1, 0])).attractiveness[:2])


def test_pages_of_many_clicks_contradict_the_model():
    with pytest.raises(AssumptionError, match="2 of 3 clicked pages have more than one click.*estimate with dbn"):
        Cascade().estimate(pages_of([1, 1], [1, 1], [0, 1]))


def test_positions_below_the_last_click_are_refused():
    with pytest.raises(NotIdentifiedError, match=r"nothing was clicked at positions 3-4, or below.*upto\(2\)"):
        Cascade().estimate(pages_of([1, 0, 0, 0], [0, 1, 0, 0]))


def test_pages_without_a_click_are_refused():
    with pytest.raises(NotIdentifiedError, match="none of the 2 pages has a click"):
        Cascade().estimate(pages_of([0, 0], [0, 0]))


def test_one_position_is_refused():
    with pytest.raises(NotIdentifiedError, match="only position 1"):
        Cascade().estimate(pages_of([1], [0]))


@pytest.mark.parametrize("parameters", [{"prior": 0.0}, {"most_later": 2.0}, {"level": 1.5}])
def test_parameters_outside_their_range_are_refused(parameters):
    with pytest.raises(ModelError, match=f"{next(iter(parameters))} is {next(iter(parameters.values()))}"):
        Cascade(**parameters).estimate(pages_of([1, 0], [0, 1]))


def few_views(seed, queries=300, docs=8, pages=3_000):
    """Pages of a good ranker's lists, each of which was shown ten times, and the share of pages examined down to k."""
    rng = np.random.default_rng(seed)
    relevance = np.sort(0.05 + 0.8 * rng.beta(0.6, 1.6, (queries, docs)), axis=1)[:, ::-1]
    query = rng.integers(queries, size=pages)
    clicks = rng.random((pages, docs)) < relevance[query]
    first = clicks & (clicks.cumsum(axis=1) == 1)
    of_page = {"session_id": np.arange(pages), "query_id": query}
    of_place = {"doc_id": np.arange(docs), "position": np.arange(1, docs + 1)}
    columns = {name: np.repeat(values, docs) for name, values in of_page.items()}
    columns |= {name: np.tile(values, pages) for name, values in of_place.items()}
    log = ClickLog(pl.DataFrame(columns).with_columns(click=first.ravel()))
    passed = np.cumprod(np.column_stack([np.ones(queries), 1 - relevance[:, :-1]]), axis=1)
    return Pages.from_log(log), passed[query].mean(axis=0)


def test_intervals_cover_planted_examination_where_documents_have_few_views():
    covered = []
    for seed in range(10):
        pages, planted = few_views(seed)

        found = Cascade().estimate(pages)

        covered.append(((found.lower <= planted) & (planted <= found.upper))[1:])
    assert np.mean(covered) >= 0.92  # drawn to the mean of all, good documents look worse, and it is 0.5


def test_a_log_that_was_clicked_at_its_top_alone_is_refused():
    with pytest.raises(NotIdentifiedError, match="nothing was clicked below position 1"):
        Cascade().estimate(pages_of([1, 0], [0, 0]))
