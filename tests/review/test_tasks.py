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


SEARCH = pl.DataFrame({"id": ["r-1"], "query": ["red shoes"], "document": ["Shoes"], "price": [12.5]})
PAIRS = pl.DataFrame({"id": ["p-1"], "a": ["A"], "b": ["B"], "question": ["Why?"]})
TOPICS = ("billing", "praise", "cancel")
MAIL = pl.DataFrame({"id": ["m-1", "m-2"], "text": ["one", "two"]})


def applies(*p, covered=None, model="m"):
    """P(applies) of the items of MAIL."""
    probs = np.stack([1 - np.array(p), np.array(p)], axis=1)
    known = np.ones(2, bool) if covered is None else np.array(covered)
    return Posterior(probs, MAIL["id"], ("no", "yes"), known, provenance={"model": model})


def test_without_beliefs_there_are_questions_but_no_suggestions():
    tasks = make_tasks(batch("c-0", "c-1"), TABLE, None, classes=CLASSES)

    assert [(task.prelabel, task.classes) for task in tasks] == [(None, CLASSES)] * 2


@pytest.mark.parametrize("kind", ["choice", "choices", "grade"])
def test_without_beliefs_the_classes_must_be_given(kind):
    with pytest.raises(TableError, match="say what the answers may be"):
        make_tasks(batch("r-1"), SEARCH, None, kind=kind)


def test_more_classes_may_be_offered_than_are_believed_possible():
    (task,) = make_tasks(batch("c-1"), TABLE, POSTERIOR, classes=("spam", "ham", "cannot tell"))

    assert task.classes == ("spam", "ham", "cannot tell")
    assert task.prelabel.label == "spam"


def test_a_class_that_could_be_suggested_must_be_offered():
    with pytest.raises(TableError, match="'ham' could be suggested but is not among the classes spam, scam"):
        make_tasks(batch("c-1"), TABLE, POSTERIOR, classes=("spam", "scam"))


def test_of_several_classes_those_more_likely_than_not_are_suggested_as_surely_as_the_least_certain():
    beliefs = {"praise": applies(0.75, 0.1), "billing": applies(0.9, 0.2), "cancel": applies(0.2, 0.5)}

    one, two = make_tasks(batch("m-1", "m-2"), MAIL, beliefs, kind="choices")

    assert one.classes == ("praise", "billing", "cancel")
    assert one.prelabel.label == ("billing", "praise")  # sorted, as answers are
    assert one.prelabel.probability == 0.75  # of 0.75, 0.9 and 1 - 0.2
    assert (two.prelabel.label, two.prelabel.probability) == ((), 0.5)
    assert one.kind == "choices"


def test_a_class_of_which_nothing_is_known_is_not_suggested_and_makes_the_rest_less_sure():
    beliefs = {"praise": applies(0.9, 0.9, covered=[True, False]), "billing": applies(0.6, 0.6, covered=[False, False])}

    one, two = make_tasks(batch("m-1", "m-2"), MAIL, beliefs, kind="choices")

    assert one.prelabel.label == ("praise",)
    assert one.prelabel.probability == pytest.approx(0.4)  # that billing does not apply, which is all that is known
    assert two.prelabel is None


def test_the_suggestion_of_several_models_is_signed_by_each_once():
    beliefs = {"x": applies(0.9, 0.9, model="snorkel"), "y": applies(0.9, 0.9), "z": applies(0.9, 0.9)}

    (task,) = make_tasks(batch("m-1"), MAIL, beliefs, kind="choices")

    assert task.prelabel.model_version == "snorkel+m"


def test_votes_on_each_of_several_classes_say_what_applies_and_what_does_not():
    votes = {
        name: LabelMatrix(np.array([row]), pl.Series(["m-1"]), ("bill", "nice"), ("no", "yes"))
        for name, row in {"billing": [1, -1], "praise": [0, 1]}.items()
    }

    (task,) = make_tasks(batch("m-1"), MAIL, None, votes, kind="choices", classes=("billing", "praise"))

    assert task.votes == {"bill": "billing, not praise", "nice": "praise"}


@pytest.mark.parametrize(
    ("posterior", "options", "problem"),
    [
        (POSTERIOR, {"kind": "choices"}, "'choices' needs a mapping of each class to a posterior over two"),
        ({"x": POSTERIOR}, {}, "the kind 'choice' needs one posterior, or None"),
        (
            {"x": POSTERIOR, "y": POSTERIOR},
            {"kind": "choices", "classes": ("x", "y", "z")},
            "class 'z' has no posterior",
        ),
        (None, {"kind": "stars"}, "no kind 'stars' of question; there are: choice, choices, grade, pairwise"),
        (POSTERIOR, {"blind": 1.5}, "a share of 1.5 of the tasks cannot be blind"),
        (POSTERIOR, {"blind": math.nan}, "a share of nan of the tasks cannot be blind"),
        (POSTERIOR, {"attempts": {"c-1": 0}}, "item 'c-1' is asked for the 0th time: attempts count from 1"),
        (POSTERIOR, {"images": ["photo"]}, "the images 'photo' are in no column that is shown: text"),
        (POSTERIOR, {"images": ["text"]}, "item 'c-1' has no image in column 'text' but 'Win a prize'"),
    ],
)
def test_what_does_not_fit_is_said(posterior, options, problem):
    with pytest.raises(TableError, match=problem):
        make_tasks(batch("c-1"), TABLE, posterior, **options)


def test_a_posterior_over_three_classes_cannot_say_whether_one_applies():
    three = Posterior(np.full((2, 3), 1 / 3), MAIL["id"], TOPICS, np.ones(2, bool))

    with pytest.raises(TableError, match="the posterior of class 'y' is over 3 classes, not 2"):
        make_tasks(batch("m-1"), MAIL, {"x": applies(0.9, 0.9), "y": three}, kind="choices")


def test_a_search_result_shows_query_and_document():
    (task,) = make_tasks(batch("r-1"), SEARCH, None, kind="grade", classes=tuple("01234"))

    assert list(task.data.items()) == [("query", "red shoes"), ("document", "Shoes")]
    assert task.kind == "grade"


def test_a_comparison_shows_a_and_b_and_has_its_classes():
    (task,) = make_tasks(batch("p-1"), PAIRS, None, kind="pairwise")

    assert list(task.data) == ["a", "b"]
    assert task.classes == ("a", "same", "b")


def test_a_comparison_may_stand_under_a_question():
    (task,) = make_tasks(batch("p-1"), PAIRS, None, kind="pairwise", columns=["question", "b", "a"], classes=("a", "b"))

    assert list(task.data) == ["question", "b", "a"]


@pytest.mark.parametrize(
    ("kind", "options", "problem"),
    [
        ("grade", {}, "no column 'query'.*name those of a grade question"),
        ("pairwise", {}, "no column 'a'.*name those of a pairwise question"),
        ("grade", {"columns": ["text"]}, "at least two columns .query and document., not text alone"),
        ("pairwise", {"columns": ["text", "text"]}, "at least two columns .a and b., not text, text alone"),
        ("pairwise", {"columns": ["text", "length"], "classes": CLASSES}, "answered with a, same, b, not with 'ham'"),
    ],
)
def test_columns_and_classes_that_do_not_suit_the_kind_are_said(kind, options, problem):
    with pytest.raises(TableError, match=problem):
        make_tasks(batch("c-1"), TABLE, None, kind=kind, **({"classes": ("a", "b")} | options))


def test_a_chosen_image_is_said_to_be_one():
    table = pl.DataFrame({"id": ["i-1"], "photo": ["https://example.com/4"], "caption": ["A cat"]})

    (task,) = make_tasks(batch("i-1"), table, None, columns=["caption", "photo"], images=["photo"], classes=CLASSES)

    assert task.data == {"caption": "A cat", "photo": {"image": "https://example.com/4"}}


def test_the_share_asked_for_is_blind_and_always_the_same_of_it():
    table = pl.DataFrame({"id": [f"c-{n}" for n in range(2000)], "text": "hi"})
    blind = [task.item_id for task in ask(table, blind=0.1) if task.blind]
    again = [task.item_id for task in ask(table[::-1], blind=0.1) if task.blind]

    assert abs(len(blind) - 200) < 67  # five standard deviations of 13.4
    assert sorted(again) == sorted(blind)
    assert {task.item_id for task in ask(table, blind=0.3) if task.blind} > set(blind)


def test_none_or_all_can_be_blind():
    assert [task.blind for task in ask(TABLE)] == [False] * 3
    assert [task.blind for task in ask(TABLE, blind=1.0)] == [True] * 3


def test_an_item_asked_again_is_another_question_each_time():
    keys = [ask(TABLE, attempts={"c-0": attempt})[0].key for attempt in (1, 2, 3)]

    assert len(set(keys)) == 3
    assert keys[0] == ask(TABLE)[0].key
    # printf '["c-0",{"text":"See you at lunch"},2]' | sha256sum | cut -c1-32
    assert keys[1] == "f3edfaba85ab0fb057b57fe0ae867d5c"
    assert ask(TABLE, attempts={"c-0": 2})[1].key == ask(TABLE)[1].key
