import json
import zipfile

import numpy as np
import pytest

from weaklabel import plugins
from weaklabel.artefacts import LabelMatrix
from weaklabel.errors import ArtefactError, ModelError
from weaklabel.labeling.models import _saved
from weaklabel.labeling.models.dawid_skene import DawidSkene
from weaklabel.labeling.models.majority import Majority
from weaklabel.labeling.models.triplet import Triplet
from weaklabel.labeling.saved import load_label_model

L = LabelMatrix.from_array(np.random.default_rng(0).integers(-1, 3, (60, 5)), ("a", "b", "c"))
NAMES = plugins.names("model")


@pytest.fixture
def path(tmp_path):
    """The file of a fitted model."""
    DawidSkene(smoothing=0.5).fit(L).save(tmp_path / "model.npz")
    return tmp_path / "model.npz"


def contents(path):
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def rewrite(path, header=None, **arrays):
    """The file with some of its header or its arrays replaced, as somebody with numpy would."""
    now = contents(path) | arrays
    now["weaklabel"] = np.array(json.dumps(json.loads(str(now["weaklabel"])) | (header or {})))
    np.savez(path, **now)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("balance", [None, [0.2, 0.5, 0.3], (0.2, 0.5, 0.3), np.array([0.2, 0.5, 0.3])])
def test_a_loaded_model_predicts_what_the_saved_one_did(tmp_path, name, balance):
    model = plugins.build("model", name, class_balance=balance).fit(L)

    model.save(tmp_path / "model")  # numpy adds no ending of its own
    found = load_label_model(tmp_path / "model")

    assert type(found) is type(model)
    assert (found.predict_proba(L).probs == model.predict_proba(L).probs).all()
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


def test_what_was_learned_and_the_parameters_come_back_as_they_were(path):
    model, found = DawidSkene(smoothing=0.5).fit(L), DawidSkene.load(path)

    assert found.smoothing == 0.5
    assert (found.confusion_ == model.confusion_).all()
    assert found.fitted_to_ == model.fitted_to_ == (L.lf_names, L.classes)
    assert found.n_iter_ == model.n_iter_


def test_the_file_opens_with_numpy_and_without_pickle(path):
    found = contents(path)

    header = json.loads(str(found["weaklabel"]))
    assert (header["model"], header["parameters"]["smoothing"]) == ("dawid_skene", 0.5)
    assert found["evidence_"].shape == (5, 3, 3)


def test_a_loaded_model_still_refuses_other_functions(path):
    other = LabelMatrix(L.votes, L.item_ids, tuple("vwxyz"), L.classes)

    with pytest.raises(ModelError, match="fitted to 5 functions"):
        load_label_model(path).predict_proba(other)


def test_a_model_of_another_class_is_refused_with_what_reads_it(path):
    with pytest.raises(
        ArtefactError, match="holds a model 'dawid_skene', not 'triplet': read it with load_label_model"
    ):
        Triplet.load(path)


def test_a_model_that_is_not_fitted_is_not_saved(tmp_path):
    with pytest.raises(ModelError, match="'dawid_skene' has no bias_ yet: fit it before saving it"):
        DawidSkene().save(tmp_path / "model.npz")

    assert not list(tmp_path.iterdir())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ArtefactError, match=r"no file at .*nothing\.npz"):
        load_label_model(tmp_path / "nothing.npz")


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_file_that_was_cut_off_is_refused(path, keep):
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(ArtefactError, match="no whole model file"):
        load_label_model(path)


def test_no_changed_byte_changes_a_prediction_unseen(path):
    whole, wanted = path.read_bytes(), load_label_model(path).predict_proba(L).probs
    refused = 0

    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x11]) + whole[at + 1 :])
        try:
            assert (load_label_model(path).predict_proba(L).probs == wanted).all()
        except ArtefactError:
            refused += 1

    assert refused > len(whole) / 7 * 0.8  # the rest are dates and the like, which say nothing


@pytest.mark.parametrize(
    "change",
    [
        {"bias_": np.zeros(3)},
        {"extra_": np.zeros(3)},
        {"header": {"model": "triplet"}},
        {"header": {"parameters": {"smoothing": 0.1}}},
        {"header": {"state": {}}},
    ],
)
def test_a_file_that_was_edited_is_refused(path, change):
    rewrite(path, **change)

    with pytest.raises(ArtefactError, match="was changed after weaklabel wrote it"):
        load_label_model(path)


def test_a_file_of_a_newer_weaklabel_is_refused(path):
    rewrite(path, {"format": 2, "version": "99.0"})

    with pytest.raises(ArtefactError, match=r"written by weaklabel 99\.0, newer than this"):
        load_label_model(path)


def test_a_model_that_is_not_here_is_refused_with_those_there_are(path):
    header, arrays = _saved.read(path)
    header.pop("digest")
    _saved.write(path, {**header, "model": "voodoo"}, arrays)

    with pytest.raises(ArtefactError, match="no model is called 'voodoo'; there are: .*majority"):
        load_label_model(path)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04nothing"])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "file").write_bytes(content)

    with pytest.raises(ArtefactError, match="no whole model file"):
        load_label_model(tmp_path / "file")


def test_a_file_of_other_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    np.save(tmp_path / "other.npy", np.zeros(3))
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("weaklabel.npy", "nothing")

    for name in ("other.npz", "other.npy", "other.zip"):
        with pytest.raises(ArtefactError, match="no whole model file"):
            load_label_model(tmp_path / name)


def test_a_pickle_in_the_file_is_never_opened(path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was opened",))

    now = contents(path)
    np.savez(path, **now, bomb_=np.array([Bomb()], dtype=object))

    with pytest.raises(ArtefactError, match="Object arrays cannot be loaded"):
        load_label_model(path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(ArtefactError, match="cannot write the model to"):
        Majority().fit(L).save(tmp_path / "file" / "model.npz")


def test_a_parameter_that_no_file_can_hold_is_said_and_leaves_no_file(tmp_path):
    model = Majority().fit(L)
    model.class_balance = {0.2, 0.8}

    with pytest.raises(ArtefactError, match="is not what a file can hold"):
        model.save(tmp_path / "model.npz")
    assert not list(tmp_path.iterdir())
