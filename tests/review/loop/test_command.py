"""`review run`, as a person types it, with simulated people and files."""

import polars as pl
import pytest

import weaklabel as wl

TRIAL = "review run trial --table items.parquet --votes votes.parquet --oracle label --size 12"


@pytest.fixture
def run(tmp_path, monkeypatch, typed, pool):
    """Run a command in a folder with a table, its known classes, and votes."""
    monkeypatch.chdir(tmp_path)
    table, L, gold = pool()
    table.with_columns(label=pl.col("id").replace_strict(gold)).write_parquet("items.parquet")
    L.save("votes.parquet")

    return typed


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
        (f"{TRIAL} --target 95", 1, "a target of 95 for accuracy, which is a share: give one above 0 and up to 1"),
        (f"{TRIAL} --strategy committee", 1, "strategy 'committee' needs several models, and a loop trains one"),
        (f"{TRIAL} --forget target", 2, "target cannot be; there are: none"),
        (TRIAL.replace("label", "x0"), 2, "column 'x0' holds Float64, and classes are names or whole numbers"),
        ("review run trial --table items.parquet --files", 2, "name each, or give --votes, which know them"),
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


def test_what_was_refused_is_not_remembered(run):
    run(TRIAL)

    run("review run trial --strategy best", code=1)
    run("review run trial --budget 5 --price 0", code=1)

    assert "round 1: 12 SIMULATED answers" in run("review run trial")


def test_options_that_make_another_question_of_it_are_refused_and_taken_back(run):
    run(TRIAL)

    assert "use a folder of its own for another question" in run("review run trial --column x0", code=1)
    assert "round 1: 12 SIMULATED answers" in run("review run trial")


def test_a_folder_is_made_only_for_what_can_begin(run, tmp_path):
    run("review run new", code=2)

    assert not (tmp_path / "new").exists()


def test_real_questions_are_not_handed_to_simulated_people_by_a_refused_option(run):
    run("review run real --table items.parquet --votes votes.parquet --files --size 5")
    wl.testing.answer_from_gold("real", dict.fromkeys((f"item {i}" for i in range(240)), "yes"))
    run("pull real")

    run("review run real --oracle label", code=1)

    assert "round 1: 5 answers" in run("review run real")


def test_an_option_is_taken_back_by_its_name(run):
    run(f"{TRIAL} --budget 12 --strategy random --feature x0 --watch")

    said = run("review run trial --forget budget --forget strategy --forget=--feature")

    assert "round 1: 12 SIMULATED answers" in said
    assert "by lf_aware" in said
    with wl.Journal("trial") as journal:
        assert not {"budget", "strategy", "features"} & set(journal.setting("run"))


def test_a_table_that_was_moved_is_asked_for_and_the_review_goes_on(run, tmp_path):
    run(TRIAL)
    (tmp_path / "items.parquet").rename(tmp_path / "moved.parquet")

    lost = run("review run trial", code=2)

    assert "items.parquet is gone, which an earlier step was given: say where the items are now" in lost
    assert "round 1: 12 SIMULATED answers" in run("review run trial --table moved.parquet")


def test_while_people_have_not_answered_neither_pool_nor_votes_are_read(run, tmp_path):
    run("review run real --table items.parquet --votes votes.parquet --files --size 5")
    for name in ("items.parquet", "votes.parquet"):
        (tmp_path / name).write_text("no table any more")

    assert "5 questions open" in run("review run real")


def test_known_classes_may_be_whole_numbers(run):
    pl.read_parquet("items.parquet").with_columns(label=pl.col("label") == "yes").with_columns(
        label=pl.col("label").cast(pl.Int8)
    ).write_parquet("numbers.parquet")

    run("review run trial --table numbers.parquet --oracle label --size 12")

    with wl.Journal("trial") as journal:
        assert set(journal.frame("tasks")["classes"]) == {'["0","1"]'}


def test_who_answers_by_files_is_told_which_to_import_and_only_new_results_are_named(run):
    line = "review run real --table items.parquet --votes votes.parquet --files --size 5"
    first, waiting = run(line), run("review run real")
    wl.testing.answer_from_gold("real", dict.fromkeys((f"item {i}" for i in range(240)), "yes"))
    second = run("review run real")

    assert "import real/tasks.json," in first
    assert "import real/tasks-from-6.json," in second
    assert "wrote real/beliefs.parquet" in second
    assert "wrote" not in waiting


def test_a_price_counts_without_a_budget_too(run):
    run(f"{TRIAL} --worth 0.02 --price 0.01")

    cheap = loop_of("trial")

    assert cheap.price / cheap.worth == pytest.approx(0.5)


def loop_of(folder):
    from weaklabel.cli.loop_options import job

    with wl.Journal(folder) as journal:
        return job(journal.setting("run")).loop


def test_what_a_classifier_warns_of_in_each_fit_is_told_once(run, tmp_path):
    (tmp_path / "mine.py").write_text(NAGGING)

    said = run(f"{TRIAL} --classifier mine.Nagging --budget 24 --watch")

    assert said.count("warning: UserWarning: so slow") == 1


NAGGING = """
import warnings
from sklearn.naive_bayes import GaussianNB


class Nagging(GaussianNB):
    def fit(self, X, y, sample_weight=None):
        warnings.simplefilter("always")
        warnings.warn("so slow")
        return super().fit(X, y, sample_weight)
"""


def test_the_strategies_that_the_help_leaves_out_are_those_that_a_loop_cannot_use():
    from weaklabel.cli.looping import UNFED
    from weaklabel.review.loop import options

    assert set(UNFED) == set(options.UNFED)
