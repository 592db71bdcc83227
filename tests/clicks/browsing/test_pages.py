import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.browsing.pages import Pages
from weaklabel.clicks.counting import count
from weaklabel.clicks.log import ClickLog
from weaklabel.errors import ClickLogError


@pytest.fixture
def log():
    """Two pages of one list, and one shorter page that starts at position 2."""
    rows = [("s1", "q", "a", 1, 1), ("s1", "q", "b", 2, 0), ("s1", "q", "c", 4, 0)]
    rows += [("s2", "q", "a", 1, 1), ("s2", "q", "b", 2, 0), ("s2", "q", "c", 4, 0), ("s3", "r", "a", 2, 1)]
    return ClickLog(pl.DataFrame(rows, schema=["session_id", "query_id", "doc_id", "position", "click"], orient="row"))


def test_a_page_has_what_stood_at_each_position_of_the_log(log):
    pages = Pages.from_log(log)

    assert pages.items.rows() == [("q", "a"), ("q", "b"), ("q", "c"), ("r", "a")]
    assert pages.position.tolist() == [1, 2, 4]
    assert pages.item.tolist() == [[0, 1, 2], [0, 1, 2], [-1, 3, -1]]
    assert pages.click.tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0]]


def test_the_order_of_rows_does_not_matter(log):
    shuffled = ClickLog(log.frame.sample(fraction=1.0, shuffle=True, seed=3))

    one, other = Pages.from_log(log), Pages.from_log(shuffled)

    assert one.item.tolist() == other.item.tolist()
    assert one.click.tolist() == other.click.tolist()
    assert one.bucket.tolist() == other.bucket.tolist()


def test_pages_are_in_the_buckets_that_their_impressions_are_counted_in(log):
    pages, counts = Pages.from_log(log), count(log)

    shown = np.bincount(pages.bucket, pages.shown.sum(axis=1), 20)

    assert shown.tolist() == counts.cells.N_by_bucket.sum(axis=0).tolist()


def test_equal_pages_are_kept_once_and_counted_by_bucket(log):
    pages = Pages.from_log(log)

    rows, counts = pages.distinct()

    assert rows.item.tolist() == [[0, 1, 2], [-1, 3, -1]]
    assert counts.sum(axis=1).tolist() == [2, 1]
    assert counts.sum(axis=0).tolist() == np.bincount(pages.bucket, minlength=20).tolist()


def test_some_pages_keep_the_numbers_of_items(log):
    some = Pages.from_log(log).where(np.array([False, False, True]))

    assert len(some) == 1
    assert some.item.tolist() == [[-1, 3, -1]]
    assert len(some.items) == 4


def test_a_log_without_sessions_has_no_pages(log):
    with pytest.raises(ClickLogError, match="no session_id, so nothing says what stood on one page"):
        Pages.from_log(ClickLog(log.frame.drop("session_id")))
