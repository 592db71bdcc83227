import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from weaklabel.errors import TableError
from weaklabel.tables import align, as_table, gold_labels, read_frame, read_table, write_frame

FILES = {
    "csv": 'id,text,n\na,"hi, you",1\nb,,2\n',
    "tsv": "id\ttext\tn\na\thi, you\t1\nb\t\t2\n",
    "jsonl": '{"id": "a", "text": "hi, you", "n": 1}\n{"id": "b", "text": null, "n": 2}\n',
    "ndjson": '{"id": "a", "text": "hi, you", "n": 1}\n{"id": "b", "n": 2}\n',
    "json": '[{"id": "a", "text": "hi, you", "n": 1}, {"id": "b", "text": null, "n": 2}]',
    "CSV": "id,text,n\r\na,'hi, you',1\r\nb,,2\r\n".replace("'", '"'),
}
ROWS = [("a", "hi, you", 1), ("b", None, 2)]
COLUMNS = {"id": ["a", "b"], "text": ["hi, you", None], "n": [1, 2]}


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / name

    return write


@pytest.mark.parametrize("ending", FILES)
def test_a_table_is_read_by_the_ending_of_its_file(file, ending):
    assert read_table(file(f"items.{ending}", FILES[ending])).rows() == ROWS


def test_a_table_is_read_from_parquet(tmp_path):
    pl.DataFrame(COLUMNS).write_parquet(tmp_path / "items.parquet")

    assert read_table(tmp_path / "items.parquet").rows() == ROWS


@pytest.mark.parametrize(
    "data",
    [
        COLUMNS,
        pl.DataFrame(COLUMNS),
        pl.LazyFrame(COLUMNS),
        pd.DataFrame(COLUMNS),
        pd.DataFrame(COLUMNS, dtype=object),
        [dict(zip(COLUMNS, row, strict=True)) for row in ROWS],
    ],
    ids=["columns", "polars", "lazy", "pandas", "pandas objects", "rows"],
)
def test_a_table_is_made_from_any_kind_of_frame(data):
    assert as_table(data).rows() == ROWS


def test_what_pandas_marks_as_missing_is_missing():
    when = pd.to_datetime(["2024-01-01", None])
    frame = pd.DataFrame({"id": [1, 2], "kind": pd.Categorical(["x", None]), "when": when, "share": [0.5, None]})

    made = as_table(frame)

    assert made.rows() == [("1", "x", datetime.datetime(2024, 1, 1), 0.5), ("2", None, None, None)]


def test_any_column_may_hold_the_ids_and_becomes_the_first_as_text():
    made = as_table({"text": ["hi", "yo"], "key": [7, 8]}, id_column="key")

    assert made.columns == ["id", "text"]
    assert made["id"].to_list() == ["7", "8"]


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_an_id_in_a_text_file_stays_as_it_is_written(file, ending):
    separator = "," if ending == "csv" else "\t"
    rows = ["key,n", "007,1", "1.10,2", "12345678901234567890123,3"]

    made = read_table(file(f"items.{ending}", "\n".join(rows).replace(",", separator)), id_column="key")

    assert made.rows() == [("007", 1), ("1.10", 2), ("12345678901234567890123", 3)]


@pytest.mark.parametrize(
    ("name", "line", "last"),
    [
        ("late.csv", "{i},1", "x,0.5"),
        ("late.jsonl", '{{"id": "{i}"}}', '{"id": "x", "n": 0.5}'),
    ],
)
def test_a_late_row_may_be_the_first_to_show_a_column_or_its_type(file, name, line, last):
    head = ["id,n"] if name.endswith("csv") else []
    lines = [*head, *(line.format(i=i) for i in range(500)), last]

    assert read_table(file(name, "\n".join(lines))).row(-1) == ("x", 0.5)


def test_a_column_that_is_not_there_is_named_beside_those_that_are(file):
    with pytest.raises(TableError, match=r"items\.csv has no column 'key'; there are: id, text, n; name the column of"):
        read_table(file("items.csv", FILES["csv"]), id_column="key")


def test_another_column_called_id_must_be_renamed():
    with pytest.raises(TableError, match="the table has a column 'id' beside 'key': rename one"):
        as_table({"id": [1], "key": [2]}, id_column="key")


@pytest.mark.parametrize("ids", [["a", "b", "a"], [1, 2, 1]])
def test_repeated_ids_are_refused(ids):
    with pytest.raises(TableError, match=f"id '{ids[0]}' stands in rows 0 and 2; 1 ids occur more than once"):
        as_table({"id": ids})


@pytest.mark.parametrize(
    "data", [{"id": ["a", None]}, pd.DataFrame({"id": ["a", None]}), pd.DataFrame({"id": [1, np.nan]})]
)
def test_missing_ids_are_refused(data):
    with pytest.raises(TableError, match="the item in row 1 has no id"):
        as_table(data)


def test_an_empty_cell_is_no_id(file):
    with pytest.raises(TableError, match="the item in row 1 has no id"):
        read_table(file("items.csv", "id,n\na,1\n,2\n"))


@pytest.mark.parametrize("data", [3, {"id": [1, 2], "n": [1]}, {"id": [1, 2], "n": [1, "x"]}])
def test_what_is_no_table_is_refused(data):
    with pytest.raises(TableError, match=f"cannot read the table from the {type(data).__name__}: "):
        as_table(data)


def test_a_header_without_rows_is_a_table_of_no_items(file):
    made = read_table(file("items.csv", "id,text\n"))

    assert made.columns == ["id", "text"]
    assert made.shape == (0, 2)
    assert align(made, made["id"]).shape == (0, 2)
    assert gold_labels(made, made["id"], ("ham", "spam"), "text").tolist() == []


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "parquet"])
def test_an_empty_file_is_refused(file, ending):
    with pytest.raises(TableError, match=f"items.{ending} is empty: it has not even a header"):
        read_frame(file(f"items.{ending}", ""))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.csv", "id,n\na,1,2\n"),
        ("latin.csv", "id,text\na,café\n".encode("latin-1")),
        ("broken.json", '[{"id": 1}'),
        ("broken.jsonl", '{"id": 1}\n{"id": \n'),
        ("broken.parquet", "PAR1 and no more"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_named_with_the_reason(file, name, content):
    with pytest.raises(TableError, match=rf"cannot read .*{name}: \w+"):
        read_frame(file(name, content))


def test_an_ending_that_says_nothing_is_refused_with_those_that_do(file):
    with pytest.raises(TableError, match=r"cannot tell the format of .*items\.xls by '\.xls': use \.csv, \.tsv, "):
        read_frame(file("items.xls", "id"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TableError, match=r"no file at .*nothing\.csv"):
        read_frame(tmp_path / "nothing.csv")


def test_rows_are_put_in_the_order_of_the_items():
    table = as_table({"id": ["a", "b", "c"], "n": [1, None, 3]})

    assert align(table, pl.Series("id", ["c", "b"])).rows() == [("c", 3), ("b", None)]


def test_items_without_a_row_are_counted_and_the_first_is_named():
    with pytest.raises(TableError, match="gold has no row for 2 of the items, first 'x'"):
        align(as_table({"id": ["a"]}), pl.Series("id", ["a", "x", "y"]), "gold")


@pytest.mark.parametrize(
    "labels",
    [["spam", "ham", None], [1, 0, None], [1.0, 0.0, None], ["1", "ham", None]],
    ids=["names", "numbers", "numbers as floats", "mixed"],
)
def test_known_classes_are_names_or_numbers_and_may_be_missing(labels):
    table = as_table({"id": ["a", "b", "c"], "label": labels})

    gold = gold_labels(table, pl.Series("id", ["b", "c", "not there", "a"]), ("ham", "spam"))

    assert gold.tolist() == [0, -1, -1, 1]


def test_numbers_that_pandas_turned_into_floats_beside_a_gap_are_known_classes():
    table = as_table(pd.DataFrame({"id": ["a", "b"], "label": [1, None]}))

    assert gold_labels(table, table["id"], ("ham", "spam")).tolist() == [1, -1]


def test_a_class_that_is_called_by_a_number_keeps_its_name():
    table = as_table({"id": ["a", "b"], "stars": [1, 0]})

    assert gold_labels(table, table["id"], ("1", "0"), "stars").tolist() == [0, 1]


@pytest.mark.parametrize("wrong", ["egg", 2, -1, 0.5, True, " ham"])
def test_a_known_class_that_is_none_is_named_with_its_item(wrong):
    table = as_table({"id": ["a", "b"], "label": [None, wrong]})

    with pytest.raises(
        TableError, match=f"item 'b' has label = {wrong!r}, which is no class; the classes are ham, spam"
    ):
        gold_labels(table, table["id"], ("ham", "spam"))


def test_a_missing_column_of_known_classes_is_named():
    with pytest.raises(TableError, match="the table has no column 'gold'; there are: id"):
        gold_labels(as_table({"id": ["a"]}), pl.Series("id", ["a"]), ("ham", "spam"), "gold")


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet", "out.CSV"])
def test_a_frame_that_is_written_is_read_back_the_same(tmp_path, name):
    write_frame(pl.DataFrame(COLUMNS), tmp_path / "new" / name)

    assert read_table(tmp_path / "new" / name).rows() == ROWS


def test_an_ending_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"cannot write .*out\.xls: the ending '\.xls' is none of \.csv, \.jsonl, "):
        write_frame(pl.DataFrame(COLUMNS), tmp_path / "out.xls")


def test_a_column_that_the_format_cannot_hold_is_explained(tmp_path):
    with pytest.raises(TableError, match=r"cannot write .*out\.csv: CSV format does not support nested data"):
        write_frame(pl.DataFrame({"id": ["a"], "ratings": [[1, 2]]}), tmp_path / "out.csv")


@pytest.mark.parametrize(
    ("values", "classes", "expected"),
    [
        ([1.0, 0.0, None], ("1", "0"), [0, 1, -1]),  # as pandas reads whole numbers beside a gap
        ([1.0, 2.0, None], ("1", "2", "3"), [0, 1, -1]),
        ([1.5, 2.0], ("1.5", "2"), [0, 1]),
        ([True, False, None], ("False", "True"), [1, 0, -1]),
        ([1.0, 0.0], ("ham", "spam"), [1, 0]),
        (["001", "002"], ("001", "002", "003"), [0, 1]),
    ],
)
def test_a_known_class_is_found_by_its_name_before_its_number_however_it_was_read(values, classes, expected):
    table = pl.DataFrame({"id": [str(i) for i in range(len(values))], "label": values})

    assert gold_labels(table, table["id"], classes).tolist() == expected


def test_columns_can_be_kept_as_they_stand_in_a_file(tmp_path):
    (tmp_path / "t.csv").write_text("id,label\n1,001\n2,002\n")

    assert read_table(tmp_path / "t.csv", text=["label", "not there"])["label"].to_list() == ["001", "002"]


def test_no_name_of_a_column_is_lost_in_aligning():
    table = pl.DataFrame({"id": ["a", "b"], "_found": [1, 2], "row": [3, 4]})

    assert align(table, pl.Series("id", ["b", "a"])).rows() == [("b", 2, 4), ("a", 1, 3)]


def test_what_a_format_cannot_hold_is_an_error_not_a_panic(tmp_path):
    with pytest.raises(TableError, match=r"cannot write .*x\.jsonl"):
        write_frame(pl.DataFrame({"id": ["a"], "raw": [b"x"]}), tmp_path / "x.jsonl")


def test_dictionaries_in_a_column_keep_all_their_keys():
    columns = {"id": [0, 1, 2], "e": [None, {"a": 1}, {"a": 2, "z": 1}]}

    for data in (columns, pd.DataFrame(columns)):
        assert as_table(data)["e"].to_list() == [None, {"a": 1, "z": None}, {"a": 2, "z": 1}]


def test_a_folder_of_parquet_parts_is_one_table(tmp_path):
    (tmp_path / "_new").mkdir()
    pl.DataFrame({"id": [1, 2], "x": [1, 2]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"id": [3], "x": [0.5], "y": ["only here"]}).write_parquet(tmp_path / "b.parquet")
    pl.DataFrame({"id": [4]}).write_parquet(tmp_path / "_new" / "c.parquet")

    table = read_table(tmp_path)

    assert table.rows() == [("1", 1.0, None), ("2", 2.0, None), ("3", 0.5, "only here")]
