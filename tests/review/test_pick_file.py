import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklabel import LabelMatrix, Posterior, TrainingSet, plugins, run_on, train
from weaklabel.engine import working
from weaklabel.errors import ArtefactError, EngineError, ModelError, TableError
from weaklabel.review import pick_file as home
from weaklabel.review.pick import pick
from weaklabel.review.pick_file import pick_file
from weaklabel.review.strategies.diverse import Diverse


@pytest.fixture(autouse=True)
def parts_of_nineteen_rows_read_by_seven(monkeypatch):
    monkeypatch.setattr(home, "ROWS", 19)
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


@pytest.mark.parametrize("strategy", ["margin", "entropy", "least_confident"])
def test_scores_are_the_same_to_the_last_bit_however_the_pool_is_cut(tmp_path, monkeypatch, strategy):
    probs = np.random.default_rng(0).dirichlet(np.ones(12), 400)
    posterior = Posterior(probs, pl.Series([f"i{j}" for j in range(400)]), tuple("abcdefghijkl"), np.ones(400, bool))
    posterior.save(tmp_path / "p.parquet")
    expected = pick(posterior, 30, strategy).to_frame()

    for rows, at_a_time in ((400, 400), (150, 64), (19, 7), (1, 1)):
        monkeypatch.setattr(home, "ROWS", rows)
        monkeypatch.setattr(home, "AT_A_TIME", at_a_time)
        assert pick_file(tmp_path / "p.parquet", 30, strategy).to_frame().equals(expected)


@pytest.mark.parametrize("strategy", ["margin", "entropy", "least_confident"])
def test_probabilities_that_are_rounded_are_ranked_as_they_stand(tmp_path, monkeypatch, strategy):
    rng = np.random.default_rng(1)
    p = 0.5 + rng.uniform(-1, 1, 300) * 1e-4
    probs = np.stack([p, 1 - p], axis=1) + rng.uniform(-0.49, 0.49, (300, 2)) * 1e-4
    write(tmp_path / "p.parquet", id=[str(i) for i in range(300)], p_x=probs[:, 0], p_y=probs[:, 1])

    monkeypatch.setattr(home, "ROWS", 300)
    batch = pick_file(tmp_path / "p.parquet", 4, strategy)

    best = np.argsort(-plugins.get("strategy", strategy)(probs))[:4]
    assert batch.item_ids.to_list() == [str(i) for i in best]


@pytest.mark.parametrize("backend", ["threads", "loky"])
def test_any_backend_picks_the_same_batch(tmp_path, backend):
    frame = beliefs(90).to_frame().with_columns(thread=pl.Series([f"t{i % 5}" for i in range(90)]))
    frame.rename({"p_a": "x", "p_b": "y", "p_c": "z"}).write_parquet(tmp_path / "p.parquet")
    weights = np.array([1.0, 1.0, 0.5])

    def model(rows):
        probs = rows.select("x", "y", "z").to_numpy() * weights + 0.01
        return probs / probs.sum(axis=1)[:, None]

    limits = {"exclude": ["i-3"], "groups": "thread", "per_group": 4, "features": ["x", "y"]}
    alone = pick_file(tmp_path / "p.parquet", 12, Diverse(funnel=2), model=model, **limits)

    with run_on(backend, n_jobs=2):
        batch = pick_file(tmp_path / "p.parquet", 12, Diverse(funnel=2), model=model, **limits)

    assert batch.to_frame().equals(alone.to_frame())
    assert batch.provenance == alone.provenance


def test_a_pool_is_a_folder_a_pattern_or_a_url(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    posterior = beliefs(60)
    (tmp_path / "day=2").mkdir()
    for name, rows in (("part.parquet", slice(0, 25)), ("day=2/part.parquet", slice(25, 60))):
        posterior.to_frame()[rows].write_parquet(tmp_path / name)
    fsspec.filesystem("memory").put(str(tmp_path), "/pick-from", recursive=True)
    named = [
        tmp_path,
        f"{tmp_path}/**/*.parquet",
        "memory://pick-from",
        [tmp_path / "day=2", tmp_path / "part.parquet"],
    ]

    batches = [pick_file(pool, 10).to_frame() for pool in named]

    assert all(batch.equals(pick(posterior, 10).to_frame()) for batch in batches)


def test_weak_labels_may_lie_in_a_folder_and_in_other_row_groups(tmp_path):
    end_model = beliefs(50)
    label_model = Posterior(beliefs(50, 1).probs, end_model.item_ids, end_model.classes, end_model.covered)
    for name, posterior, rows in (("pool", end_model, 20), ("weak", label_model, 3)):
        (tmp_path / name).mkdir()
        for part in (slice(0, 30), slice(30, 50)):
            file = tmp_path / name / f"{part.start}.parquet"
            fields = (posterior.probs[part], posterior.item_ids[part], posterior.classes, posterior.covered[part])
            Posterior(*fields, posterior.answered[part]).save(file)
            metadata = pl.read_parquet_metadata(file)
            pl.read_parquet(file).write_parquet(file, row_group_size=rows, metadata=metadata)

    batch = pick_file(tmp_path / "pool", 10, "lf_aware", weak=tmp_path / "weak", lf_accuracy=0.9)

    expected = pick(end_model, 10, "lf_aware", weak=label_model, lf_accuracy=0.9)
    assert batch.to_frame().equals(expected.to_frame())


def test_a_model_that_fails_is_said_with_the_rows_it_failed_on(tmp_path, monkeypatch):
    monkeypatch.setattr(working, "PAUSE", 0)
    write(tmp_path / "p.parquet", id=[str(i) for i in range(30)], x=[1.0] * 30)

    def model(rows):
        if "20" in rows["id"].to_list():
            raise ZeroDivisionError("no such luck")
        return np.full((len(rows), 2), 0.5)

    with pytest.raises(EngineError, match=r"p.parquet \(rows 19 to 29\) failed .*no such luck"):
        pick_file(tmp_path / "p.parquet", 3, model=model)


def test_files_of_other_classes_are_refused(tmp_path):
    for name, classes in (("1", "ab"), ("2", "abc")):
        write(tmp_path / f"{name}.parquet", id=[name], **{f"p_{c}": [1 / len(classes)] for c in classes})

    with pytest.raises(TableError, match=r"2.parquet is of the classes \('a', 'b', 'c'\), the files before it of"):
        pick_file(tmp_path, 1)


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
