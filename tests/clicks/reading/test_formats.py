"""Rows of a log that stand for pages of results, as lists or in the text of Yandex."""

import polars as pl
import pytest

from weaklabel.clicks.log import read_log
from weaklabel.clicks.reading.scan import scan_log
from weaklabel.errors import ClickLogError

LONG = {"query_id": ["q", "q", "r"], "doc_id": ["a", "b", "a"], "position": [1, 2, 1], "click": [1, 0, 0]}
PAGES = {"query_id": ["q", "r"], "doc_ids": [["a", "b", "c"], ["b", "a"]], "clicks": [[0, 1, 0], [0, 0]]}
SHOWN = [("q", "a", 1, 0), ("q", "b", 2, 1), ("q", "c", 3, 0), ("r", "b", 1, 0), ("r", "a", 2, 0)]
OWN = ("query_id", "doc_id", "position", "click")


def rows_of(source, **options):
    return pl.concat([batch.frame for batch in scan_log(source, **options)]).select(OWN).rows()


@pytest.mark.parametrize("clicks", [[[0, 1, 0], [0, 0]], [[2], []], [["b"], []], [[False, True, False], [False] * 2]])
def test_clicks_of_a_page_may_be_flags_positions_or_ids(clicks):
    pages = {**PAGES, "clicks": clicks}

    assert rows_of(pages) == SHOWN


@pytest.mark.parametrize(
    ("documents", "clicks"),
    [
        (["a b c", "b a"], ["0 1 0", "0 0"]),
        (["a,b,c", "b, a"], ["2", ""]),
        (['["a", "b", "c"]', '["b","a"]'], ["[0, 1, 0]", "[0,0]"]),
        (["a;b;c", "b;a"], ["b", None]),
    ],
)
def test_lists_may_be_written_as_text(tmp_path, documents, clicks):
    pl.DataFrame({"query_id": ["q", "r"], "doc_ids": documents, "clicks": clicks}).write_csv(tmp_path / "pages.csv")

    assert rows_of(tmp_path / "pages.csv") == SHOWN
    assert read_log(tmp_path / "pages.csv").frame.select(OWN).rows() == SHOWN


def test_a_page_may_say_its_positions_and_leave_a_place_empty():
    pages = {"query_id": ["q"], "doc_ids": [["a", None, "c"]], "clicks": [[0, 0, 1]]}

    assert rows_of(pages) == [("q", "a", 1, 0), ("q", "c", 3, 1)]
    assert rows_of({**pages, "positions": [[2, 4, 9]]}) == [("q", "a", 2, 0), ("q", "c", 9, 1)]


def test_each_page_is_a_session_unless_it_names_one():
    (made,), (given,) = scan_log(PAGES), scan_log({**PAGES, "session_id": ["s", "t"]})

    assert made.frame["session_id"].to_list() == [":0", ":0", ":0", ":1", ":1"]
    assert made.numbered
    assert given.frame["session_id"].to_list() == ["s", "s", "s", "t", "t"]
    assert not given.numbered


def test_clicks_that_may_be_positions_or_ids_must_be_named():
    pages = {"query_id": ["q"], "doc_ids": [[3, 1, 2]], "clicks": [[3]]}

    with pytest.raises(ClickLogError, match='say which with format="pages:positions" or format="pages:ids"'):
        rows_of(pages)
    assert rows_of(pages, format="pages:ids") == [("q", "3", 1, 1), ("q", "1", 2, 0), ("q", "2", 3, 0)]
    assert rows_of(pages, format="pages:positions") == [("q", "3", 1, 0), ("q", "1", 2, 0), ("q", "2", 3, 1)]


def test_pages_without_any_click_leave_open_what_clicks_are(monkeypatch):
    monkeypatch.setattr("weaklabel.clicks.reading.scan.AT_ONCE", 1)
    pages = {"query_id": ["q", "r"], "doc_ids": [["b", "a"], ["c", "a"]], "clicks": [[], ["a"]]}

    assert rows_of(pages) == [("q", "b", 1, 0), ("q", "a", 2, 0), ("r", "c", 1, 0), ("r", "a", 2, 1)]
    assert rows_of({**pages, "clicks": [[], []]})[3] == ("r", "a", 2, 0)


def test_a_log_of_impressions_may_have_lists_as_context():
    assert rows_of({**LONG, "doc_ids": [["a"], ["b"], ["c"]]}) == pl.DataFrame(LONG).rows()


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ({"clicks": [[0, 1], [0, 0]]}, r"row 0 has clicks \['0', '1'\] on the page \['a', 'b', 'c'\]: give a 0 or 1"),
        ({"clicks": [["b"], ["z"]]}, r"row 1 has clicks \['z'\]"),
        ({"clicks": [[4], [1]]}, r"row 0 has clicks \['4'\]"),
        ({"doc_ids": [["a", "b", "c"], []]}, "row 1 has no doc_ids"),
        ({"positions": [[1, 2], [1, 2]]}, "row 0 has 2 positions for 3 documents"),
        ({"positions": [[1, 2, 3], [0, 1]]}, "row 1 has position '0': positions start at 1"),
        ({"query_id": ["q", None]}, "row 1 has no query_id"),
        ({"doc_ids": ['["a", "b"', "a b"], "clicks": ["0 0", "0 0"]}, r"row 0 has doc_ids .*write a list as JSON"),
    ],
)
def test_a_bad_page_is_named_with_its_row(pages, message):
    with pytest.raises(ClickLogError, match=message):
        rows_of({**PAGES, **pages})


def test_pages_without_clicks_name_the_column():
    with pytest.raises(ClickLogError, match="a page of results needs a column 'clicks'; there are: query_id, doc_ids"):
        rows_of(pl.DataFrame(PAGES).drop("clicks"))


def test_the_text_of_yandex_is_read_page_by_page(tmp_path):
    (tmp_path / "pages.txt").write_text("q_1\ta,b,c : b , b; q_1\tb,a :;\nr_1\tc,a : a , elsewhere")

    frame = pl.concat([batch.frame for batch in scan_log(tmp_path / "pages.txt")])

    assert frame.select(OWN).rows() == [
        *(("q_1", "a", 1, 0), ("q_1", "b", 2, 1), ("q_1", "c", 3, 0)),
        *(("q_1", "b", 1, 0), ("q_1", "a", 2, 0)),
        *(("r_1", "c", 1, 0), ("r_1", "a", 2, 1)),
    ]
    assert frame["session_id"].n_unique() == 3


def test_a_page_of_yandex_that_is_none_is_named(tmp_path):
    (tmp_path / "pages.txt").write_text("q\ta,b : b; nonsense; q\ta : a")

    with pytest.raises(ClickLogError, match=r"pages\.txt: row 1 is ' nonsense': a page is query<TAB>url,url : clicked"):
        rows_of(tmp_path / "pages.txt")


def test_addresses_in_the_text_of_yandex_keep_their_colons(tmp_path):
    (tmp_path / "pages.txt").write_text("q\thttp://a,http://b : http://b ;")

    assert rows_of(tmp_path / "pages.txt") == [("q", "http://a", 1, 0), ("q", "http://b", 2, 1)]


def test_flags_may_be_fractions_as_pandas_writes_whole_numbers():
    floats = {**PAGES, "clicks": [[0.0, 1.0, 0.0], [0.0, 0.0]]}

    assert rows_of(floats) == rows_of({**PAGES, "clicks": [[0, 1, 0], [0, 0]]})
