"""Reading logs of any kind: files, folders and frames, and what is said of bad ones."""

import datetime
import gzip

import pandas as pd
import polars as pl
import pytest

from weaklabel.clicks.log import ClickLog, read_log
from weaklabel.clicks.reading.scan import scan_log
from weaklabel.errors import ClickLogError, TableError, UnknownNameError

LONG = {"query_id": ["q", "q", "r"], "doc_id": ["a", "b", "a"], "position": [1, 2, 1], "click": [1, 0, 0]}
OWN = ("query_id", "doc_id", "position", "click")


def rows_of(source, **options):
    return pl.concat([batch.frame for batch in scan_log(source, **options)]).select(OWN).rows()


def test_a_folder_of_parts_is_read_in_the_order_of_their_names(tmp_path):
    (tmp_path / "day=2").mkdir()
    (tmp_path / "day=1").mkdir()
    pl.DataFrame(LONG)[2:].write_parquet(tmp_path / "day=2" / "part-0.parquet")
    pl.DataFrame(LONG)[:2].write_csv(tmp_path / "day=1" / "part-0.csv")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".part-0.parquet.crc").write_bytes(b"crc")

    assert rows_of(tmp_path) == pl.DataFrame(LONG).rows()


def test_a_pattern_and_a_list_of_files_name_their_parts(tmp_path):
    for i in range(3):
        pl.DataFrame(LONG)[i : i + 1].write_parquet(tmp_path / f"{i}.parquet")

    assert rows_of(str(tmp_path / "*.parquet")) == pl.DataFrame(LONG).rows()
    assert rows_of([tmp_path / "2.parquet", tmp_path / "0.parquet"]) == [("r", "a", 1, 0), ("q", "a", 1, 1)]


@pytest.mark.parametrize(
    "frame",
    [
        dict,
        pl.DataFrame,
        lambda rows: pl.DataFrame(rows).lazy(),
        pd.DataFrame,
        lambda rows: pl.DataFrame(rows).to_arrow(),
        lambda rows: pl.DataFrame(rows).to_arrow().to_reader(max_chunksize=1),
        lambda rows: iter([pl.DataFrame(rows)[:1], pd.DataFrame(rows)[1:]]),
    ],
)
def test_frames_and_streams_of_any_kind_are_read(frame):
    assert rows_of(frame(LONG)) == pl.DataFrame(LONG).rows()


def test_a_packed_csv_is_read(tmp_path):
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(pl.DataFrame(LONG).write_csv().encode()))

    assert rows_of(tmp_path / "log.csv.gz") == pl.DataFrame(LONG).rows()
    assert read_log(tmp_path / "log.csv.gz").frame.rows() == pl.DataFrame(LONG).rows()


def test_what_a_csv_says_stays_as_it_stands_there_even_if_late_rows_are_of_another_type(tmp_path):
    ids = [f"{i:03}" for i in range(2_000)] + ["late"]
    frame = pl.DataFrame({"query_id": ids, "doc_id": ids, "position": 1, "click": ["true", *["0"] * 2_000]})
    frame.write_csv(tmp_path / "log.csv")

    read = rows_of(tmp_path / "log.csv")

    assert read[0] == ("000", "000", 1, 1)
    assert read[-1] == ("late", "late", 1, 0)


def test_the_same_columns_mapping_serves_all_parts(tmp_path):
    bandit = {"item_id": [14, 3], "position": [1, 2], "click": [0, 1], "propensity_score": [0.5, 0.1], "campaign": "x"}
    pl.DataFrame(bandit).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(bandit).write_csv(tmp_path / "b.csv")
    ours = {"query_id": "campaign", "doc_id": "item_id", "propensity": "propensity_score"}

    batches = list(scan_log(tmp_path, ours))

    assert [batch.frame["propensity"].to_list() for batch in batches] == [[0.5, 0.1]] * 2
    assert [batch.frame["doc_id"].to_list() for batch in batches] == [["14", "3"]] * 2


def test_columns_that_nobody_asked_for_are_not_read(tmp_path):
    pl.DataFrame({**LONG, "device": "phone", "body": "long"}).write_parquet(tmp_path / "log.parquet")

    (batch,) = scan_log(tmp_path / "log.parquet", keep=["device"])

    assert batch.frame.columns == [*OWN, "device"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"position": [0, 1, 0]}, "row 0 has position 0: positions start at 1"),
        ({"position": [1, 10**12, 1]}, "row 1 has position 1000000000000: a position is a place on a page"),
        ({"click": [0, 3, 0]}, "row 1 has click 3"),
        ({"doc_id": ["x" * 10_000, None, "a"]}, "row 1 has no doc_id"),
        ({"query_id": [b"q", b"\xff", b"r"]}, r"row 1 has query_id b'\\xff': an id is text in UTF-8"),
    ],
)
def test_a_bad_value_is_named_with_its_file_and_row(tmp_path, columns, message):
    pl.DataFrame(LONG).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({**LONG, **columns}).write_parquet(tmp_path / "b.parquet")

    with pytest.raises(ClickLogError, match=r"b\.parquet: " + message):
        rows_of(tmp_path)


def test_rows_keep_their_numbers_where_only_some_are_chosen():
    bad = {**LONG, "click": [1, 0, 7], "policy": ["bts", "random", "random"]}

    with pytest.raises(ClickLogError, match="row 2 has click 7"):
        rows_of(bad, where={"policy": "random"})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"impressions": [3, 0, 2], "clicks": [1, 0, 0]}, "row 1 has impressions 0: impressions are counted"),
        ({"impressions": [3, 5, 2], "clicks": [1, 0, 3]}, "row 2 has clicks 3: there are not as many impressions"),
        ({"impressions": [3, 5, 2], "clicks": [1, -1, 0]}, "row 1 has clicks -1"),
        ({"impressions": [3, 5, None], "clicks": [1, 1, 0]}, "row 2 has no impressions"),
    ],
)
def test_impossible_counts_in_a_row_are_named(rows, message):
    with pytest.raises(ClickLogError, match=message):
        rows_of({name: LONG[name] for name in OWN[:3]} | rows)


def test_rows_of_many_impressions_are_written_out_in_memory():
    log = ClickLog.from_frame(
        {"query_id": ["q", "q"], "doc_id": ["a", "b"], "position": [1, 2], "impressions": [3, 1], "clicks": [2, 0]}
    )

    assert log.frame.rows() == [("q", "a", 1, 1), ("q", "a", 1, 1), ("q", "a", 1, 0), ("q", "b", 2, 0)]


def test_mixed_types_in_a_column_of_jsonl_are_read_as_text_and_checked(tmp_path):
    lines = ['{"query_id": 1, "doc_id": "a", "position": 1, "click": 0}', "", ""]
    lines[1] = '{"query_id": "one", "doc_id": 2, "position": "2", "click": 1}'
    lines[2] = '{"query_id": 1, "doc_id": 3, "position": "third", "click": 1}'
    (tmp_path / "two.jsonl").write_text("\n".join(lines[:2]))
    (tmp_path / "three.jsonl").write_text("\n".join(lines))

    assert rows_of(tmp_path / "two.jsonl") == [("1", "a", 1, 0), ("one", "2", 2, 1)]
    with pytest.raises(ClickLogError, match=r"three\.jsonl: row 2 has position 'third'"):
        rows_of(tmp_path / "three.jsonl")


def test_a_file_that_is_not_utf_8_is_named_with_the_line(tmp_path):
    (tmp_path / "log.csv").write_bytes(b"query_id,doc_id,position,click\nq,a,1,0\nq,caf\xe9,2,0\n")

    with pytest.raises(TableError, match=r"cannot read .*log\.csv: line 3 is not UTF-8"):
        rows_of(tmp_path / "log.csv")


def test_an_empty_file_and_one_with_a_header_alone_are_told_apart(tmp_path):
    (tmp_path / "empty.csv").touch()
    (tmp_path / "header.csv").write_text("query_id,doc_id,position,click\n")

    with pytest.raises(TableError, match=r"empty\.csv is empty: it has not even a header"):
        rows_of(tmp_path / "empty.csv")
    with pytest.raises(ClickLogError, match=r"header\.csv: the log has no rows"):
        rows_of(tmp_path / "header.csv")


def test_a_source_that_is_not_there_is_named(tmp_path):
    (tmp_path / "log.xlsx").write_bytes(b"PK")

    with pytest.raises(TableError, match=r"no file at .*none\.csv"):
        rows_of(tmp_path / "none.csv")
    with pytest.raises(TableError, match=r"no file matches .*\*\.csv"):
        rows_of(str(tmp_path / "*.csv"))
    with pytest.raises(TableError, match=r"cannot tell the format of .*log\.xlsx"):
        rows_of(tmp_path)
    with pytest.raises(TableError, match="holds no files"):
        rows_of(tmp_path.joinpath("sub").mkdir() or tmp_path / "sub")


def test_a_file_named_twice_is_refused(tmp_path):
    pl.DataFrame(LONG).write_csv(tmp_path / "log.csv")

    with pytest.raises(ClickLogError, match=r"log\.csv is named twice"):
        rows_of([tmp_path / "log.csv", tmp_path / "log.csv"])


def test_an_unknown_format_is_refused_with_those_there_are():
    with pytest.raises(UnknownNameError, match="no format of a log is called 'wide'; there are: long, pages"):
        scan_log(LONG, format="wide")


def test_a_page_that_shows_a_document_twice_is_refused():
    with pytest.raises(ClickLogError, match="rows 0 and 1 both show document 'a' on the page of session 's'"):
        ClickLog.from_frame({**LONG, "doc_id": ["a", "a", "b"], "session_id": ["s", "s", "t"]})


def test_a_list_of_frames_is_read_one_after_another():
    frames = [pl.DataFrame(LONG)[:2], pd.DataFrame(LONG)[2:]]

    assert rows_of(frames) == pl.DataFrame(LONG).select(OWN).rows()


def test_a_missing_column_is_named_beside_all_that_there_are_even_where_few_are_read(tmp_path):
    pl.DataFrame(LONG).rename({"doc_id": "item"}).write_csv(tmp_path / "log.csv")

    with pytest.raises(ClickLogError, match="no column 'doc_id'; there are: query_id, item, position, click; if yours"):
        rows_of(tmp_path / "log.csv", keep=())
    with pytest.raises(ClickLogError, match="doc_id is called 'itm'; there are only: query_id, item, position, click"):
        rows_of(tmp_path / "log.csv", columns={"doc_id": "itm"}, keep=())


@pytest.mark.parametrize(
    ("header", "advice"),
    [
        ("query_id;doc_id;position;click", "its columns do not stand between commas"),
        ("query_id, doc_id, position, click", "its name has spaces around it"),
        ("\ufeffquery_id,doc_id,position,clicked", "if yours is called otherwise"),
    ],
)
def test_what_may_be_the_matter_with_a_header_is_said(tmp_path, header, advice):
    (tmp_path / "log.csv").write_text(f"{header}\n")

    with pytest.raises(ClickLogError, match=advice):
        rows_of(tmp_path / "log.csv")


def test_a_file_in_utf_16_is_said_to_be_no_utf_8(tmp_path):
    (tmp_path / "log.csv").write_text("query_id,doc_id,position,click\nq,a,1,0\n", encoding="utf-16")

    with pytest.raises(ClickLogError, match="the file is not UTF-8"):
        rows_of(tmp_path / "log.csv")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("log.csv", "query_id,doc_id,position,click\nq,a,1,0\nq,x,y,1,0\n", "line 3 has more fields than the header"),
        ("log.jsonl", '{"query_id": "q"}\n\n{"query_id": \n', "line 3 is no JSON: write one object a line"),
        ("log.jsonl", '{"query_id": "q", "position": NaN}\n', "line 1 is no JSON"),
    ],
)
def test_a_line_that_cannot_be_parsed_is_named(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)

    with pytest.raises(TableError, match=message):
        rows_of(tmp_path / name)


def test_a_lazy_frame_that_cannot_be_collected_is_no_log():
    with pytest.raises(ClickLogError, match="cannot read the LazyFrame: .*nope"):
        rows_of(pl.LazyFrame(LONG).select("nope"))


def test_a_pandas_frame_of_mixed_types_or_of_two_columns_of_a_name_is_refused_with_the_name():
    mixed = pd.DataFrame({**LONG, "query_id": [1, "q", 2]})
    doubled = pd.concat([pd.DataFrame(LONG), pd.DataFrame(LONG)[["click"]]], axis=1)

    with pytest.raises(ClickLogError, match="column 'query_id' mixes types"):
        rows_of(mixed)
    with pytest.raises(ClickLogError, match="two columns 'click'"):
        rows_of(doubled)


@pytest.mark.parametrize("position", [True, datetime.date(2024, 5, 31)])
def test_a_position_is_neither_a_date_nor_true(position):
    with pytest.raises(ClickLogError, match="row 0 has position .*: a position is a whole number from 1"):
        rows_of(pl.DataFrame(LONG).with_columns(position=pl.lit(position)))


@pytest.mark.parametrize(
    ("column", "value"),
    [([1.0, 2.0, 1.0], 1), ([True, False, True], "True"), (["True", "False", "True"], True), (["x", "y", "x"], "x")],
)
def test_rows_are_chosen_by_a_value_however_it_is_written(column, value):
    frame = pl.DataFrame({**LONG, "arm": column})

    assert rows_of(frame, where={"arm": value}) == frame[[0, 2]].select(OWN).rows()
