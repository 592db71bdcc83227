"""From a file into a file: what is known is not asked again, and nothing is lost."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import ArtefactError, LabelingFunctionError, TableError, VoteError
from weaklabel.labeling.apply import apply
from weaklabel.labeling.apply_file import apply_file
from weaklabel.labeling.files import load_lfs
from weaklabel.labeling.functions import LabelingFunction, labeling_function
from weaklabel.labeling.kinds.keywords import keywords
from weaklabel.labeling.kinds.threshold import threshold

CLASSES = ("ham", "spam")


def texts(n, seed=0):
    rng = np.random.default_rng(seed)
    words = np.array(["won", "prize", "call", "mum", "home", "0800123", "ok", "URGENT"])
    said = [" ".join(rng.choice(words, size=4)) for _ in range(n)]
    return pl.DataFrame({"id": [f"c-{i}" for i in range(n)], "text": said, "n": np.arange(n) % 9})


@labeling_function()
def urgent(x):
    return 1 if "URGENT" in x.text else -1


LFS = [
    keywords("prize", ["won", "prize"], 1),
    keywords("family", ["mum"], 0),
    threshold("few", "n", 0, below=3),
    urgent,
]
WRITERS = {".parquet": pl.DataFrame.write_parquet, ".csv": pl.DataFrame.write_csv, ".jsonl": pl.DataFrame.write_ndjson}


@pytest.fixture
def files(tmp_path):
    texts(300).write_parquet(tmp_path / "table.parquet")
    return tmp_path / "table.parquet", tmp_path / "votes.parquet"


def votes_of(path):
    L = LabelMatrix.load(path)
    return dict(zip(L.lf_names, L.votes.T.tolist(), strict=True))


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("batch_size", [None, 7, 1000])
def test_the_file_holds_what_apply_returns(tmp_path, ending, batch_size):
    table, out = tmp_path / f"table{ending}", tmp_path / "votes.parquet"
    WRITERS[ending](texts(300), table)

    done = apply_file(LFS, table, out, CLASSES, batch_size=batch_size)

    L, expected = LabelMatrix.load(out), apply(LFS, texts(300), CLASSES)
    assert L.to_frame().equals(expected.to_frame())
    assert {**L.meta(), "seconds": 0} == {**expected.meta(), "seconds": 0}
    assert (done.n, done.n_covered, done.faults) == (300, int(L.covered.sum()), ())
    assert done.asked == dict.fromkeys(L.lf_names, 300)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_file_says_what_each_function_is(files):
    apply_file(LFS, *files, CLASSES)

    said = LabelMatrix.load(files[1]).provenance
    assert list(said["fingerprints"]) == ["prize", "family", "few", "urgent"]
    assert said["sources"]["prize"] == "keywords"
    assert said["sources"]["urgent"].startswith("test_apply_file.py:")


def test_only_a_function_that_changed_is_asked_again(files):
    apply_file(LFS, *files, CLASSES)
    changed = [LFS[0], keywords("family", ["mum", "home"], 0), *LFS[2:]]

    done = apply_file(changed, *files, CLASSES)

    assert done.asked == {"prize": 0, "family": 300, "few": 0, "urgent": 0}
    assert votes_of(files[1]) == votes_in(apply(changed, texts(300), CLASSES))


def votes_in(L):
    return dict(zip(L.lf_names, L.votes.T.tolist(), strict=True))


def test_an_edited_function_of_a_file_is_asked_again_and_a_renamed_one_is_not(files, tmp_path):
    text = (
        "from weaklabel import labeling_function\nLIMIT = 3\n"
        "@labeling_function()\ndef a(x):\n    return int(x.n > LIMIT)\n"
        "@labeling_function()\ndef b(x):\n    return 0 if 'mum' in x.text else -1\n"
    )
    asked = []
    for version in (text, text.replace("LIMIT = 3", "LIMIT = 4"), text.replace("def b", "def renamed"), text):
        (tmp_path / "rules.py").write_text(version)
        asked.append(apply_file(load_lfs(tmp_path / "rules.py").lfs, *files, CLASSES).asked)

    assert asked == [{"a": 300, "b": 300}, {"a": 300, "b": 0}, {"a": 300, "renamed": 0}, {"a": 0, "b": 0}]


def test_functions_can_be_dropped_and_put_in_another_order(files):
    apply_file(LFS, *files, CLASSES)

    done = apply_file([LFS[3], LFS[0]], *files, CLASSES)

    assert done.asked == {"urgent": 0, "prize": 0}
    assert votes_of(files[1]) == votes_in(apply([LFS[3], LFS[0]], texts(300), CLASSES))


def test_only_rows_that_are_new_or_changed_are_asked_about(files):
    apply_file(LFS, *files, CLASSES)
    table = texts(320)
    moved = pl.concat([table[150:], table[:100]]).with_columns(
        text=pl.when(pl.col("id") == "c-7").then(pl.lit("you won")).otherwise("text")
    )
    moved.write_parquet(files[0])

    done = apply_file(LFS, *files, CLASSES)

    assert set(done.asked.values()) == {21}  # twenty more, and the changed one
    assert votes_of(files[1]) == votes_in(apply(LFS, moved, CLASSES))
    assert LabelMatrix.load(files[1]).item_ids.to_list() == moved["id"].to_list()


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.with_columns(more=pl.lit(1)),
        lambda table: table.with_columns(pl.col("n").cast(pl.Int8)),
        lambda table: table.rename({"n": "m"}).with_columns(n=pl.col("m")),
    ],
    ids=["another column", "another type", "another name"],
)
def test_other_columns_make_other_rows(files, change):
    apply_file(LFS, *files, CLASSES)
    change(texts(300)).write_parquet(files[0])

    assert set(apply_file(LFS, *files, CLASSES).asked.values()) == {300}


def test_other_classes_make_other_votes(files):
    apply_file(LFS, *files, CLASSES)

    assert set(apply_file(LFS, *files, ("spam", "ham")).asked.values()) == {300}


def test_fresh_asks_about_everything(files):
    apply_file(LFS, *files, CLASSES)

    assert set(apply_file(LFS, *files, CLASSES, fresh=True).asked.values()) == {300}


def test_a_function_that_failed_is_asked_again_when_its_reason_may_be_gone(files):
    down = {"it is": True}

    def service(x):
        if down["it is"] and x.n == 5:
            raise ConnectionError("no answer")
        return 1

    lf = LabelingFunction("service", service, resources={})
    first = apply_file([*LFS, lf], *files, CLASSES)
    down.clear()
    down["it is"] = False

    second = apply_file([*LFS, lf], *files, CLASSES)

    assert first.faults[0].error == "ConnectionError: no answer"
    assert (second.asked["service"], second.asked["prize"], second.faults) == (300, 0, ())


def test_a_function_that_holds_what_cannot_be_read_is_always_asked(files):
    import threading

    lock = threading.Lock()
    lf = LabelingFunction("locked", lambda x: 1 if lock else 0)

    asked = [apply_file([*LFS, lf], *files, CLASSES).asked for _ in range(2)]

    assert [each["locked"] for each in asked] == [300, 300]
    assert asked[1]["prize"] == 0


def test_seconds_of_known_votes_are_kept(files):
    first = apply_file(LFS, *files, CLASSES).seconds

    assert apply_file(LFS, *files, CLASSES).seconds == first


def test_votes_that_were_saved_from_memory_are_known_too(files):
    apply(LFS, texts(300), CLASSES).save(files[1])

    assert set(apply_file(LFS, *files, CLASSES).asked.values()) == {0}


def test_a_matrix_in_memory_is_known_too():
    before = apply(LFS, texts(200), CLASSES)
    seen = []
    counting = LabelingFunction("counting", lambda x: seen.append(x.id) or 1)

    after = apply([*LFS, counting], texts(220), CLASSES, reuse=before)
    again = apply([*LFS], texts(220), CLASSES, reuse=after)

    assert votes_in(again) == votes_in(apply(LFS, texts(220), CLASSES))
    assert len(set(seen)) == 220
    assert again.seconds["urgent"] == after.seconds["urgent"] > before.seconds["urgent"]


rows = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["won", "mum", "x"])), max_size=25, unique_by=lambda row: row[0]
)


@settings(max_examples=60, deadline=None)
@given(rows, rows, st.permutations(range(4)), st.integers(1, 30))
def test_whatever_was_known_the_votes_are_those_of_a_fresh_run(before, after, order, batch_size):
    old, new = (
        pl.DataFrame({"id": [i for i, _ in part], "text": [t for _, t in part], "n": [i % 5 for i, _ in part]},
                     schema={"id": pl.String, "text": pl.String, "n": pl.Int64}, strict=False)
        for part in (before, after)
    )  # fmt: skip
    known = apply(LFS, old, CLASSES)

    found = apply([LFS[j] for j in order], new, CLASSES, reuse=known, batch_size=batch_size)

    assert found.to_frame().equals(apply([LFS[j] for j in order], new, CLASSES).to_frame())


CRASH = """
import os, sys
from weaklabel.labeling.apply_file import apply_file
from weaklabel.labeling.functions import LabelingFunction
from weaklabel.labeling.kinds.keywords import keywords

def f(x):
    if x.id == "c-250":
        os._exit(9)
    return 1

lfs = [keywords("prize", ["won"], 1), LabelingFunction("f", f)]
apply_file(lfs, sys.argv[1], sys.argv[2], ("ham", "spam"), batch_size=50)
"""


def test_a_crash_on_the_way_leaves_the_old_file_and_the_next_run_completes(files):
    apply_file(LFS, *files, CLASSES)
    before = files[1].read_bytes()

    crashed = subprocess.run([sys.executable, "-c", CRASH, *map(str, files)], check=False)

    assert crashed.returncode == 9
    assert files[1].read_bytes() == before
    assert set(apply_file(LFS, *files, CLASSES).asked.values()) == {0}
    assert set(apply_file(LFS[:2], *files, CLASSES).asked.values()) == {0}


def test_a_strict_run_that_stops_leaves_the_old_file(files):
    apply_file(LFS, *files, CLASSES)
    before = files[1].read_bytes()

    with pytest.raises(LabelingFunctionError, match=r"'f' raised on item 'c-0' \(row 0\): KeyError: 'body'"):
        apply_file([LabelingFunction("f", lambda x: x["body"])], *files, CLASSES, strict=True)
    with pytest.raises(VoteError, match="'f' voted 2 on item 'c-0'"):
        apply_file([LabelingFunction("f", lambda x: 2)], *files, CLASSES, strict=True)

    assert files[1].read_bytes() == before


def test_an_edited_file_is_refused_and_left_alone(files):
    apply_file(LFS, *files, CLASSES)
    edited = pl.read_parquet(files[1]).with_columns(prize=pl.lit(1, pl.Int8))
    edited.write_parquet(files[1], metadata=pl.read_parquet_metadata(files[1]))

    with pytest.raises(ArtefactError, match="was changed after weaklabel wrote it"):
        apply_file(LFS, *files, CLASSES)

    assert pl.read_parquet(files[1]).equals(edited)


def test_a_file_that_is_no_file_of_votes_is_not_overwritten(files):
    texts(3).write_parquet(files[1])
    with pytest.raises(ArtefactError, match="has no weaklabel header: another program wrote .*--fresh"):
        apply_file(LFS, *files, CLASSES)
    with pytest.raises(ArtefactError, match="would take the place of their own table"):
        apply_file(LFS, files[0], files[0], CLASSES, fresh=True)

    assert len(pl.read_parquet(files[1])) == 3
    assert len(pl.read_parquet(files[0])) == 300


def test_ids_are_checked_before_anything_runs(tmp_path):
    seen = []
    for ids in (["a", "b", "a"], ["a", None, "b"]):
        pl.DataFrame({"id": ids, "text": ["x"] * 3}).write_parquet(tmp_path / "table.parquet")
        with pytest.raises(TableError, match="id 'a' stands in rows 0 and 2|the item in row 1 has no id"):
            apply_file(
                [LabelingFunction("f", seen.append)], tmp_path / "table.parquet", tmp_path / "v.parquet", CLASSES
            )

    assert not seen


def test_another_column_can_hold_the_ids(tmp_path):
    texts(5).rename({"id": "key"}).write_parquet(tmp_path / "table.parquet")

    apply_file(LFS, tmp_path / "table.parquet", tmp_path / "v.parquet", CLASSES, id_column="key")

    assert LabelMatrix.load(tmp_path / "v.parquet").item_ids.to_list() == [f"c-{i}" for i in range(5)]


def test_an_empty_table_gives_an_empty_file(tmp_path):
    texts(0).write_parquet(tmp_path / "table.parquet")

    done = apply_file(LFS, tmp_path / "table.parquet", tmp_path / "v.parquet", CLASSES)

    assert (done.n, LabelMatrix.load(tmp_path / "v.parquet").votes.shape) == (0, (0, 4))
    assert apply_file(LFS, tmp_path / "table.parquet", tmp_path / "v.parquet", CLASSES).n == 0


def test_a_truncated_table_is_an_error_that_names_it(files):
    files[0].write_bytes(files[0].read_bytes()[:500])

    with pytest.raises(TableError, match=r"cannot read .*table\.parquet"):
        apply_file(LFS, *files, CLASSES)


def test_a_changed_category_in_a_list_is_a_changed_row(tmp_path):
    lf = LabelingFunction("first", lambda x: int(x.tags[0] == "a"))
    for tags, expected in ((["a", "b"], [1, 0]), (["c", "a"], [0, 1])):
        column = pl.Series([[tag] for tag in tags], dtype=pl.List(pl.Categorical))
        pl.DataFrame({"id": ["x", "y"], "tags": column}).write_parquet(tmp_path / "table.parquet")
        apply_file([lf], tmp_path / "table.parquet", tmp_path / "votes.parquet", CLASSES)
        assert votes_of(tmp_path / "votes.parquet") == {"first": expected}


def test_a_folder_and_a_csv_are_no_place_for_votes_and_names_of_their_columns_none_for_functions(files, tmp_path):
    with pytest.raises(ArtefactError, match="Parquet files that weaklabel did not write"):
        apply_file(LFS, files[0], tmp_path, CLASSES)
    with pytest.raises(ArtefactError, match=r"votes\.csv: a label matrix is a Parquet file; name it votes\.parquet"):
        apply_file(LFS, files[0], tmp_path / "votes.csv", CLASSES)
    with pytest.raises(LabelingFunctionError, match="is called 'row_digest', as a column beside the votes: rename it"):
        apply_file([LabelingFunction("row_digest", lambda x: 1)], *files, CLASSES)


def test_rules_edited_within_a_second_are_other_rules(files, tmp_path):
    head = "from weaklabel import labeling_function\n@labeling_function()\ndef f(x):\n"
    for vote in (1, 0):
        (tmp_path / "rules.py").write_text(f"{head}    return {vote}\n")
        apply_file(load_lfs(tmp_path / "rules.py").lfs, *files, CLASSES)
        assert set(votes_of(files[1])["f"]) == {vote}


def test_a_number_as_id_is_the_text_that_it_is_in_memory_and_a_missing_one_is_refused(tmp_path):
    table = texts(3).with_columns(id=pl.Series([1.0, 2.5, 3.0]))
    table.write_parquet(tmp_path / "table.parquet")
    table.with_columns(id=pl.Series([1.0, float("nan"), 3.0])).write_parquet(tmp_path / "gap.parquet")

    apply_file(LFS, tmp_path / "table.parquet", tmp_path / "votes.parquet", CLASSES)

    assert LabelMatrix.load(tmp_path / "votes.parquet").to_frame().equals(apply(LFS, table, CLASSES).to_frame())
    with pytest.raises(TableError, match="the item in row 1 has no id"):
        apply_file(LFS, tmp_path / "gap.parquet", tmp_path / "votes.parquet", CLASSES)
