"""What every label model must do, as checks that any model can be put to, one's own too."""

import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior
from weaklabel.errors import ModelError
from weaklabel.labeling.patterns import merge, vote_patterns
from weaklabel.numerics import Floats
from weaklabel.protocols import LabelModel

N_ITEMS = 240
CLASSES = ("a", "b", "c")
ACCURACY = (0.9, 0.85, 0.8, 0.75, 0.7, 0.65)  # of the planted functions: they differ, so that their order could matter
COVERAGE = 0.7

Factory = Callable[[], Any]
Array = NDArray[Any]


@dataclass(frozen=True)
class Subject:
    """The model under test, and how strictly it is judged.

    Attributes
    ----------
    new
        Gives a model with its parameters set, not fitted.
    tolerance
        By how much probabilities may differ that must be equal.
    slack
        By how much they may differ on average if all items come twice.
    most_classes, most_functions
        The largest k and m that are tried.
    """

    new: Factory
    tolerance: float
    slack: float
    most_classes: int
    most_functions: int


def check_label_model(
    model_factory: Callable[[], LabelModel],
    *,
    tolerance: float = 1e-6,
    slack: float = 0.02,
    most_classes: int = 50,
    most_functions: int = 2000,
) -> None:
    """Put a label model to the contract that all of weaklabel's own keep; return if it keeps it too.

    The contract is the sentences of `CHECKS`, in order, on planted votes. Items that all come twice may change a belief
    a little, on average within `slack`, as pseudo-votes then weigh half as much.

    Parameters
    ----------
    model_factory
        Gives a new model, not fitted, each time it is called: the class itself, if its parameters have defaults. One
        with a `class_balance`, of three shares, need not treat classes alike nor take other numbers of classes, and
        that is not checked.
    tolerance
        By how much two probabilities may differ that must be equal; more for a model in single precision.
    slack
        By how much probabilities may differ, on average, when all items come twice.
    most_classes, most_functions
        The largest k (at least 3) and m (at least 1) that are tried; fewer for a slow model.

    Raises
    ------
    AssertionError
        The model breaks the contract; says what it must do, and what it did.

    Examples
    --------
    >>> from weaklabel.labeling.models.majority import Majority
    >>> check_label_model(Majority)
    """
    subject = Subject(model_factory, tolerance, slack, most_classes, most_functions)
    for sentence, check in CHECKS.items():
        name = getattr(model_factory, "__name__", repr(model_factory))
        try:
            check(subject)
        except AssertionError as error:
            raise AssertionError(f"{name}: {sentence}: {error}") from error
        except Exception as error:
            raise AssertionError(f"{name}: {sentence}: it raised {type(error).__name__}: {error}") from error


def _planted(
    n: int = N_ITEMS,
    accuracy: Sequence[float] | Floats = ACCURACY,
    classes: Sequence[str] = CLASSES,
    coverage: float = COVERAGE,
    seed: int = 0,
) -> LabelMatrix:
    """Votes of functions that err independently, each at its own rate; nobody votes on the last item."""
    rng, m, k = np.random.default_rng(seed), len(accuracy), len(classes)
    y = rng.integers(0, k, n)[:, None]
    right = rng.random((n, m)) < np.asarray(accuracy)
    said = np.where(right, y, (y + rng.integers(1, k, (n, m))) % k)
    votes = np.where(rng.random((n, m)) < coverage, said, ABSTAIN)
    votes[-1] = ABSTAIN
    return LabelMatrix.from_array(votes, classes)


def _gives_a_distribution(subject: Subject) -> None:
    L = _planted()
    posterior = _beliefs(subject, L)
    _require(posterior.classes == L.classes, f"classes {posterior.classes} for {L.classes}")
    _require((posterior.item_ids == L.item_ids).all(), "its item ids are not those of the matrix")


def _permuted_items(subject: Subject) -> None:
    L = _planted()
    order = np.random.default_rng(1).permutation(len(L.votes))
    _same(subject, _beliefs(subject, L).probs[order], _beliefs(subject, _rows(L, order)).probs)


def _permuted_functions(subject: Subject) -> None:
    L = _planted()
    order = np.random.default_rng(2).permutation(len(L.lf_names))
    turned = LabelMatrix(L.votes[:, order], L.item_ids, tuple(L.lf_names[j] for j in order), L.classes)
    _same(subject, _beliefs(subject, L).probs, _beliefs(subject, turned).probs)


def _permuted_classes(subject: Subject) -> None:
    if _own_prior(subject) is not None:
        return
    L = _planted()
    order = np.array([2, 0, 1])
    number = np.append(np.argsort(order), ABSTAIN)  # of each old class; an abstention, -1, is the last
    turned = LabelMatrix(number[L.votes], L.item_ids, L.lf_names, tuple(L.classes[y] for y in order))
    _same(subject, _beliefs(subject, L).probs[:, order], _beliefs(subject, turned).probs)


def _doubled_items(subject: Subject) -> None:
    L = _planted()
    twice = LabelMatrix.from_array(np.vstack([L.votes, L.votes]), L.classes)
    two_shards = merge(vote_patterns(L), vote_patterns(L))
    for data, how in ((twice, "a matrix"), (two_shards, "two merged tables")):
        moved = np.abs(subject.new().fit(data).predict_proba(L).probs - _beliefs(subject, L).probs).mean()
        _require(moved <= subject.slack, f"with {how} its probabilities move by {moved:.3g} on average")


def _vote_table(subject: Subject) -> None:
    L = _planted()
    _same(subject, _beliefs(subject, L).probs, subject.new().fit(vote_patterns(L)).predict_proba(L).probs)


def _uncovered_items(subject: Subject) -> None:
    L = _planted()
    model = subject.new().fit(L)
    posterior, alone = model.predict_proba(L), model.predict_proba(_rows(L, np.array([N_ITEMS - 1])))
    _require((posterior.covered == L.covered).all(), "`covered` is not whether any function voted")
    _require(posterior.labels()[-1] == ABSTAIN, "it labels an item on which all functions abstain")
    _same(subject, posterior.probs[-1:], alone.probs)
    if (balance := _own_prior(subject)) is not None:
        _same(subject, posterior.probs[-1:], np.asarray([balance]))


def _given_prior(subject: Subject) -> None:
    model = subject.new()
    if not hasattr(model, "class_balance") or model.class_balance is not None:
        return
    model.class_balance = [0.2, 0.5, 0.3]
    L = _planted()
    _same(subject, model.fit(L).predict_proba(L).probs[-1:], np.array([[0.2, 0.5, 0.3]]))


def _one_function(subject: Subject) -> None:
    _defined_or_refused(subject, _planted(accuracy=(0.8,)))


def _no_votes(subject: Subject) -> None:
    _defined_or_refused(subject, LabelMatrix.from_array(np.full((5, 4), ABSTAIN), CLASSES))


def _one_class_ever(subject: Subject) -> None:
    L = _planted()
    only = np.where(L.votes == 1, 1, ABSTAIN)
    _defined_or_refused(subject, LabelMatrix(only, L.item_ids, L.lf_names, L.classes))


def _believed(subject: Subject) -> None:
    L = _planted()
    y = np.arange(len(CLASSES))
    unanimous = LabelMatrix.from_array(np.repeat(y[:, None], len(ACCURACY), axis=1), L.classes)
    found = subject.new().fit(L).predict_proba(unanimous).labels()
    _require((found == y).all(), f"it labels items on which all functions vote {y.tolist()} as {found.tolist()}")


def _many_classes(subject: Subject) -> None:
    if _own_prior(subject) is not None:
        return
    _beliefs(subject, _planted(classes=[f"class {y}" for y in range(subject.most_classes)]))


def _many_functions(subject: Subject) -> None:
    rng = np.random.default_rng(0)
    accuracy = rng.uniform(0.6, 0.9, subject.most_functions)
    _beliefs(subject, _planted(20, accuracy))


def _refitted(subject: Subject) -> None:
    fewer = CLASSES[:2] if _own_prior(subject) is None else CLASSES
    first, second = _planted(seed=1, classes=fewer, accuracy=ACCURACY[:5]), _planted()
    again = subject.new().fit(first).fit(second).predict_proba(second)
    _same(subject, _beliefs(subject, second).probs, again.probs)


def _returns_itself(subject: Subject) -> None:
    model = subject.new()
    _require(model.fit(_planted()) is model, "fit returned something else")


def _saved_and_loaded(subject: Subject) -> None:
    L = _planted()
    model = subject.new().fit(L)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        model.save(path)
        loaded = type(model).load(path)
    found, wanted = loaded.predict_proba(L).probs, model.predict_proba(L).probs
    _require(np.array_equal(found, wanted), "the loaded model predicts something else")


def _left_alone(subject: Subject) -> None:
    L = _planted()
    raw = L.votes.copy()
    given = LabelMatrix(raw, L.item_ids, L.lf_names, L.classes)
    table = vote_patterns(L)
    counts, votes = table.counts.copy(), table.votes.copy()
    for data in (given, table):
        subject.new().fit(data).predict_proba(given)
    _require(np.array_equal(raw, L.votes), "it wrote to the votes of the matrix")
    _require(np.array_equal(table.counts, counts), "it wrote to the counts of the table")
    _require(np.array_equal(table.votes, votes), "it wrote to the votes of the table")


def _random_state(subject: Subject) -> None:
    L = _planted()
    with _own_randomness():
        _seed_all(1)
        before = _states()
        once = _beliefs(subject, L)
        _require(_states() == before, "it drew from, or seeded, a global generator")
        _seed_all(2)
        _same(subject, once.probs, _beliefs(subject, L).probs)


CHECKS: dict[str, Callable[[Subject], None]] = {
    "fit must return the model": _returns_itself,
    "predict_proba must give a distribution over the classes for each item": _gives_a_distribution,
    "permuting the items must permute the posterior": _permuted_items,
    "the order of the functions must change nothing": _permuted_functions,
    "renumbering the classes must change nothing else": _permuted_classes,
    "a table of vote patterns must fit as the label matrix does": _vote_table,
    "items that all come twice must change next to nothing": _doubled_items,
    "an item without votes must keep the prior and not be covered": _uncovered_items,
    "class_balance must be the prior": _given_prior,
    "one function alone must give a defined result or a ModelError": _one_function,
    "no votes at all must give a defined result or a ModelError": _no_votes,
    "votes for one class only must give a defined result or a ModelError": _one_class_ever,
    "what all functions say must be believed": _believed,
    "many classes must give no NaN": _many_classes,
    "many functions must give no NaN": _many_functions,
    "fitting again must forget the first time": _refitted,
    "saving and loading must change no prediction": _saved_and_loaded,
    "arguments must not be written to": _left_alone,
    "global random state must neither matter nor change": _random_state,
}


def _own_prior(subject: Subject) -> Any:
    """The prior that the model was given, of the checks' three classes; None if it was given none."""
    return getattr(subject.new(), "class_balance", None)


def _beliefs(subject: Subject, L: LabelMatrix) -> Posterior:
    """Of a new model fitted to the matrix, checked to be distributions."""
    posterior: Posterior = subject.new().fit(L).predict_proba(L)
    probs = np.asarray(posterior.probs)
    wanted = (len(L.votes), L.cardinality)
    _require(probs.shape == wanted, f"probabilities have shape {probs.shape}, not {wanted}")
    _require(not np.isnan(probs).any(), f"{int(np.isnan(probs).any(axis=1).sum())} of {len(probs)} rows hold NaN")
    off = np.abs(probs.sum(axis=1) - 1).max(initial=0)
    _require(off <= 1e-6, f"a row of probabilities sums to 1 with an error of {off:.3g}")
    _require((probs >= 0).all(), "a probability is negative")
    return posterior


def _defined_or_refused(subject: Subject, L: LabelMatrix) -> None:
    try:
        _beliefs(subject, L)
    except ModelError:
        return


def _require(kept: Any, otherwise: str) -> None:
    """Not `assert`, which Python leaves out when it optimises."""
    if not kept:
        raise AssertionError(otherwise)


def _same(subject: Subject, wanted: Floats, found: Floats) -> None:
    off = float(np.abs(wanted - found).max(initial=0))
    _require(off <= subject.tolerance, f"a probability differs by {off:.3g}")


def _rows(L: LabelMatrix, which: Array) -> LabelMatrix:
    """Some of the items, in that order."""
    return LabelMatrix(L.votes[which], L.item_ids.gather(which), L.lf_names, L.classes)


def _seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


def _states() -> tuple[Any, ...]:
    """Of the generators of Python, numpy and, where it is loaded, torch."""
    torch = sys.modules.get("torch")
    numpy = tuple(part.tolist() if isinstance(part, np.ndarray) else part for part in np.random.get_state())
    return random.getstate(), numpy, torch.get_rng_state().tolist() if torch else None


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Give the caller's generators back as they were."""
    torch = sys.modules.get("torch")
    kept = random.getstate(), np.random.get_state(), torch.get_rng_state() if torch else None
    try:
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])
        if torch:
            torch.set_rng_state(kept[2])
