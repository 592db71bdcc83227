"""Periods are told from any common way to write a time."""

import datetime

import polars as pl
import pytest

from weaklabel.clicks.reading.origin import Origin
from weaklabel.clicks.reading.periods import period_of
from weaklabel.errors import ClickLogError

NOON = 1_717_243_200  # 2024-06-01T12:00:00Z, a Saturday


def periods(values, every="1d", dtype=None):
    return period_of(pl.DataFrame({"timestamp": pl.Series(values, dtype=dtype)}), every, Origin("log.csv")).to_list()


@pytest.mark.parametrize(
    "values",
    [
        [NOON],
        [float(NOON)],
        [NOON * 10**3],
        [NOON * 10**6],
        [NOON * 10**9],
        [str(NOON)],
        ["2024-06-01"],
        ["2024-06-01 12:00:00"],
        ["2024-06-01T12:00:00Z"],
        ["2024-06-02T01:00:00+13:00"],
        [datetime.date(2024, 6, 1)],
        [datetime.datetime(2024, 6, 1, 12)],
        [datetime.datetime(2024, 6, 1, 23, tzinfo=datetime.UTC)],
    ],
)
def test_a_time_may_be_written_in_many_ways(values):
    assert periods(values) == ["2024-06-01"]


@pytest.mark.parametrize(
    ("every", "period"),
    [("1h", "2024-06-01T12:00:00"), ("1w", "2024-05-27"), ("1mo", "2024-06-01"), ("1y", "2024-01-01")],
)
def test_a_period_is_named_by_its_beginning(every, period):
    assert periods([NOON], every) == [period]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["2024-06-01", "yesterday"], r"log\.csv: row 1 has timestamp 'yesterday': write ISO text"),
        ([NOON, None], "row 1 has no timestamp"),
        ([[NOON]], "row 0 has timestamp"),
        (["01/02/2024"], "row 0 has timestamp '01/02/2024': write ISO text"),
        ([datetime.time(3)], "row 0 has timestamp"),
        ([datetime.timedelta(3)], "row 0 has timestamp"),
    ],
)
def test_a_time_that_cannot_be_read_is_named(values, message):
    with pytest.raises(ClickLogError, match=message):
        periods(values)


@pytest.mark.parametrize("every", ["daily", "", "0d", "-1d", "1i"])
def test_a_period_that_is_no_length_of_time_is_refused(every):
    with pytest.raises(ClickLogError, match=f"period is '{every}', no length such as 1h, 1d"):
        periods([NOON], every)


def test_days_written_as_numbers_are_days():
    assert periods([20240531, 20240601]) == periods(["20240531", "20240601"]) == ["2024-05-31", "2024-06-01"]


def test_a_log_without_times_has_no_periods():
    with pytest.raises(ClickLogError, match="periods of 1d need a timestamp; there are: click"):
        period_of(pl.DataFrame({"click": [1]}), "1d", Origin())
