"""Tables in parts: votes in parts, the same on every backend; a run that was cut off goes on."""

import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import polars as pl
import pytest

import weaklabel as wl
from weaklabel import places
from weaklabel.artefacts.folder import MANIFEST
from weaklabel.errors import ArtefactError, EngineError, LabelingFunctionError, TableError
from weaklabel.labeling.applying.plan import Plan

CLASSES = ("ham", "spam")
SCHEMA = {"id": pl.String, "text": pl.String}
RULES = """
from helper import has
from weaklabel import keywords, labeling_function

CLASSES = ("ham", "spam")
WINS = ("win", "prize")


def wins(text):
    return any(word in text for word in WINS)


@labeling_function()
def prize(x):
    return 1 if wins(x.text) else -1


@labeling_function()
def greets(x):
    return 0 if has(x.text, "hello") else -1


free = keywords("free", ["free", "gratis"], label=1)
"""


@pytest.fixture
def table(tmp_path):
    """Five parts of 40 rows, one of them in a folder below."""
    texts = ["win a prize", "hello there", "free and gratis", "nothing", "hello, win"]
    for i in range(5):
        name = tmp_path / "table" / ("day=2/part.parquet" if i == 4 else f"part-{i}.parquet")
        name.parent.mkdir(parents=True, exist_ok=True)
        rows = [{"id": f"{i}-{j}", "text": texts[(i + j) % 5]} for j in range(40)]
        pl.DataFrame(rows).write_parquet(name)
    return tmp_path / "table"


@pytest.fixture
def lfs(tmp_path):
    """Labeling functions of a file, with a helper of its own and one in a file beside it."""
    (tmp_path / "rules.py").write_text(RULES)
    (tmp_path / "helper.py").write_text("def has(text, word):\n    return word in text\n")
    return wl.load_lfs(tmp_path / "rules.py").lfs


def whole(table):
    return pl.concat([pl.read_parquet(file) for file in sorted(table.rglob("*.parquet"))][::-1]).sort("id")


def as_one(folder):
    return wl.LabelMatrix.load(folder).to_frame().sort("id")


def stamps(folder):
    return {file.name: file.stat().st_mtime_ns for file in folder.rglob("*.parquet")}


@pytest.mark.parametrize("backend", ["sequential", "threads", "loky"])
def test_the_votes_of_the_parts_are_those_of_the_whole(backend, table, lfs, tmp_path):
    out = tmp_path / "votes"

    with wl.run_on(backend, 2):
        done = wl.apply_file(lfs, table, out, CLASSES)

    assert as_one(out).equals(wl.apply(lfs, whole(table), CLASSES).to_frame())
    assert wl.LabelMatrix.load(out / "part-1.parquet").provenance["sources"] == Plan(lfs, CLASSES, SCHEMA).sources
    assert (done.n, done.n_covered, done.asked) == (200, 160, dict.fromkeys(("prize", "greets", "free"), 200))
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.parquet")) == sorted(
        path.relative_to(table).as_posix() for path in table.rglob("*.parquet")
    )


def test_each_part_is_a_file_of_votes_by_itself(table, lfs, tmp_path):
    wl.apply_file(lfs, table, tmp_path / "votes", CLASSES)

    L = wl.LabelMatrix.load(tmp_path / "votes" / "part-1.parquet")

    assert L.votes.tolist() == wl.apply(lfs, pl.read_parquet(table / "part-1.parquet"), CLASSES).votes.tolist()


def test_parts_that_are_there_stay_and_what_is_missing_or_changed_is_voted_on(table, lfs, tmp_path):
    out = tmp_path / "votes"
    wl.apply_file(lfs, table, out, CLASSES)
    before, first = as_one(out), stamps(out)

    again = wl.apply_file(lfs, table, out, CLASSES)
    (out / "part-2.parquet").unlink()
    third = wl.apply_file(lfs, table, out, CLASSES)
    rows = pl.read_parquet(table / "part-0.parquet").with_columns(
        text=pl.when(pl.col("id") == "0-3").then(pl.lit("win")).otherwise("text")
    )
    rows.write_parquet(table / "part-0.parquet")
    changed = wl.apply_file(lfs, table, out, CLASSES)

    assert set(again.asked.values()) == {0}
    assert set(third.asked.values()) == {40}
    assert set(changed.asked.values()) == {1}
    assert before.filter(pl.col("id") != "0-3").equals(as_one(out).filter(pl.col("id") != "0-3"))
    assert {name for name, time in stamps(out).items() if time != first[name]} == {"part-0.parquet", "part-2.parquet"}


def test_only_a_function_that_changed_is_asked_again(table, lfs, tmp_path):
    out = tmp_path / "votes"
    wl.apply_file(lfs, table, out, CLASSES)
    (tmp_path / "rules.py").write_text(RULES.replace('"prize")', '"prize", "there")'))

    done = wl.apply_file(wl.load_lfs(tmp_path / "rules.py").lfs, table, out, CLASSES)

    assert done.asked == {"prize": 200, "greets": 0, "free": 0}


def test_parts_that_are_no_more_go_and_what_a_dead_writer_left_goes_too(table, lfs, tmp_path):
    out = tmp_path / "votes"
    wl.apply_file(lfs, table, out, CLASSES)
    (table / "part-3.parquet").unlink()
    (out / ".part-1.parquet.abc").mkdir()
    (out / ".part-1.parquet.77.part").touch()

    done = wl.apply_file(lfs, table, out, CLASSES)

    assert done.n == 160
    assert sorted(os.listdir(out)) == [MANIFEST, "day=2", "part-0.parquet", "part-1.parquet", "part-2.parquet"]


def test_a_run_whose_process_is_killed_is_whole_after_all(table, tmp_path):
    mark = tmp_path / "killed"

    def dies_once(x):
        if x.id == "2-0" and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return 1

    with wl.run_on("loky", 2):
        done = wl.apply_file([wl.LabelingFunction("dies", dies_once)], table, tmp_path / "votes", CLASSES)

    assert mark.exists()
    assert done.n == done.n_covered == 200
    assert sorted(as_one(tmp_path / "votes")["id"]) == sorted(whole(table)["id"])


def test_a_run_that_was_cut_off_is_no_votes_yet_and_goes_on(table, lfs, tmp_path):
    out = tmp_path / "votes"
    damaged = table / "part-3.parquet"
    good = damaged.read_bytes()
    damaged.write_bytes(good[:-30])

    with pytest.raises(TableError, match=r"cannot read .*part-3\.parquet"):
        wl.apply_file(lfs, table, out, CLASSES)
    made = stamps(out)
    with pytest.raises(ArtefactError, match="has not ended, or was cut off: run it again"):
        wl.LabelMatrix.load(out)
    with pytest.raises(ArtefactError, match="has not ended"):
        wl.count_votes(out)
    damaged.write_bytes(good)
    done = wl.apply_file(lfs, table, out, CLASSES)

    assert sorted(made) == ["part-0.parquet", "part-1.parquet", "part-2.parquet", "part.parquet"]  # the others first
    assert set(done.asked.values()) == {40}
    assert {name: time for name, time in stamps(out).items() if name in made} == made
    assert as_one(out).equals(wl.apply(lfs, whole(table), CLASSES).to_frame())


def test_a_function_that_failed_is_asked_again_where_it_failed(table, lfs, tmp_path):
    def fails(x):
        return 1 / 0 if x.id == "1-5" else 1

    failing = [*lfs, wl.LabelingFunction("fails", fails)]

    first = wl.apply_file(failing, table, tmp_path / "votes", CLASSES)
    again = wl.apply_file(failing, table, tmp_path / "votes", CLASSES)

    assert [(fault.lf, fault.item_id, fault.count) for fault in first.faults] == [("fails", "1-5", 1)]
    assert again.faults == first.faults
    assert again.asked == {"prize": 0, "greets": 0, "free": 0, "fails": 40}
    assert wl.LabelMatrix.load(tmp_path / "votes").faults == first.faults
    with pytest.raises(LabelingFunctionError, match="'fails' raised on item '1-5'"):
        wl.apply_file(failing, table, tmp_path / "votes", CLASSES, strict=True)


def test_one_long_file_becomes_parts_too(table, lfs, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["weaklabel.engine.parts"], "ROWS", 64)
    whole(table).write_parquet(tmp_path / "long.parquet", row_group_size=50)

    wl.apply_file(lfs, tmp_path / "long.parquet", f"{tmp_path}/votes/", CLASSES)

    assert sorted(os.listdir(tmp_path / "votes")) == [MANIFEST, *(f"long-0000{i}.parquet" for i in range(4))]
    assert as_one(tmp_path / "votes").equals(wl.apply(lfs, whole(table), CLASSES).to_frame())


def test_tables_and_votes_may_lie_elsewhere(table, lfs, tmp_path):
    url = f"memory://{tmp_path.name}"
    for name in places.parquet_in(table):
        with places.delivered(f"{url}/table/{name}") as made:
            made.write_bytes((table / name).read_bytes())

    wl.apply_file(lfs, f"{url}/table", f"{url}/votes", CLASSES)
    again = wl.apply_file(lfs, f"{url}/table/", f"{url}/votes/", CLASSES)

    assert set(again.asked.values()) == {0}
    assert as_one(f"{url}/votes").equals(wl.apply(lfs, whole(table), CLASSES).to_frame())


def test_a_part_without_rows_and_one_with_more_columns_are_parts(table, lfs, tmp_path):
    pl.read_parquet(table / "part-0.parquet").head(0).write_parquet(table / "part-0.parquet")
    pl.read_parquet(table / "part-1.parquet").with_columns(more=1).write_parquet(table / "part-1.parquet")

    done = wl.apply_file(lfs, table, tmp_path / "votes", CLASSES)

    assert done.n == 160
    assert len(as_one(tmp_path / "votes")) == 160


def test_what_cannot_be_is_refused(table, lfs, tmp_path):
    shutil.copytree(table, tmp_path / "others")
    with pytest.raises(ArtefactError, match="Parquet files that weaklabel did not write"):
        wl.apply_file(lfs, table, tmp_path / "others", CLASSES)
    with pytest.raises(ArtefactError, match="would take the place of its own input"):
        wl.apply_file(lfs, table, table, CLASSES)
    with pytest.raises(ArtefactError, match="is the name of a file: drop its ending"):
        wl.apply_file(lfs, table, tmp_path / "votes.parquet", CLASSES)
    with pytest.raises(EngineError, match="n_jobs is 0"):
        wl.apply_file(lfs, table, tmp_path / "votes", CLASSES, n_jobs=0)
    twice = pl.read_parquet(table / "part-1.parquet")[[0, 1, 0]]
    twice.write_parquet(table / "part-1.parquet")
    with pytest.raises(TableError, match=r"part-1\.parquet: id '1-0' stands in rows 0 and 2"):
        wl.apply_file(lfs, table, tmp_path / "votes", CLASSES)
    twice[:2].drop("text").write_parquet(table / "part-1.parquet")
    with pytest.raises(TableError, match=r"part-1\.parquet has no column 'text'.*labeling function 'free' reads it"):
        wl.apply_file(lfs, table, tmp_path / "votes", CLASSES)


def test_a_function_that_cannot_be_sent_is_named(table, tmp_path):
    lock = threading.Lock()
    stays = wl.LabelingFunction("stays", lambda x: 1 if lock else -1)

    with wl.run_on("loky", 2), pytest.raises(LabelingFunctionError, match="'stays' cannot be sent to another process"):
        wl.apply_file([stays], table, tmp_path / "votes", CLASSES)


def test_a_part_that_was_swapped_is_found(table, lfs, tmp_path):
    out = tmp_path / "votes"
    wl.apply_file(lfs, table, out, CLASSES)
    shutil.copy(out / "part-1.parquet", out / "part-2.parquet")

    with pytest.raises(ArtefactError, match=r"part-2\.parquet is not the part that the manifest lists"):
        wl.LabelMatrix.load(out)


def test_the_manifest_says_what_is_there(table, lfs, tmp_path):
    wl.apply_file(lfs, table, tmp_path / "votes", CLASSES)

    said = json.loads(Path(tmp_path, "votes", MANIFEST).read_text())

    assert (said["kind"], said["complete"], said["meta"]["classes"]) == ("label matrix", True, list(CLASSES))
    assert [(part["name"], part["rows"]) for part in said["parts"]] == [
        ("day=2/part.parquet", 40), *((f"part-{i}.parquet", 40) for i in range(4))
    ]  # fmt: skip
    assert set(said["meta"]["provenance"]["fingerprints"]) == {"prize", "greets", "free"}
