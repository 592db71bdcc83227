from itertools import product

import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.browsing.e_step import expected
from weaklabel.clicks.browsing.page_models import PositionBased, TopDown
from weaklabel.clicks.browsing.pages import Pages
from weaklabel.clicks.counting import count
from weaklabel.clicks.estimate import estimate
from weaklabel.clicks.estimators.dbn import DBN
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.simulate import simulate, truth
from weaklabel.clicks.users import dbn as users
from weaklabel.errors import ClickLogError, ModelError, NotIdentifiedError

PLANTED = {"continuation": 0.85, "satisfaction": 0.8}


def pages_of(*clicks):
    """Pages that all show the documents a, b, c, ... in this order; a dot is a place with nothing."""
    rows = [
        (f"s{i:04}", "q", "abcdefgh"[k], k + 1, int(click))
        for i, page in enumerate(clicks)
        for k, click in enumerate(page)
        if click != "."
    ]
    names = ["session_id", "query_id", "doc_id", "position", "click"]
    return Pages.from_log(ClickLog(pl.DataFrame(rows, schema=names, orient="row")))


@pytest.fixture(scope="module")
def rankings():
    rng = np.random.default_rng(0)
    docs = [(f"q{q}", f"d{d}", rng.choice([0.1, 0.4, 0.9]), *rng.normal(size=2)) for q in range(12) for d in range(6)]
    return pl.DataFrame(docs, schema=["query_id", "doc_id", "relevance", "a", "b"], orient="row")


@pytest.fixture(scope="module")
def log(rankings):
    return simulate(rankings, "dbn", 20_000, depth=6, seed=1, **PLANTED)


@pytest.fixture(scope="module")
def pages(log):
    return Pages.from_log(log)


def planted(pages, rankings):
    """The users of the simulation as a fitted model."""
    relevance = pages.items.join(rankings, on=["query_id", "doc_id"], maintain_order="left")["relevance"].to_numpy()
    known = np.append(relevance, 0.4)
    return TopDown(pages.items, known, PLANTED["satisfaction"] * known, PLANTED["continuation"])


def by_enumeration(click, shown, attraction, leaves, continuation):
    """Of one page all that can have happened, one by one: how likely, and where it was examined, satisfied, went on."""
    K, total = len(click), 0.0
    sums = np.zeros((4, K))
    last = max((k for k in range(K) if shown[k]), default=-1)
    for stop, satisfied in product(range(last + 1), (False, True)):
        # The user examines 0..stop, then leaves: satisfied by a click there, or tired, or as nothing stands below.
        if any(click[stop + 1 :]) or (satisfied and not click[stop]):
            continue
        p = 1.0
        for k in range(stop + 1):
            p *= attraction[k] if click[k] else 1 - attraction[k]
            if k < stop:
                p *= continuation * (1 - leaves[k] if click[k] else 1.0)
        p *= leaves[stop] if satisfied else (1 - leaves[stop] if click[stop] else 1.0)
        if not satisfied and stop < last:
            p *= 1 - continuation
        total += p
        sums[0, : stop + 1] += p
        sums[1, stop] += p * satisfied
        sums[2, :stop] += p
        sums[2, stop] += p * (not satisfied and stop < last)
        sums[3, :stop] += p
    return total, sums / total


@pytest.mark.parametrize("clicks", ["000", "100", "010", "001", "110", "101", "111", "01.", "00.", "1.."])
def test_what_nobody_sees_is_what_enumeration_says(clicks):
    pages = pages_of(clicks, "000")
    attraction, leaves = np.array([[0.3, 0.6, 0.2]] * 2), np.array([[0.5, 0.7, 0.4]] * 2)
    attraction, leaves = (np.where(pages.shown, of, 0.0) for of in (attraction, leaves))

    found = expected(pages, attraction, leaves, 0.8)
    total, sums = by_enumeration(pages.click[0], pages.shown[0], attraction[0], leaves[0], 0.8)

    shown = pages.shown[0]
    assert found.examined[0][shown] == pytest.approx(sums[0][shown])
    assert found.satisfied[0][shown] == pytest.approx(sums[1][shown])
    assert found.tried[0][shown] == pytest.approx(sums[2][shown])
    assert found.went_on[0][shown] == pytest.approx(sums[3][shown])
    model = TopDown(pages.items, np.array([0.3, 0.6, 0.2, 0.1]), np.array([0.5, 0.7, 0.4, 0.1]), 0.8)
    assert model.log_likelihood(pages)[0] == pytest.approx(np.log(total))


def test_the_likelihoods_of_all_clicks_that_a_page_can_have_add_up_to_one():
    pages = pages_of(*("".join(clicks) for clicks in product("01", repeat=4)))
    model = TopDown(pages.items, np.array([0.3, 0.6, 0.2, 0.5, 0.1]), np.array([0.5, 0.7, 0.4, 0.2, 0.1]), 0.8)

    assert np.exp(model.log_likelihood(pages)).sum() == pytest.approx(1.0)


def test_likelihood_and_examination_are_those_of_the_users(pages, rankings):
    model, some = planted(pages, rankings), pages.where(np.arange(300))
    relevance = np.where(some.shown, model.attractiveness[some.item], np.nan)

    assert model.log_likelihood(some) == pytest.approx(users.DBN(**PLANTED).log_likelihood(relevance, some.click))
    assert model.examination(some) == pytest.approx(users.DBN(**PLANTED).examination(relevance), nan_ok=True)


def test_planted_users_are_recovered(pages, rankings):
    model = DBN().learn(pages)

    assert model.continuation == pytest.approx(PLANTED["continuation"], abs=0.02)
    assert model.attractiveness == pytest.approx(planted(pages, rankings).attractiveness, abs=0.15)
    gap = model.satisfaction[:-1] - planted(pages, rankings).satisfaction[:-1]
    assert abs(gap.mean()) < 0.03


def test_planted_examination_is_recovered_with_intervals(pages, rankings):
    found = DBN().estimate(pages)

    wanted = truth(rankings, "dbn", 20_000, depth=6, seed=1, **PLANTED)["examination"].to_numpy()
    assert found.examination == pytest.approx(wanted, rel=0.08)
    assert ((found.lower <= wanted) & (wanted <= found.upper)).mean() >= 5 / 6
    assert (found.upper[1:] / found.lower[1:] < 1.2).all()
    assert found.provenance["continuation"] == pytest.approx(0.85, abs=0.02)


def test_no_round_makes_the_clicks_less_likely():
    rng = np.random.default_rng(4)
    relevance = rng.uniform(0.1, 0.8, (400, 5))
    clicks = users.DBN(0.8, 0.7).click(np.repeat(relevance[:1], 400, axis=0), rng)
    pages = pages_of(*("".join(map(str, page)) for page in clicks))

    values = [
        DBN(iterations=rounds, tolerance=1e-15, prior=1e-9).learn(pages).log_likelihood(pages).sum()
        for rounds in (1, 2, 5, 20)
    ]

    assert values == sorted(values)


def test_users_who_never_tire_are_the_simplified_model(rankings):
    log = simulate(rankings, "dbn", 5000, depth=6, seed=3, continuation=1.0, satisfaction=0.8)

    model = DBN(continuation=1.0).learn(Pages.from_log(log))

    assert model.continuation == 1.0
    free = DBN().learn(Pages.from_log(log))
    assert free.continuation == pytest.approx(1.0, abs=0.01)


def test_labels_say_what_attracts_and_what_satisfies(pages):
    model = DBN().learn(pages)

    labels = model.labels(pages)

    assert labels["relevance"].to_list() == pytest.approx((labels["attractiveness"] * labels["satisfaction"]).to_list())
    assert labels["impressions"].sum() == pages.shown.sum()
    assert labels["clicks"].sum() == pages.click.sum()
    assert ((labels["exposure"] >= labels["clicks"]) & (labels["exposure"] <= labels["impressions"] + 1e-9)).all()


def test_documents_that_are_not_known_are_taken_for_average_ones(pages):
    other = pages_of("10", "01")
    model = DBN().learn(pages)

    likelihood = model.log_likelihood(other)

    a, s, c = model.attractiveness[-1], model.satisfaction[-1], model.continuation
    assert np.exp(likelihood[0]) == pytest.approx(a * (1 - c * (1 - s) * a))


def test_held_out_pages_tell_which_users_they_are_from(rankings, log):
    by_position = simulate(rankings, "position_based", 20_000, depth=6, seed=1, eta=0.5)

    def gain(log):
        """Log-likelihood per held-out page of users who read from the top, over that of position-based ones."""
        pages = Pages.from_log(log)
        known, new = pages.where(pages.bucket < 15), pages.where(pages.bucket >= 15)
        other = PositionBased.of(known, estimate(count(log), "harvesting"))
        return (DBN().learn(known).log_likelihood(new) - other.log_likelihood(new)).mean()

    assert gain(log) > 0.01
    assert gain(by_position) < -0.01


def test_the_position_based_likelihood_of_a_page_is_that_of_its_clicks_one_by_one():
    pages = pages_of("10", "00")
    model = PositionBased(pages.items, np.array([0.5, 0.4, 0.3]), np.array([1, 2]), np.array([1.0, 0.5]), np.zeros(2))

    assert np.exp(model.log_likelihood(pages)) == pytest.approx([0.5 * 0.8, 0.5 * 0.8])


def test_a_position_that_the_curve_does_not_have_is_refused(log):
    pages = Pages.from_log(log)
    shorter = estimate(count(log.upto(3)), "harvesting")

    with pytest.raises(ClickLogError, match="nothing is known of position 4"):
        PositionBased.of(pages, shorter)


def test_positions_below_the_last_click_are_refused():
    with pytest.raises(NotIdentifiedError, match=r"nothing was clicked at position 3, or below.*upto\(2\)"):
        DBN().estimate(pages_of("100", "010"))


@pytest.mark.parametrize(
    "parameters", [{"continuation": 0.0}, {"continuation": 1.5}, {"prior": -1}, {"iterations": 0}, {"level": 0}]
)
def test_parameters_outside_their_range_are_refused(parameters):
    with pytest.raises(ModelError, match=f"{next(iter(parameters))} is {next(iter(parameters.values()))}"):
        DBN(**parameters).estimate(pages_of("10", "01"))
