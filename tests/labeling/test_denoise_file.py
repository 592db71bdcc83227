"""Denoise files: the probabilities of the parts are those of the whole, on every backend; a cut-off run goes on."""

import shutil

import numpy as np
import polars as pl
import pytest

import weaklabel as wl
from weaklabel import places, plugins
from weaklabel.errors import ArtefactError, ModelError, TableError

CLASSES = ("a", "b", "c")
N, M = 600, 6


@pytest.fixture(scope="module")
def whole():
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=N)
    votes = np.where(rng.random((N, M)) < 0.7, y[:, None], rng.integers(3, size=(N, M)))
    votes[rng.random((N, M)) < 0.4] = -1
    return wl.LabelMatrix(votes, [f"{i:04}" for i in range(N)], tuple(f"lf{j}" for j in range(M)), CLASSES)


@pytest.fixture
def folder(whole, tmp_path):
    """Its votes as a folder of three parts, as `apply_file` writes them."""
    (tmp_path / "table").mkdir()
    frame = whole.to_frame()
    for i in range(3):
        frame[200 * i : 200 * i + 200].write_parquet(tmp_path / "table" / f"part-{i}.parquet")
    lfs = [wl.LabelingFunction(name, lambda x, name=name: int(x[name])) for name in whole.lf_names]
    wl.apply_file(lfs, tmp_path / "table", tmp_path / "votes", CLASSES)
    return tmp_path / "votes"


def content(folder):
    return {file.name: file.read_bytes() for file in folder.glob("*.parquet")}


@pytest.mark.parametrize("model", plugins.names("model"))
def test_the_probabilities_of_the_parts_are_those_of_the_whole(model, whole, folder, tmp_path):
    expected = wl.denoise(whole, model)

    done = wl.denoise_file(folder, tmp_path / "post", model)
    found = wl.Posterior.load(tmp_path / "post")

    assert np.allclose(found.probs, expected.probs, rtol=0, atol=1e-12)
    assert found.item_ids.equals(expected.item_ids)
    assert (found.covered == expected.covered).all()
    assert done.n == N
    labels = expected.labels()
    assert done.labels == {name: int((labels == y).sum()) for y, name in enumerate(CLASSES)}
    assert np.allclose(found.prior, expected.prior)


@pytest.mark.parametrize("backend", ["threads", "loky"])
def test_files_are_the_same_to_the_byte_on_every_backend(backend, folder, tmp_path):
    wl.denoise_file(folder, tmp_path / "post", gold={"0003": "b", "0301": 2})
    with wl.run_on(backend, 2):
        wl.denoise_file(folder, tmp_path / "other", gold={"0003": "b", "0301": 2})

    assert content(tmp_path / "post") == content(tmp_path / "other")


def test_known_classes_teach_as_in_memory(whole, folder, tmp_path):
    gold = {whole.item_ids[i]: CLASSES[i % 3] for i in range(0, N, 7)}
    expected = wl.denoise(whole, gold=gold)

    wl.denoise_file(folder, tmp_path / "post", gold=gold)
    found = wl.Posterior.load(tmp_path / "post")

    assert np.allclose(found.probs, expected.probs, rtol=0, atol=1e-9)
    assert (found.answered == expected.answered).all()
    assert found.answered.sum() == len(gold)


def test_a_file_becomes_a_file(whole, tmp_path):
    whole.save(tmp_path / "votes.parquet")

    wl.denoise_file(tmp_path / "votes.parquet", tmp_path / "post.parquet", "majority")

    assert np.array_equal(wl.Posterior.load(tmp_path / "post.parquet").probs, wl.denoise(whole, "majority").probs)


def test_only_parts_that_are_missing_are_predicted_again(folder, tmp_path):
    out = tmp_path / "post"
    wl.denoise_file(folder, out)
    before, times = content(out), {file.name: file.stat().st_mtime_ns for file in out.glob("*.parquet")}
    (out / "part-1.parquet").unlink()

    wl.denoise_file(folder, out)

    assert content(out) == before
    kept = {file.name for file in out.glob("*.parquet") if file.stat().st_mtime_ns == times[file.name]}
    assert kept == {"part-0.parquet", "part-2.parquet"}


def test_probabilities_that_lie_elsewhere_are_not_predicted_again_either(folder, tmp_path):
    url = f"memory://{tmp_path.name}"
    first = wl.denoise_file(folder, url)
    places.remove(f"{url}/part-1.parquet")

    again = wl.denoise_file(folder, url)

    assert again.labels == first.labels
    wl.denoise_file(folder, tmp_path / "post")
    assert wl.Posterior.load(url).to_frame().equals(wl.Posterior.load(tmp_path / "post").to_frame())


def test_another_model_predicts_all_anew(folder, tmp_path):
    wl.denoise_file(folder, tmp_path / "post", "majority")
    wl.denoise_file(folder, tmp_path / "post", "snorkel", n_epochs=10)

    assert wl.Posterior.load(tmp_path / "post").provenance["model"] == "snorkel"
    assert len({frame["p_a"][0] for frame in map(pl.read_parquet, sorted((tmp_path / "post").glob("*.parquet")))}) > 1


def test_what_cannot_be_is_refused(whole, folder, tmp_path):
    with pytest.raises(TableError, match="item '9999' is known|1 items of known class are not in the label matrix"):
        wl.denoise_file(folder, tmp_path / "post", gold={"9999": "a"})
    with pytest.raises(ModelError, match="has no parameter 'nope'"):
        wl.denoise_file(folder, tmp_path / "post", nope=1)
    shutil.copytree(folder, tmp_path / "copy")
    with pytest.raises(ArtefactError, match="holds a label matrix, and a posterior would be written"):
        wl.denoise_file(folder, tmp_path / "copy")
    whole.to_frame().write_parquet(folder / "part-0.parquet")
    with pytest.raises(ArtefactError, match="has no weaklabel header"):
        wl.denoise_file(folder, tmp_path / "post")
