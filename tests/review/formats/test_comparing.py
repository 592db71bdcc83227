import re

import pytest

from weaklabel.review.formats import Page, same_question

PAGE = Page(("text",), (), ("ham", "spam"))
CONFIG = PAGE.label_config()


def test_a_config_asks_what_it_asks():
    assert same_question(CONFIG, CONFIG) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("single-radio", "single"),
        ('showInLine="true"', 'layout="vertical"'),
        ('hotkey="1"', 'hotkey="h"'),
        ("<View>", '<View><Header value="Read it twice"/>'),
        ("What the rules say", "Why"),
        ('required="true"', 'required="false"'),
        ('toName="text"', " toName='text' "),
    ],
)
def test_layout_and_keys_do_not_make_another_question(old, new):
    assert old in CONFIG
    assert same_question(CONFIG, CONFIG.replace(old, new)) == ""


def test_the_order_of_the_choices_does_not_make_another_question():
    turned = Page(("text",), (), ("spam", "ham")).label_config()

    assert same_question(CONFIG, turned) == ""


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ('value="spam"', 'value="scam"', "only the first offers 'spam' in 'label'; only the second offers 'scam' in"),
        ('value="spam"', 'value="spam" alias="s"', "only the second offers 's' in 'label'"),
        ("single-radio", "multiple", "'label' is Choices, one, about text in the first, Choices, several, about text"),
        ('"label"', '"grade"', "only the second has the control 'grade'; only the first has the control 'label'"),
        ('"$text"', '"$body"', r"only the second has the field '\$body'; only the first has the field '\$text'"),
        ("<Text ", "<HyperText ", r"the field '\$text' is Text text in the first, HyperText text in the second"),
        ("<Collapse", '<TextArea name="note" toName="text"/><Collapse', "only the second has the control 'note'"),
        ("</View>", "", "the second is not XML"),
    ],
)
def test_what_differs_is_said(old, new, difference):
    assert old in CONFIG
    assert re.search(difference, same_question(CONFIG, CONFIG.replace(old, new)))


def test_what_differs_is_said_from_either_end():
    other = Page(("text",), (), ("ham", "spam", "other")).label_config()

    assert same_question(CONFIG, other) == "only the second offers 'other' in 'label'"
    assert same_question(other, CONFIG) == "only the first offers 'other' in 'label'"
