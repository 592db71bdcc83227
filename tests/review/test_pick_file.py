import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel import LabelMatrix, Posterior, TrainingSet, train
from weaklabel.errors import ArtefactError, ModelError, TableError
from weaklabel.review import pick_file as home
from weaklabel.review.pick import pick
from weaklabel.review.pick_file import pick_file
from weaklabel.review.strategies.diverse import Diverse


@pytest.fixture(autouse=True)
def parts_of_seven_rows(monkeypatch):
    monkeypatch.setattr(home, "AT_A_TIME", 7)


def beliefs(n, seed=0, k=3):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.ones(k), n).round(1)  # many tie
    probs[:, -1] = 1 - probs[:, :-1].sum(axis=1)
    answered = rng.random(n) < 0.1
    ids = pl.Series([f"i-{j}" for j in rng.permutation(n)])
    return Posterior(
        np.abs(probs) / np.abs(probs).sum(axis=1)[:, None], ids, ("a", "b", "c")[:k], rng.random(n) < 0.8, answered
    )


@pytest.fixture
def saved(tmp_path):
    def save(posterior, name="pool"):
        posterior.save(tmp_path / f"{name}.parquet")
        return tmp_path / f"{name}.parquet"

    return save


@pytest.mark.parametrize("strategy", ["margin", "entropy", "least_confident", "random"])
def test_the_file_gives_the_batch_that_the_posterior_gives(saved, strategy):
    posterior = beliefs(100)

    batch = pick_file(saved(posterior), 20, strategy, exclude=["i-3", "i-5"], seed=4)

    expected = pick(posterior, 20, strategy, exclude=["i-3", "i-5"], seed=4)
    assert batch.to_frame().equals(expected.to_frame())
    assert batch.provenance == expected.provenance


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 39), st.integers(1, 30))
def test_however_the_pool_is_cut_into_files_the_batch_is_the_same(tmp_path_factory, seed, cut, size):
    folder, posterior = tmp_path_factory.mktemp("pool"), beliefs(40, seed)
    frame = posterior.to_frame()
    frame[:cut].write_parquet(folder / "1.parquet")
    frame[cut:].write_parquet(folder / "2.parquet")

    batch = pick_file([folder / "2.parquet", folder / "1.parquet"], size, seed=seed)

    assert batch.to_frame().equals(pick(posterior, size, seed=seed).to_frame())


def test_quotas_groups_prices_and_features_come_from_columns(tmp_path):
    posterior, rng = beliefs(80), np.random.default_rng(1)
    known = {"group": rng.choice(["x", "y"], 80), "cost": rng.choice([1.0, 2.5], 80)}
    places = rng.integers(0, 4, (80, 2)) * 1.0
    posterior.to_frame().with_columns(**known, f0=places[:, 0], f1=places[:, 1]).write_parquet(tmp_path / "p.parquet")
    limits = {"per_class": {"a": 3, "b": 1}, "per_group": {"x": 5}, "budget": 12}

    batch = pick_file(
        tmp_path / "p.parquet", 10, Diverse(funnel=2), features=["f0", "f1"], groups="group", price="cost", **limits
    )

    expected = pick(
        posterior, 10, Diverse(funnel=2), features=places, groups=known["group"], price=known["cost"], **limits
    )
    assert batch.to_frame().equals(expected.to_frame())
    assert batch.provenance["quotas"] == expected.provenance["quotas"]
    assert batch.provenance["price"] == expected.provenance["price"]


def test_at_most_so_many_of_a_group_holds_across_parts(tmp_path):
    posterior, threads = beliefs(60), [str(i % 4) for i in range(60)]
    posterior.to_frame().with_columns(thread=pl.Series(threads)).write_parquet(tmp_path / "p.parquet")

    batch = pick_file(tmp_path / "p.parquet", 9, groups="thread", per_group=2)

    assert len(batch) == 8
    assert batch.to_frame().equals(pick(posterior, 9, groups=threads, per_group=2).to_frame())


def test_lf_aware_reads_the_label_model_beside_the_pool(saved):
    end_model = beliefs(50)
    label_model = Posterior(beliefs(50, 1).probs, end_model.item_ids, end_model.classes, end_model.covered)

    batch = pick_file(saved(end_model), 10, "lf_aware", weak=saved(label_model, "weak"), lf_accuracy=0.9)

    expected = pick(end_model, 10, "lf_aware", weak=label_model, lf_accuracy=0.9)
    assert batch.to_frame().equals(expected.to_frame())
    assert batch.provenance == expected.provenance


def test_a_label_model_of_other_items_is_refused(saved):
    with pytest.raises(TableError, match="other items than .*pool.parquet, or in another order, from row 0 on"):
        pick_file(saved(beliefs(50)), 10, "lf_aware", weak=saved(beliefs(50, 1), "weak"))
    with pytest.raises(TableError, match="weak.parquet has 49 items, .*pool.parquet has 50"):
        pick_file(saved(beliefs(50)), 10, "lf_aware", weak=saved(beliefs(49), "weak"))
    with pytest.raises(TableError, match="weak.parquet is of the classes"):
        pick_file(saved(beliefs(50)), 10, "lf_aware", weak=saved(beliefs(50, k=2), "weak"))


def test_an_end_model_scores_the_table_as_it_is_read(tmp_path):
    rng = np.random.default_rng(0)
    table = pl.DataFrame({"id": [f"i{j}" for j in range(60)], "x": rng.normal(size=60), "z": rng.normal(size=60)})
    label = (table["x"] > 0).to_numpy().astype(int)
    model = train(TrainingSet(table, np.eye(2)[label], np.ones(60), ("no", "yes"), {}))
    table.write_parquet(tmp_path / "table.parquet")

    batch = pick_file(tmp_path / "table.parquet", 5, model=model, per_class={"yes": 2})

    assert batch.item_ids.to_list() == pick(model.predict_proba(table), 5, per_class={"yes": 2}).item_ids.to_list()


def test_a_function_can_be_the_model_and_ids_can_be_numbers(tmp_path):
    pl.DataFrame({"key": range(14), "p": 0.07 * np.arange(14)}).write_parquet(tmp_path / "p.parquet")

    batch = pick_file(
        tmp_path / "p.parquet", 2, model=lambda rows: np.stack([rows["p"], 1 - rows["p"]], axis=1), id_column="key"
    )

    assert batch.item_ids.to_list() == ["7", "8"]


def test_an_item_that_stands_in_two_files_is_not_asked_about_twice(tmp_path):
    frame = beliefs(30).to_frame().filter(~pl.col("answered"))
    frame.write_parquet(tmp_path / "1.parquet")
    frame.head(3).write_parquet(tmp_path / "2.parquet")

    with pytest.raises(TableError, match="is in the pool twice: it would be asked twice"):
        pick_file([tmp_path / "1.parquet", tmp_path / "2.parquet"], 30)


def write(path, **columns):
    pl.DataFrame(columns).write_parquet(path)


def test_what_cannot_be_read_is_said(tmp_path):
    pool = tmp_path / "p.parquet"
    with pytest.raises(TableError, match=r"no file at .*p.parquet"):
        pick_file(pool, 1)
    pool.write_bytes(b"PAR1 but not really")
    with pytest.raises(TableError, match="no whole Parquet file"):
        pick_file(pool, 1)
    write(pool, id=["a"], text=["b"])
    with pytest.raises(TableError, match="no columns p_<class> of probabilities: give the model"):
        pick_file(pool, 1)
    with pytest.raises(TableError, match="no column 'thread'; it has id, text"):
        pick_file(pool, 1, groups="thread", per_group=1)
    write(pool, id=["a", None], p_x=[0.5, 0.5], p_y=[0.5, 0.5])
    with pytest.raises(TableError, match="row 1 has no id"):
        pick_file(pool, 1)
    write(pool, id=["a", "b"], p_x=[0.5, np.nan], p_y=[0.5, 0.5])
    with pytest.raises(ModelError, match="item 'b' has the probabilities .*: not a distribution"):
        pick_file(pool, 1)
    with pytest.raises(TableError, match="named twice"):
        pick_file([pool, pool], 1)
    with pytest.raises(ModelError, match=r"2 items got probabilities of shape \(2,\)"):
        pick_file(pool, 1, model=lambda rows: rows["p_x"])


def test_another_artefact_is_refused(tmp_path):
    LabelMatrix.from_array([[0, 1]]).save(tmp_path / "votes.parquet")

    with pytest.raises((ArtefactError, TableError), match=r"votes.parquet (holds a|has no columns p_)"):
        pick_file(tmp_path / "votes.parquet", 1)


def test_a_pool_that_is_all_answered_is_said(tmp_path):
    write(tmp_path / "p.parquet", id=["a", "b"], p_x=[0.5, 0.5], p_y=[0.5, 0.5], answered=[True, False])

    with pytest.raises(TableError, match="none of the 2 items is left to ask about: 1 are answered, 1 excluded"):
        pick_file(tmp_path / "p.parquet", 1, exclude=["b"])
