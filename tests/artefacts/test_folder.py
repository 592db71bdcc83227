"""An artefact in a folder: its manifest says which files are its parts."""

import subprocess
import sys

import polars as pl
import pytest

from weaklabel import engine
from weaklabel.artefacts import folder, store
from weaklabel.artefacts.batch_writer import BatchWriter
from weaklabel.artefacts.folder import Listed
from weaklabel.errors import ArtefactError, TableError

KIND = "label matrix"


@pytest.fixture
def votes(tmp_path):
    """Two parts, b before a."""
    folder.begin(tmp_path / "votes", KIND)
    listed = []
    for name in ("b.parquet", "a.parquet"):
        with BatchWriter(tmp_path / "votes" / name) as writer:
            writer.add(pl.DataFrame({"id": [name]}))
            listed.append(Listed(name, 1, writer.finish(KIND, {})))
    folder.finish(tmp_path / "votes", KIND, {}, listed)
    return tmp_path / "votes"


def test_the_parts_are_those_of_the_manifest_in_its_order(votes):
    pl.DataFrame({"id": ["x"]}).write_parquet(votes / "another.parquet")

    assert [part.name for part in engine.parts(votes)] == ["b.parquet", "a.parquet"]
    assert folder.read(votes, KIND)[0]["id"].to_list() == ["b.parquet", "a.parquet"]


def test_a_part_that_is_missing_is_not_passed_over(votes):
    (votes / "a.parquet").unlink()

    with pytest.raises(TableError, match=r"no file at .*a\.parquet"):
        engine.parts(votes, rows=10)
    with pytest.raises(ArtefactError, match=r"no file at .*a\.parquet"):
        folder.read(votes, KIND)


def test_an_artefact_inside_another_stays_when_that_is_written_anew(votes):
    folder.begin(votes / "inner", "posterior")
    folder.finish(votes / "inner", "posterior", {}, [])
    pl.DataFrame({"id": ["x"]}).write_parquet(votes / "inner" / "p.parquet")

    folder.begin(votes, KIND)
    folder.finish(votes, KIND, {}, [])

    assert sorted(file.name for file in votes.rglob("*.parquet")) == ["p.parquet"]


def test_a_name_may_hold_the_signs_of_patterns(tmp_path):
    out = tmp_path / "ü #[1]" / "pä rt [x] *?.parquet"

    with BatchWriter(out) as writer:
        writer.add(pl.DataFrame({"id": ["a"]}))
        writer.add(pl.DataFrame({"id": ["b"]}))
        writer.finish(KIND, {})

    assert store.read(out, KIND)[0]["id"].to_list() == ["a", "b"]
    assert store.check(out, KIND) == {}


HOLDS = """
import sys
from weaklabel.artefacts import folder
with folder.alone_in(sys.argv[1]):
    print("in", flush=True)
    sys.stdin.read()
"""


def test_two_runs_do_not_write_to_one_folder_and_a_dead_one_is_in_nobodys_way(tmp_path):
    out = tmp_path / "votes"
    command = [sys.executable, "-c", HOLDS, str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "in\n"

        with pytest.raises(ArtefactError, match="another run is writing to .*votes"), folder.alone_in(out):
            pass
        other.kill()
        other.wait()

    with folder.alone_in(out):
        pass
    assert list(out.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ArtefactError, match="cannot write .*file"):
        folder.begin(tmp_path / "file" / "votes", KIND)
