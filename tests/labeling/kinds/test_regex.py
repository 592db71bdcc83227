import re

import pytest

from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import Row
from weaklabel.labeling.kinds.regex import regex


def votes(lf, *texts):
    return [lf(Row(text=text)) for text in texts]


def test_it_votes_where_the_pattern_is_found_anywhere():
    price = regex("price", r"£\s?\d+", 1)

    assert votes(price, "only £ 5 each", "£5", "five pounds") == [1, 1, -1]


def test_case_matters_unless_the_pattern_or_a_flag_says_otherwise():
    assert votes(regex("r", "stop", 1), "STOP", "stop") == [-1, 1]
    assert votes(regex("r", "(?i)stop", 1), "STOP", "stop") == [1, 1]
    assert votes(regex("r", "^stop$", 1, flags=re.I | re.M), "reply\nSTOP\nnow", "do not stop") == [1, -1]


def test_a_missing_text_abstains_even_where_the_pattern_matches_nothing():
    empty = regex("empty", "^$", 0)

    assert votes(empty, None, "", "a") == [-1, 0, -1]


def test_another_column_can_be_read():
    lf = regex("r", r"^\d{5}$", 1, column="sender")

    assert lf(Row(text="", sender="88600")) == 1
    assert lf.columns == ("sender",)


def test_a_broken_pattern_is_refused_with_the_functions_name_and_the_reason():
    with pytest.raises(
        LabelingFunctionError, match=r"'phone': '\(0\\\\d' is no regular expression: missing \), unterm"
    ):
        regex("phone", r"(0\d", 1)
