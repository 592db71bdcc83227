import copy
import inspect
import json
import logging
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.errors import ConvergenceError, ModelError
from weaklabel.labeling.models.majority import Majority
from weaklabel.labeling.models.snorkel import Snorkel
from weaklabel.labeling.patterns import VotePatterns, merge, vote_patterns
from weaklabel.numerics import normalise_log

SINGLE = 1e-6  # Snorkel takes its logarithms in single precision, we in double
VOTES = np.random.default_rng(0).integers(-1, 2, (200, 5))


def matrix(votes, k=2):
    return LabelMatrix.from_array(votes, classes=[f"class {y}" for y in range(k)])


def posterior(votes, k=2, **params):
    return Snorkel(**params).fit(matrix(votes, k)).predict_proba(matrix(votes, k))


def snorkels_own(votes, k=2, seed=0, **options):
    from snorkel.labeling.model import LabelModel

    model = LabelModel(cardinality=k, verbose=False)
    model.fit(votes, progress_bar=False, seed=seed, **copy.deepcopy(options))  # it writes into its options
    return model


def mu_of(theirs):
    """Their mu as ours is laid out."""
    return theirs.mu.detach().numpy().astype(np.float64).reshape(theirs.m, theirs.cardinality, theirs.cardinality)


def planted(n, accuracy, coverage, balance, seed=0):
    """Classes, votes that err independently given the class, and P(function j votes v | class y)."""
    rng, k = np.random.default_rng(seed), len(balance)
    y = rng.choice(k, n, p=balance)
    votes = np.full((n, len(accuracy)), -1)
    for j, a in enumerate(accuracy):
        said = np.where(rng.random(n) < a, y, (y + rng.integers(1, k, n)) % k)
        votes[:, j] = np.where(rng.random(n) < coverage, said, -1)
    mu = [coverage * np.where(np.eye(k), a, (1 - a) / (k - 1)) for a in accuracy]
    return y, votes, np.array(mu)


def bayes(votes, mu, balance):
    log_p = np.tile(np.log(balance), (len(votes), 1))
    for j, vote in enumerate(votes.T):
        log_p[vote >= 0] += np.log(mu[j])[vote[vote >= 0]]
    return normalise_log(log_p)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_is_snorkels_label_model(k, seed):
    votes = np.random.default_rng(seed).integers(-1, k, (100, 4 + seed))
    theirs = snorkels_own(votes, k, seed)

    found = posterior(votes, k, seed=seed)

    assert found.probs == pytest.approx(theirs.predict_proba(votes), abs=SINGLE)
    assert (found.labels() == np.where(found.covered, theirs.predict(votes), -1)).all()


@pytest.mark.parametrize("k", [2, 3, 6])
@pytest.mark.parametrize("n", [1, 3, 49, 1000, 70_000])  # most shares of n are no whole numbers of bits
def test_it_learns_what_snorkel_learns_to_the_bit(k, n):
    votes = np.random.default_rng(n).integers(-1, k, (n, 4))
    votes[1:, 0] = -1  # voted on once: its probabilities end at the limit, which depends on n
    votes[0] = 1

    found = Snorkel(seed=5).fit(matrix(votes, k))

    assert found.mu_.tobytes() == mu_of(snorkels_own(votes, k, 5)).tobytes()


def test_a_table_of_vote_patterns_or_of_shards_gives_what_the_matrix_gives_to_the_bit():
    wanted = Snorkel().fit(matrix(VOTES))
    shards = merge(vote_patterns(matrix(VOTES[120:])), vote_patterns(matrix(VOTES[:120])))

    for table in (vote_patterns(matrix(VOTES)), shards):
        found = Snorkel().fit(table)
        assert found.mu_.tobytes() == wanted.mu_.tobytes()
        assert (found.predict_proba(matrix(VOTES)).probs == wanted.predict_proba(matrix(VOTES)).probs).all()


def test_a_table_of_more_items_than_fit_in_memory_can_be_fitted():
    table = vote_patterns(matrix(VOTES))
    many = VotePatterns(table.votes, table.counts * 10**10, table.lf_names, table.classes)

    # Both keep probabilities 0.01 from 0 and 1: by itself the limit depends on n, and it may touch what is learned.
    found, wanted = (Snorkel(mu_eps=0.01).fit(each) for each in (many, table))

    assert found.mu_.tobytes() == wanted.mu_.tobytes()


WS = Path(__file__).resolve().parents[4] / "shared" / "data" / "ws"
SETS = sorted(path.parent.name for path in WS.glob("*/votes.npz"))
FITS = {
    "defaults": {},
    "class_balance": {"class_balance": "skewed"},
    "l2": {"l2": 0.05, "n_epochs": 30},
    "adam": {"optimizer": "adam", "lr": 0.003, "n_epochs": 30},
    "lr_scheduler": {
        "lr_scheduler": "exponential",
        "lr_scheduler_config": {"warmup_unit": "epochs", "warmup_steps": 5},
        "n_epochs": 30,
    },
    "prec_init": {"prec_init": "rising", "seed": 11, "n_epochs": 30},
}


@pytest.mark.skipif(not SETS, reason=f"no real votes (NAME/votes.npz) in {WS}")
@pytest.mark.parametrize("options", FITS)
@pytest.mark.parametrize("name", SETS or ["none"])
def test_on_real_votes_it_learns_and_believes_what_snorkel_does(name, options):
    with np.load(WS / name / "votes.npz") as stored:
        votes = stored["L_train"]
        others = stored.get("L_test", votes)
    k = json.loads((WS / name / "meta.json").read_text())["k"]
    own = {
        "skewed": [float(p) for p in np.arange(1, k + 1) / (k * (k + 1) / 2)],
        "rising": np.linspace(0.55, 0.95, votes.shape[1]).tolist(),
    }
    fit = {
        option: own.get(value, value) if isinstance(value, str) else value for option, value in FITS[options].items()
    }
    try:
        theirs = snorkels_own(votes, k, **fit)
    except Exception as error:
        assert "NaN" in str(error)  # noqa: PT017
        with pytest.raises(ConvergenceError):
            Snorkel(**fit).fit(matrix(votes, k))
        return

    found = Snorkel(**fit).fit(matrix(votes, k))

    assert found.mu_.tobytes() == mu_of(theirs).tobytes()
    believed = theirs.predict_proba(others)
    finite = np.isfinite(believed).all(axis=1)
    assert finite.mean() > 0.99
    assert found.predict_proba(matrix(others, k)).probs[finite] == pytest.approx(believed[finite], abs=1e-5)


OPTIONS = {
    "n_epochs": 7,
    "lr": 0.03,
    "l2": 0.1,
    "optimizer": "adam",
    "optimizer_config": {"sgd_config": {"momentum": 0.5}},
    "lr_scheduler": "exponential",
    "lr_scheduler_config": {"warmup_unit": "epochs", "warmup_steps": 50},
    "prec_init": [0.9, 0.8, 0.7, 0.6, 0.5],
    "seed": 3,
    "log_freq": 3,
    "mu_eps": 0.3,
}


@pytest.mark.parametrize("name", OPTIONS)
def test_every_training_option_of_snorkel_has_snorkels_effect(name):
    option = {name: OPTIONS[name]}

    found = posterior(VOTES, **option).probs

    assert found == pytest.approx(snorkels_own(VOTES, **option).predict_proba(VOTES), abs=SINGLE)
    if name != "log_freq":  # how often it reports
        assert np.abs(found - posterior(VOTES).probs).max() > 1e-4


def test_no_option_of_snorkels_fit_is_missing():
    from snorkel.labeling.model import LabelModel
    from snorkel.labeling.model.label_model import TrainConfig

    ours, fit = inspect.signature(Snorkel).parameters, inspect.signature(LabelModel.fit).parameters

    assert set(TrainConfig._fields) == set(OPTIONS) <= set(ours)
    assert {"Y_dev", "class_balance"} == set(fit) & set(ours)


@pytest.mark.parametrize("prior", [{"class_balance": [0.8, 0.2]}, {"Y_dev": np.array([0, 0, 1, 0])}])
def test_a_prior_given_or_counted_is_snorkels(prior):
    found = posterior(VOTES, **prior)

    assert found.probs == pytest.approx(snorkels_own(VOTES, **prior).predict_proba(VOTES), abs=SINGLE)


def test_items_of_unknown_class_do_not_count_for_the_prior():
    model = Snorkel(Y_dev=[-1, 1, 1, -1, 0, 1]).fit(matrix(VOTES))

    assert model.prior_.tolist() == [0.25, 0.75]


def test_a_stated_prior_goes_before_a_counted_one():
    model = Snorkel(class_balance=(0.6, 0.4), Y_dev=[1, 1, 0]).fit(matrix(VOTES))

    assert model.prior_.tolist() == [0.6, 0.4]


@pytest.mark.parametrize("prec_init", [(0.9, 0.8, 0.7, 0.6, 0.5), np.array([0.9, 0.8, 0.7, 0.6, 0.5])])
def test_initial_precisions_may_be_any_sequence_and_are_kept_with_the_file(prec_init, tmp_path):
    found = posterior(VOTES, prec_init=prec_init)
    found.save(tmp_path / "posterior.parquet")

    assert (found.probs == posterior(VOTES, prec_init=OPTIONS["prec_init"]).probs).all()
    kept = Posterior.load(tmp_path / "posterior.parquet").provenance
    assert kept["prec_init"] == OPTIONS["prec_init"]
    assert (kept["model"], kept["seed"], kept["class_balance"]) == ("snorkel", 0, [0.5, 0.5])


@pytest.mark.filterwarnings("ignore:invalid value encountered in divide")
def test_many_functions_never_give_nan_where_snorkel_does():
    rng, m = np.random.default_rng(0), 200
    sparse = np.where(rng.random((300, m)) < 0.02, rng.integers(0, 2, (300, m)), -1)
    full = rng.integers(0, 2, (20, m))  # the product of 200 small probabilities is 0 for both classes
    options = {"lr": 1e-4, "n_epochs": 5}

    found = Snorkel(**options).fit(matrix(sparse)).predict_proba(matrix(full))

    assert np.isnan(snorkels_own(sparse, **options).predict_proba(full)).all()
    assert np.isfinite(found.probs).all()
    assert (found.labels() >= 0).all()


def test_it_runs_with_a_thousand_functions_and_more():
    rng, m = np.random.default_rng(0), 1200
    votes = np.where(rng.random((400, m)) < 0.05, rng.integers(0, 2, (400, m)), -1)
    full = rng.integers(0, 2, (50, m))

    found = Snorkel(n_epochs=3).fit(matrix(votes)).predict_proba(matrix(full))

    assert np.isfinite(found.probs).all()
    assert found.probs.sum(axis=1) == pytest.approx(1)


MEMORY = """
import json
import numpy as np
from weaklabel.artefacts import LabelMatrix
from weaklabel.labeling.models.snorkel import Snorkel

def mebibytes(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(name))

rng = np.random.default_rng(0)
votes = np.empty((300_000, 100), np.int8)
for start in range(0, len(votes), 10_000):
    block = rng.integers(0, 2, (10_000, 100), np.int8)
    votes[start : start + 10_000] = np.where(rng.random(block.shape, np.float32) < 0.2, block, -1)
L = LabelMatrix.from_array(votes)
small = LabelMatrix.from_array(votes[:100])
Snorkel(n_epochs=1).fit(small).predict_proba(small)  # imports torch and what it loads when first used
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak starts from here
before = mebibytes("VmRSS")
posterior = Snorkel(lr=0.001).fit(L).predict_proba(L)
grown = mebibytes("VmHWM") - before
finite = bool(np.isfinite(posterior.probs).all())
print(json.dumps({"grown": grown, "int8": L.votes.dtype == np.int8, "finite": finite}))
"""


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="only Linux lets a process reset its peak memory"
)
def test_fitting_and_predicting_many_items_takes_little_more_memory_than_their_votes():
    # Not ru_maxrss: a child inherits that of the process that started it, and this one has torch.
    ran = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)

    said = json.loads(ran.stdout)

    assert said["int8"]
    assert said["finite"]
    assert said["grown"] < 150  # Snorkel's: 1 GB


@pytest.mark.parametrize(
    ("accuracy", "balance", "slack"),
    [([0.95, 0.9, 0.6, 0.6, 0.6, 0.55, 0.55], [0.7, 0.3], 0.01), ([0.9, 0.85, 0.5, 0.45, 0.4], [0.3, 0.4, 0.3], 0.02)],
)
def test_independent_votes_are_weighed_nearly_as_well_as_by_who_knows_their_accuracies(accuracy, balance, slack):
    y, votes, mu = planted(5000, accuracy, 0.7, balance)
    best = (bayes(votes, mu, balance).argmax(axis=1) == y).mean()
    L = matrix(votes, len(balance))

    model = Snorkel(class_balance=balance, lr=0.05).fit(L)
    reached, majority = (
        (each.predict_proba(L).probs.argmax(axis=1) == y).mean() for each in (model, Majority(balance).fit(L))
    )

    assert reached > best - slack
    assert reached > majority + 0.05
    assert model.mu_ == pytest.approx(mu, abs=0.08)


def test_renumbering_the_classes_hardly_changes_what_is_learned():
    _, votes, _ = planted(2000, [0.9, 0.8, 0.7, 0.7], 0.8, [0.5, 0.5])
    swapped = np.array([1, 0, -1])[votes]

    assert posterior(swapped).probs[:, ::-1] == pytest.approx(posterior(votes).probs, abs=0.01)


def test_an_item_without_votes_keeps_the_prior_and_is_not_covered():
    votes = np.vstack([VOTES, [-1] * 5])

    found = posterior(votes, class_balance=[0.9, 0.1])

    assert found.probs[-1] == pytest.approx([0.9, 0.1])
    assert not found.covered[-1]
    assert found.labels()[-1] == -1


def test_it_never_touches_the_random_numbers_of_the_caller():
    import torch

    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()

    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(123)  # not where an earlier test may have left them
    before = states()
    posterior(VOTES)
    with pytest.raises(ConvergenceError):
        posterior(VOTES, lr=1e6)

    assert states() == before


def test_it_never_touches_torchs_threads():
    import torch

    before = torch.get_num_threads(), torch.get_num_interop_threads()
    posterior(VOTES)

    assert (torch.get_num_threads(), torch.get_num_interop_threads()) == before


def test_a_gpu_that_starts_later_gets_the_seed_of_the_caller(monkeypatch):
    import torch

    seeds = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeds.append)
    torch.manual_seed(123)

    posterior(VOTES)
    with pytest.raises(ConvergenceError):
        posterior(VOTES, lr=1e6)

    assert seeds == [123, 0, 123, 0, 123]


def test_the_generators_of_running_gpus_are_given_back(monkeypatch):
    import torch

    states = {0: torch.tensor([1]), 1: torch.tensor([2])}
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: states[device])
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, device: states.update({device: state}))
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: states.update({0: seed, 1: seed}))

    posterior(VOTES)

    assert states == {0: torch.tensor([1]), 1: torch.tensor([2])}


def test_it_trains_where_the_caller_has_switched_gradients_off():
    import torch

    wanted = posterior(VOTES).probs

    for off in (torch.no_grad, torch.inference_mode):
        with off():
            assert (posterior(VOTES).probs == wanted).all()


def test_it_leaves_logging_alone(monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])  # pytest has some, and Snorkel adds its own only where there are none
    level = root.level

    posterior(VOTES)

    assert (root.handlers, root.level) == ([], level)


def test_two_runs_and_a_second_fit_give_the_same():
    once, again = posterior(VOTES), posterior(VOTES)
    model = Snorkel().fit(matrix(VOTES[:50])).fit(matrix(VOTES))

    assert (once.probs == again.probs).all()
    assert (model.predict_proba(matrix(VOTES)).probs == once.probs).all()


def test_it_predicts_items_that_it_was_not_fitted_to_and_none_at_all():
    model, other = Snorkel().fit(matrix(VOTES[:150])), VOTES[150:]

    expected = snorkels_own(VOTES[:150]).predict_proba(other)

    assert model.predict_proba(matrix(other)).probs == pytest.approx(expected, abs=SINGLE)
    assert model.predict_proba(matrix(other[:0])).probs.shape == (0, 2)


def test_numbers_of_numpy_are_numbers(tmp_path):
    plain = {"seed": 3, "n_epochs": 20, "lr": 0.25, "l2": 0.5, "log_freq": 5, "mu_eps": 0.125, "prec_init": 0.5}
    types = {int: (np.int64, np.uint8), float: (np.float32, np.float64)}
    wanted = Snorkel(**plain).fit(matrix(VOTES))

    for which in (0, 1):
        model = Snorkel(**{name: types[type(value)][which](value) for name, value in plain.items()}).fit(matrix(VOTES))
        model.predict_proba(matrix(VOTES)).save(tmp_path / "posterior.parquet")

        assert model.mu_.tobytes() == wanted.mu_.tobytes()
        kept = Posterior.load(tmp_path / "posterior.parquet").provenance
        assert {name: kept[name] for name in plain} == plain


def test_options_are_not_written_to():
    options = {"optimizer_config": {"sgd_config": {"momentum": 0.5}}, "prec_init": [0.9, 0.8, 0.7, 0.6, 0.5]}
    model = Snorkel(**copy.deepcopy(options)).fit(matrix(VOTES))

    assert {name: getattr(model, name) for name in options} == options


@pytest.mark.parametrize("lr", [1e15, 1e30])
@pytest.mark.parametrize("balance", [[0.5, 0.5], [0.4, 0.6]])  # with the latter Snorkel itself says nothing
def test_training_that_diverges_in_its_last_step_is_no_success(lr, balance):
    with pytest.raises(ConvergenceError, match="diverged with 5 functions"):
        Snorkel(lr=lr, n_epochs=2, class_balance=balance).fit(matrix(VOTES))


def test_a_fit_that_fails_leaves_the_model_as_it_was():
    model = Snorkel(class_balance=[0.6, 0.4]).fit(matrix(VOTES))
    wanted = model.predict_proba(matrix(VOTES)).probs

    model.lr, model.class_balance = 1e4, [0.3, 0.7]
    with pytest.raises(ConvergenceError):
        model.fit(matrix(VOTES))

    assert (model.predict_proba(matrix(VOTES)).probs == wanted).all()


def test_a_probability_that_may_be_zero_never_gives_nan():
    votes = np.repeat([[0], [1]], 50, axis=0) * np.ones((1, 4), int)  # they never disagree

    found = posterior(np.vstack([votes, [0, 1, 0, 1]]), mu_eps=0, lr=0.1, n_epochs=500)

    assert np.isfinite(found.probs).all()


def test_a_saved_model_comes_back_with_what_it_learned(tmp_path):
    model = Snorkel(Y_dev=[0, 1, 1, -1], prec_init=(0.9, 0.8, 0.7, 0.6, 0.5), seed=np.int64(2)).fit(matrix(VOTES))

    model.save(tmp_path / "model.npz")
    found = Snorkel.load(tmp_path / "model.npz")

    assert (found.mu_.tobytes(), found.prior_.tolist()) == (model.mu_.tobytes(), model.prior_.tolist())
    assert np.exp(found.evidence_) == pytest.approx(found.mu_)
    assert np.exp(found.bias_) == pytest.approx(found.prior_)
    wanted = model.predict_proba(matrix(VOTES))
    assert (found.predict_proba(matrix(VOTES)).probs == wanted.probs).all()
    assert found.predict_proba(matrix(VOTES)).provenance == wanted.provenance
    assert found.fit(matrix(VOTES)).mu_.tobytes() == model.mu_.tobytes()


@pytest.mark.parametrize("m", [0, 1, 2])
def test_fewer_than_three_functions_are_refused_with_what_works(m):
    with pytest.raises(ModelError, match=rf"at least 3 labeling functions; this matrix has {m}: .*model='majority'"):
        posterior(VOTES[:, :m])


@pytest.mark.parametrize("n", [0, 4])
def test_without_any_vote_there_is_nothing_to_learn(n):
    with pytest.raises(ModelError, match=f"no labeling function voted on any of the {n} items"):
        posterior(np.full((n, 3), -1))


def test_a_learning_rate_at_which_training_diverges_is_named_with_what_to_try():
    with pytest.raises(ConvergenceError, match=r"diverged with 5 functions at lr=10000\.0: try lr=1000"):
        posterior(VOTES, lr=1e4)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"class_balance": [0.5, 0.3, 0.2]}, r"needs 2 shares \(class 0, class 1\)"),
        ({"class_balance": [0.0, 1.0]}, "class 'class 0' the share 0"),
        ({"Y_dev": [0, 0, -1]}, "class 'class 1' the share 0"),
        ({"Y_dev": [-1, -1]}, r"Y_dev holds \[-1\]; it needs class numbers, 0\.\.1 \(class 0, class 1\), at least one"),
        ({"Y_dev": [0, 1, 2]}, r"Y_dev holds \[0, 1, 2\]"),
        ({"Y_dev": [0, 1, -2]}, r"Y_dev holds \[-2, 0, 1\]"),
        ({"optimizer": "newton"}, "Snorkel refused these options: Unrecognized optimizer option 'newton'"),
        ({"optimizer_config": {"newton": 1}}, "Snorkel refused these options: .*newton"),
        ({"lr_scheduler": "cosine"}, "Snorkel refused these options: .*'cosine'"),
        ({"prec_init": [0.7, 0.7]}, "Snorkel refused these options: prec_init must have shape 5"),
        ({"device": "abacus"}, "Snorkel refused these options: "),
        ({"seed": -1}, "Snorkel refused these options: Seed must be between 0 and "),
        ({"seed": 0.5}, "Snorkel refused these options: "),
        ({"mu_eps": -0.1}, r"mu_eps is -0\.1; .*give 0 to 0\.5"),
        ({"mu_eps": float("nan")}, "mu_eps is nan"),
        ({"mu_eps": "small"}, "mu_eps is 'small'"),
    ],
)
def test_an_impossible_prior_or_option_is_refused_with_its_value(params, message):
    with pytest.raises(ModelError, match=message):
        posterior(VOTES, **params)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (matrix(VOTES[:, :4]), "5 functions and this matrix has 4; the first that differs is 'lf_4' there and None"),
        (matrix(VOTES, k=3), "2 classes and this matrix has 3"),
        (
            LabelMatrix.from_array(VOTES, ("class 0", "class 1"), ["lf_1", "lf_0", "lf_2", "lf_3", "lf_4"]),
            "'lf_0' there",
        ),
    ],
)
def test_a_matrix_of_other_functions_or_classes_than_the_fitted_one_is_refused(other, said):
    model = Snorkel(n_epochs=1).fit(matrix(VOTES))

    with pytest.raises(ModelError, match=f"the model was fitted to .*{said}"):
        model.predict_proba(other)
