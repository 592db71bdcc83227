"""Places: what lies in a folder, and what of it are parts."""

import os

from weaklabel import places


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folder_below_that_is_an_artefact_of_its_own_holds_no_parts(tmp_path):
    make(tmp_path, "a.parquet", "day=1/b.parquet", "votes/c.parquet", f"votes/{places.MANIFEST}", "votes2/d.parquet")

    assert places.parquet_in(tmp_path) == ["a.parquet", "day=1/b.parquet", "votes2/d.parquet"]
    assert places.parquet_in(tmp_path / "votes") == ["c.parquet"]


def test_folders_that_are_linked_to_are_looked_into_once(tmp_path):
    make(tmp_path, "table/a.parquet", "elsewhere/b.parquet")
    os.symlink("../elsewhere", tmp_path / "table" / "day=1")
    os.symlink("..", tmp_path / "table" / "up")

    assert places.parquet_in(tmp_path / "table") == ["a.parquet", "day=1/b.parquet"]


def test_a_link_to_a_file_that_is_gone_is_not_passed_over(tmp_path):
    os.symlink("nowhere", tmp_path / "a.parquet")

    assert places.parquet_in(tmp_path) == ["a.parquet"]
