import polars as pl
import pytest

from weaklabel.labeling.apply import apply
from weaklabel.labeling.functions import LabelingFunction, Row, labeling_function

CLASSES = ("ham", "spam")


def test_the_decorator_works_with_and_without_parentheses():
    @labeling_function
    def bare(x):
        return 1

    @labeling_function()
    def called(x):
        return 0

    assert (bare.name, bare(Row())) == ("bare", 1)
    assert (called.name, called(Row())) == ("called", 0)


def test_a_name_given_to_the_decorator_is_the_functions_name():
    @labeling_function("shouts")
    def f(x):
        return 1

    assert f.name == "shouts"


def test_resources_reach_the_function_by_keyword():
    @labeling_function(resources={"words": {"prize"}, "label": 1})
    def known(x, words, label):
        return label if x.text in words else -1

    assert [known(Row(text="prize")), known(Row(text="lunch"))] == [1, -1]


def test_preprocessors_run_in_order_each_on_what_the_last_one_made():
    def double(x):
        return Row(n=x.n * 2)

    def increment(x):
        return Row(n=x.n + 1)

    first_double = LabelingFunction("f", lambda x: x.n, pre=[double, increment])
    first_increment = LabelingFunction("f", lambda x: x.n, pre=[increment, double])

    assert first_double(Row(n=5)) == 11
    assert first_increment(Row(n=5)) == 12


def test_a_preprocessor_that_forgets_to_return_the_row_is_an_error():
    forgetful = LabelingFunction("f", lambda x: 1, pre=[lambda x: None])

    with pytest.raises(ValueError, match="a preprocessor returned None instead of a row"):
        forgetful(Row(n=1))


@pytest.mark.parametrize("memoize", [False, True])
def test_snorkels_preprocessors_work_and_leave_the_row_as_it_was(memoize):
    from snorkel.preprocess import preprocessor

    @preprocessor(memoize=memoize)
    def lower(x):
        x.text = x.text.lower()
        return x

    wins = LabelingFunction("wins", lambda x: 1 if "win" in x.text else -1, pre=[lower])
    row = Row(text="WIN", tags=["a", "b"])

    assert [wins(row), wins(row), wins(Row(text="lose", tags=[]))] == [1, 1, -1]
    assert row.text == "WIN"


def test_a_row_is_read_by_attribute_and_by_key():
    row = Row(text="hello", **{"reply to": "c-1"})

    assert row.text == row["text"] == "hello"
    assert row["reply to"] == "c-1"


def test_a_column_that_is_not_there_is_named_either_way():
    with pytest.raises(AttributeError, match="sender"):
        _ = Row(text="hello").sender
    with pytest.raises(KeyError, match="sender"):
        _ = Row(text="hello")["sender"]


def test_decorated_closures_and_lambdas_travel_to_worker_processes():
    least = 3

    @labeling_function(resources={"label": 1})
    def long_enough(x, label):
        return label if len(x.text) >= least else -1

    lfs = [long_enough, LabelingFunction("short", lambda x: 0 if len(x.text) < least else -1)]

    L = apply(lfs, pl.DataFrame({"id": [1, 2], "text": ["hi", "hello"]}), CLASSES, n_jobs=2)

    assert L.votes.tolist() == [[-1, 0], [1, -1]]
