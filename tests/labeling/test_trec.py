"""The 68 regular expressions that labelled TREC's questions in the published comparison give its stored votes."""

import gzip
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from weaklabel.labeling.apply import apply
from weaklabel.labeling.kinds.regex import regex

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "ws" / "trec"


@pytest.fixture(scope="module")
def trec():
    if not FOLDER.is_dir():
        pytest.skip("the TREC votes and rules (shared/data/ws/trec) are not beside this checkout")
    rules = json.loads((FOLDER / "rules.json").read_text())
    texts = json.loads(gzip.decompress((FOLDER / "texts.json.gz").read_bytes()))
    return [regex(f"rule_{j}", rule["regex"], rule["label"]) for j, rule in enumerate(rules)], texts


@pytest.mark.parametrize(("split", "differ"), [("train", 0), ("valid", 0), ("test", 2)])
def test_they_give_the_stored_votes(trec, split, differ):
    lfs, texts = trec
    table = pl.DataFrame({"id": range(len(texts[split])), "text": texts[split]})
    lower = table.with_columns(pl.col("text").str.to_lowercase())

    L = apply(lfs, lower, [str(y) for y in range(6)])

    with np.load(FOLDER / "votes.npz") as stored:
        assert (L.votes != stored[f"L_{split}"]).sum() == differ
    assert L.faults == ()
