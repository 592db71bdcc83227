"""`summary` as a user runs it."""

import json

import numpy as np
import polars as pl
import pytest

import weaklabel as wl

TEXTS = ["win a prize, call now", "please call, see you", "a prize", "see you", "prize, please"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Votes of four functions on five items, of which the fourth is not covered, and their known classes."""
    monkeypatch.chdir(tmp_path)
    votes = np.array([[1, 1, -1, -1], [-1, 1, 0, -1], [1, -1, -1, -1], [-1, -1, -1, -1], [1, 0, 0, -1]])
    names = ("prize", "call", "please", "dull")
    seconds = {"prize": 0.001, "call": 3.0, "please": 0.001}
    wl.LabelMatrix(votes, list("abcde"), names, ("ham", "spam"), seconds=seconds).save("votes.parquet")
    gold = ["spam", "ham", "spam", None, "ham"]
    pl.DataFrame({"id": list("abcde"), "text": TEXTS, "label": gold}).write_csv("table.csv")
    return tmp_path


def test_the_table_is_followed_by_what_stands_out(files, weaklabel):
    shown = weaklabel("summary votes.parquet --gold table.csv")

    assert "4 labeling functions on 5 items:" in shown
    assert "'dull' never votes\n" in shown
    assert "'call' takes 99.93 % of the time of all functions: 600,000.0 us a row\n" in shown
    assert "no function votes on 1 of 5 items (20 %)\n" in shown


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_the_rows_shown_are_written_in_the_format_of_the_ending(files, weaklabel, ending):
    shown = weaklabel(f"summary votes.parquet --show conflicts --out c.{ending}")

    assert f"wrote c.{ending}" in shown
    found = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}[ending](f"c.{ending}")
    assert found.rows()[1] == ("call", 1, 0, 1, 0)


def test_items_of_a_function_are_shown_with_their_votes(files, weaklabel):
    shown = weaklabel("summary votes.parquet --lf please --show disagree --table table.csv --gold table.csv")

    assert "2 items on which 'please' votes and another votes differently:" in shown
    assert "please=ham, call=spam" in shown
    assert "please call, see you" in shown


def test_the_wrong_votes_of_a_function_are_listed(files, weaklabel):
    weaklabel("summary votes.parquet --lf prize --show wrong --table table.csv --gold table.csv --out wrong.csv")

    assert pl.read_csv("wrong.csv").select("id", "known_class").rows() == [("e", "ham")]


def test_uncovered_items_are_shown(files, weaklabel):
    shown = weaklabel("summary votes.parquet --show uncovered --table table.csv")

    assert "1 items on which no function votes:" in shown
    assert "see you" in shown


def test_json_is_all_that_is_printed(files, weaklabel):
    printed = weaklabel("summary votes.parquet --show against --table table.csv --json --out rows.csv")

    found = json.loads(printed)
    assert (found["show"], found["lf"], found["items"]) == ("against", None, 5)
    assert [row["id"] for row in found["rows"]] == ["e"]
    assert json.loads(weaklabel("summary votes.parquet --json"))["remarks"][0] == "'dull' never votes"


def test_numbers_that_json_lacks_are_null(files, weaklabel):
    table = pl.read_csv("table.csv").with_columns(odd=pl.lit(float("nan")), far=pl.lit(float("inf")))
    table.write_parquet("odd.parquet")

    said = weaklabel("summary votes.parquet --show votes --table odd.parquet --json")

    rows = json.loads(said, parse_constant=pytest.fail)["rows"]
    assert [(row["odd"], row["far"]) for row in rows] == [(None, None)] * len(rows)


def test_a_json_file_holds_everything(files, weaklabel):
    weaklabel("summary votes.parquet --gold table.csv --out all.json")

    found = json.loads((files / "all.json").read_text())
    assert {"functions", "by_class", "conflicts", "correlation", "faults", "remarks", "rows"} <= set(found)
    assert found["by_class"][0]["found"] == 1


def test_a_page_shows_what_was_asked_and_everything_else(files, weaklabel):
    weaklabel("summary votes.parquet --gold table.csv --show uncovered --table table.csv --out page.html")

    page = (files / "page.html").read_text()
    assert page.count("<svg") == 3
    assert page.index("Shown: uncovered") < page.index("items on which no function votes") < page.index("never votes")


def test_classes_correlation_and_one_function_have_their_tables(files, weaklabel):
    assert "2 classes on 5 items:" in weaklabel("summary votes.parquet --show classes")
    assert "1 of 6 pairs by Cohen's kappa" in weaklabel("summary votes.parquet --show correlation --limit 1")
    assert "2 functions vote differently from 'please':" in weaklabel("summary votes.parquet --lf please")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--lf priz", "no labeling function is called 'priz' (did you mean 'prize'?); there are: prize, call"),
        ("--show agree", "cannot show 'agree'; there are: functions, classes, conflicts, correlation, votes, disagree"),
        ("--show disagree", "--show disagree shows items: give the table that was voted on, as --table spam.parquet"),
        ("--show wrong --table table.csv", "can only be told with known classes: give gold (--gold)"),
        ("--show classes --lf prize", "--show classes is of all functions: leave out --lf prize"),
        ("--show votes --table votes.csv", "no file at votes.csv"),
        ("--out summary.txt", "cannot write summary.txt: the ending '.txt' is none of .csv, .jsonl, .parquet"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_1(files, weaklabel, options, said):
    told = weaklabel(f"summary votes.parquet {options}", code=1)

    assert said in told
    assert told.count("\n") == 1
