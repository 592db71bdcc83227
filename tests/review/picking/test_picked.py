import numpy as np
import polars as pl
import pytest

from weaklabel import Posterior
from weaklabel.errors import TableError
from weaklabel.review.picking.picked import picked_beliefs, picked_rows


@pytest.fixture
def table(tmp_path):
    for name, numbers in (("a", [3, 1]), ("b", []), ("c", [2, 4])):
        rows = pl.DataFrame({"key": pl.Series(numbers, dtype=pl.Int64), "text": [f"text {n}" for n in numbers]})
        rows.with_columns(pl.col("text").cast(pl.String)).write_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


def test_the_picked_rows_come_in_the_order_of_the_batch(table):
    rows = picked_rows(table, pl.Series(["4", "3"]), "key")

    assert rows.to_dicts() == [{"id": "4", "text": "text 4"}, {"id": "3", "text": "text 3"}]


def test_a_picked_item_without_a_row_or_with_two_is_named(table):
    with pytest.raises(TableError, match="no row for 1 of the items, first '7'"):
        picked_rows(str(table / "*.parquet"), pl.Series(["3", "7"]), "key")
    pl.DataFrame({"key": [2], "text": ["again"]}).write_parquet(table / "d.parquet")
    with pytest.raises(TableError, match="id '2' stands in rows"):
        picked_rows(table, pl.Series(["2"]), "key")
    with pytest.raises(TableError, match=r"a.parquet has no column 'id'; it has key, text"):
        picked_rows(table, pl.Series(["2"]))


def test_beliefs_of_picked_items_are_those_of_the_parts(tmp_path):
    probs = np.array([[0.1, 0.9], [0.5, 0.5], [0.7, 0.3]])
    whole = Posterior(probs, pl.Series(["a", "b", "c"]), ("no", "yes"), np.array([True, False, True]))
    for i in range(3):
        part = Posterior(probs[[i]], whole.item_ids[[i]], whole.classes, whole.covered[[i]], provenance={"model": "m"})
        part.save(tmp_path / f"{i}.parquet")

    found = picked_beliefs(tmp_path, pl.Series(["c", "b"]))

    assert found.item_ids.to_list() == ["c", "b"]
    assert found.probs.tolist() == [[0.7, 0.3], [0.5, 0.5]]
    assert found.covered.tolist() == [True, False]
    assert found.provenance == {"model": "m"}


def test_probabilities_of_another_program_are_beliefs_too(tmp_path):
    pl.DataFrame({"id": [1, 2], "p_no": [0.2, 0.6], "p_yes": [0.8, 0.4]}).write_parquet(tmp_path / "p.parquet")
    pl.DataFrame({"id": [1, 2]}).write_parquet(tmp_path / "other.parquet")

    found = picked_beliefs(tmp_path / "p.parquet", pl.Series(["2"]))

    assert found.classes == ("no", "yes")
    assert found.probs.tolist() == [[0.6, 0.4]]
    assert found.covered.all()
    with pytest.raises(TableError, match=r"no columns p_<class>"):
        picked_beliefs(tmp_path / "other.parquet", pl.Series(["2"]))
