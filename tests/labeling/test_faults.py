"""What becomes of each thing that a labeling function can do wrong."""

import random
import threading
import time

import polars as pl
import pytest

from weaklabel.artefacts import Fault
from weaklabel.errors import EngineError, LabelingFunctionError, VoteError
from weaklabel.labeling.apply import apply
from weaklabel.labeling.applying.fingerprint import fingerprint
from weaklabel.labeling.functions import LabelingFunction, labeling_function
from weaklabel.labeling.kinds.keywords import keywords

CLASSES = ("ham", "spam")


def numbered(n=50):
    return pl.DataFrame({"id": [f"c-{i}" for i in range(n)], "text": ["you won"] * n, "n": range(n)})


PRIZE = keywords("prize", ["won"], 1)


def test_an_exception_abstains_on_its_rows_and_no_other_function_notices():
    L = apply([LabelingFunction("f", lambda x: 1 // (x.n % 10)), PRIZE], numbered(), CLASSES)

    assert L.faults == (Fault("f", "ZeroDivisionError: integer division or modulo by zero", "c-0", 0, 5),)
    assert (L.votes[:, 0] == -1).sum() == 5
    assert (L.votes[:, 1] == 1).all()


def test_an_exception_in_a_batch_function_costs_only_the_rows_at_fault():
    @labeling_function(batch=True)
    def f(rows):
        if (rows["n"] % 10 == 3).any():
            raise ValueError("a three")
        return [1] * len(rows)

    L = apply([f, PRIZE], numbered(), CLASSES)

    assert L.faults == (Fault("f", "ValueError: a three", "c-3", 3, 5),)
    assert (L.votes[:, 0] == 1).sum() == 45


@pytest.mark.parametrize("vote", [2, -2, "spam", None, 0.5, [1]])
def test_a_wrong_type_and_a_vote_out_of_range_abstain_and_are_counted(vote):
    L = apply([LabelingFunction("f", lambda x: vote), PRIZE], numbered(), CLASSES)

    said = f"VoteError: voted {vote!r}; a vote is -1 (abstain) or 0..1 (ham, spam)"
    assert L.faults == (Fault("f", said, "c-0", 0, 50),)
    assert L.votes.T.tolist() == [[-1] * 50, [1] * 50]


def test_strict_stops_at_the_first_and_says_where():
    later = LabelingFunction("later", lambda x: 1 // 0)

    with pytest.raises(LabelingFunctionError, match=r"'f' raised on item 'c-7' \(row 7\): KeyError: 'body'") as caught:
        apply(
            [PRIZE, LabelingFunction("f", lambda x: x["body"] if x.n == 7 else 1), later],
            numbered(),
            CLASSES,
            strict=True,
        )
    with pytest.raises(VoteError, match="'f' voted 5 on item 'c-7'"):
        apply([LabelingFunction("f", lambda x: 5 if x.n == 7 else 1), later], numbered(), CLASSES, strict=True)

    assert isinstance(caught.value.__cause__, KeyError)


def test_a_slow_function_is_known_by_its_seconds():
    def slow(x):
        end = time.process_time() + 0.001
        while time.process_time() < end:
            pass
        return 1

    L = apply([PRIZE, LabelingFunction("slow", slow)], numbered(), CLASSES)

    assert list(L.seconds) == ["prize", "slow"]
    assert L.seconds["slow"] > 0.05 > L.seconds["prize"] >= 0


def test_what_a_function_writes_into_its_row_reaches_no_other_function():
    @labeling_function()
    def mutates(x):
        x.text = "nothing"
        x.tags.append("seen")
        return 0

    @labeling_function()
    def looks(x):
        return 1 if (x.text, x.tags, x.n >= 0) == ("you won", ["a"], True) else 0

    table = numbered().with_columns(tags=pl.Series([["a"]] * 50))

    L = apply([mutates, looks], table, CLASSES)

    assert L.votes[:, 1].tolist() == [1] * 50
    assert L.faults == ()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_function_that_draws_lots_is_warned_of_and_its_votes_are_those_it_gave_first(n_jobs, caplog):
    lots = LabelingFunction("lots", lambda x: random.randrange(2))

    L = apply([PRIZE, lots], numbered(), CLASSES, n_jobs=n_jobs)

    (record,) = caplog.records
    assert record.getMessage().startswith("labeling function 'lots' voted ")
    assert record.getMessage().endswith("a vote must follow from its own row alone, without chance")
    assert set(L.votes[:, 1]) == {0, 1}
    assert L.faults == ()


def test_a_batch_function_whose_votes_depend_on_the_batch_is_warned_of(caplog):
    first = labeling_function(name="last", batch=True)(lambda rows: (rows["n"] == rows["n"].max()).cast(pl.Int8))

    apply([first], numbered(), CLASSES)

    assert "labeling function 'last' voted 0 on item 'c-9' and, asked again, 1" in caplog.text


def test_a_function_that_cannot_travel_runs_here_and_is_named_where_it_cannot():
    lock = threading.Lock()
    locked = LabelingFunction("locked", lambda x: 1 if lock else 0)

    assert (apply([PRIZE, locked], numbered(), CLASSES).votes == 1).all()
    assert fingerprint(locked).endswith("?")
    with pytest.raises(
        LabelingFunctionError, match="'locked' cannot be sent to another process .*lock.*: use one process"
    ):
        apply([PRIZE, locked], numbered(), CLASSES, n_jobs=2)


def test_a_function_that_leaves_the_program_or_cannot_say_what_went_wrong_is_a_fault_like_others():
    class MuteError(Exception):
        def __str__(self):
            raise RuntimeError

    def mute(x):
        raise MuteError

    L = apply(
        [LabelingFunction("exits", lambda x: exit(3)), LabelingFunction("mute", mute), PRIZE], numbered(), CLASSES
    )

    assert [fault.error for fault in L.faults] == ["SystemExit: 3", "MuteError, whose message raises RuntimeError"]
    assert (L.votes[:, 2] == 1).all()


def test_a_long_answer_is_not_repeated_whole_and_one_that_cannot_be_shown_is_named_by_its_type():
    class Mute:
        def __repr__(self):
            raise RuntimeError

    lfs = [LabelingFunction("f", lambda x: "x" * 1000), LabelingFunction("g", lambda x: Mute())]

    L = apply(lfs, numbered(), CLASSES)

    assert len(L.faults[0].error) < 200
    assert L.faults[1].error.startswith("VoteError: voted a Mute; a vote is -1")


def test_an_interrupt_is_no_fault():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply([LabelingFunction("f", interrupted)], numbered(), CLASSES)


def test_a_batch_function_may_answer_with_a_frame_of_one_column_or_an_expression():
    forms = {
        "frame": lambda rows: rows.select((pl.col("n") >= 0).cast(pl.Int8)),
        "expression": lambda rows: pl.when(pl.col("n") >= 0).then(1).otherwise(-1),
        "two columns": lambda rows: rows.select("n", "text"),
    }
    lfs = [labeling_function(name=name, batch=True)(rule) for name, rule in forms.items()]

    L = apply(lfs, numbered(), CLASSES)

    assert L.votes.T.tolist() == [[1] * 50, [1] * 50, [-1] * 50]
    assert [(fault.lf, fault.count) for fault in L.faults] == [("two columns", 50)]


def test_a_wrong_column_type_costs_no_more_than_asking_row_by_row():
    from weaklabel.labeling.kinds.threshold import threshold

    began = time.process_time()
    L = apply([threshold("t", "text", 1, above=1)], numbered(20_000), CLASSES)

    assert L.faults[0].count == 20_000
    assert time.process_time() - began < 5  # by halving it was six


def test_an_objects_attributes_are_as_the_table_has_them_for_each_function():
    class Box:
        def __init__(self, n):
            self.n = n

    def changes(x):
        x.box.n = 5
        return 1

    table = pl.DataFrame({"id": ["a", "b"], "box": pl.Series([Box(0), Box(0)], dtype=pl.Object), "_i": [7, 7]})
    looks = LabelingFunction("looks", lambda x: int(x.box.n == 0 and x._i == 7))

    L = apply([LabelingFunction("changes", changes), looks], table, CLASSES)

    assert L.votes.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"n_jobs": 0}, EngineError, "n_jobs is 0; it is a number"),
        ({"batch_size": 0}, LabelingFunctionError, "batch_size is 0; it is"),
    ],
)
def test_numbers_that_are_none_are_refused(options, error, said):
    with pytest.raises(error, match=said):
        apply([PRIZE], numbered(), CLASSES, **options)


def test_a_process_that_dies_is_said():
    import os

    with pytest.raises(EngineError, match="workers died again and again while these ran: voting on the rows 0 to"):
        apply([LabelingFunction("dies", lambda x: os._exit(1))], numbered(), CLASSES, n_jobs=2)
