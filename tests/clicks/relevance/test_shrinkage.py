import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from weaklabel.clicks.relevance import mixture
from weaklabel.clicks.relevance.shrinkage import GRID, Gammas, Prior, learn, posterior


def drawn(shape, mean, n, seed, exposure=20.0, false=0.0):
    rng = np.random.default_rng(seed)
    e = rng.gamma(2, exposure / 2, n)
    relevance = rng.gamma(shape, mean / shape, n)
    B = false * e
    return rng.poisson(e * relevance + B).astype(float), e, B, relevance


@pytest.mark.parametrize(("shape", "mean"), [(0.5, 0.3), (2.0, 0.05), (20.0, 0.5)])
def test_a_planted_prior_is_recovered(shape, mean):
    clicks, exposure, _, _ = drawn(shape, mean, 20_000, 0)

    prior = learn(clicks, exposure)

    assert prior.mean == pytest.approx(mean, rel=0.03)
    assert prior.shape == pytest.approx(shape, rel=0.15)


def test_a_planted_prior_is_recovered_among_false_clicks():
    clicks, exposure, false, _ = drawn(2.0, 0.3, 10_000, 1, false=0.2)

    prior = learn(clicks, exposure, false)

    assert prior.mean == pytest.approx(0.3, rel=0.05)
    assert prior.shape == pytest.approx(2.0, rel=0.2)


def test_the_most_likely_prior_is_the_one_that_a_plain_search_finds():
    clicks, exposure, _, _ = drawn(1.0, 0.3, 50, 2)

    def surprise(shape, mean):
        p = shape / (shape + mean * exposure)
        return 0.5 * np.log(shape) - stats.nbinom.logpmf(clicks, shape, p).sum()

    prior = learn(clicks, exposure)

    around = [surprise(prior.shape * a, prior.mean * b) for a in (0.9, 1, 1.1) for b in (0.95, 1, 1.05)]
    assert min(around) == around[4]


@pytest.mark.parametrize("n", [1, 3, 200])
def test_documents_that_do_not_differ_beyond_chance_are_still_not_taken_to_be_the_same(n):
    prior = learn(np.full(n, 5.0), np.full(n, 20.0))

    assert prior.mean == pytest.approx(0.25, rel=0.01)
    assert 0.5 < prior.shape < 1e6


def test_without_false_clicks_the_posterior_is_the_conjugate_gamma():
    prior = Prior(2.0, 0.4)

    found = posterior(prior, np.array([0.0, 7.0]), np.array([3.0, 10.0]))

    assert found.mean == pytest.approx([2 / (5 + 3), 9 / (5 + 10)])
    assert found.sd == pytest.approx([np.sqrt(2) / 8, np.sqrt(9) / 15])


@pytest.mark.parametrize(("clicks", "false"), [(3.0, 1.0), (30.0, 10.0), (12.0, 12.0), (200.0, 50.0)])
def test_with_false_clicks_the_posterior_is_near_to_the_integral(clicks, false):
    prior, exposure = Prior(2.0, 0.4), 40.0

    def density(g, power=0):
        likelihood = stats.poisson.pmf(clicks, exposure * g + false)
        return g**power * stats.gamma.pdf(g, prior.shape, scale=prior.mean / prior.shape) * likelihood

    whole = integrate.quad(density, 0, 10, limit=200, points=[clicks / exposure])[0]
    mean = integrate.quad(density, 0, 10, args=(1,), limit=200, points=[clicks / exposure])[0] / whole

    found = posterior(prior, np.array([clicks]), np.array([exposure]), np.array([false]))

    assert found.mean[0] == pytest.approx(mean, rel=0.15, abs=0.3 * found.sd[0])


def test_no_false_clicks_are_the_limit_of_few():
    prior, clicks, exposure = Prior(1.5, 0.2), np.array([0.0, 4.0, 60.0]), np.array([2.0, 30.0, 100.0])

    none, few = posterior(prior, clicks, exposure), posterior(prior, clicks, exposure, np.full(3, 1e-9))

    assert few.mean == pytest.approx(none.mean, rel=1e-5)
    assert few.sd == pytest.approx(none.sd, rel=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(0.01, 1e5), st.floats(0, 1000)), min_size=1, max_size=10))
def test_a_posterior_is_always_positive_and_finite(rows):
    clicks, exposure, false = (np.array(column, dtype=float) for column in zip(*rows, strict=True))

    found = posterior(Prior(0.8, 0.3), clicks, exposure, false)

    assert (np.isfinite(found.mean) & (found.mean > 0)).all()
    assert (np.isfinite(found.sd) & (found.sd > 0)).all()


def test_many_quantiles_are_as_good_as_one_by_one():
    rng = np.random.default_rng(0)
    many = Gammas(rng.gamma(1, 1, GRID + 1) + 0.01, np.full(GRID + 1, 0.2))

    for q in (0.025, 0.5, 0.975):
        one_by_one = stats.gamma.ppf(q, many.shape, scale=many.mean / many.shape)
        assert many.quantile(q) == pytest.approx(one_by_one, rel=1e-3, abs=1e-9)


def test_the_probability_of_more_than_a_threshold_is_the_gammas():
    gammas = Gammas(np.array([0.5, 2.0]), np.array([0.5, 1.0]))

    # shape 1 is the exponential distribution; shape 4 with rate 2
    assert gammas.above(1.0) == pytest.approx([np.exp(-2), stats.gamma.sf(2.0, 4)])


def kinds(n, seed, exposure=60.0, false=0.0):
    rng = np.random.default_rng(seed)
    e = rng.gamma(4, exposure / 4, n)
    relevance = rng.choice([0.1, 0.4, 1.0], n, p=[0.6, 0.3, 0.1])
    return rng.poisson(e * relevance + false * e).astype(float), e, false * e, relevance


@pytest.mark.parametrize("false", [0.0, 0.2])
def test_planted_kinds_of_documents_are_found_by_the_prior_of_any_shape(false):
    clicks, exposure, B, _ = kinds(4000, 0, false=false)

    found = mixture.learn(clicks, exposure, B, highest=2.0)

    for low, high, share in ((0, 0.22, 0.6), (0.22, 0.65, 0.3), (0.65, 2.1, 0.1)):
        assert found.shares[(found.nodes > low) & (found.nodes < high)].sum() == pytest.approx(share, abs=0.05)


def test_clicks_are_drawn_to_the_nearest_kind_and_no_longer_to_the_mean():
    clicks, exposure, B, relevance = kinds(4000, 1)
    prior = learn(clicks, exposure)
    gamma = posterior(prior, clicks, exposure)

    found = mixture.learn(clicks, exposure, B, highest=2.0).posterior(clicks, exposure, B, gamma)

    errors = [np.sqrt(np.mean((one.mean - relevance) ** 2)) for one in (found, gamma)]
    assert errors[0] < 0.85 * errors[1]


def test_the_posterior_of_a_mixture_is_bayes_rule_by_hand():
    nodes, shares = np.array([0.1, 0.2, 0.4]), np.array([0.5, 0.3, 0.2])
    clicks, exposure, false = 3.0, 10.0, 1.0
    weight = shares * stats.poisson.pmf(clicks, exposure * nodes + false)
    mean = weight @ nodes / weight.sum()
    sd = np.sqrt(weight @ (nodes - mean) ** 2 / weight.sum())

    known = (np.array([value]) for value in (clicks, exposure, false))
    found = mixture.Mixture(nodes, shares).posterior(*known, sharp=Gammas(np.array([1.0]), np.array([9.0])))

    assert found.mean[0] == pytest.approx(mean)
    assert found.sd[0] == pytest.approx(max(sd, np.log(2) * mean / np.sqrt(12)))


def test_what_many_clicks_tell_is_not_rounded_to_a_node():
    clicks, exposure, B, _ = kinds(500, 2)
    clicks, exposure, B = np.append(clicks, 123_456.0), np.append(exposure, 1e6), np.append(B, 0.0)
    gamma = posterior(learn(clicks, exposure), clicks, exposure)

    found = mixture.learn(clicks, exposure, B, highest=1.5).posterior(clicks, exposure, B, gamma)

    assert found.mean[-1] == pytest.approx(0.123456, rel=1e-4)
    assert found.sd[-1] == pytest.approx(np.sqrt(123_456) / 1e6, rel=1e-3)
