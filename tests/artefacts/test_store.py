import datetime
import io
import json
import resource
import signal
import subprocess
import sys
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from weaklabel.artefacts import Batch, Fault, LabelMatrix, Posterior, Propensities, RelevanceLabels, TrainingSet
from weaklabel.artefacts.store import Artefact, digest
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.rank import Ranker
from weaklabel.errors import ArtefactError
from weaklabel.labeling.patterns import VotePatterns

CLASSES = ("ham", "spam")
PROVENANCE = {"model": "majority", "params": {"seed": 0, "rate": 0.1}, "input": None, "unknown": float("nan")}
VOTES = LabelMatrix(
    np.array([[1, -1], [-1, -1], [0, 1]]),
    ["a", "b", "ü"],
    ("has_link", "is_short"),
    CLASSES,
    (Fault("is_short", "ValueError: boom", "b", 1, 2),),
    PROVENANCE,
)
ARTEFACTS = [
    VotePatterns(np.array([[0, -1], [1, 1]], np.int8), np.array([2, 5]), ("a", "b"), ("ham", "spam")),
    VOTES,
    LabelMatrix(np.empty((0, 0)), [], (), CLASSES),
    Posterior(np.array([[0.1, 0.9], [0.5, 0.5]]), ["a", "b"], CLASSES, [True, False], [False, True], PROVENANCE),
    Posterior(np.array([[0.1, 0.9], [0.5, 0.5]]), ["a", "b"], CLASSES, [True, False], prior=np.array([0.3, 0.7])),
    TrainingSet(
        pl.DataFrame({"id": ["a", "b"], "text": ["hello", None]}),
        np.array([[0.1, 0.9], [0.5, 0.5]]),
        np.array([1.0, 0.0]),
        CLASSES,
        origin=pl.DataFrame({"weak_pattern": [3, 0], "weak_voters": ["prize=spam", ""]}),
    ),
    TrainingSet(
        pl.DataFrame({"id": ["a", "b"], "text": ["hello", None]}),
        np.array([[0.1, 0.9], [1 / 3, 2 / 3]]),
        np.array([1.0, 0.5]),
        CLASSES,
        {"not covered": 7},
        PROVENANCE,
    ),
    Propensities([1, 2], [1.0, 0.4], [1.0, 0.3], [1.0, 0.5], [100, 90], [10, 4], 0.9, PROVENANCE),
    RelevanceLabels(
        pl.DataFrame(
            {
                "query_id": ["q"],
                "doc_id": ["d"],
                "relevance": [1.2],
                "impressions": [3],
                "clicks": [1],
                "effective_sample_size": [2.5],
            }
        ),
        PROVENANCE,
    ),
    Batch(["b", "a"], np.array([0.9, 0.2]), "margin", PROVENANCE),
    ClickCounts(pl.DataFrame({"query_id": ["q"], "doc_id": ["d"], "position": [1], "impressions": [5], "clicks": [2]})),
]


@pytest.fixture
def saved(tmp_path):
    VOTES.save(tmp_path / "votes.parquet")
    return tmp_path / "votes.parquet"


def rewrite(path, frame=None, **changes):
    """The file as a program would write it that keeps the header but for these changes."""
    header = json.loads(pl.read_parquet_metadata(path)["weaklabel"])
    frame = pl.read_parquet(path) if frame is None else frame
    frame.write_parquet(path, metadata={"weaklabel": json.dumps({**header, **changes})})


@pytest.mark.parametrize("artefact", ARTEFACTS, ids=lambda artefact: f"{artefact.kind} of {len(artefact.to_frame())}")
def test_an_artefact_comes_back_from_its_file_unchanged(artefact, tmp_path):
    path = tmp_path / "new folder" / "artefact.parquet"
    artefact.save(path)

    again = type(artefact).load(path)

    assert again.to_frame().schema == artefact.to_frame().schema
    assert again.to_frame().equals(artefact.to_frame())
    assert json.dumps(again.meta()) == json.dumps(artefact.meta())
    assert [file.name for file in path.parent.iterdir()] == ["artefact.parquet"]


def test_every_kind_of_artefact_that_ships_is_tried_above():
    ours = {kind for kind in Artefact.__subclasses__() if kind.__module__.startswith("weaklabel.")}

    assert ours - {Ranker} == {type(artefact) for artefact in ARTEFACTS}  # a trained ranker: tests/clicks/test_rank.py


def test_faults_and_classes_come_back_as_what_they_were(saved):
    again = LabelMatrix.load(saved)

    assert again.faults == VOTES.faults
    assert again.classes == CLASSES
    assert again.votes.dtype == np.int8


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([datetime.datetime(2024, 1, 1), None]).dt.replace_time_zone("Europe/Berlin"),
        pl.Series([Decimal("1.50"), None]),
        pl.Series([2**100, None], dtype=pl.Int128),
        pl.Series(["a", None], dtype=pl.Categorical),
        pl.Series([True, None]),
        pl.Series([[1, 2], None], dtype=pl.Array(pl.Int8, 2)),
        pl.Series([{"a": [1]}, None]),
        pl.Series([["a", None], []]),
        pl.Series([b"\xff", None]),
        pl.Series([None, None]),
    ],
    ids=lambda column: str(column.dtype),
)
def test_a_training_set_keeps_features_of_any_type(column, tmp_path):
    table = pl.DataFrame({"id": ["a", "b"], "feature": column})
    TrainingSet(table, np.full((2, 2), 0.5), np.ones(2), CLASSES).save(tmp_path / "set.parquet")

    again = TrainingSet.load(tmp_path / "set.parquet").table

    assert again.schema == table.schema
    assert again.equals(table)


def test_any_program_that_reads_parquet_reads_an_artefact(saved):
    assert pl.read_parquet(saved).rows() == [("a", 1, -1), ("b", -1, -1), ("ü", 0, 1)]


def test_a_file_cut_off_anywhere_is_refused(saved):
    whole = saved.read_bytes()

    for length in range(0, len(whole), 50):
        saved.write_bytes(whole[:length])
        with pytest.raises(ArtefactError, match=r"votes\.parquet is not a whole Parquet file"):
            LabelMatrix.load(saved)


def test_a_file_with_a_flipped_bit_is_refused_or_says_the_same(saved):
    whole, refused = saved.read_bytes(), 0

    for place in range(0, len(whole), 5):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        saved.write_bytes(damaged)
        try:
            again = LabelMatrix.load(saved)
        except ArtefactError as error:
            assert "votes.parquet" in str(error)  # noqa: PT017  most flips are refused, not all
            refused += 1
        else:
            assert again.to_frame().equals(VOTES.to_frame())
            assert json.dumps(again.meta()) == json.dumps(VOTES.meta())

    assert refused > len(whole) / 5 / 3


def test_a_cell_edited_by_hand_is_noticed(saved):
    edited = pl.read_parquet(saved).with_columns(has_link=pl.Series([1, -1, 1], dtype=pl.Int8))
    rewrite(saved, edited)

    with pytest.raises(ArtefactError, match=r"votes\.parquet was changed after weaklabel wrote it: make it again"):
        LabelMatrix.load(saved)


def test_classes_swapped_in_the_header_are_noticed(saved):
    rewrite(saved, meta={**json.loads(json.dumps(VOTES.meta())), "classes": ["spam", "ham"]})

    with pytest.raises(ArtefactError, match=r"votes\.parquet was changed"):
        LabelMatrix.load(saved)


def test_a_file_rewritten_without_its_header_is_refused(saved):
    pl.read_parquet(saved).write_parquet(saved)

    with pytest.raises(ArtefactError, match=r"votes\.parquet has no weaklabel header: another program"):
        LabelMatrix.load(saved)


@pytest.mark.parametrize("header", ["{", "{}", '{"version": "1", "format": 1, "kind": "label matrix", "meta": {}}'])
def test_a_header_that_is_not_whole_is_refused(saved, header):
    pl.read_parquet(saved).write_parquet(saved, metadata={"weaklabel": header})

    with pytest.raises(ArtefactError, match=r"votes\.parquet has a damaged weaklabel header"):
        LabelMatrix.load(saved)


def test_a_file_of_another_kind_says_which(saved):
    with pytest.raises(ArtefactError, match=r"votes\.parquet holds a label matrix; a posterior is needed here"):
        Posterior.load(saved)


def test_a_file_from_a_newer_weaklabel_says_to_upgrade(saved):
    rewrite(saved, format=99, version="9.0")

    with pytest.raises(ArtefactError, match=r"votes\.parquet was written by weaklabel 9\.0, newer than .*: upgrade"):
        LabelMatrix.load(saved)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ArtefactError, match=r"no file at .*nothing\.parquet"):
        LabelMatrix.load(tmp_path / "nothing.parquet")


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    path = tmp_path / "notes.parquet"
    path.write_text("id,has_link\na,1\n" * 10)

    with pytest.raises(ArtefactError, match=r"notes\.parquet is not a whole Parquet file"):
        LabelMatrix.load(path)


def test_a_disk_that_is_full_leaves_the_old_file_whole(saved):
    before, limits = saved.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with pytest.raises(ArtefactError, match=r"cannot write .*votes\.parquet: .*File too large"):
            VOTES.save(saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert saved.read_bytes() == before
    assert [file.name for file in saved.parent.iterdir()] == ["votes.parquet"]


def test_a_process_killed_while_it_writes_leaves_the_old_file_whole(saved):
    before = saved.read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED, saved], check=False, capture_output=True)

    assert killed.returncode == -signal.SIGXFSZ
    assert saved.read_bytes() == before
    assert LabelMatrix.load(saved).faults == VOTES.faults


KILLED = """
import resource, signal, sys
from weaklabel.artefacts import LabelMatrix
votes = LabelMatrix.load(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the kernel kills whoever writes more than the limit
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
votes.save(sys.argv[1])
"""


@pytest.mark.parametrize("target", ["", "votes.parquet/inner.parquet"])
def test_a_place_that_cannot_be_written_is_named(saved, target):
    with pytest.raises(ArtefactError, match=f"cannot write {saved.parent / target}: "):
        VOTES.save(saved.parent / target)

    assert [file.name for file in saved.parent.iterdir()] == ["votes.parquet"]


CELLS = {
    "number": st.none() | st.integers(-3, 3),
    "text": st.none() | st.text("ab\0ü", max_size=3),
    "share": st.none() | st.floats(allow_nan=False),
    "flag": st.none() | st.booleans(),
    "list": st.none() | st.lists(st.none() | st.sampled_from(["", "a", "b"]), max_size=2),
}
SCHEMA = dict(zip(CELLS, (pl.Int64, pl.String, pl.Float64, pl.Boolean, pl.List(pl.String)), strict=True))
ROWS = st.lists(st.tuples(*CELLS.values()), min_size=1, max_size=12)


def frame_of(rows):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@settings(max_examples=100, deadline=None)  # a busy machine is no failure
@given(ROWS, st.data())
def test_the_digest_is_the_same_for_any_chunks(rows, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    whole = frame_of([*rows, *rows])[: len(rows)]
    parts = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]

    assert digest(pl.concat(parts, rechunk=False)) == digest(frame_of(rows))


@settings(max_examples=25, deadline=None)
@given(ROWS, st.integers(1, 5), st.sampled_from(["uncompressed", "snappy", "zstd"]))
def test_the_digest_is_the_same_for_any_layout_of_the_file(rows, row_group, compression):
    file = io.BytesIO()
    frame_of(rows).write_parquet(file, row_group_size=row_group, compression=compression)
    file.seek(0)

    assert digest(pl.read_parquet(file)) == digest(frame_of(rows))


@settings(max_examples=200, deadline=None)
@given(ROWS, st.data())
def test_the_digest_differs_when_any_cell_changes(rows, data):
    row, name = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.sampled_from(list(CELLS)))
    column = list(CELLS).index(name)
    cell = data.draw(CELLS[name])
    assume(cell != rows[row][column])
    changed = [*rows]
    changed[row] = (*rows[row][:column], cell, *rows[row][column + 1 :])

    assert digest(frame_of(changed)) != digest(frame_of(rows))


@pytest.mark.parametrize(
    "other",
    [
        pl.DataFrame({"b": ["x", "y"]}),
        pl.DataFrame({"a": ["y", "x"]}),
        pl.DataFrame({"a": ["xy", ""]}),
        pl.DataFrame({"a": ["x"]}),
        pl.DataFrame({"a": ["x", "y"]}, schema={"a": pl.Categorical}),
        pl.DataFrame({"a": ["x", "y"], "c": [1, 2]}),
    ],
    ids=["name", "order", "split", "length", "type", "more columns"],
)
def test_the_digest_tells_frames_apart_that_hold_the_same_letters(other):
    assert digest(other) != digest(pl.DataFrame({"a": ["x", "y"]}))


def test_provenance_may_hold_numpy_numbers(tmp_path):
    said = {"seed": np.int64(3), "balance": np.array([0.5, 0.5])}
    Batch(pl.Series(["a"]), np.array([1.0]), "margin", said).save(tmp_path / "batch.parquet")

    assert Batch.load(tmp_path / "batch.parquet").provenance == {"seed": 3, "balance": [0.5, 0.5]}
