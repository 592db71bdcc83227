import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.curves.links import groups, main_group, named, refuse_thin, refuse_unlinked, strength, swap
from weaklabel.errors import NotIdentifiedError


def cells_of(*rows):
    names = ["doc_id", "position", "impressions", "clicks"]
    return ClickCounts(pl.DataFrame(rows, schema=names, orient="row").with_columns(query_id=pl.lit("q"))).cells


LINKED = [("a", 1, 10, 4), ("a", 2, 10, 2), ("b", 2, 10, 3), ("b", 3, 10, 1)]


def test_positions_are_linked_through_documents_clicked_at_both():
    assert len(set(groups(cells_of(*LINKED)))) == 1


def test_a_document_shown_at_two_positions_but_clicked_at_one_links_them_one_way_only():
    cells = cells_of(("a", 1, 10, 4), ("a", 2, 10, 0))

    assert len(set(groups(cells))) == 2


def test_two_documents_clicked_at_opposite_ends_link_them_together():
    cells = cells_of(("a", 1, 10, 4), ("a", 2, 10, 0), ("b", 1, 10, 0), ("b", 2, 10, 1))

    assert len(set(groups(cells))) == 1


def test_positions_that_share_no_clicked_document_are_named_with_the_swap_that_would_link_them():
    cells = cells_of(*LINKED, ("c", 4, 100, 4), ("c", 5, 100, 3), ("d", 7, 50, 0))

    with pytest.raises(NotIdentifiedError) as refused:
        refuse_unlinked(cells, groups(cells))

    said = str(refused.value)
    assert "cannot compare positions 4-5 and 7 with positions 1-3" in said
    assert "position 7 had 50 impressions and no click" in said
    # Click rates, with half a click more: 4.5 / 11 at position 1, 4.5 / 101 at position 4; (11 + 101) / 4.5 / 0.1^2.
    assert "swapping positions 1 and 4 on about 2,500 pages" in said


def test_the_main_group_is_the_one_with_most_clicks():
    cells = cells_of(("a", 1, 10, 2), ("a", 2, 10, 1), ("c", 4, 100, 9), ("c", 5, 100, 5))

    assert cells.position[main_group(cells, groups(cells))].tolist() == [4, 5]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", 1, 10, 0), ("a", 2, 10, 0)], "none of the 20 impressions was clicked"),
        ([("a", 3, 10, 4)], "only position 3"),
        ([("a", 1, 10, 4), ("b", 2, 10, 2)], "every document has its place"),
    ],
)
def test_a_log_in_which_nothing_can_be_compared_is_refused_with_the_reason(rows, said):
    cells = cells_of(*rows)

    with pytest.raises(NotIdentifiedError, match=said):
        refuse_unlinked(cells, groups(cells))


def test_positions_of_large_errors_are_refused_by_name():
    cells = cells_of(*LINKED)

    refuse_thin(cells, np.array([0.0, 0.3, 0.7]), most=0.75)
    with pytest.raises(NotIdentifiedError, match=r"too few clicks link position 3 to the others.*0\.9"):
        refuse_thin(cells, np.array([0.0, 0.3, 0.9]), most=0.75)


def test_strength_is_the_click_weighted_overlap_of_two_positions():
    cells = cells_of(("a", 1, 10, 4), ("a", 2, 30, 2))

    # of 6 clicks the shares at equal examination are 1/4 and 3/4
    assert strength(cells, np.zeros(2)) == pytest.approx(6 * 0.25 * 0.75 * np.array([[0, 1], [1, 0]]))


def test_more_clicks_need_fewer_swapped_pages():
    few, many = cells_of(("a", 1, 100, 4), ("b", 2, 100, 2)), cells_of(("a", 1, 100, 40), ("b", 2, 100, 20))

    pages = [swap(cells, np.array([1]), np.array([2])).pages for cells in (few, many)]

    assert pages[0] > 5 * pages[1] > 0


@pytest.mark.parametrize(
    ("positions", "text"),
    [([3], "position 3"), ([5, 4, 3, 9], "positions 3-5 and 9"), ([1, 3, 5], "positions 1, 3 and 5")],
)
def test_positions_are_named_as_people_do(positions, text):
    assert named(positions) == text
