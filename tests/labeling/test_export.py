import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklabel.artefacts import TrainingSet
from weaklabel.errors import TableError
from weaklabel.labeling.export import export, quoted

CLASSES = ("ham", "spam: “bulk” # 1")
TABLE = pl.DataFrame({"id": ["a", "b"], "text": ["hi, you", "win"], "label": ["ham", None]})
ORIGIN = pl.DataFrame({"weak_pattern": [0, 3], "weak_voters": ["polite=ham", ""]})


@pytest.fixture
def training():
    probs, weight = np.array([[0.75, 0.25], [0.1, 0.9]]), np.array([1.0, 10.0])
    return TrainingSet(TABLE, probs, weight, CLASSES, {"uncovered": 3}, {"strategy": "soft"}, ORIGIN)


@pytest.fixture
def load_dataset(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    datasets = pytest.importorskip("datasets", reason="Hugging Face's datasets is not installed")

    def load(folder):
        return datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))

    return load


def with_columns(training, **columns):
    table = training.table.with_columns(**columns)
    return TrainingSet(table, training.probs, training.weight, training.classes, origin=training.origin)


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_a_file_holds_what_the_training_set_shows(training, tmp_path, ending):
    readers = {"parquet": pl.read_parquet, "csv": pl.read_csv, "jsonl": pl.read_ndjson}

    export(training, tmp_path / "new" / f"set.{ending}")

    found = readers[ending](tmp_path / "new" / f"set.{ending}")
    assert found.columns == training.to_frame().columns
    assert found.fill_null("").rows() == training.to_frame().fill_null("").rows()


def test_a_folder_loads_in_hugging_faces_datasets(training, tmp_path, load_dataset):
    export(training, tmp_path / "spam")

    found = load_dataset(tmp_path / "spam")

    assert list(found) == ["train"]
    label = found["train"].features["label"]
    assert (type(label).__name__, label.names) == ("ClassLabel", list(CLASSES))
    assert found["train"].to_list() == [
        {
            "id": "a",
            "text": "hi, you",
            "known_label": "ham",
            "label": 0,
            "weak_weight": 1.0,
            "p_ham": 0.75,
            f"p_{CLASSES[1]}": 0.25,
            "weak_pattern": 0,
            "weak_voters": "polite=ham",
        },
        {
            "id": "b",
            "text": "win",
            "known_label": None,
            "label": 1,
            "weak_weight": 10.0,
            "p_ham": 0.1,
            f"p_{CLASSES[1]}": 0.9,
            "weak_pattern": 3,
            "weak_voters": "",
        },
    ]


def test_every_plain_type_keeps_its_values_there(training, tmp_path, load_dataset, caplog):
    rows = with_columns(
        training,
        small=pl.Series([1, None], dtype=pl.Int8),
        real=pl.Series([0.5, 2.0], dtype=pl.Float32),
        yes=pl.Series([True, None]),
        day=pl.Series(["2020-01-02", None]).str.to_date(),
        at=pl.Series(["2020-01-02T03:04:05", None]).str.to_datetime(),
        there=pl.Series(["2020-01-02T03:04:05", None]).str.to_datetime().dt.replace_time_zone("UTC"),
        took=pl.duration(seconds=3),
        tags=pl.Series([["x", "y"], None]),
        kind=pl.Series(["u", None], dtype=pl.Categorical),
        empty=pl.Series([None, None]),
    )

    export(rows, tmp_path / "set")

    found = load_dataset(tmp_path / "set")["train"].to_list()
    names = [name for name in rows.table.columns if name != "label"]
    plain = rows.table.with_columns(pl.col("kind").cast(pl.String)).select(names)
    assert [{name: row[name] for name in names} for row in found] == plain.to_dicts()
    assert not caplog.records  # such as that the card is malformed


def test_the_card_says_what_it_is_and_where_it_comes_from(training, tmp_path):
    export(training, tmp_path / "spam")

    _, head, body = (tmp_path / "spam" / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    assert "num_examples: 2\n" in head
    assert "left out: 3 uncovered" in body
    assert json.loads(body.split("```json\n")[1].split("```")[0]) == {"strategy": "soft"}


@given(st.text())
def test_any_text_can_stand_in_the_card(text):
    yaml = pytest.importorskip("yaml")

    if not any("\ud800" <= sign <= "\udfff" for sign in text):  # half a sign is no text
        assert yaml.safe_load(quoted(text)) == text


def test_an_earlier_export_is_replaced(training, tmp_path):
    export(with_columns(training, old=pl.lit(1)), tmp_path / "set")

    export(training, tmp_path / "set")

    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["set/README.md", "set/data/train-00000-of-00001.parquet"]
    assert "old" not in pl.read_parquet(tmp_path / files[1]).columns


@pytest.mark.parametrize("name", ["thesis.tex", "README.md", "data/notes.txt"])
def test_a_folder_with_other_files_is_left_alone(training, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("years of work")

    with pytest.raises(TableError, match=f"holds '{name}', which is of no export: name a new folder"):
        export(training, tmp_path)

    assert (tmp_path / name).read_text() == "years of work"
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_file_in_the_place_of_the_folder_is_left_alone(training, tmp_path):
    (tmp_path / "thesis").write_text("years of work")

    with pytest.raises(TableError, match="thesis is a file: name a new folder"):
        export(training, tmp_path / "thesis")

    assert (tmp_path / "thesis").read_text() == "years of work"


def test_a_write_that_fails_leaves_what_was_there(training, tmp_path, monkeypatch):
    export(training, tmp_path / "set")
    monkeypatch.setattr("weaklabel.tables.write_frame", _no_space)

    with pytest.raises(TableError, match="cannot write .*set: No space left on device"):
        export(with_columns(training, new=pl.lit(1)), tmp_path / "set")

    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    assert "new" not in pl.read_parquet(tmp_path / "set" / "data" / "train-00000-of-00001.parquet").columns


def _no_space(frame, path):
    raise OSError(28, "No space left on device")


def test_a_column_without_a_plain_type_is_named_before_anything_is_written(training, tmp_path):
    nested = with_columns(training, inner=pl.struct("text"))

    with pytest.raises(TableError, match="the column 'inner' holds Struct.*: drop it"):
        export(nested, tmp_path / "set")

    assert not list(tmp_path.iterdir())


def test_two_columns_for_one_name_are_refused(training, tmp_path):
    with pytest.raises(TableError, match="has both 'label' and 'known_label'"):
        export(with_columns(training, known_label=pl.lit("ham")), tmp_path / "set")


def test_another_ending_is_refused_with_those_there_are(training, tmp_path):
    with pytest.raises(TableError, match="'.xlsx' is none of .csv, .jsonl, .parquet"):
        export(training, tmp_path / "set.xlsx")
