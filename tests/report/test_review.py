"""A review as sections of a page: where it stands, and what its people agree on."""

from datetime import datetime, timedelta
from itertools import count

import polars as pl
import pytest

import weaklabel as wl
from weaklabel.artefacts import Annotation, Prelabel, RemoteTask, Task
from weaklabel.report import page, review_charts
from weaklabel.report.people import people_section
from weaklabel.report.review import review_section

BEGAN = datetime(2026, 3, 1, 9)


@pytest.fixture
def reviewed(tmp_path):
    """A journal in which people, by name, said this of the items 0, 1, ...: a class, or None for a skip."""

    def make(said, seconds=5.0, blind=()):
        items = range(max(map(len, said.values()), default=1))
        tasks = [
            Task(f"{i:032x}", f"i{i}", {"text": "?"}, ("ham", "spam"), Prelabel("spam", 0.9, "m"), blind=i in blind)
            for i in items
        ]
        numbers = count(1)
        answers = [[] for _ in items]
        for name, labels in said.items():
            for i, label in enumerate(labels):
                at = f"{(BEGAN + timedelta(minutes=i)).isoformat()}+00:00"
                answers[i].append(
                    Annotation(str(next(numbers)), tasks[i].key, f"i{i}", label, name, seconds, at, at, "accepted", "m")
                )
        with wl.Journal(tmp_path / "review") as journal:
            journal.ledger.plan(tasks, None)
            journal.ledger.arrived({task.key: str(i) for i, task in enumerate(tasks)})
            journal.remember("place", {"backend": "label_studio", "project": 3, "title": "<b>Spam</b>"})
            journal.remember("cursor", "2026-03-01T10:20:30+00:00")
            journal.answers.record(
                [RemoteTask(str(i), task.key, tuple(answers[i]), made_at="2026") for i, task in enumerate(tasks)]
            )
            yield journal

    opened = []

    def open_(*arguments, **settings):
        opened.append(make(*arguments, **settings))
        return next(opened[-1])

    yield open_
    for each in opened:
        each.close()


def captions(section):
    return [table.caption.split(";")[0].split(",")[0] for table in section.tables]


def column(section, caption, name):
    (table,) = [table for table in section.tables if table.caption.startswith(caption)]
    return table.frame[name].to_list()


def test_a_review_says_where_it_stands_and_since_when(reviewed):
    journal = reviewed({"ada": ["ham", "spam", None], "bob": ["ham"]})

    found = review_section(journal)

    assert found.lead == (
        "Asked at Label Studio, project 3 (<b>Spam</b>).",
        "3 items asked about: 2 answered (3 answers), 1 skipped only, 0 tasks open.",
        "Answers were last pulled at 2026-03-01 10:20 by the server's clock (UTC).",
        "Skipped items: `weaklabel review skipped` lists them, and with --ask-again asks once more.",
    )
    assert captions(found) == ["Batches", "Who answered", "What became of the pre-labels"]
    assert "<b>Spam" not in page("", [found])


def test_a_review_without_answers_has_no_charts(reviewed):
    journal = reviewed({"ada": [None, None]})

    assert review_section(journal).charts == ()
    assert people_section(journal).charts == ()


def test_people_are_compared_with_intervals_beside_the_numbers(reviewed):
    journal = reviewed({"ada": ["ham", "spam", "spam", "ham"], "bob": ["ham", "spam", "ham", "ham"]})

    found = people_section(journal)

    assert captions(found) == [
        "Who answered",
        "Pre-labels that each person saw",
        "Every two people",
        "Items on which people differ",
        "How often people give the pre-label",
    ]
    # Wilson's interval of 3 in 4; of the chance to agree, 0.5, is 0.25 - 0.5 over 0.5.
    assert column(found, "Every two people", "agreement") == ["0.750 [0.301, 0.954]"]
    assert column(found, "Every two people", "kappa")[0].startswith("0.500 [")
    assert column(found, "Items on which", "item_id") == ["i2"]


def test_what_nobody_can_tell_has_no_column(reviewed):
    journal = reviewed({"ada": ["ham", "spam"]})

    found = people_section(journal)

    assert found.tables[0].caption == "Who answered"
    assert found.tables[0].frame.columns == ["annotator", "answers", "skips", "median_seconds"]
    assert "difference" not in found.tables[-1].frame.columns


def test_known_classes_add_each_persons_accuracy(reviewed):
    journal = reviewed({"ada": ["ham", "spam", "spam", "ham"]})

    found = people_section(journal, gold={"i0": "ham", "i1": "ham", "i2": "spam", "i3": None})

    assert found.tables[0].caption == "Who answered; accuracy on items of known class, with its 95 % interval"
    assert column(found, "Who answered", "known") == [3]
    assert column(found, "Who answered", "accuracy")[0].startswith("0.667 [")


def test_of_many_pairs_those_who_agree_least_are_listed(reviewed):
    contrary = ["spam", "ham"] * 5
    people = {f"p{i}": ["ham", "spam"] * 5 for i in range(7)} | {"zed": contrary}

    pairs = people_section(reviewed(people)).tables[2].frame  # of 28

    assert len(pairs) == 20
    assert set(pairs["annotator_b"].to_list()[:7]) == {"zed"}


def arrived(people):
    rows = [(name, BEGAN + timedelta(minutes=i)) for name, answers in people.items() for i in range(answers)]
    return pl.DataFrame(rows, schema=["annotator", "at"], orient="row")


def test_those_who_answered_least_share_a_line_where_colours_run_out():
    few = review_charts.arrivals(arrived({f"p{i}": i + 1 for i in range(5)}))
    many = review_charts.arrivals(arrived({f"p{i}": i + 1 for i in range(7)}))

    assert all(f">p{i}<" in few for i in range(5))
    assert "others" not in few
    assert [name for name in (f"p{i}" for i in range(7)) if f">{name}<" in many] == ["p3", "p4", "p5", "p6"]
    assert ">3 others<" in many


def test_the_time_axis_tells_the_day_and_the_zone():
    drawn = review_charts.arrivals(arrived({"ada": 90}))

    assert "2026-Mar-01" in drawn
    assert "time (UTC)" in drawn


@pytest.mark.parametrize(
    ("seconds", "ticks"),
    [
        ([1.2, 1.9], ["1 s", "3 s"]),
        ([2.0, 200.0], ["1 s", "3 s", "10 s", "30 s", "1 min", "5 min"]),
        ([0.0, 0.2], ["0.1 s", "0.3 s"]),
        ([1e6], ["1 day"]),
        ([10.0], ["10 s"]),
    ],
)
def test_times_stand_between_ticks_that_a_person_reads(seconds, ticks):
    drawn = review_charts.lead_times({"ada": seconds})

    assert [name for name in review_charts.DURATIONS.values() if f">{name}<" in drawn] == ticks
    assert "mathdefault" not in drawn


def test_the_same_answers_are_drawn_in_the_same_bytes(reviewed):
    journal = reviewed({"ada": ["ham", "spam"], "bob": ["ham", "ham"]})

    drawn = [page("", [people_section(journal), review_section(journal)]) for _ in range(2)]

    assert drawn[0] == drawn[1]
