import numpy as np
import polars as pl
import pytest

import weaklabel
from weaklabel.artefacts import Posterior, Prelabel, TrainingSet
from weaklabel.review.serving.suggesters import FromEndModel, FromPosterior

CLASSES = ("ham", "spam")


def shown(item_id, **fields):
    return {"wl_key": f"k-{item_id}", "wl_item": item_id, **fields}


def trained(table, y):
    n = len(y)
    return weaklabel.train(TrainingSet(table, np.eye(2)[y], np.ones(n), CLASSES))


@pytest.fixture(scope="module")
def text_model():
    texts = ["win a prize now", "claim your prize", "see you at home", "lunch at home"] * 5
    table = pl.DataFrame({"id": [str(i) for i in range(20)], "text": texts})
    return trained(table, [1, 1, 0, 0] * 5)


@pytest.fixture(scope="module")
def number_model():
    amounts = [1.0, 2.0, 98.0, 99.0] * 5
    table = pl.DataFrame({"id": [str(i) for i in range(20)], "amount": amounts})
    return trained(table, [0, 0, 1, 1] * 5)


def test_a_posterior_suggests_the_most_probable_class_in_the_order_of_the_tasks(posterior):
    model = FromPosterior(posterior({"a": 0.1, "b": 0.8, "c": 0.6}), "v1")

    suggested = model.suggest([shown("c"), shown("a"), shown("c")])

    assert suggested == [Prelabel("spam", 0.6, "v1"), Prelabel("ham", 0.9, "v1"), Prelabel("spam", 0.6, "v1")]


def test_a_posterior_suggests_nothing_on_a_tie_without_knowledge_or_for_other_items():
    probs = np.array([[0.5, 0.5], [0.2, 0.8]])
    beliefs = Posterior(probs, pl.Series(["tied", "prior"]), CLASSES, np.array([True, False]))

    suggested = FromPosterior(beliefs, "v1").suggest([shown("tied"), shown("prior"), shown("other"), {}])

    assert suggested == [None] * 4


def test_an_end_model_suggests_what_it_predicts_for_the_fields_shown(text_model):
    model = FromEndModel(text_model, "v1")
    table = pl.DataFrame({"id": ["0", "1"], "text": ["a prize", "at home"]})

    suggested = model.suggest([shown("a", text="a prize"), shown("b", text="at home")])

    expected = text_model.predict_proba(table).probs
    assert [prelabel.label for prelabel in suggested] == ["spam", "ham"]
    assert [prelabel.probability for prelabel in suggested] == [expected[0, 1], expected[1, 0]]


def test_an_end_model_reads_numbers_that_the_page_shows_as_texts_in_a_table(number_model):
    model = FromEndModel(number_model, "v1")

    suggested = model.suggest(
        [shown("a", wl_row={"amount": "97.5", "currency": "EUR"}), shown("b", wl_row={"amount": "1"})]
    )

    assert [prelabel.label for prelabel in suggested] == ["spam", "ham"]


@pytest.mark.parametrize("amount", ["", "many", "NaN", "1e999", None, [1], "null"])
def test_a_task_without_a_usable_field_gets_none_and_spoils_no_other(number_model, amount):
    model = FromEndModel(number_model, "v1")

    suggested = model.suggest([shown("a", wl_row={"amount": amount}), shown("b", wl_row={"amount": "99"}), shown("c")])

    assert [suggested[0], suggested[2]] == [None, None]
    assert suggested[1].label == "spam"


def test_an_end_model_asked_about_nothing_that_it_can_read_suggests_nothing(text_model):
    assert FromEndModel(text_model, "v1").suggest([shown("a"), shown("b", text=7)]) == [None, None]
