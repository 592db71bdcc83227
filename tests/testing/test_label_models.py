import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from weaklabel import plugins
from weaklabel.artefacts import Posterior
from weaklabel.errors import ModelError
from weaklabel.labeling.models.dawid_skene import DawidSkene
from weaklabel.labeling.models.majority import Majority
from weaklabel.labeling.patterns import VotePatterns
from weaklabel.numerics import normalise_log
from weaklabel.testing import check_label_model
from weaklabel.testing.label_models import CHECKS

# Snorkel computes in single precision, starts from a random point, and is slow or diverges with many functions.
LIMITS = {"snorkel": {"tolerance": 1e-4, "most_classes": 5, "most_functions": 50}}


@dataclass
class Toy:
    """Votes weighed by how often a function says what most say: small, and it keeps the contract."""

    class_balance: list[float] | None = None

    def fit(self, L):
        counts = L.counts if isinstance(L, VotePatterns) else np.ones(len(L.votes))
        tally = self.tally(L, np.ones(len(L.lf_names)))
        best = tally == tally.max(axis=1, keepdims=True, initial=0)  # of tied classes, all
        right = sum(counts @ ((L.votes == y) & best[:, [y]]) for y in range(len(L.classes)))
        cast = counts @ (L.votes >= 0)
        self.weights = (right + 1) / (cast + 2)
        return self

    def tally(self, L, weights):
        return np.stack([(L.votes == y) @ weights for y in range(len(L.classes))], axis=1)

    def predict_proba(self, L):
        k = len(L.classes)
        prior = np.full(k, 1 / k) if self.class_balance is None else np.array(self.class_balance)
        probs = normalise_log(np.log(prior) + self.tally(L, self.weights))
        return Posterior(probs, L.item_ids, L.classes, L.covered)

    def save(self, path):
        Path(path).write_text(json.dumps([self.class_balance, self.weights.tolist()]))

    @classmethod
    def load(cls, path):
        balance, weights = json.loads(Path(path).read_text())
        loaded = cls(balance)
        loaded.weights = np.array(weights)
        return loaded


class ReturnsNothing(Toy):
    def fit(self, L):
        super().fit(L)


class NamesItemsAnew(Toy):
    def predict_proba(self, L):
        found = super().predict_proba(L)
        return Posterior(found.probs, [f"item {i}" for i in range(len(found.probs))], found.classes, found.covered)


class LooksAtPositions(Toy):
    def predict_proba(self, L):
        found = super().predict_proba(L)
        last = np.arange(len(found.probs))[:, None] == len(found.probs) - 1
        return Posterior(np.where(last, [0.5, 0.3, 0.2], found.probs), L.item_ids, L.classes, found.covered)


class TrustsTheFirstFunction(Toy):
    def fit(self, L):
        super().fit(L)
        self.weights[0] += 1
        return self


class PrefersTheFirstClass(Toy):
    def tally(self, L, weights):
        covered = (L.votes >= 0).any(axis=1)
        return super().tally(L, weights) + covered[:, None] * (np.arange(len(L.classes)) == 0)


class TakesNoTables(Toy):
    def fit(self, L):
        return super().fit(L) if L.item_ids is not None else self


class IsSurerOfMoreItems(Toy):
    def fit(self, L):
        super().fit(L)
        self.weights *= (L.n if isinstance(L, VotePatterns) else len(L.votes)) / 240
        return self


class CoversEverything(Toy):
    def predict_proba(self, L):
        found = super().predict_proba(L)
        return Posterior(found.probs, L.item_ids, L.classes, np.ones(len(L.votes), bool))


class ForgetsItsPrior(Toy):
    def predict_proba(self, L):
        balance, self.class_balance = self.class_balance, None
        found = super().predict_proba(L)
        self.class_balance = balance
        return found


class NeedsTwoFunctions(Toy):
    def fit(self, L):
        np.corrcoef(L.votes.T)[0, 1]
        return super().fit(L)


class NeedsAVote(Toy):
    def fit(self, L):
        L.votes[L.votes >= 0][0]
        return super().fit(L)


class NeedsTwoClasses(Toy):
    def fit(self, L):
        seen = np.unique(L.votes[L.votes >= 0])
        if len(seen) == 1:
            raise ZeroDivisionError("one class")
        return super().fit(L)


class BelievesTheOpposite(Toy):
    def fit(self, L):
        super().fit(L)
        self.weights = -self.weights
        return self


class KnowsTenClasses(Toy):
    def tally(self, L, weights):
        return np.array([np.zeros(10)[: len(L.classes)] for _ in L.votes]) + super().tally(L, weights)


class Multiplies(Toy):
    def predict_proba(self, L):
        prior = np.full(len(L.classes), 1 / len(L.classes)) if self.class_balance is None else self.class_balance
        said, cast = self.tally(L, np.ones(len(self.weights))), (L.votes >= 0).sum(axis=1, keepdims=True)
        joint = prior * 0.6**said * 0.2 ** (cast - said)
        with np.errstate(invalid="ignore"):
            return Posterior(joint / joint.sum(axis=1, keepdims=True), L.item_ids, L.classes, L.covered)


class Remembers(Toy):
    def fit(self, L):
        before = getattr(self, "weights", None)
        super().fit(L)
        if before is not None:
            self.weights += before.mean()
        return self


class SavesItsParametersOnly(Toy):
    @classmethod
    def load(cls, path):
        loaded = super().load(path)
        loaded.weights = np.ones(len(loaded.weights))
        return loaded


class WritesToTables(Toy):
    def fit(self, L):
        super().fit(L)
        if isinstance(L, VotePatterns):
            L.votes.base[:] = 0
        return self


class DrawsGlobally(Toy):
    def fit(self, L):
        np.random.random()
        return super().fit(L)


BROKEN = {
    "fit must return the model": ReturnsNothing,
    "predict_proba must give a distribution over the classes for each item": NamesItemsAnew,
    "permuting the items must permute the posterior": LooksAtPositions,
    "the order of the functions must change nothing": TrustsTheFirstFunction,
    "renumbering the classes must change nothing else": PrefersTheFirstClass,
    "a table of vote patterns must fit as the label matrix does": TakesNoTables,
    "items that all come twice must change next to nothing": IsSurerOfMoreItems,
    "an item without votes must keep the prior and not be covered": CoversEverything,
    "class_balance must be the prior": ForgetsItsPrior,
    "one function alone must give a defined result or a ModelError": NeedsTwoFunctions,
    "no votes at all must give a defined result or a ModelError": NeedsAVote,
    "votes for one class only must give a defined result or a ModelError": NeedsTwoClasses,
    "what all functions say must be believed": BelievesTheOpposite,
    "many classes must give no NaN": KnowsTenClasses,
    "many functions must give no NaN": Multiplies,
    "fitting again must forget the first time": Remembers,
    "saving and loading must change no prediction": SavesItsParametersOnly,
    "arguments must not be written to": WritesToTables,
    "global random state must neither matter nor change": DrawsGlobally,
}


@pytest.mark.parametrize("name", plugins.names("model"))
def test_a_model_that_ships_keeps_the_contract(name):
    check_label_model(plugins.get("model", name), **LIMITS.get(name, {}))


@pytest.mark.parametrize("name", ["majority", "weighted_majority", "dawid_skene", "triplet"])
def test_a_model_with_a_prior_keeps_the_contract(name):
    check_label_model(lambda: plugins.build("model", name, class_balance=[0.2, 0.5, 0.3]), most_functions=50)


def test_the_models_that_the_package_must_ship_are_among_those_found():
    assert {"majority", "weighted_majority", "dawid_skene", "triplet", "snorkel"} <= set(plugins.names("model"))


def test_somebody_elses_model_can_keep_the_contract():
    check_label_model(Toy)


@pytest.mark.parametrize("sentence", CHECKS)
def test_every_check_can_fail_and_says_which_model_and_what_it_must_do(sentence):
    broken = BROKEN[sentence]

    with pytest.raises(AssertionError) as caught:
        check_label_model(broken)

    assert str(caught.value).startswith(f"{broken.__name__}: {sentence}: ")


def test_a_model_may_refuse_one_function_but_not_six():
    class Refuses(Toy):
        def fit(self, L):
            if len(L.lf_names) < self.fewest:
                raise ModelError(f"needs {self.fewest} functions")
            return super().fit(L)

    Refuses.fewest = 3
    check_label_model(Refuses)

    Refuses.fewest = 7
    with pytest.raises(AssertionError, match="it raised ModelError: needs 7 functions"):
        check_label_model(Refuses)


def test_items_that_come_twice_may_weigh_pseudo_votes_down_but_only_a_little():
    with pytest.raises(
        AssertionError, match=r"must change next to nothing: with a matrix .* move by 0\.\d+ on average"
    ):
        check_label_model(lambda: DawidSkene(smoothing=100), most_functions=1)


def test_it_leaves_the_random_state_of_its_caller():
    np.random.seed(7)
    before = np.random.get_state()[1].tolist()

    check_label_model(Majority, most_functions=1)

    assert np.random.get_state()[1].tolist() == before
