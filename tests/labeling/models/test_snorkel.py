import inspect
import logging
import random

import numpy as np
import pytest

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.errors import ConvergenceError, ModelError
from weaklabel.labeling.models.majority import Majority
from weaklabel.labeling.models.snorkel import Snorkel
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
    model.fit(votes, progress_bar=False, seed=seed, **options)
    return model


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
