from itertools import product

import numpy as np
import pytest
from scipy.stats import chisquare

from weaklabel import plugins
from weaklabel.clicks.users._curves import position_curve
from weaklabel.clicks.users.cascade import Cascade
from weaklabel.clicks.users.dbn import DBN
from weaklabel.clicks.users.position_based import PositionBased
from weaklabel.clicks.users.trust import Trust
from weaklabel.errors import ModelError

K = 4
RELEVANCE = np.array([[0.8, 0.3, 0.6, 0.45]])
PATTERNS = np.array(list(product([0, 1], repeat=K)), np.int8)

USERS = [
    PositionBased(),
    PositionBased(eta=2.0),
    PositionBased(theta=[0.9, 0.2, 0.7, 0.0]),
    Trust(),
    Trust(theta=[1, 0.8, 0.6, 0.4], epsilon_plus=[0.9, 0.9, 0.8, 0.8], epsilon_minus=[0.4, 0.3, 0.2, 0.1]),
    Cascade(),
    DBN(),
    DBN(continuation=0.6, satisfaction=0.3),
    DBN(continuation=1.0, satisfaction=1.0),
]


def probabilities(user, relevance=RELEVANCE):
    """The probability of each of the 2^K click patterns on one page."""
    return np.exp(user.log_likelihood(np.repeat(relevance, len(PATTERNS), axis=0), PATTERNS))


@pytest.mark.parametrize("user", USERS, ids=str)
def test_the_probabilities_of_all_click_patterns_sum_to_one(user):
    assert probabilities(user).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("user", USERS, ids=str)
def test_what_a_user_clicks_is_distributed_as_its_own_likelihood_says(user):
    n = 40_000
    expected = n * probabilities(user)

    clicks = user.click(np.repeat(RELEVANCE, n, axis=0), np.random.default_rng(7))

    observed = np.bincount(clicks @ (1 << np.arange(K)[::-1]), minlength=1 << K)
    possible = expected > 0
    assert observed[~possible].sum() == 0
    assert chisquare(observed[possible], expected[possible]).pvalue > 0.001


def test_the_comparison_of_clicks_and_likelihood_can_tell_two_close_users_apart():
    n = 40_000
    expected = n * probabilities(DBN(satisfaction=0.85))

    clicks = DBN(satisfaction=0.9).click(np.repeat(RELEVANCE, n, axis=0), np.random.default_rng(7))

    observed = np.bincount(clicks @ (1 << np.arange(K)[::-1]), minlength=1 << K)
    assert chisquare(observed, expected).pvalue < 0.001


@pytest.mark.parametrize("user", USERS, ids=str)
def test_examination_is_the_marginal_of_all_click_patterns(user):
    clicked = probabilities(user) @ PATTERNS  # P(click) at each position
    if isinstance(user, Trust):
        alpha, beta = user.affine(K)
        click_if_examined = (alpha * RELEVANCE + beta)[0] / user.curve(K)
    else:
        click_if_examined = RELEVANCE[0]

    examination = user.examination(RELEVANCE)[0]

    assert examination * click_if_examined == pytest.approx(clicked, abs=1e-12)


@pytest.mark.parametrize("user", USERS, ids=str)
def test_where_a_page_has_no_document_nothing_is_clicked_and_nothing_else_changes(user):
    short = np.where([[True, True, False, False]], RELEVANCE, np.nan)
    impossible = PATTERNS[:, 2:].any(axis=1)

    clicks = user.click(np.repeat(short, 500, axis=0), np.random.default_rng(0))
    p = probabilities(user, short)

    assert not clicks[:, 2:].any()
    assert (p[impossible] == 0).all()
    whole = probabilities(user).reshape(4, 4).sum(axis=1)  # summed over what is clicked below
    assert p[~impossible] == pytest.approx(whole, abs=1e-12)
    assert np.isnan(user.examination(short)).tolist() == [[False, False, True, True]]


@pytest.mark.parametrize("user", USERS, ids=str)
def test_each_page_has_its_own_relevance(user):
    pages = np.random.default_rng(3).random((5, K))
    clicks = PATTERNS[[0, 1, 4, 8, 15]]

    together = user.log_likelihood(pages, clicks)

    alone = [user.log_likelihood(page[None], row[None])[0] for page, row in zip(pages, clicks, strict=True)]
    assert together == pytest.approx(alone)
    assert user.examination(pages) == pytest.approx(np.vstack([user.examination(page[None]) for page in pages]))


def test_a_position_based_user_clicks_by_examination_times_relevance():
    user = PositionBased()

    # P(click) = .5 at the first position and .5 * .8 = .4 at the second
    assert np.exp(user.log_likelihood(np.array([[0.5, 0.8]]), np.array([[1, 0]]))) == pytest.approx([0.5 * 0.6])


def test_a_trusting_user_has_the_curves_of_the_source():
    alpha, beta = Trust().affine(2)

    # theta 1, .175 + .65 / 1.05 = .794048; epsilon+ 1, 1 / 1.005 = .995025; epsilon- .65, .325
    assert alpha == pytest.approx([0.35, 0.794048 * (0.995025 - 0.325)], abs=1e-6)
    assert beta == pytest.approx([0.65, 0.794048 * 0.325], abs=1e-6)


def test_a_cascade_ends_at_the_first_click():
    relevance = np.array([[0.5, 0.2]] * 4)
    clicks = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])

    assert np.exp(Cascade().log_likelihood(relevance, clicks)) == pytest.approx([0.5 * 0.8, 0.5 * 0.2, 0.5, 0])


def test_a_satisfied_user_leaves_and_another_goes_on_by_its_patience():
    user = DBN(continuation=0.8, satisfaction=0.5)
    relevance = np.array([[0.5, 0.5]] * 4)
    clicks = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])

    # on to the second document: .8 without a click, .8 * (1 - .5 * .5) = .6 after one
    assert np.exp(user.log_likelihood(relevance, clicks)) == pytest.approx([0.3, 0.2, 0.35, 0.15])
    assert user.examination(relevance[:1]) == pytest.approx(np.array([[1, 0.5 * 0.6 + 0.5 * 0.8]]))


def slow_dbn(relevance, clicks, continuation, satisfaction):
    """The probability of a page's clicks, summed over the last document that was examined."""
    total = 0.0
    for last in range(len(relevance)):
        p = 1.0
        for k, (gamma, click) in enumerate(zip(relevance, clicks, strict=True)):
            if k > last:
                p *= 1 - click
                continue
            on = continuation * (1 - satisfaction * gamma) if click else continuation
            p *= (gamma if click else 1 - gamma) * (on if k < last else 1 - on if k + 1 < len(relevance) else 1)
        total += p
    return total


def test_the_hidden_stop_is_summed_out_as_a_plain_sum_over_the_stops_does():
    rng = np.random.default_rng(11)
    relevance, clicks = rng.random((40, 7)), rng.integers(0, 2, (40, 7))

    fast = DBN(0.85, 0.6).log_likelihood(relevance, clicks)

    slow = [slow_dbn(page, row, 0.85, 0.6) for page, row in zip(relevance, clicks, strict=True)]
    assert np.exp(fast) == pytest.approx(slow)


def test_the_likelihood_of_a_long_page_does_not_underflow():
    relevance, clicks = np.full((1, 2000), 0.5), np.ones((1, 2000), int)

    found = DBN(continuation=0.5, satisfaction=0.5).log_likelihood(relevance, clicks)

    assert found == pytest.approx(2000 * np.log(0.5) + 1999 * np.log(0.375))


def test_certain_relevance_makes_a_click_certain():
    for user in (PositionBased(), Cascade(), DBN()):
        assert user.log_likelihood(np.ones((1, 1)), np.array([[1]])) == pytest.approx([0])
        assert user.log_likelihood(np.ones((1, 1)), np.array([[0]])) == -np.inf


def test_the_position_curve_is_a_power_of_the_position():
    assert position_curve(4, 2.0) == pytest.approx([1, 1 / 4, 1 / 9, 1 / 16])
    assert position_curve(3, 0.0).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("user", "message"),
    [
        (PositionBased(eta=-1), "eta is -1"),
        (PositionBased(eta=float("nan")), "eta is nan"),
        (PositionBased(theta=[1, 0.5]), r"theta has shape \(2,\), and pages have 4 positions"),
        (PositionBased(theta=[1, 1.5, 0, 0]), r"theta is 1\.5 at position 2: a probability is in \[0, 1\]"),
        (Trust(epsilon_minus=[0.1, 0.1, float("nan"), 0.1]), "epsilon_minus is nan at position 3"),
        (DBN(continuation=1.1), r"continuation is 1\.1"),
        (DBN(satisfaction=-0.1), r"satisfaction is -0\.1"),
    ],
)
def test_parameters_outside_their_range_are_refused(user, message):
    with pytest.raises(ModelError, match=message):
        user.click(RELEVANCE, np.random.default_rng(0))


def test_every_user_model_that_ships_is_found_by_its_file_name_and_is_tested_here():
    found = {plugins.get("user", name) for name in plugins.names("user")}

    assert found == {type(user) for user in USERS}
