import logging

import numpy as np
import polars as pl
import pytest

from weaklabel import plugins
from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import ModelError, UnknownNameError
from weaklabel.labeling.denoise import denoise, label_model, silent_classes
from weaklabel.labeling.models.majority import Majority
from weaklabel.labeling.models.snorkel import Snorkel

CLASSES = ("ham", "spam", "other")
every_model = pytest.mark.parametrize("model", plugins.names("model"))


@pytest.fixture
def L():
    """Forty items of three classes and four functions; nobody votes on item c-0."""
    votes = np.random.default_rng(0).integers(-1, 3, (40, 4))
    votes[0] = -1
    return LabelMatrix(votes, pl.Series([f"c-{i}" for i in range(40)]), tuple("abcd"), CLASSES)


def test_every_model_that_ships_is_found_by_its_file_name():
    found = {name: plugins.get("model", name) for name in plugins.names("model")}

    assert found["majority"] is Majority
    assert found["snorkel"] is Snorkel


def test_the_default_is_hybrid_em(L):
    assert denoise(L).probs.tolist() == denoise(L, "hybrid_em").probs.tolist()
    assert denoise(L).provenance["model"] == "hybrid_em"


def test_parameters_reach_the_named_model(L):
    assert denoise(L, "snorkel", lr=0.03, n_epochs=7).provenance["n_epochs"] == 7
    assert denoise(L, "majority", class_balance=[0.5, 0.3, 0.2]).probs[0].tolist() == [0.5, 0.3, 0.2]


def test_a_model_may_be_given_as_an_object(L):
    found = denoise(L, Majority([0.5, 0.3, 0.2]))

    assert found.probs[0].tolist() == [0.5, 0.3, 0.2]


def test_an_unknown_parameter_is_refused_with_those_there_are(L):
    with pytest.raises(ModelError, match=r"'epochs' \(did you mean 'n_epochs'\?\); it has: class_balance, .*mu_eps"):
        denoise(L, "snorkel", epochs=7)


def test_an_unknown_model_is_refused_with_those_there_are(L):
    with pytest.raises(UnknownNameError, match="'voodoo'; there are: .*majority.*snorkel"):
        denoise(L, "voodoo")


@every_model
def test_beliefs_are_about_the_items_and_classes_of_the_matrix(L, model):
    found = denoise(L, model)

    assert found.item_ids.to_list() == L.item_ids.to_list()
    assert found.classes == CLASSES
    assert (found.covered == L.covered).all()
    assert not found.answered.any()


@every_model
def test_an_item_without_votes_keeps_the_prior_and_gets_no_label(L, model):
    found = denoise(L, model, class_balance=[0.5, 0.3, 0.2])

    assert found.probs[0] == pytest.approx([0.5, 0.3, 0.2])
    assert found.labels()[0] == -1


@every_model
def test_the_order_of_the_items_does_not_matter(L, model):
    shuffled = LabelMatrix(L.votes[::-1], L.item_ids.reverse(), L.lf_names, CLASSES)

    assert denoise(shuffled, model).probs[::-1] == pytest.approx(denoise(L, model).probs, abs=1e-6)


@every_model
def test_a_fitted_model_predicts_no_items(L, model):
    none = LabelMatrix(L.votes[:0], L.item_ids[:0], L.lf_names, CLASSES)

    found = label_model(model).fit(L).predict_proba(none)

    assert found.probs.shape == (0, 3)
    assert found.labels().shape == (0,)


@every_model
def test_a_class_for_which_nobody_votes_is_a_defined_result_and_said(L, model, caplog):
    quiet = LabelMatrix(np.minimum(L.votes, 1), L.item_ids, L.lf_names, CLASSES)

    with caplog.at_level(logging.WARNING, logger="weaklabel"):
        found = denoise(quiet, model)

    assert silent_classes(quiet) == ("other",)
    assert "'other'" in caplog.text
    assert np.isfinite(found.probs).all()


@every_model
def test_agreeing_votes_are_believed(model):
    y = np.arange(60) % 3
    L = LabelMatrix.from_array(np.stack([y] * 4, axis=1), classes=CLASSES)

    assert (denoise(L, model).labels() == y).all()


def test_parameters_beside_a_built_model_are_refused():
    with pytest.raises(ModelError, match="has its parameters already: set class_balance there"):
        denoise(LabelMatrix.from_array([[0, 1, 1]]), label_model("majority"), class_balance=[0.5, 0.5])
