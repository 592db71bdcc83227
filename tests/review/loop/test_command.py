"""`review run`, as a person types it, with simulated people and files."""

import shlex

import polars as pl
import pytest

import weaklabel as wl
from weaklabel.cli import main

TRIAL = "review run trial --table items.parquet --votes votes.parquet --oracle label --size 12"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, pool):
    """Run a command in a folder with a table, its known classes, and votes."""
    monkeypatch.chdir(tmp_path)
    table, L, gold = pool()
    table.with_columns(label=pl.col("id").replace_strict(gold)).write_parquet("items.parquet")
    L.save("votes.parquet")

    def command(line, code=0):
        with pytest.raises(SystemExit) as stopped:
            main(shlex.split(line))
        said = capsys.readouterr()
        assert (stopped.value.code or 0) == code, said.err
        return said.out + said.err

    return command


def test_a_trial_runs_to_its_end_and_says_everywhere_that_its_answers_are_simulated(run, tmp_path):
    said = run(f"{TRIAL} --budget 48 --watch --page trial.html")

    assert said.startswith("SIMULATED: a column of the table answers, no person does")
    assert "round 4: 48 SIMULATED answers" in said
    assert "budget spent: accuracy" in said
    assert "wrote trial/training.parquet" in said
    assert "SIMULATED" in (tmp_path / "trial.html").read_text()
    assert wl.Posterior.load("trial/labels.parquet").provenance["review"]["simulated"] is True


def test_without_watch_it_is_one_batch_and_the_options_are_remembered(run):
    first = run(f"{TRIAL} --budget 48")

    second = run("review run trial")

    assert "round 0: 0 SIMULATED answers" in first
    assert "asked 12: " in first
    assert "round 1: 12 SIMULATED answers" in second
    with wl.Journal("trial") as journal:
        assert len(journal.frame("tasks")) == 24


def test_a_larger_budget_lets_it_go_on(run):
    run(f"{TRIAL} --budget 24 --watch")

    said = run("review run trial --budget 36 --watch")

    assert "round 3: 36 SIMULATED answers" in said


def test_the_column_that_answers_is_neither_shown_nor_learned_from(run):
    run(TRIAL)

    with wl.Journal("trial") as journal:
        shown = journal.ledger.tasks("pushed")[0].data
    assert set(shown) == {"x0", "x1", "x2"}


def test_people_answer_by_files_one_step_at_a_time(run):
    line = "review run real --table items.parquet --votes votes.parquet --files --column x0 --size 5"

    first, second = run(line), run("review run real")

    assert "asked 5: " in first
    assert "5 questions open" in second
    wl.testing.answer_from_gold("real", dict.fromkeys((f"item {i}" for i in range(240)), "yes"))
    assert "round 1: 5 answers" in run("review run real")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("review run trial", 2, "say where the items are"),
        (TRIAL.replace("label", "nothing"), 2, "the table has no column 'nothing'"),
        (f"{TRIAL} --measure recall", 1, "recall"),
        (f"{TRIAL} --strategy best", 1, "best"),
        (f"{TRIAL} --oracle-accuracy 1.2", 1, "nobody is right in 1.2"),
    ],
)
def test_what_cannot_be_is_refused(run, line, code, said):
    assert said in run(line, code=code)


def test_what_the_audit_rests_on_cannot_be_changed_on_the_way(run):
    run(TRIAL)

    assert "it was 0 at the first step and stays so" in run("review run trial --seed 1", code=2)


def test_simulated_and_real_answers_never_meet(run):
    run("review run real --table items.parquet --votes votes.parquet --files --size 5")
    wl.testing.answer_from_gold("real", dict.fromkeys((f"item {i}" for i in range(240)), "yes"))
    run("pull real")

    assert "holds people's answers: try simulated ones in another folder" in run(
        "review run real --oracle label", code=1
    )
