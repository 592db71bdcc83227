import polars as pl
import pytest

from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.apply import apply
from weaklabel.labeling.functions import Row
from weaklabel.labeling.kinds.lookup import lookup


def test_each_value_gets_its_own_label_and_others_abstain():
    sender = lookup("sender", "sender", {"mum": 0, "88600": 1})

    assert [sender(Row(sender=value)) for value in ("mum", "88600", "Mum", 88600, None)] == [0, 1, -1, -1, -1]


def test_a_missing_value_can_have_a_label():
    assert lookup("anonymous", "sender", {None: 1})(Row(sender=None)) == 1


def test_a_later_change_to_the_dictionary_does_not_change_the_votes():
    labels = {"mum": 0}
    lf = lookup("sender", "sender", labels)
    labels["boss"] = 1

    assert lf(Row(sender="boss")) == -1


def test_a_label_that_is_no_class_is_found_when_it_is_voted():
    lf = lookup("sender", "sender", {"mum": 2})

    with pytest.raises(ValueError, match=r"'sender' voted 2 on item '7'"):
        apply([lf], pl.DataFrame({"id": [7], "sender": ["mum"]}), ("ham", "spam"), strict=True)


def test_an_empty_dictionary_is_refused():
    with pytest.raises(LabelingFunctionError, match="'sender': the dictionary is empty"):
        lookup("sender", "sender", {})
