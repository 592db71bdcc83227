import numpy as np
import pytest

from weaklabel.clicks.counting import count
from weaklabel.clicks.curves import fixed_effects, pooling
from weaklabel.clicks.users.position_based import PositionBased


@pytest.fixture(scope="module")
def cells_of(planted_log):
    """From eta of each context to the informative cells of a log in which each has its curve."""

    def made(etas, sessions=40_000, mix=None):
        users = {str(i): PositionBased(eta=eta) for i, eta in enumerate(etas)}
        counts = count(planted_log(users, sessions=sessions, mix=mix), context=("device",))
        return fixed_effects.informative(pooling.by_context(counts.cells))

    return made


def learned(cells):
    return pooling.learn(cells, fixed_effects.fit(pooling.one_curve(cells)))


def test_an_item_is_another_one_in_another_context(planted_log):
    counts = count(planted_log({"a": "position_based", "b": "position_based"}, sessions=500), context=("device",))

    cells = pooling.by_context(counts.cells)

    contexts = [np.unique(cells.context[cells.slot[cells.item == i]]) for i in range(len(cells.query))]
    assert all(len(each) == 1 for each in contexts)
    assert cells.N.sum() == counts.cells.N.sum()
    assert (np.diff(cells.item) >= 0).all()


def test_one_curve_adds_up_the_slots_of_a_position(cells_of):
    cells = cells_of([1.0, 1.0], sessions=500)

    pooled = pooling.one_curve(cells)

    assert pooled.position.tolist() == [1, 2, 3, 4, 5, 6]
    at_two = cells.position[cells.slot] == 2
    assert pooled.per_slot(pooled.N)[1] == cells.N[at_two].sum()


def test_contexts_that_agree_are_found_to_agree_and_those_that_differ_to_differ(cells_of):
    alike, apart = (learned(cells_of(etas)) for etas in ([1.0, 1.0, 1.0], [0.5, 1.0, 2.0]))

    assert alike.tau < 0.05
    assert 0.3 < apart.tau < 1.5


def test_there_is_nothing_to_pool_with_one_context(cells_of):
    assert learned(cells_of([1.0], sessions=500)) is None


def test_large_contexts_keep_their_curves(cells_of):
    cells = cells_of([0.5, 2.0])

    log_theta = pooling.fit(cells, learned(cells))

    alone = [fixed_effects.fit(_of_context(cells, code)) for code in (0, 1)]
    assert log_theta == pytest.approx(np.concatenate(alone), abs=0.06)


def _of_context(cells, code):
    from weaklabel.clicks.estimators._curve import of_slots

    return fixed_effects.informative(of_slots(cells, cells.context == code))


def slow_replicates(cells, common, whole):
    """Each bucket taken out, and everything fitted again."""
    left = [cells.without(b) for b in range(cells.buckets)]
    if common is None:
        return np.stack([fixed_effects.fit(some) for some in left])
    pooled = fixed_effects.fit(pooling.one_curve(cells))
    shifts = [(fixed_effects.fit(pooling.one_curve(some)) - pooled)[pooling.place(cells)] for some in left]
    moved = [pooling.Common(common.mean + shift, common.tau) for shift in shifts]
    return np.stack([pooling.fit(some, to, whole) for some, to in zip(left, moved, strict=True)])


@pytest.mark.parametrize("etas", [[1.0], [0.5, 1.5]])
def test_replicates_are_nearly_what_full_fits_without_each_bucket_find(cells_of, etas):
    cells = cells_of(etas, sessions=6_000)
    common = learned(cells)
    whole = pooling.fit(cells, common)

    quick = pooling.replicates(cells, common, whole) - whole

    slow = slow_replicates(cells, common, whole) - whole
    assert np.abs(quick - slow).max() < 0.15 * np.abs(slow).max()
    errors = [np.sqrt((each**2).sum(axis=0)) for each in (quick, slow)]
    assert errors[0] == pytest.approx(errors[1], rel=0.08)


def test_the_buckets_add_up_to_the_score(cells_of):
    cells = cells_of([1.0], sessions=2_000)
    at = -np.log(cells.position) * 0.5

    by_bucket = fixed_effects.scores_by_bucket(cells, at)

    assert by_bucket.sum(axis=0) == pytest.approx(fixed_effects.derivatives(cells, at)[0], abs=1e-6)


def test_the_second_smallest_eigenvalue_is_zero_where_positions_are_not_linked():
    import polars as pl

    from weaklabel.clicks.counts import ClickCounts

    rows = [("a", 1, 9, 4), ("a", 2, 9, 2), ("b", 2, 9, 3), ("b", 3, 9, 2)]
    frame = pl.DataFrame(rows, schema=["doc_id", "position", "impressions", "clicks"], orient="row")
    cells = ClickCounts(frame.with_columns(query_id=pl.lit("q"))).cells

    firm = pooling.connectivity(cells, fixed_effects.fit(cells))

    information = fixed_effects.derivatives(cells, fixed_effects.fit(cells))[1]
    assert firm == pytest.approx(np.sort(np.linalg.eigvalsh(information))[1])
    assert firm > 0.5
