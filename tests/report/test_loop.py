"""A loop as a section of a page: how good it is, what it asked, who answers, and when it will end."""

import json
import random
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import weaklabel as wl
from weaklabel.errors import JournalError
from weaklabel.report import loop_charts, page
from weaklabel.report.loop import LABELS_LEFT, LISTED, WHY, loop_section
from weaklabel.report.review import review_section

MARK = "SIMULATED ANSWERS"


def record(number, **changed):
    """What a round finds that follows `number` batches of 20 questions, a quarter of them the audit's."""
    found = {
        "answers": 20 * number,
        "asked": 20 * number,
        "skipped": 0,
        "audited": 5 * number,
        "score": {"measure": "accuracy", "value": 0.8, "lower": 0.7, "upper": 0.9, "level": 0.975},
        "target": 0.75,
        "verdict": {"stop": False, "reason": "go on", "labels_left": 30, "said": "go on: about 30 labels left"},
        "batch": {"audit": 4, "repair": 1, "second": 0, "chosen": 15},
        "strategy": "lf_aware",
        "lf_accuracy": 0.81,
        "how": "answers weigh most.",
        "people": {"ada": 0.95},
        "flags": [],
        "simulated": False,
        "spent": None,
    }
    return found | changed


def flag(lf, action="drop"):
    return {"lf": lf, "precision": 0.4, "lower": 0.2, "upper": 0.6, "action": action}


def frame(records):
    rows = [(number, f"2026-03-01T09:{number % 60:02d}:00+00:00", json.dumps(one)) for number, one in records.items()]
    schema = {"number": pl.Int64, "added_at": pl.String, "record": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def loop(count=3, **changed):
    return loop_section(frame({number: record(number, **changed) for number in range(1, count + 1)}))


def table(section, caption):
    (found,) = [each.frame for each in section.tables if each.caption.startswith(caption)]
    return found


def texts(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_without_rounds_there_is_nothing_to_show():
    found = loop_section(frame({}))

    assert found.lead == ("No round yet.",)
    assert (found.tables, found.charts) == ((), ())


def test_a_loop_says_how_it_stands_what_that_means_and_what_the_score_rests_on():
    found = loop()

    assert found.title == "The loop"
    assert found.lead == (
        "Round 3: go on: about 30 labels left.",
        LABELS_LEFT,
        "How the model learned last: answers weigh most.",
        WHY,
    )


def test_a_loop_that_stopped_says_after_which_round():
    verdict = {"stop": True, "reason": "target reached", "labels_left": 0, "said": "target reached: accuracy 0.9"}

    lead = loop(verdict=verdict, batch=None).lead

    assert lead[0] == "Stopped after round 3: target reached: accuracy 0.9."
    assert LABELS_LEFT not in lead


def test_a_loop_without_a_score_says_that_it_has_none_and_draws_none():
    found = loop(2, score=None, verdict=None)

    assert found.lead[0] == "Round 2: no score yet, with 10 audited items among 40 answers."
    assert "score" not in table(found, "Rounds").columns
    assert [chart.caption for chart in found.charts] == ["What each round asked, and why."]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=4))
def test_one_simulated_round_marks_everything_and_none_marks_nothing(simulated):
    found = loop_section(frame({i: record(i, simulated=one, flags=[flag("a")]) for i, one in enumerate(simulated, 1)}))

    said = [found.title, found.lead[0], *(each.caption for each in (*found.tables, *found.charts))]
    assert len(said) == 8
    assert {MARK in each for each in said} == {any(simulated)}
    if any(simulated):
        assert found.lead[0].startswith(f"{MARK} in {sum(simulated)} of {len(simulated)} rounds")


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False))
def test_neither_the_order_of_the_rows_nor_entries_of_a_newer_version_change_anything(chance):
    records = {number: record(number, flags=[flag("a")]) for number in range(1, 5)}
    shuffled = random.Random(chance.random()).sample(sorted(records), k=4)

    found = loop_section(frame({number: records[number] | {"later": [1]} for number in shuffled}))

    assert page("", [found]) == page("", [loop_section(frame(records))])


def test_every_round_has_its_numbers_beside_its_score():
    rounds = table(loop(2, skipped=1, spent=2.5), "Rounds")

    assert rounds.rows() == [
        (1, "2026-03-01 09:01", 20, 20, 1, 5, "0.800 [0.700, 0.900]", 30, 2.5),
        (2, "2026-03-01 09:02", 40, 40, 1, 10, "0.800 [0.700, 0.900]", 30, 2.5),
    ]
    assert rounds.columns[-3:] == ["score", "labels_left", "spent"]


def test_the_level_of_the_interval_is_the_scores_own():
    (caption,) = [each.caption for each in loop().tables if each.caption.startswith("Rounds")]

    assert caption.endswith("; score: accuracy of the end model on the pool, with its 97.5 % interval")


def test_scores_of_another_measure_or_level_are_not_put_beside_the_last_ones():
    others = [{"measure": "f1"}, {"level": 0.95}, {}]
    rounds = frame({i: record(i, score=record(i)["score"] | other) for i, other in enumerate(others, 1)})

    found = table(loop_section(rounds), "Rounds")["score"].to_list()

    assert found == [None, None, "0.800 [0.700, 0.900]"]


def test_tables_hold_the_last_rounds_and_charts_all():
    found = loop(LISTED + 25)

    rounds, asked = (table(found, caption)["round"].to_list() for caption in ("Rounds", "What each round asked"))
    assert rounds == asked == list(range(26, 46))
    assert sum("(the last 20 of 45)" in each.caption for each in found.tables) == 2
    assert {"0", "200", "800"} <= set(texts(found.charts[0].svg))


def test_what_was_asked_is_told_by_its_parts_and_a_round_that_stopped_asked_nothing():
    rounds = frame({0: record(0, lf_accuracy=None), 1: record(1), 2: record(2, batch=None)})

    found = table(loop_section(rounds), "What each round asked")

    assert found.rows() == [(0, 4, 1, 0, 15, "lf_aware", None), (1, 4, 1, 0, 15, "lf_aware", 0.81)]


def test_people_are_those_of_the_last_round_that_knows_them():
    rounds = frame({1: record(1, people={"bob": 0.5}), 2: record(2, people={"cy": 0.7, "ada": 0.9}), 3: record(3)})
    rounds = rounds.with_columns(rounds["record"].str.replace('"people": {"ada": 0.95}', '"people": {}', literal=True))

    found = table(loop_section(rounds), "How often each person")

    assert found.rows() == [("ada", 0.9), ("cy", 0.7)]


def test_contradicted_functions_stand_with_what_to_do_and_since_when_without_a_break():
    flagged = [["a", "b"], ["a"], ["b", "a"], ["b", "a", "c"]]
    rounds = frame({i: record(i, flags=[flag(lf, "narrow") for lf in lfs]) for i, lfs in enumerate(flagged, 1)})

    found = table(loop_section(rounds), "Labeling functions that people contradict")

    assert found["lf"].to_list() == ["b", "a", "c"]
    assert found["since_round"].to_list() == [3, 1, 4]
    assert found["precision"].to_list() == ["0.400 [0.200, 0.600]"] * 3
    assert all(said.startswith("narrow: make it vote on fewer items") for said in found["what_to_do"])


def test_functions_that_are_no_longer_contradicted_are_not_listed():
    rounds = frame({1: record(1, flags=[flag("a")]), 2: record(2)})

    captions = [each.caption for each in loop_section(rounds).tables]

    assert not [caption for caption in captions if caption.startswith("Labeling functions")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "the record of round 7 is no JSON"),
        ("[]", "the record of round 7 lacks answers, asked, skipped, audited"),
        ('{"answers": 1, "asked": 1, "skipped": 0}', "the record of round 7 lacks audited"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused_with_its_round(text, said):
    rounds = frame({7: record(7)}).with_columns(record=pl.lit(text))

    with pytest.raises(JournalError, match=said):
        loop_section(rounds)


def scores(answers=(100,), lower=0.7, upper=0.9):
    return pl.DataFrame([(n, 0.8, lower, upper) for n in answers], ["answers", "value", "lower", "upper"], orient="row")


def test_the_way_to_the_target_is_drawn_with_the_answers_it_takes():
    drawn = texts(loop_charts.score_path(scores(), "accuracy", 0.75, 1200))

    assert "target 0.75" in drawn
    assert "its worse end, on the way to the target: about 1,200 answers left" in drawn


@pytest.mark.parametrize(
    ("target", "left", "said"), [(None, 30, []), (0.75, None, ["target 0.75"]), (0.75, 0, ["target 0.75"])]
)
def test_no_way_is_drawn_where_none_is_known_or_left(target, left, said):
    drawn = texts(loop_charts.score_path(scores(), "accuracy", target, left))

    assert [text for text in drawn if "target" in text] == said


def lines(svg, style):
    """The corners (x, y) of each open line of that style, in points of the page, whose y grows downwards."""
    paths = re.findall(rf'<path d="(M [^"zC]*)"[^>]*{style}', svg)
    return [[tuple(map(float, corner.split())) for corner in re.split("[ML]", path)[1:]] for path in paths]


@pytest.mark.parametrize(
    ("name", "target", "worse"), [("accuracy", 0.75, max), ("accuracy", 0.85, max), ("log_loss", 0.85, min)]
)
def test_the_way_begins_at_the_worse_end_of_the_interval_and_ends_on_the_target(name, target, worse):
    drawn = loop_charts.score_path(scores((100, 200)), name, target, 100)

    interval, way = lines(drawn, "stroke-opacity: 0.35")[-1], lines(drawn, "stroke: #d9622b")[0]
    aim = lines(drawn, "stroke-dasharray: 1,[^>]*stroke: #30363d")[0]
    assert way[0] == pytest.approx((interval[0][0], worse(y for _, y in interval)), abs=0.01)
    assert way[-1][1] == pytest.approx(aim[0][1], abs=0.01)


def test_on_the_way_the_interval_shrinks_with_the_root_of_the_answers():
    drawn = loop_charts.score_path(scores((100, 300)), "accuracy", 0.75, 300)

    # From 0.7 to 0.75 with the score at 0.8 the interval halves, so four times the audit: a third of the way is twice.
    way = lines(drawn, "stroke: #d9622b")[0]
    third = min(way, key=lambda corner: abs(corner[0] - (2 * way[0][0] + way[-1][0]) / 3))
    assert (third[1] - way[0][1]) / (way[-1][1] - way[0][1]) == pytest.approx((1 - 0.5**0.5) / 0.5, abs=0.02)


@pytest.mark.parametrize(("left", "last"), [(50, 150), (100, 200), (9000, 200)])
def test_a_far_end_does_not_press_the_rounds_together(left, last):
    drawn = texts(loop_charts.score_path(scores((20, 100)), "accuracy", 0.75, left))

    ticks = [int(text) for text in drawn if text.isdecimal()]
    assert last * 0.8 <= max(ticks) <= last * 1.04


def test_only_parts_that_were_asked_are_named_and_all_are_stacked():
    batches = pl.DataFrame({"round": [0, 1], "audit": [5, 4], "repair": [0, 0], "second": [0, 3], "chosen": [15, 13]})

    drawn = texts(loop_charts.asked(batches))

    named = [label for label, _ in loop_charts.PARTS.values() if label in drawn]
    assert named == ["audit: at random", "second opinions", "chosen by the strategy"]
    assert "20" in drawn


def test_the_status_of_a_review_begins_with_its_loop_and_is_marked_throughout(tmp_path):
    with wl.Journal(tmp_path) as journal:
        before = review_section(journal)
        journal.note_round(0, record(0))
        real = review_section(journal)
        journal.note_round(1, record(1, simulated=True))
        simulated = review_section(journal)

    assert before.lead == ("Nothing was pushed yet.",)
    assert real.lead == ("Round 0: go on: about 30 labels left.", *loop().lead[1:], "Nothing was pushed yet.")
    assert MARK not in page(real.title, [real])
    assert simulated.title == f"{real.title} ({MARK})"
    assert simulated.lead[0].startswith(MARK)
    assert {MARK in each.caption for each in (*simulated.tables, *simulated.charts)} == {True}


def test_names_are_shown_as_they_are():
    html = page("", [loop(1, people={"<b>ada": 0.9}, flags=[flag("<i>rule")])])

    assert "&lt;b&gt;ada" in html
    assert "<i>rule" not in html


def test_nobody_is_said_to_err_whom_nobody_contradicts():
    two, one = (
        loop_section(frame({1: record(1, people=people, audit_error=0.05)})).lead
        for people in ({"ada": 0.95, "bob": 0.9}, {"ada": 0.95})
    )

    assert any("5% of the audit's answers are wrong, as people contradict each other" in said for said in two)
    assert not any("are wrong" in said for said in one)
