"""Each command as a user runs it: files in, files out, words on the terminal."""

import json
import os
import pty
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import weaklabel as wl
from weaklabel.cli import main

RULES = """
from weaklabel import keywords, labeling_function

CLASSES = ("ham", "spam")
prize = keywords("prize", ["prize", "win"], 1)
number = keywords("number", ["call", "txt"], 1)

@labeling_function()
def polite(x):
    return 0 if "please" in x.text else -1

@labeling_function()
def fragile(x):
    return 0 if len(x.text) // (len(x.text) - 5) > 100 else -1
"""
TEXTS = ["win a prize, call now", "please come home", "txt to win", "see you", "12345", "please call"]
NAMED = "--column query_id=query --column position=rank"


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.py").write_text(RULES)
    gold = ["spam", "ham", "spam", "ham", None, "ham"]
    pl.DataFrame({"id": list("abcdef"), "text": TEXTS, "label": gold}).write_csv("table.csv")
    rng = np.random.default_rng(0)
    position = np.tile([1, 2, 3], 2000)
    log = {
        "query": ["q"] * 6000,
        "doc_id": rng.integers(0, 8, 6000).astype(str),
        "rank": position,
        "click": (rng.random(6000) < 0.3 / position).astype(int),
        "policy": np.where(np.arange(6000) < 4500, "random", "ranked"),
    }
    pl.DataFrame(log).write_csv("log.csv")
    return tmp_path


def test_from_rules_to_an_end_model(files, weaklabel):
    applied = weaklabel("apply rules.py table.csv --out votes.parquet")
    weaklabel("denoise votes.parquet --model majority --out posterior.parquet")
    chosen = weaklabel("training-set posterior.parquet table.csv --out training.parquet")
    scored = weaklabel("train training.parquet --test table.csv --out predictions.parquet")

    assert "4 labeling functions voted on 4 of 6 items" in applied
    assert "fragile failed on 1 rows and abstains there; first on item 'e' (row 4): ZeroDivisionError" in applied
    assert "4 items to train on; left out: 2 uncovered" in chosen
    assert "on 5 items with a known label" in scored
    assert wl.LabelMatrix.load("votes.parquet").lf_names == ("prize", "number", "polite", "fragile")
    assert wl.Posterior.load("predictions.parquet").item_ids.to_list() == list("abcdef")


def test_a_table_without_known_classes_is_predicted_and_not_scored(files, weaklabel):
    weaklabel("apply rules.py table.csv")
    weaklabel("denoise votes.parquet --model majority")
    weaklabel("training-set posterior.parquet table.csv --strategy hard")
    pl.read_csv("table.csv").drop("label").write_csv("new.csv")

    assert "new.csv has no column 'label', so nothing is scored" in weaklabel("train training.parquet --test new.csv")


def test_summary_counts_against_gold_and_writes_a_table(files, weaklabel):
    weaklabel("apply rules.py table.csv")

    shown = weaklabel("summary votes.parquet --gold table.csv --out summary.csv")

    assert "4 labeling functions on 6 items" in shown
    accuracy = dict(pl.read_csv("summary.csv").select("lf", "accuracy").rows())
    assert accuracy == {"prize": 1.0, "number": pytest.approx(2 / 3), "polite": 1.0, "fragile": None}


def test_options_reach_the_label_model(files, weaklabel):
    weaklabel("apply rules.py table.csv")

    weaklabel(
        "denoise votes.parquet --model snorkel --set n_epochs=20 --set class_balance=[0.6,0.4] --set optimizer=adam"
    )

    made = wl.Posterior.load("posterior.parquet").provenance
    assert (made["n_epochs"], made["class_balance"], made["optimizer"]) == (20, [0.6, 0.4], "adam")


def test_known_classes_reach_the_label_model(files, weaklabel):
    weaklabel("apply rules.py table.csv")

    weaklabel("denoise votes.parquet --gold table.csv")

    posterior = wl.Posterior.load("posterior.parquet")
    assert posterior.provenance["model"] == "hybrid_em"
    assert posterior.provenance["gold"]["known"] == 5
    assert posterior.answered.tolist() == [True, True, True, True, False, True]


def test_classes_can_be_given_on_the_command_line(files, weaklabel):
    weaklabel("apply rules.py table.csv --classes no,yes")

    assert wl.LabelMatrix.load("votes.parquet").classes == ("no", "yes")


def test_from_a_log_to_relevance(files, weaklabel):
    shown = weaklabel(f"estimate log.csv {NAMED} --where policy=random --set level=0.9")
    weaklabel(f"debias log.csv propensities.parquet {NAMED} --method snips")

    assert "examination relative to the first, 90% intervals" in shown
    found = wl.Propensities.load("propensities.parquet")
    assert found.impressions.sum() == 4500
    assert found.examination == pytest.approx([1, 1 / 2, 1 / 3], abs=0.1)
    assert len(wl.RelevanceLabels.load("relevance.parquet")) == 8


def test_only_the_first_positions_if_asked(files, weaklabel):
    weaklabel(f"estimate log.csv {NAMED} --upto 2")

    assert wl.Propensities.load("propensities.parquet").position.tolist() == [1, 2]


def test_from_beliefs_to_questions_to_answers(files, weaklabel):
    weaklabel("apply rules.py table.csv")
    weaklabel("denoise votes.parquet --model majority")
    pick = "pick posterior.parquet --size 3 --table table.csv --votes votes.parquet --tasks review"

    first, again = weaklabel(pick), weaklabel(pick)
    wl.testing.answer_from_gold("review", dict(zip("abcdef", ["spam", "ham", "spam", "ham", None, "ham"], strict=True)))
    told = weaklabel("fold posterior.parquet review --out answered.parquet")

    assert "3 new tasks in review/tasks.json, 0 were there already" in first
    assert "0 new tasks in review/tasks.json, 3 were there already" in again
    assert "2 items answered by 1 people, 1 skipped" in told
    folded = wl.Posterior.load("answered.parquet")
    assert folded.item_ids.filter(folded.answered).to_list() == ["d", "f"]
    assert {task["data"]["wl_item"] for task in json.loads((files / "review/tasks.json").read_text())} == set("def")


def test_one_export_can_be_folded_by_itself(files, weaklabel):
    weaklabel("apply rules.py table.csv")
    weaklabel("denoise votes.parquet --model majority")
    weaklabel("pick posterior.parquet --size 2 --table table.csv --tasks review")
    export = wl.testing.answer_from_gold("review", dict.fromkeys("abcdef", "ham"))

    assert "2 items answered" in weaklabel(f"fold posterior.parquet {export}")


def test_a_pipeline_of_ones_own_gets_its_options_from_its_parameters(files, weaklabel):
    (files / "count.py").write_text(
        "import polars as pl\n"
        "from weaklabel.report import Section, Table\n\n"
        "def run(times: int = 2, word: str = 'hey') -> Section:\n"
        '    """Say a word some times.\n\n    Parameters\n    ----------\n    times\n        How often.\n'
        '    word\n        What.\n    """\n'
        "    return Section('Said', [word * times], [Table('words', pl.DataFrame({'n': [times]}))])\n"
    )

    helped = weaklabel("run count.py --help")
    shown = weaklabel("run count.py --times 3")

    assert "Say a word some times." in helped
    assert "How often.  [default: 2]" in helped
    assert "heyheyhey" in shown
    assert "words" in shown


def test_a_pipeline_with_an_out_folder_is_drawn_there(files, weaklabel):
    (files / "draw.py").write_text(
        "from pathlib import Path\nfrom weaklabel.report import Section\n\n"
        "def run(out: Path = Path('drawn')) -> Section:\n    '''Draw.'''\n    return Section('A <title>')\n"
    )

    assert "wrote drawn/index.html" in weaklabel("run draw.py")
    assert "A &lt;title&gt;" in (files / "drawn" / "index.html").read_text()


def test_pipelines_in_the_working_folder_are_found_by_name(files, weaklabel):
    (files / "pipelines").mkdir()
    (files / "pipelines" / "mine.py").write_text(
        "from weaklabel.report import Section\n\ndef run() -> Section:\n    '''Mine.'''\n    return Section('Mine')\n"
    )

    assert "mine" in weaklabel("run --help")
    assert "Mine" in weaklabel("run mine")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("apply nowhere.py table.csv", "error: no file at nowhere.py"),
        ("apply nothing table.csv", "error: 'nothing' is neither a Python file nor one of the heuristics: "),
        ("apply broken.py table.csv", "error: broken.py, line 2: "),
        ("apply rules.py nowhere.csv", "error: no file at nowhere.csv"),
        ("apply rules.py twice.csv", "error: id 'a' stands in rows 0 and 1"),
        ("apply rules.py table.csv --id key", "error: table.csv has no column 'key'"),
        ("apply plain.py table.csv", "error: plain.py sets no CLASSES"),
        ("denoise table.csv", "error: table.csv is not a whole Parquet file"),
        ("denoise log.parquet", "error: log.parquet has no weaklabel header"),
        ("denoise votes.parquet --model snorkle", "error: no model is called 'snorkle' (did you mean 'snorkel'?)"),
        ("denoise votes.parquet --model snorkel --set epochs=3", "error: model 'snorkel' has no parameter 'epochs'"),
        ("denoise two.parquet --model snorkel", "error: Snorkel's label model needs at least 3 labeling functions"),
        ("summary posterior.parquet", "error: posterior.parquet holds a posterior; a label matrix is needed here"),
        ("training-set posterior.parquet table.csv --strategy best", "error: no strategy 'best'"),
        ("estimate log.csv", "error: log.csv: the log has no column 'query_id'"),
        ("estimate zero.csv", "error: zero.csv: row 1 has position '0': positions start at 1"),
        ("estimate twos.csv", "error: twos.csv: row 1 has click '2': a click is 0 or 1"),
        ("estimate nan.csv", "error: nan.csv: row 1 has no position"),
        (f"estimate log.csv {NAMED} --where policy=other", "error: log.csv has no row where policy is 'other'"),
        ("pick posterior.parquet --strategy best", "error: no strategy is called 'best'"),
        ("fold posterior.parquet table.csv", "error: table.csv is not JSON"),
        ("run nothing", "error: 'nothing' is neither a Python file nor one of the pipelines: "),
        ("run rules.py", "error: rules.py defines no function run(...)"),
        ("datasets iris", "error: no dataset is called 'iris'"),
        ("datasets digits --split half", "error: no split 'half'"),
        ("datasets digits --out digits.xlsx", "error: cannot write digits.xlsx"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_1(files, weaklabel, line, said):
    weaklabel("apply rules.py table.csv")
    weaklabel("denoise votes.parquet --model majority")
    (files / "broken.py").write_text("CLASSES = ('a', 'b')\ndef lf(:\n")
    (files / "plain.py").write_text("from weaklabel import keywords\nlf = keywords('lf', ['a'], 1)\n")
    pl.DataFrame({"id": ["a", "a"], "text": ["x", "y"]}).write_csv("twice.csv")
    wl.LabelMatrix.from_array([[0, 1], [1, 1]]).save("two.parquet")
    pl.read_csv("log.csv").write_parquet("log.parquet")
    for name, row in {"zero": "0,1", "twos": "1,2", "nan": ",1"}.items():
        (files / f"{name}.csv").write_text(f"query_id,doc_id,position,click\nq,d,1,0\nq,e,{row}\n")

    error = weaklabel(line, code=1)

    assert error.startswith(said)
    assert error.count("\n") == 1


def test_an_empty_table_gives_an_empty_matrix(files, weaklabel):
    (files / "empty.csv").write_text("id,text\n")

    shown = weaklabel("apply rules.py empty.csv")

    assert "voted on 0 of 0 items" in shown
    assert wl.LabelMatrix.load("votes.parquet").votes.shape == (0, 4)


def test_an_unwritable_place_is_said(files, weaklabel):
    (files / "taken").write_text("")

    assert weaklabel("apply rules.py table.csv --out taken/votes.parquet", code=1).startswith(
        "error: cannot write taken"
    )


def test_a_class_that_nobody_votes_for_is_warned_about(files):
    wl.LabelMatrix.from_array([[0, 0, 0], [0, -1, 0]]).save("votes.parquet")

    done = subprocess.run(
        [sys.executable, "-c", "from weaklabel.cli import main; main()", "denoise", "votes.parquet"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "warning: no labeling function ever votes '1'" in done.stderr
    assert "wrote posterior.parquet" in done.stdout


def test_settings_need_a_name_and_a_value(files, weaklabel):
    weaklabel("apply rules.py table.csv")

    assert "'n_epochs' is not NAME=VALUE" in weaklabel("denoise votes.parquet --set n_epochs", code=2)


def test_tasks_need_the_items(files, weaklabel):
    weaklabel("apply rules.py table.csv")
    weaklabel("denoise votes.parquet --model majority")

    assert "say with --table" in weaklabel("pick posterior.parquet --tasks review", code=2)


def test_traceback_shows_more_wherever_it_stands(files):
    with pytest.raises(wl.WeaklabelError, match="no file at nowhere.csv"):
        main(["apply", "rules.py", "nowhere.csv", "--traceback"])


def test_the_version_is_the_package_s(weaklabel):
    assert weaklabel("--version") == f"weaklabel {wl.__version__}\n"


def test_a_person_at_a_terminal_sees_a_bar_on_stderr_and_a_pipe_none(files):
    command = [sys.executable, "-c", "from weaklabel.cli import main; main()", "apply", "rules.py", "table.csv"]
    controller, terminal = pty.openpty()

    watched = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, text=True, check=True)
    os.close(terminal)
    seen = os.read(controller, 100_000).decode()
    (files / "votes.parquet").unlink()
    piped = subprocess.run(command, capture_output=True, text=True, check=True)

    assert "4 labeling functions" in seen
    assert "1/1" in seen
    assert piped.stderr == ""
    assert watched.stdout == piped.stdout


def test_pick_takes_features_quotas_and_what_the_label_model_believes(files, weaklabel):
    weaklabel("apply rules.py table.csv")
    weaklabel("denoise votes.parquet --model majority")
    table = pl.read_csv("table.csv").with_columns(size=pl.col("text").str.len_chars())
    table.write_csv("table.csv")
    pick = "pick posterior.parquet --size 2"

    aware = weaklabel(f"{pick} --strategy lf_aware --weak posterior.parquet --lf-accuracy 0.9")
    diverse = weaklabel(f"{pick} --strategy diverse --table table.csv --feature size")
    weaklabel(f"{pick} --per-class ham=2")

    assert "by lf_aware" in aware
    assert "by diverse" in diverse
    picked = wl.Batch.load("batch.parquet").item_ids
    beliefs = wl.Posterior.load("posterior.parquet")
    assert {int(beliefs.probs[beliefs.item_ids.to_list().index(one)].argmax()) for one in picked} == {0}


@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        ("--feature size", "say with --table", 2),
        ("--table table.csv --feature text", "holds no numbers", 2),
        ("--per-class spam=many", "is no number of items", 2),
        ("--per-class eggs=1", "eggs", 1),
        ("--strategy diverse", "features", 1),
        ("--strategy lf_aware", "weak", 1),
    ],
)
def test_what_pick_lacks_is_said(files, weaklabel, options, said, code):
    weaklabel("apply rules.py table.csv")
    weaklabel("denoise votes.parquet --model majority")

    assert said in weaklabel(f"pick posterior.parquet --size 2 {options}", code=code)
