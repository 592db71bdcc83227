import numpy as np
import polars as pl
import pytest

from weaklabel.labeling.applying.asking import ask_all, ask_each


def numbered(n):
    return pl.DataFrame({"n": range(n)})


def said(failures):
    return [(i, type(error).__name__, str(error)) for i, error in failures]


def test_rows_are_asked_one_by_one_and_a_failing_one_abstains():
    votes, failures = ask_each(lambda x: 1 // x, [1, 0, 2, 0], 2)

    assert votes.tolist() == [1, -1, 0, -1]
    assert said(failures) == [(i, "ZeroDivisionError", "integer division or modulo by zero") for i in (1, 3)]


def test_no_row_is_asked_twice_though_some_fail():
    seen = []

    ask_each(lambda x: seen.append(x) or 1 // (x % 3), range(10), 2)

    assert seen == list(range(10))


def test_a_rule_that_finds_no_next_is_a_fault_of_its_row_alone():
    votes, failures = ask_each(lambda x: next(y for y in (0, 1) if y == x), [0, 5, 1, 7, 0], 2)

    assert votes.tolist() == [0, -1, 1, -1, 0]
    assert [(i, kind) for i, kind, _ in said(failures)] == [(1, "StopIteration"), (3, "StopIteration")]


def test_failures_and_wrong_votes_stand_in_the_order_of_the_rows():
    answers = [7, None, 1, "spam", 0.0, True]

    votes, failures = ask_each(lambda x: answers[x], range(7), 2)

    assert votes.tolist() == [-1, -1, 1, -1, -1, 1, -1]
    assert [(i, kind) for i, kind, _ in said(failures)] == [
        (0, "NoVoteError"), (1, "NoVoteError"), (3, "NoVoteError"), (4, "NoVoteError"), (6, "IndexError"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answers",
    [
        [1, 0, -1], np.array([1, 0, -1]), np.array([1, 0, -1], np.int8), pl.Series([1, 0, -1]), (1, 0, -1),
        [np.int64(1), False, -1], pl.Series([1, 0, -1], dtype=pl.Int16),
    ],
)  # fmt: skip
def test_votes_on_a_frame_come_as_a_series_an_array_or_a_list(answers):
    assert ask_all(lambda rows: answers, numbered(3), 2)[0].tolist() == [1, 0, -1]


def test_truth_values_are_votes():
    assert ask_all(lambda rows: rows["n"] > 1, numbered(3), 2)[0].tolist() == [0, 0, 1]


def test_a_missing_vote_in_a_series_is_none():
    votes, failures = ask_all(lambda rows: pl.Series([1, None, 0]), numbered(3), 2)

    assert votes.tolist() == [1, -1, 0]
    assert said(failures) == [(1, "NoVoteError", "None")]


def test_rows_that_make_a_frame_fail_are_found_and_the_others_keep_their_votes():
    def rule(rows):
        if (rows["n"] % 10 == 7).any():
            raise ValueError("a seven")
        return [0] * len(rows)

    votes, failures = ask_all(rule, numbered(100), 2)

    assert np.flatnonzero(votes == -1).tolist() == list(range(7, 100, 10))
    assert said(failures) == [(i, "ValueError", "a seven") for i in range(7, 100, 10)]


def test_a_missing_column_is_found_at_once_not_row_by_row():
    calls = []

    votes, failures = ask_all(lambda rows: calls.append(len(rows)) or rows["body"], numbered(1000), 2)

    assert calls == [1000, 0]
    assert (len(failures), set(votes.tolist())) == (1000, {-1})


@pytest.mark.parametrize("answers", [[1], 1, None, np.zeros((3, 1), int)[:2]])
def test_another_number_of_votes_than_rows_is_a_fault_of_all(answers):
    votes, failures = ask_all(lambda rows: answers, numbered(3), 2)

    assert votes.tolist() == [-1, -1, -1]
    assert said(failures)[0] == (0, "ValueError", "the rule for batches did not give one vote for each row")


def test_votes_of_different_shapes_are_no_votes():
    votes, failures = ask_all(lambda rows: [[1], [1, 2], 0], numbered(3), 2)

    assert votes.tolist() == [-1, -1, 0]
    assert [i for i, _ in failures] == [0, 1]
