import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import Fault
from weaklabel.errors import LabelingFunctionError, TableError, VoteError
from weaklabel.labeling.apply import apply
from weaklabel.labeling.applying.run import LEAST
from weaklabel.labeling.functions import LabelingFunction, labeling_function
from weaklabel.labeling.kinds.keywords import keywords
from weaklabel.labeling.kinds.regex import regex

CLASSES = ("ham", "spam")


def numbered(n):
    return pl.DataFrame({"id": [f"c-{i}" for i in range(n)], "n": range(n)})


def texts(n, seed=0):
    rng = np.random.default_rng(seed)
    words = np.array(["won", "prize", "call", "mum", "home", "0800123", "ok", "URGENT"])
    return pl.DataFrame({"id": range(n), "text": [" ".join(rng.choice(words, size=4)) for _ in range(n)]})


@labeling_function
def odd(x):
    return 1 if x.n % 2 else -1


@labeling_function
def small(x):
    return 0 if x.n < 10 else -1


@labeling_function
def divides(x):
    return 1 // (x.n % 100 - 7) * 0


@labeling_function
def late(x):
    if x["n"] >= 1500:
        raise LookupError(f"nothing known of {x.n}")
    return 1


def test_votes_stand_in_the_order_of_rows_and_functions():
    L = apply([odd, small], numbered(12)[8:], CLASSES)

    assert L.votes.tolist() == [[-1, 0], [1, 0], [-1, -1], [1, -1]]
    assert L.item_ids.to_list() == ["c-8", "c-9", "c-10", "c-11"]
    assert (L.lf_names, L.classes) == (("odd", "small"), CLASSES)


def snorkels():
    from snorkel.labeling import LabelingFunction as SnorkelFunction
    from snorkel.labeling import labeling_function as snorkel_function
    from snorkel.preprocess import preprocessor

    @preprocessor(memoize=True)
    def count_words(x):
        x.capitals = sum(word.isupper() and word.isalpha() for word in x.text.split())
        return x

    @snorkel_function(pre=[count_words])
    def shouts(x):
        return 1 if x.capitals >= 2 else -1

    @snorkel_function(name="family", resources={"words": {"mum", "home"}})
    def from_family(x, words):
        return 0 if words & set(x.text.split()) else -1

    return [shouts, from_family, SnorkelFunction("won", lambda x: 1 if "won" in x["text"] else 0)]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_snorkels_own_functions_vote_as_under_snorkels_applier(n_jobs):
    from snorkel.labeling import PandasLFApplier

    table = texts(200)
    expected = PandasLFApplier(snorkels()).apply(pd.DataFrame(table.to_dict(as_series=False)), progress_bar=False)

    L = apply(snorkels(), table, CLASSES, n_jobs=n_jobs)

    assert (L.votes == expected).all()
    assert not L.faults
    assert set(np.unique(expected[:, 0])) == {-1, 1}


def test_two_processes_vote_as_one_does():
    lfs = [keywords("prize", ["won", "prize"], 1), regex("number", r"\b0\d+", 1), keywords("family", ["mum"], 0)]

    one, two = (apply(lfs, texts(2 * LEAST + 500), CLASSES, n_jobs=n_jobs) for n_jobs in (1, 2))

    assert one.to_frame().equals(two.to_frame())
    assert {**one.meta(), "seconds": 0} == {**two.meta(), "seconds": 0}
    assert one.covered.any()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_fault_abstains_and_is_counted_across_blocks_and_processes(n_jobs):
    n = 2500

    L = apply([divides, odd, late], numbered(n), CLASSES, n_jobs=n_jobs, batch_size=1000)

    # `divides` fails on 7, 107, 207, ...; `late` on everything from 1500 on, which begins in the second block
    assert L.faults == (
        Fault("divides", "ZeroDivisionError: integer division or modulo by zero", "c-7", 7, 25),
        Fault("late", "LookupError: nothing known of 1500", "c-1500", 1500, 1000),
    )
    assert np.flatnonzero(L.votes[:, 0] == -1).tolist() == list(range(7, n, 100))
    assert (L.votes[:, 1] == np.where(np.arange(n) % 2, 1, -1)).all()
    assert (L.votes[:, 2] == np.where(np.arange(n) < 1500, 1, -1)).all()


@pytest.mark.parametrize(
    ("vote", "shown"), [(3, "3"), (-2, "-2"), (1.5, "1.5"), (float("nan"), "nan"), ("spam", "'spam'"), (None, "None")]
)
def test_what_is_no_vote_abstains_and_is_a_fault_or_if_strict_an_error_that_names_function_item_and_vote(vote, shown):
    lf = LabelingFunction("wrong", lambda x: vote if x.n >= 2 else 1)

    L = apply([odd, lf], numbered(5), CLASSES)
    with pytest.raises(VoteError) as caught:
        apply([odd, lf], numbered(5), CLASSES, strict=True)

    assert L.votes.T.tolist() == [[-1, 1, -1, 1, -1], [1, 1, -1, -1, -1]]
    assert L.faults == (
        Fault("wrong", f"VoteError: voted {shown}; a vote is -1 (abstain) or 0..1 (ham, spam)", "c-2", 2, 3),
    )
    assert str(caught.value) == (
        f"labeling function 'wrong' voted {shown} on item 'c-2'; a vote is -1 (abstain) or 0..1 (ham, spam)"
    )


def test_a_wrong_vote_in_another_process_is_the_same_error():
    lf = LabelingFunction("wrong", lambda x: 7 if x.n == 1200 else -1)

    with pytest.raises(VoteError, match="'wrong' voted 7 on item 'c-1200'"):
        apply([lf], numbered(1500), CLASSES, n_jobs=2, strict=True)


def test_a_numpy_integer_is_a_vote():
    lf = LabelingFunction("argmax", lambda x: np.argmax([0.2, 0.8]))

    assert apply([lf], numbered(1), CLASSES).votes.tolist() == [[1]]


def test_an_empty_table_gives_a_matrix_without_rows():
    L = apply([odd, small], numbered(0), CLASSES)

    assert L.votes.shape == (0, 2)
    assert L.votes.dtype == np.int8


def test_tables_of_pandas_and_dictionaries_are_read_too():
    columns = {"id": ["a", "b"], "n": [1, 2]}

    for table in (columns, pd.DataFrame(columns)):
        assert apply([odd, small], table, CLASSES).votes.tolist() == [[1, 0], [-1, 0]]


def test_functions_that_share_a_name_are_refused():
    with pytest.raises(LabelingFunctionError, match="2 labeling functions are called 'odd': rename one"):
        apply([odd, small, LabelingFunction("odd", lambda x: 0)], numbered(1), CLASSES)


def test_no_functions_are_an_error():
    with pytest.raises(LabelingFunctionError, match="there are no labeling functions to apply"):
        apply([], numbered(1), CLASSES)


def test_a_plain_function_is_refused_with_what_to_do():
    with pytest.raises(LabelingFunctionError, match=r"is not a labeling function: decorate it with @labeling_function"):
        apply([lambda x: 1], numbered(1), CLASSES)


def test_ids_that_occur_twice_are_refused():
    with pytest.raises(TableError, match="id 'c-1' stands in rows 1 and 2"):
        apply([odd], pl.DataFrame({"id": ["c-0", "c-1", "c-1"], "n": [1, 2, 3]}), CLASSES)


def test_a_column_that_a_function_needs_is_missed_before_anything_runs():
    ran = []
    first = LabelingFunction("first", lambda x: ran.append(x) or 1)

    with pytest.raises(TableError, match="no column 'body'; there are: id, n; labeling function 'prize' reads it"):
        apply([first, keywords("prize", ["won"], 1, column="body")], numbered(3), CLASSES)

    assert not ran


def test_a_column_that_nobody_announced_is_a_fault_with_its_name():
    L = apply([LabelingFunction("f", lambda x: x.body)], numbered(3), CLASSES)

    assert (L.faults[0].count, L.faults[0].row) == (3, 0)
    assert L.faults[0].error.startswith("AttributeError:")
    assert "'body'" in L.faults[0].error


LFS = (
    LabelingFunction("sign", lambda x: int(x.n > 0)),
    LabelingFunction("even", lambda x: -1 if x.n % 2 else 0),
    LabelingFunction("inverse", lambda x: int(12 / x.n > 3)),  # fails on 0
)
tables_of_numbers = st.lists(st.integers(-20, 20), min_size=1, max_size=30)


def table_of(numbers):
    return pl.DataFrame({"id": range(len(numbers)), "n": numbers})


@settings(max_examples=30, deadline=None)
@given(tables_of_numbers, st.randoms(use_true_random=False))
def test_permuting_the_rows_permutes_the_votes(numbers, random):
    table, order = table_of(numbers), list(range(len(numbers)))
    random.shuffle(order)

    L, shuffled = apply(LFS, table, CLASSES), apply(LFS, table[order], CLASSES)

    assert (shuffled.votes == L.votes[order]).all()
    assert [fault.count for fault in shuffled.faults] == [fault.count for fault in L.faults]


@settings(max_examples=30, deadline=None)
@given(tables_of_numbers, st.integers(0, 30))
def test_shards_vote_as_the_whole_table_does(numbers, cut):
    table = table_of(numbers)

    parts = [apply(LFS, part, CLASSES).votes for part in (table[:cut], table[cut:])]

    assert (np.concatenate(parts) == apply(LFS, table, CLASSES).votes).all()


@settings(max_examples=30, deadline=None)
@given(tables_of_numbers, st.permutations(range(3)))
def test_the_order_of_the_functions_is_the_order_of_the_columns(numbers, order):
    L = apply(LFS, table_of(numbers), CLASSES)

    reordered = apply([LFS[j] for j in order], table_of(numbers), CLASSES)

    assert (reordered.votes == L.votes[:, order]).all()
    assert reordered.lf_names == tuple(LFS[j].name for j in order)
