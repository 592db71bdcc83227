"""Samples of whole pages from a stream."""

import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.sampling import sample_sessions
from weaklabel.errors import ClickLogError


def long_log(sessions):
    return pl.DataFrame({"session_id": np.repeat([f"s{i}" for i in range(sessions)], 3)}).with_columns(
        query_id=pl.lit("q"),
        doc_id=pl.Series(["a", "b", "c"] * sessions),
        position=pl.Series([1, 2, 3] * sessions),
        click=pl.lit(0),
    )


def test_a_sample_has_as_many_whole_sessions_as_asked_for():
    log = long_log(500)

    sample = sample_sessions(iter([log[i : i + 100] for i in range(0, len(log), 100)]), about=60)

    assert sample.frame["session_id"].n_unique() == 60
    assert (sample.frame["session_id"].value_counts()["count"] == 3).all()


def test_a_sample_depends_on_the_seed_and_not_on_the_order_of_rows():
    log = long_log(300)
    shuffled = log.sample(fraction=1, shuffle=True, seed=3)

    first, same = sample_sessions(log, about=40), sample_sessions(iter([shuffled[:50], shuffled[50:]]), about=40)
    other = sample_sessions(log, about=40, seed=1)

    assert set(first.frame["session_id"]) == set(same.frame["session_id"])
    assert set(first.frame["session_id"]) != set(other.frame["session_id"])


def test_a_small_log_is_its_own_sample():
    assert len(sample_sessions(long_log(5), about=60)) == 15


def test_a_log_without_sessions_cannot_be_sampled():
    with pytest.raises(ClickLogError, match="the log has no session_id"):
        sample_sessions(long_log(5).drop("session_id"))


def test_rows_of_many_impressions_are_no_pages_to_draw():
    rows = pl.DataFrame({"query_id": ["q"], "doc_id": ["a"], "position": [1], "impressions": [5], "clicks": [1]})

    with pytest.raises(ClickLogError, match="a row of the log stands for many impressions"):
        sample_sessions(rows)


@pytest.mark.parametrize("about", [0, 10.5])
def test_a_number_of_sessions_that_is_none_is_refused(about):
    with pytest.raises(ClickLogError, match=f"about is {about}"):
        sample_sessions(long_log(5), about=about)
