import pytest

from weaklabel.artefacts import Batch
from weaklabel.errors import TableError


def test_each_item_needs_a_score():
    with pytest.raises(TableError, match=r"2 items with \(1,\) scores"):
        Batch(["a", "b"], [0.5], "margin")


def test_an_item_is_asked_about_once():
    with pytest.raises(TableError, match="id 'a' stands in rows 0 and 1"):
        Batch(["a", "a"], [0.5, 0.4], "margin")


def test_its_frame_lists_the_best_first():
    assert Batch(["b", "a"], [0.5, 0.4], "margin").to_frame().rows() == [("b", 0.5), ("a", 0.4)]
