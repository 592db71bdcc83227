"""Values of rankings as a section."""

from functools import cache

import numpy as np
import polars as pl
import pytest

import weaklabel as wl
from weaklabel.report.evaluation import evaluation_section


@cache
def found(methods=None, metric="dcg", unseen=False):
    rng = np.random.default_rng(0)
    rankings = pl.DataFrame(
        {
            "query_id": np.repeat(["a", "b", "c", "d"], 5),
            "doc_id": np.tile([f"d{i}" for i in range(5)], 4),
            "relevance": rng.uniform(0.1, 0.8, 20),
            "one": rng.normal(size=20),
            "two": rng.normal(size=20),
        }
    )
    log = wl.simulate(rankings, sessions=2000, depth=4)
    best = rankings.select("query_id", "doc_id", score="relevance")
    new = pl.DataFrame({"query_id": ["a"], "doc_id": ["new"], "score": [2.0]})
    return wl.evaluate(log, {"best": best.vstack(new) if unseen else best}, k=3, methods=methods, metric=metric)


def test_a_ranking_is_a_row_and_a_value_stands_with_its_interval():
    section = evaluation_section(found(("ips",)))

    value, difference, _ = section.tables
    row = found(("ips",)).frame.row(0, named=True)
    assert value.frame.columns == ["ranking", "ips"]
    assert value.frame["ranking"].to_list() == ["best", "logged"]
    assert value.frame["ips"][0] == f"{row['value']:.3f} [{row['lower']:.3f}, {row['upper']:.3f}]"
    assert difference.frame.columns == ["ranking", "baseline", "ips"]


def test_methods_that_say_the_same_share_a_column():
    shown = evaluation_section(found(("ips", "clipped"))).tables[0].frame

    assert shown.columns == ["ranking", "ips, clipped"]


def test_methods_too_many_for_a_line_stand_below_each_other():
    four = ("ips", "snips", "clipped", "doubly_robust")
    frame = pl.DataFrame({"ranking": ["r"] * 4, "method": four, "value": [1.0, 2.0, 3.0, 4.0]})
    same = found(four)
    columns = frame.with_columns(lower=pl.col("value"), upper=pl.col("value"), lowest=1.0, highest=2.0)
    support = {name: 0.0 for name in same.frame.columns if name not in columns.columns}
    other = wl.Evaluation(**{**vars(same), "frame": columns.with_columns(**support)})

    shown = evaluation_section(other).tables[0].frame

    assert shown.columns == ["ranking", "method", "value"]
    assert shown["method"].to_list() == list(four)


def test_columns_of_support_that_say_nothing_are_left_out():
    told, whole = (evaluation_section(found(unseen=flag)).tables[2].frame.columns for flag in (True, False))

    assert "never_shown_share" in told
    assert "never_shown_share" not in whole


@pytest.mark.parametrize(("metric", "spoken"), [("dcg", True), ("plug_in_ndcg", False)])
def test_clicks_where_they_fell_are_spoken_of_where_they_are_known(metric, spoken):
    lead = evaluation_section(found(metric=metric)).lead

    assert any(sentence.startswith("what was shown was worth") for sentence in lead) == spoken
