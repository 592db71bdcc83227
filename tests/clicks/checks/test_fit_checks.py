import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import Propensities
from weaklabel.clicks.checks.fit_checks import held_out, inverse_weights, predicted_rates
from weaklabel.clicks.counting import count
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.estimate import estimate
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.users.position_based import PositionBased
from weaklabel.clicks.users.trust import Trust
from weaklabel.errors import ClickLogError


def curve(*examination, **parts):
    theta = np.array(examination, float)
    p = len(theta)
    return Propensities(np.arange(1, p + 1), theta, theta, theta, np.ones(p, int), np.ones(p, int), **parts)


def in_halves(*rows):
    """Counts from position, and impressions and clicks in the even and in the odd buckets, of one document."""

    def split(even, odd):
        return [even, odd] + [0] * 18

    frame = pl.DataFrame(
        {
            "query_id": ["q"] * len(rows),
            "doc_id": ["d"] * len(rows),
            "position": [row[0] for row in rows],
            "impressions": [row[1] + row[3] for row in rows],
            "clicks": [row[2] + row[4] for row in rows],
            "impressions_by_bucket": [split(row[1], row[3]) for row in rows],
            "clicks_by_bucket": [split(row[2], row[4]) for row in rows],
        },
        schema_overrides={f"{name}_by_bucket": pl.Array(pl.UInt32, 20) for name in ("impressions", "clicks")},
    )
    return ClickCounts(frame)


def test_each_half_is_predicted_from_the_other_by_hand():
    # Even: 100 at the top, 40 clicks: relevance .4. Odd: 50 at position 2, 10 clicks: relevance 10 / (50 / 2) = .4.
    counts = in_halves((1, 100, 40, 0, 0), (2, 0, 0, 50, 10))

    found = predicted_rates(counts, curve(1, 0.5))

    assert found["observed"].to_list() == [0.4, 0.2]
    assert found["predicted"].to_list() == pytest.approx([0.4, 0.2])
    assert found["ratio"].to_list() == pytest.approx([1, 1])


def test_a_wrong_curve_is_seen_by_hand():
    counts = in_halves((1, 100, 40, 0, 0), (2, 0, 0, 50, 10))

    found = predicted_rates(counts, curve(1, 0.25))  # half of what it is

    assert found["ratio"].to_list() == pytest.approx([40.5 / 80.5, 10.5 / 5.5])
    assert found["upper"][0] < 1


def test_documents_seen_in_one_half_only_are_left_out():
    counts = in_halves((1, 100, 40, 0, 0))

    assert predicted_rates(counts, curve(1))["impressions"].to_list() == [0]


def test_position_based_clicks_are_predicted_at_every_position(planted_log):
    counts = count(planted_log(sessions=6_000))

    found = predicted_rates(counts, estimate(counts))

    assert ((found["lower"] < 1) & (found["upper"] > 1)).all()


def test_trust_with_its_true_curve_is_predicted_and_needs_beta(planted_log):
    user = Trust()
    alpha, beta = user.affine(6)
    theta = (alpha + beta) / (alpha[0] + beta[0])
    counts = count(planted_log(user, sessions=8_000))

    with_beta = predicted_rates(counts, curve(*theta, alpha=alpha, beta=beta))

    assert with_beta["ratio"].to_numpy() == pytest.approx(np.ones(6), abs=0.06)


def test_each_context_is_predicted_by_its_own_curve(planted_log):
    users = {"desktop": PositionBased(eta=0.5), "phone": PositionBased(eta=2.0)}
    counts = count(planted_log(users, sessions=6_000), context="device")

    found = predicted_rates(counts, estimate(counts))

    assert found.columns[:2] == ["device", "position"]
    assert found["ratio"].to_numpy() == pytest.approx(np.ones(12), abs=0.15)


def test_positions_that_the_curve_lacks_are_left_out_of_every_sum(planted_log):
    counts = count(planted_log(sessions=2_000))
    some = counts.upto(3)
    theta = curve(1, 1 / 2, 1 / 3)

    assert held_out(counts, theta).log_likelihood == pytest.approx(held_out(some, theta).log_likelihood)


def test_unseen_clicks_are_likelier_under_the_truth_than_under_simpler_or_wrong_models(planted_log):
    counts = count(planted_log(sessions=8_000))
    truth = curve(*1 / np.arange(1, 7))

    found = held_out(counts, truth)

    assert found.log_likelihood > max(found.by_position, found.by_document)
    assert found.log_likelihood > held_out(counts, curve(*np.ones(6))).log_likelihood
    assert found.perplexity == pytest.approx(np.exp(-found.log_likelihood))
    assert (found.positions["perplexity"] < found.positions["perplexity_by_position"]).all()


def test_a_log_whose_clicks_are_coin_tosses_has_perplexity_two():
    rng = np.random.default_rng(0)
    rows = [(k + 1, *(v for half in range(2) for v in (4_000, int(rng.binomial(4_000, 0.5))))) for k in range(2)]
    counts = in_halves(*rows)
    moved = counts.frame.with_columns(  # the last bucket of five is the test
        pl.Series(name, np.roll(counts.frame[name].to_numpy(), 3, axis=1), dtype=pl.Array(pl.UInt32, 20))
        for name in ("impressions_by_bucket", "clicks_by_bucket")
    )

    found = held_out(ClickCounts(moved), curve(1, 1))

    assert found.perplexity == pytest.approx(2, abs=1e-3)
    assert found.impressions == 8_000


def test_what_the_curve_learned_from_the_sessions_of_the_test_is_taken_out():
    theta = np.array([1, 0.5])
    replicates = np.tile(theta, (20, 1))
    replicates[4, 1] = 0.5 * np.exp(0.1)  # without bucket 4, which is in the test
    replicates[0, 1] = 0.3  # bucket 0 is not
    rng = np.random.default_rng(0)
    shown = rng.integers(20, 60, (2, 20)).astype(np.uint32)
    clicked = rng.binomial(shown, 0.3).astype(np.uint32)
    frame = pl.DataFrame(
        {
            "query_id": ["q", "q"],
            "doc_id": ["d", "d"],
            "position": [1, 2],
            "impressions": shown.sum(axis=1, dtype=np.int64),
            "clicks": clicked.sum(axis=1, dtype=np.int64),
            "impressions_by_bucket": pl.Series(shown, dtype=pl.Array(pl.UInt32, 20)),
            "clicks_by_bucket": pl.Series(clicked, dtype=pl.Array(pl.UInt32, 20)),
        }
    )

    found = held_out(ClickCounts(frame), curve(1, 0.5, replicates=replicates))

    expected = held_out(ClickCounts(frame), curve(1, 0.5 * np.exp(0.1)))
    assert found.log_likelihood == pytest.approx(expected.log_likelihood)
    assert found.log_likelihood != pytest.approx(held_out(ClickCounts(frame), curve(1, 0.5)).log_likelihood)


def test_a_log_without_clicks_to_learn_from_has_nothing_to_check():
    assert held_out(in_halves((1, 10, 0, 10, 0), (2, 10, 0, 10, 0)), curve(1, 1)) is None


def test_clicks_of_a_document_weigh_as_much_as_it_was_hidden():
    counts = in_halves((1, 30, 1, 0, 0), (2, 0, 0, 30, 1))

    # 60 impressions are worth 30 + 30 / 2 = 45 examined at the top.
    assert inverse_weights(counts, curve(1, 0.5)) == pytest.approx([60 / 45])


def test_a_log_without_sessions_is_refused(planted_log):
    counts = count(ClickLog(planted_log(sessions=50).frame.drop("session_id")))

    for check in (predicted_rates, held_out):
        with pytest.raises(ClickLogError, match="no session_id"):
            check(counts, curve(*np.ones(6)))
