import datetime

import pandas as pd
import polars as pl
import pytest

from weaklabel.clicks.browsing.pages import Pages
from weaklabel.clicks.counting import count
from weaklabel.clicks.log import ClickLog, read_log
from weaklabel.errors import ClickLogError, TableError

GOOD = {"query_id": ["q", "q", "r"], "doc_id": ["a", "b", "a"], "position": [1, 2, 1], "click": [1, 0, 0]}


def log(**columns):
    return ClickLog(pl.DataFrame({**GOOD, **columns}))


def test_a_log_keeps_its_rows_in_the_order_given():
    made = ClickLog(pl.DataFrame(GOOD))

    assert len(made) == 3
    assert made.frame.rows() == [("q", "a", 1, 1), ("q", "b", 2, 0), ("r", "a", 1, 0)]


def test_ids_become_text_and_clicks_small_whole_numbers():
    made = log(
        query_id=[7, 7, 8], doc_id=[1, 2, 1], session_id=[1, 1, 2], position=[1.0, 2.0, 1.0], click=[True, False, False]
    )

    assert dict(made.frame.schema) == {
        "query_id": pl.String,
        "doc_id": pl.String,
        "position": pl.Int64,
        "click": pl.Int8,
        "session_id": pl.String,
    }
    assert made.frame.row(0) == ("7", "1", 1, 1, "1")


def test_columns_that_the_log_does_not_know_are_its_context():
    when = [datetime.datetime(2024, 1, day) for day in (1, 2, 3)]

    made = log(device=["phone", "phone", "desk"], timestamp=when, propensity=[1.0, 0.5, 0.1])

    assert made.context == ("device",)
    assert made.frame["timestamp"].to_list() == when
    assert made.frame["propensity"].to_list() == [1.0, 0.5, 0.1]


def test_a_log_can_be_cut_to_its_first_positions():
    assert ClickLog(pl.DataFrame(GOOD)).upto(1).frame["doc_id"].to_list() == ["a", "a"]


def test_cutting_a_log_to_nothing_says_where_it_starts():
    with pytest.raises(ClickLogError, match="nothing is left up to position 2: the log starts at position 3"):
        log(position=[3, 4, 3]).upto(2)


def test_positions_beyond_the_last_may_be_kept_but_not_merged_on_a_page():
    made = ClickLog(pl.DataFrame(GOOD))

    assert made.upto(1, "keep").frame.equals(made.frame)
    with pytest.raises(ClickLogError, match=r'merge them in its counts, with count\(log\).upto\(1, "merge"\)'):
        made.upto(1, "merge")
    with pytest.raises(ClickLogError, match="beyond is 'cut': .* one of drop, keep, merge"):
        made.upto(1, "cut")


@pytest.mark.parametrize("kind", [dict, pl.DataFrame, lambda rows: pl.DataFrame(rows).lazy(), pd.DataFrame])
def test_rows_may_come_from_any_kind_of_frame(kind):
    assert ClickLog.from_frame(kind(GOOD)).frame.equals(ClickLog(pl.DataFrame(GOOD)).frame)


def test_columns_may_have_other_names():
    theirs = pl.DataFrame(GOOD).rename({"query_id": "q", "doc_id": "item"})

    made = ClickLog.from_frame(theirs, columns={"query_id": "q", "doc_id": "item"})

    assert made.frame.equals(ClickLog(pl.DataFrame(GOOD)).frame)


def test_two_columns_may_have_swapped_names():
    swapped = pl.DataFrame(GOOD).rename({"query_id": "doc_id", "doc_id": "query_id"})

    made = ClickLog.from_frame(swapped, columns={"query_id": "doc_id", "doc_id": "query_id"})

    assert made.frame.equals(ClickLog(pl.DataFrame(GOOD)).frame)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"item": "doc_id"}, "columns names 'item', which is no column of a click log"),
        ({"doc_id": "item"}, "doc_id is called 'item'; there are only: query_id, doc_id, position, click, sku"),
        ({"doc_id": "sku"}, "has a column 'doc_id' beside 'sku': drop or rename one"),
    ],
)
def test_a_mapping_of_columns_that_does_not_fit_is_explained(columns, message):
    with pytest.raises(ClickLogError, match=message):
        ClickLog.from_frame({**GOOD, "sku": [1, 2, 3]}, columns)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"position": [1, None, 1]}, "row 1 has no position: a position is a whole number from 1"),
        ({"position": [1.0, float("nan"), 1.0]}, "row 1 has no position"),
        ({"position": [1, 0, 1]}, "row 1 has position 0: positions start at 1; add 1 if yours start at 0"),
        ({"position": [1, 2, -4]}, "row 2 has position -4: positions start at 1"),
        ({"position": [1.0, 1.5, 1.0]}, "row 1 has position 1.5: a position is a whole number"),
        ({"position": [1.0, float("inf"), 1.0]}, "row 1 has position inf"),
        ({"position": ["1", "2nd", "1"]}, "row 1 has position '2nd'"),
        ({"position": [[1], [2], [1]]}, r"column 'position' holds List\(Int64\)"),
        ({"click": [0, 1, 2]}, "row 2 has click 2: a click is 0 or 1; give one row per impression"),
        ({"click": [0.5, 1, 0]}, "row 0 has click 0.5"),
        ({"click": [0, -1, 0]}, "row 1 has click -1"),
        ({"click": [0, None, 0]}, "row 1 has no click"),
        ({"click": [0.0, float("nan"), 0.0]}, "row 1 has no click"),
        ({"query_id": [None, "q", "r"]}, "row 0 has no query_id: every impression needs one"),
        ({"query_id": [1.0, 2.0, float("nan")]}, "row 2 has no query_id"),
        ({"doc_id": ["a", "b", None]}, "row 2 has no doc_id"),
        ({"session_id": ["s", None, "t"]}, "row 1 has no session_id"),
        ({"propensity": [1.0, 0.0, 1.0]}, r"row 1 has propensity 0.0: .* in \(0, 1\]"),
        ({"propensity": [1.0, 1.5, 1.0]}, "row 1 has propensity 1.5"),
        ({"propensity": [1.0, -0.5, 1.0]}, "row 1 has propensity -0.5"),
        ({"propensity": [1.0, None, 1.0]}, "row 1 has no propensity"),
        ({"propensity": [1.0, 1.0, float("nan")]}, "row 2 has no propensity"),
    ],
)
def test_a_bad_value_is_named_with_its_row_and_a_remedy(columns, message):
    with pytest.raises(ClickLogError, match=message):
        log(**columns)


def test_a_page_that_shows_two_documents_in_one_place_is_refused():
    with pytest.raises(ClickLogError, match="rows 0 and 2 both stand at position 1 for query 'q' in session '5'"):
        log(session_id=[5, 5, 5], query_id=["q"] * 3, doc_id=["a", "b", "c"])


def test_two_pages_may_use_the_same_place():
    assert len(log(session_id=[5, 5, 6])) == 3


@pytest.mark.parametrize("lost", GOOD)
def test_a_missing_column_is_named_beside_those_there_are(lost):
    rest = [name for name in GOOD if name != lost]

    with pytest.raises(ClickLogError, match=f"no column '{lost}'; there are: {', '.join(rest)}; .*columns="):
        ClickLog(pl.DataFrame(GOOD).drop(lost))


def test_a_log_without_rows_is_refused():
    with pytest.raises(ClickLogError, match="the log has no rows"):
        ClickLog(pl.DataFrame(GOOD).clear())


@pytest.mark.parametrize("data", [3, {**GOOD, "doc_id": ["a", 1.5, "b"]}])
def test_data_that_is_no_table_is_refused(data):
    with pytest.raises(ClickLogError, match=f"cannot read the {type(data).__name__} as a table"):
        ClickLog.from_frame(data)


def test_a_log_may_consist_of_clicks_only_until_somebody_estimates_from_it():
    assert log(click=[1, 1, 1]).frame["click"].to_list() == [1, 1, 1]


@pytest.mark.parametrize(
    ("ending", "write"),
    [("csv", pl.DataFrame.write_csv), ("jsonl", pl.DataFrame.write_ndjson), ("parquet", pl.DataFrame.write_parquet)],
)
def test_a_log_is_read_from_a_file(tmp_path, ending, write):
    path = tmp_path / f"log.{ending}"
    write(pl.DataFrame(GOOD).rename({"doc_id": "item"}), path)

    made = read_log(path, columns={"doc_id": "item"})

    assert made.frame.equals(ClickLog(pl.DataFrame(GOOD)).frame)


def test_an_error_in_a_file_names_the_file_and_the_row(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("query_id,doc_id,position,click\nq,a,1,0\nq,,2,0\n")

    with pytest.raises(ClickLogError, match=r"log\.csv: row 1 has no doc_id"):
        read_log(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TableError, match=r"no file at .*nothing\.csv"):
        read_log(tmp_path / "nothing.csv")


def test_ids_in_a_csv_stay_as_they_stand_there(tmp_path):
    (tmp_path / "log.csv").write_text("q,doc_id,position,click\n007,1.10,1,0\n")

    log = read_log(tmp_path / "log.csv", {"query_id": "q"})

    assert log.frame.select("query_id", "doc_id").row(0) == ("007", "1.10")


def test_a_session_may_show_a_page_for_each_of_several_queries():
    searched = log(session_id=["s"] * 3)

    assert len(searched) == 3
    assert Pages.from_log(searched).item.shape == (2, 2)
    assert (count(searched).frame["impressions_by_bucket"].to_numpy() > 0).any(axis=0).sum() == 1
