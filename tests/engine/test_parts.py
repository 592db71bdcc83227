"""Parts: files, folders, patterns and lists of them, in order; large files cut; read batch by batch."""

import polars as pl
import pytest

from weaklabel import engine, places, tables
from weaklabel.artefacts import folder
from weaklabel.errors import ArtefactError, TableError


@pytest.fixture
def files(tmp_path):
    """Three parts of 10 rows, one of them in a folder below, beside what is none of them."""
    for i, name in enumerate(("b.parquet", "a.parquet", "day=1/c.parquet", ".hidden.parquet", "_new/d.parquet")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        pl.DataFrame({"x": range(10 * i, 10 * i + 10), "y": "y"}).write_parquet(tmp_path / name)
    (tmp_path / "_SUCCESS").touch()
    return tmp_path


def named(parts):
    return [part.name for part in parts]


def test_a_folder_is_its_files_and_those_below_in_order(files):
    assert named(engine.parts(files)) == ["a.parquet", "b.parquet", "day=1/c.parquet"]


def test_a_pattern_a_list_and_a_file_are_parts_too(files):
    assert named(engine.parts(files / "*.parquet")) == ["a.parquet", "b.parquet"]
    assert named(engine.parts(str(files / "day=*/*.parquet"))) == ["day=1/c.parquet"]
    assert named(engine.parts([files / "b.parquet", files / "a.parquet"])) == ["b.parquet", "a.parquet"]
    assert named(engine.parts(files / "b.parquet")) == ["b.parquet"]


def test_a_long_file_is_cut_and_every_row_is_in_one_piece(files):
    cut = engine.parts(files / "a.parquet", rows=4)

    assert named(cut) == ["a-00000.parquet", "a-00001.parquet", "a-00002.parquet"]
    assert [(part.first, part.n) for part in cut] == [(0, 4), (4, 4), (8, 2)]
    assert pl.concat([batch for part in cut for batch in part.batches()])["x"].to_list() == list(range(10, 20))


@pytest.mark.parametrize("size", [1, 3, 4, 100])
def test_batches_have_so_many_rows_but_the_last(files, size):
    part = engine.parts(files / "a.parquet", rows=7)[0]

    found = [len(batch) for batch in part.batches(["x"], size)]

    assert sum(found) == 7
    assert all(n == size for n in found[:-1])


@pytest.mark.parametrize("stretch", [1, 3, 5, 100])
def test_in_how_many_goes_a_file_is_read_changes_no_batch(files, stretch, monkeypatch):
    part = engine.parts(files / "a.parquet", rows=7)[0]
    monkeypatch.setattr(tables, "STRETCH", stretch)

    assert [batch["x"].to_list() for batch in part.batches(["x"], 3)] == [[10, 11, 12], [13, 14, 15], [16]]


def test_a_part_says_where_it_is(files):
    _, second = engine.parts(files / "a.parquet", rows=6)

    assert str(second) == f"{files / 'a.parquet'} (rows 6 to 9)"
    assert str(engine.parts(files / "a.parquet")[0]) == str(files / "a.parquet")


def test_what_is_no_part_is_refused(files, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn.parquet").write_bytes((files / "a.parquet").read_bytes()[:-20])
    for source, said in (
        (tmp_path / "nowhere.parquet", "no file at"),
        (tmp_path / "empty", "holds no Parquet files: name one with parts that end in .parquet"),
        (tmp_path / "x*.parquet", "no file matches"),
        (tmp_path / "em*", "no file matches .*, only folders such as .*empty: end it in"),
        ([files / "a.parquet", files / "a.parquet"], "two parts are called"),
        ("nosuch://bucket/a.parquet", "cannot reach nosuch://bucket/a.parquet"),
    ):
        with pytest.raises(TableError, match=said):
            engine.parts(source)
    with pytest.raises(TableError, match=r"torn\.parquet is no whole Parquet file"):
        engine.parts(tmp_path / "torn.parquet", rows=5)
    with pytest.raises(TableError, match=r"cannot read .*torn\.parquet"):
        list(engine.parts(tmp_path / "torn.parquet")[0].batches())


def test_a_column_that_is_not_there_is_said(files):
    with pytest.raises(TableError, match="cannot read .*z"):
        list(engine.parts(files)[0].batches(["z"]))


def test_a_folder_that_is_still_being_written_is_no_source(files):
    for file in files.rglob("*.parquet"):
        file.rename(files.parent / file.name)
    folder.begin(files, "label matrix")
    (files.parent / "a.parquet").rename(files / "a.parquet")

    with pytest.raises(ArtefactError, match="has not ended, or was cut off: run it again"):
        engine.parts(files)


def test_parts_that_lie_elsewhere_are_read_from_there(files):
    url = "memory://parts-elsewhere"
    for part in engine.parts(files):
        with places.delivered(f"{url}/{part.name}") as made:
            made.write_bytes((files / part.name).read_bytes())

    here, there = engine.parts(files), engine.parts(url)

    assert named(here) == named(there)
    assert [b.rows() for part in there for b in part.batches()] == [b.rows() for part in here for b in part.batches()]


@pytest.mark.parametrize(
    ("source", "out", "so"),
    [
        ("t.parquet", "v.parquet", False),
        ("t.parquet", "v/", True),
        ("t.parquet", "memory://v", True),
        (["t"], "v", True),
    ],
)
def test_whether_things_are_in_parts_is_told_from_their_places(source, out, so, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert engine.in_parts(source, out) is so


def test_parts_go_into_a_folder_of_their_own(files):
    with pytest.raises(ArtefactError, match="goes into a folder, and votes.parquet is the name of a file"):
        engine.parts_into(files, "votes.parquet")
    with pytest.raises(ArtefactError, match="would take the place of its own input"):
        engine.parts_into(f"{files}/", files)
