import json

import numpy as np
import polars as pl
import pytest

import weaklabel as wl


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A posterior of sixty items and their texts, each as one file and in a folder of three parts."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    p, ids = rng.random(60), pl.Series([f"i{j}" for j in range(60)])
    rows = {"id": ids, "text": [f"text {j}" for j in range(60)], "x": rng.normal(size=60)}
    for name in ("beliefs", "table"):
        (tmp_path / name).mkdir()
    for at in (slice(0, 60), slice(0, 20), slice(20, 30), slice(30, 60)):
        whole = at.stop - at.start == 60
        probs = np.stack([p, 1 - p], axis=1)[at]
        beliefs = wl.Posterior(probs, ids[at], ("ham", "spam"), np.ones(len(probs), bool), provenance={"model": "m"})
        beliefs.save("beliefs.parquet" if whole else f"beliefs/{at.start:02}.parquet")
        pl.DataFrame(rows)[at].write_parquet("table.parquet" if whole else f"table/{at.start:02}.parquet")
    return tmp_path


@pytest.mark.parametrize("place", ["beliefs", "beliefs/*.parquet", "beliefs --backend threads --n-jobs 2"])
def test_parts_give_the_batch_that_the_whole_file_gives(parts, weaklabel, place):
    told = weaklabel(f"pick {place} --size 7 --per-class ham=2 --out parts.parquet")
    weaklabel("pick beliefs.parquet --size 7 --per-class ham=2 --out whole.parquet")

    assert "picked 7 of 60 items by margin" in told
    of_parts, whole = wl.Batch.load("parts.parquet"), wl.Batch.load("whole.parquet")
    assert of_parts.to_frame().equals(whole.to_frame())
    assert of_parts.provenance == whole.provenance


def test_tasks_of_parts_are_those_of_whole_files(parts, weaklabel):
    weaklabel("pick beliefs --size 4 --table table --tasks parts")
    weaklabel("pick beliefs.parquet --size 4 --table table.parquet --tasks whole")

    of_parts, whole = (json.loads((parts / name / "tasks.json").read_text()) for name in ("parts", "whole"))
    assert [task["data"] for task in of_parts] == [task["data"] for task in whole]
    assert [task["predictions"] for task in of_parts] == [task["predictions"] for task in whole]
    again = weaklabel("pick beliefs --size 4 --asked parts --out next.parquet")
    assert "picked 4 of 56 items" in again


def test_weak_labels_may_lie_in_parts_too(parts, weaklabel):
    options = "--size 5 --strategy lf_aware --lf-accuracy 0.9"

    weaklabel(f"pick beliefs --weak beliefs {options} --out parts.parquet")
    weaklabel(f"pick beliefs.parquet --weak beliefs.parquet {options} --out whole.parquet")

    assert wl.Batch.load("parts.parquet").to_frame().equals(wl.Batch.load("whole.parquet").to_frame())


def test_features_of_parts_are_their_own_columns(parts, weaklabel):
    for file in (parts / "beliefs").iterdir():
        x = pl.read_parquet(parts / "table" / file.name)["x"]
        pl.read_parquet(file).with_columns(x).write_parquet(file)

    weaklabel("pick beliefs --strategy diverse --feature x --size 5 --out parts.parquet")
    weaklabel("pick beliefs.parquet --strategy diverse --feature x --table table.parquet --size 5 --out whole.parquet")

    assert wl.Batch.load("parts.parquet").to_frame().equals(wl.Batch.load("whole.parquet").to_frame())


@pytest.mark.parametrize(
    ("line", "said", "code"),
    [
        ("beliefs --member beliefs.parquet", "needs the probabilities in one file", 2),
        ("beliefs --answers review", "needs the probabilities in one file", 2),
        ("table", "no columns p_<class>", 1),
        ("nowhere", "no file at nowhere", 1),
        ("beliefs --tasks review --table table --id key", "no column 'key'", 1),
    ],
)
def test_what_parts_lack_is_said(parts, weaklabel, line, said, code):
    assert said in weaklabel(f"pick {line}", code=code)
