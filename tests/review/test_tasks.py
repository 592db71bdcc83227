import datetime as dt
import json
import math

import numpy as np
import polars as pl
import pytest

from weaklabel import Batch, LabelMatrix, Posterior
from weaklabel.errors import TableError
from weaklabel.review.tasks import key, make_tasks

CLASSES = ("ham", "spam")
TABLE = pl.DataFrame(
    {
        "id": ["c-0", "c-1", "c-2"],
        "text": ["See you at lunch", "Win a prize", "Win a prize"],
        "label": ["ham", "spam", "spam"],
        "length": [16, 11, 11],
    }
)
POSTERIOR = Posterior(
    np.array([[0.75, 0.25], [0.1, 0.9], [0.5, 0.5]]),
    TABLE["id"],
    CLASSES,
    np.array([False, True, True]),
    provenance={"model": "majority"},
)


def batch(*ids):
    return Batch(pl.Series(ids, dtype=pl.String), np.zeros(len(ids)), "margin")


def ask(table, **options):
    ids = table["id"]
    beliefs = Posterior(np.full((len(ids), 2), 0.5), ids, CLASSES, np.zeros(len(ids), bool))
    return make_tasks(batch(*ids), table, beliefs, **options)


def test_tasks_come_in_the_order_of_the_batch_and_are_ranked_by_it():
    tasks = make_tasks(batch("c-2", "c-0"), TABLE, POSTERIOR)

    assert [(task.item_id, task.rank) for task in tasks] == [("c-2", 1), ("c-0", 2)]
    assert tasks[1].data == {"text": "See you at lunch"}
    assert tasks[1].classes == CLASSES


def test_the_suggestion_is_the_most_probable_class_signed_by_its_model():
    (task,) = make_tasks(batch("c-1"), TABLE, POSTERIOR)

    assert task.prelabel.label == "spam"
    assert task.prelabel.probability == 0.9
    assert task.prelabel.model_version == "majority"


def test_an_item_without_votes_gets_no_suggestion_although_the_prior_leans():
    (task,) = make_tasks(batch("c-0"), TABLE, POSTERIOR)

    assert task.prelabel is None


def test_a_tie_gets_no_suggestion():
    (task,) = make_tasks(batch("c-2"), TABLE, POSTERIOR)

    assert task.prelabel is None


def test_the_signature_can_be_chosen():
    (task,) = make_tasks(batch("c-1"), TABLE, POSTERIOR, model_version="round 2")

    assert task.prelabel.model_version == "round 2"


def test_the_votes_are_shown_by_name_without_abstentions():
    votes = LabelMatrix(np.array([[1, -1, 0]]), pl.Series(["c-1"]), ("prize", "link", "short"), CLASSES)

    (task,) = make_tasks(batch("c-1"), TABLE, POSTERIOR, votes)

    assert task.votes == {"prize": "spam", "short": "ham"}


def test_without_votes_no_reason_is_shown():
    (task,) = make_tasks(batch("c-1"), TABLE, POSTERIOR)

    assert task.votes == {}


def test_a_table_without_text_shows_all_but_the_id_the_split_and_the_known_class():
    table = pl.DataFrame({"id": ["a"], "radius": [1.5], "area": [7], "label": ["ham"], "split": ["train"]})

    (task,) = ask(table)

    assert task.data == {"radius": 1.5, "area": 7}


def test_chosen_columns_are_shown_in_the_order_chosen():
    (task, *_) = ask(TABLE, columns=["length", "text"])

    assert list(task.data.items()) == [("length", 16), ("text", "See you at lunch")]


def test_the_same_question_has_the_same_key_whatever_was_guessed_about_it():
    votes = LabelMatrix(np.array([[1]]), pl.Series(["c-1"]), ("prize",), CLASSES)
    surer = Posterior(np.array([[0.01, 0.99]]), pl.Series(["c-1"]), CLASSES, np.array([True]))

    (one,) = make_tasks(batch("c-1"), TABLE, POSTERIOR)
    (_, other) = make_tasks(batch("c-0", "c-1"), TABLE, POSTERIOR)
    (third,) = make_tasks(batch("c-1"), TABLE, surer, votes)

    assert one.key == other.key == third.key


def test_the_order_of_the_columns_does_not_change_the_key():
    assert key("a", {"x": 1, "y": "é"}) == key("a", {"y": "é", "x": 1})


def test_the_key_never_changes_between_versions():
    # printf '["c-17",{"text":"Win a prize"}]' | sha256sum | cut -c1-32
    assert key("c-17", {"text": "Win a prize"}) == "66a0f274c95b8e918fd68a350561f435"


def test_an_edited_item_is_a_new_question():
    edited = TABLE.with_columns(text=pl.lit("Win two prizes"))

    (before,) = make_tasks(batch("c-1"), TABLE, POSTERIOR)
    (after,) = make_tasks(batch("c-1"), edited, POSTERIOR)

    assert before.key != after.key


def test_two_items_with_the_same_fields_are_two_questions():
    one, other = make_tasks(batch("c-1", "c-2"), TABLE, POSTERIOR)

    assert one.data == other.data
    assert one.key != other.key


def test_every_value_becomes_what_json_can_hold():
    table = pl.DataFrame(
        {
            "id": ["a"],
            "day": [dt.date(2024, 2, 29)],
            "at": [dt.datetime(2024, 2, 29, 12, 30)],
            "hour": [dt.time(12, 30)],
            "took": [dt.timedelta(minutes=5)],
            "nan": [math.nan],
            "inf": [math.inf],
            "none": pl.Series([None], dtype=pl.Int64),
            "ok": [True],
            "tags": [["x", None]],
            "price": pl.Series(["1.50"]).str.to_decimal(scale=2),
            "point": [{"x": math.nan, "y": 2}],
        }
    )

    (task,) = ask(table)

    assert json.loads(json.dumps(task.data, allow_nan=False)) == {
        "day": "2024-02-29",
        "at": "2024-02-29T12:30:00",
        "hour": "12:30:00",
        "took": "0:05:00",
        "nan": None,
        "inf": None,
        "none": None,
        "ok": True,
        "tags": ["x", None],
        "price": "1.50",
        "point": {"x": None, "y": 2},
    }


def test_a_pandas_table_will_do():
    pd = pytest.importorskip("pandas")

    (task,) = make_tasks(batch("c-1"), pd.DataFrame({"id": ["c-1"], "text": ["hi"]}), POSTERIOR)

    assert task.data == {"text": "hi"}


def test_an_item_that_the_table_lacks_is_named():
    with pytest.raises(TableError, match="no row for 1 of the items, first 'c-9'"):
        make_tasks(batch("c-1", "c-9"), TABLE, POSTERIOR)


def test_an_item_that_the_posterior_lacks_is_named():
    table = pl.DataFrame({"id": ["c-9"], "text": ["hi"]})

    with pytest.raises(TableError, match="the posterior has no row for 1 of the items, first 'c-9'"):
        make_tasks(batch("c-9"), table, POSTERIOR)


def test_an_item_that_the_label_matrix_lacks_is_named():
    votes = LabelMatrix(np.array([[1]]), pl.Series(["c-1"]), ("prize",), CLASSES)

    with pytest.raises(TableError, match="the label matrix has no row for 1 of the items, first 'c-0'"):
        make_tasks(batch("c-0"), TABLE, POSTERIOR, votes)


def test_a_missing_column_is_named_with_those_there_are():
    with pytest.raises(TableError, match="no column 'body'; there are: id, text, label, length"):
        ask(TABLE, columns=["body"])


def test_a_table_with_nothing_to_show_is_refused():
    with pytest.raises(TableError, match="no column to show to a person; there are: id, label"):
        ask(pl.DataFrame({"id": ["a"], "label": ["ham"]}))


def test_bytes_cannot_be_shown():
    with pytest.raises(TableError, match="column 'image' holds bytes"):
        ask(pl.DataFrame({"id": ["a"], "image": [b"\x89PNG"]}))
