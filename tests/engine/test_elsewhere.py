"""Parts behind a real FTP server."""

import polars as pl
import pytest

from weaklabel import engine, places
from weaklabel.errors import TableError

NUMBERS = [[1, 2, 3], [4], [5, 6]]


def summed(part):
    return sum(int(batch["n"].sum()) for batch in part.batches(size=2))


def half_written(file):
    file.write_bytes(b"PAR1")
    raise ZeroDivisionError


@pytest.fixture
def filled(ftp_folder):
    (ftp_folder.path / "day=2").mkdir()
    for name, numbers in zip(("a.parquet", "b.parquet", "day=2/a.parquet"), NUMBERS, strict=True):
        pl.DataFrame({"n": numbers}).write_parquet(ftp_folder.path / name)
    return ftp_folder


def test_parts_have_the_names_and_the_order_of_a_local_folder(filled):
    away, here = engine.parts(filled.url), engine.parts(filled.path)

    assert [part.name for part in away] == [part.name for part in here]
    assert [summed(part) for part in away] == [summed(part) for part in here] == [sum(each) for each in NUMBERS]


def test_workers_of_a_cluster_read_them_by_themselves(filled, dask_cluster):
    with engine.run_on("dask", scheduler=dask_cluster.address):
        found = list(engine.mapped(summed, engine.parts(filled.url), "adding"))

    assert found == [sum(each) for each in NUMBERS]


def test_a_part_that_somebody_else_writes_is_seen_at_once(filled):
    before = places.parquet_in(filled.url)

    pl.DataFrame({"n": [7]}).write_parquet(filled.path / "c.parquet")

    assert places.exists(f"{filled.url}/c.parquet")
    assert places.parquet_in(filled.url) == sorted([*before, "c.parquet"])


def test_a_part_is_written_whole_and_in_the_place_of_an_older_one(filled):
    with places.delivered(f"{filled.url}/new/b.parquet") as file:
        pl.DataFrame({"n": [8]}).write_parquet(file)
    with places.delivered(f"{filled.url}/b.parquet") as file:
        pl.DataFrame({"n": [9]}).write_parquet(file)

    assert pl.read_parquet(filled.path / "new" / "b.parquet")["n"].to_list() == [8]
    assert pl.read_parquet(filled.path / "b.parquet")["n"].to_list() == [9]
    assert sorted(file.name for file in filled.path.iterdir()) == ["a.parquet", "b.parquet", "day=2", "new"]


def test_a_part_that_fails_on_the_way_leaves_the_older_one(filled):
    with pytest.raises(ZeroDivisionError), places.delivered(f"{filled.url}/b.parquet") as file:
        half_written(file)

    assert pl.read_parquet(filled.path / "b.parquet")["n"].to_list() == [4]


@pytest.mark.parametrize("name", ["c.parquet", "nowhere/c.parquet"])
def test_a_part_that_is_not_there_is_named(filled, name):
    with pytest.raises(TableError, match=name):
        engine.parts(f"{filled.url}/{name}")


def test_a_server_that_does_not_answer_is_named():
    with pytest.raises(TableError, match=r"127\.0\.0\.1:9"):
        engine.parts("ftp://127.0.0.1:9/votes")


def test_a_password_is_told_to_nobody(filled):
    with pytest.raises(TableError) as error:
        engine.parts(f"{filled.url}/c.parquet")

    assert "a-pass-word" not in str(error.value)
