"""Snorkel's LabelModel: trained by Snorkel itself, its traps absorbed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from weaklabel import progress
from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior
from weaklabel.errors import ConvergenceError, ModelError
from weaklabel.labeling.models._prior import prior
from weaklabel.numerics import Floats, normalise_log

__all__ = ["Snorkel"]

FEWEST = 3
TRAINING = (
    "n_epochs", "lr", "l2", "optimizer", "optimizer_config", "lr_scheduler", "lr_scheduler_config", "prec_init",
    "seed", "log_freq", "mu_eps",
)  # fmt: skip


@dataclass
class Snorkel:
    """Assumes that functions err independently of each other given the class, at rates of their own.

    Parameters
    ----------
    class_balance
        The prior, shape (k,), positive, sums to 1; uniform by default.
    Y_dev
        Known classes of some items, from which the prior is counted if none is given; -1 is unknown.
    n_epochs, lr, l2, optimizer, optimizer_config, lr_scheduler, lr_scheduler_config, prec_init, log_freq, mu_eps
        As in Snorkel's `LabelModel.fit`, with its defaults.
    seed
        Of the starting point; Snorkel's own default differs from process to process, this one does not.
    device
        "cpu" or "cuda".

    Attributes
    ----------
    mu_
        Shape (m, k, k): P(function j votes v | class y), learned.
    prior_
        Shape (k,).
    fitted_to_
        Names of the functions, and of the classes.

    Source: Ratner et al., Training Complex Models with Multi-Task Weak Supervision, AAAI 2019.
    """

    class_balance: Sequence[float] | None = None
    Y_dev: ArrayLike | None = None
    n_epochs: int = 100
    lr: float = 0.01
    l2: float = 0.0
    optimizer: str = "sgd"
    optimizer_config: Mapping[str, Any] = field(default_factory=dict)
    lr_scheduler: str = "constant"
    lr_scheduler_config: Mapping[str, Any] = field(default_factory=dict)
    prec_init: float | Sequence[float] = 0.7
    seed: int = 0
    log_freq: int = 10
    mu_eps: float | None = None
    device: str = "cpu"
    mu_: Floats = field(init=False, repr=False)
    prior_: Floats = field(init=False, repr=False)
    fitted_to_: tuple[tuple[str, ...], tuple[str, ...]] = field(init=False, repr=False)

    def fit(self, L: LabelMatrix) -> Self:
        """Train Snorkel's model on the votes.

        Raises
        ------
        ModelError
            Fewer than three functions, no vote at all, or an impossible prior or option.
        ConvergenceError
            The loss became NaN.
        """
        _check(L)
        self.prior_ = prior(self._balance(L), L.classes)
        with _own_randomness():
            self.mu_ = self._train(L)
        self.fitted_to_ = L.lf_names, L.classes
        return self

    def predict_proba(self, L: LabelMatrix) -> Posterior:
        """P(class | votes), summed in logs: many votes never underflow. Equal to Snorkel's where that is finite."""
        for kind, fitted, given in zip(("functions", "classes"), self.fitted_to_, (L.lf_names, L.classes), strict=True):
            if fitted != given:
                raise ModelError(_other_matrix(kind, fitted, given))
        log_p = np.tile(np.log(self.prior_), (len(L.votes), 1))
        log_mu = np.log(self.mu_)
        for j, votes in enumerate(L.votes.T):
            # Row -1 is the abstention, which says nothing.
            log_p += np.vstack([log_mu[j], np.zeros(L.cardinality)])[votes]
        return Posterior(normalise_log(log_p), L.item_ids, L.classes, L.covered, provenance=self._provenance())

    def _balance(self, L: LabelMatrix) -> Sequence[float] | None:
        if self.class_balance is not None or self.Y_dev is None:
            return self.class_balance
        given = np.asarray(self.Y_dev)
        known = given[given != ABSTAIN]
        if not known.size or not np.isin(known, np.arange(L.cardinality)).all():
            raise ModelError(
                f"Y_dev holds {np.unique(given).tolist()}; it needs class numbers, "
                f"0..{L.cardinality - 1} ({', '.join(L.classes)}), at least one, and -1 where the class is unknown"
            )
        return [float((known == y).mean()) for y in range(L.cardinality)]

    def _train(self, L: LabelMatrix) -> Floats:
        from snorkel.labeling.model import LabelModel

        try:
            model = LabelModel(cardinality=L.cardinality, verbose=False, device=self.device)
            model.fit(
                L.votes.astype(np.int64),
                class_balance=[float(p) for p in self.prior_],
                progress_bar=progress.listening(),
                **self._options(),
            )
        except Exception as error:  # Snorkel raises bare Exception
            if "NaN" in str(error):
                raise ConvergenceError(
                    f"Snorkel's training diverged with {len(L.lf_names)} functions at lr={self.lr}: "
                    f"try lr={self.lr / 10:g}, or another model"
                ) from error
            raise ModelError(f"Snorkel refused these options: {error}") from error
        mu = model.mu.detach().cpu().numpy().astype(np.float64)
        return np.asarray(mu.reshape(len(L.lf_names), L.cardinality, L.cardinality))

    def _options(self) -> dict[str, Any]:
        options = {name: getattr(self, name) for name in TRAINING}
        # Snorkel takes no tuple here, and a file no array.
        return {**options, "prec_init": np.asarray(self.prec_init, np.float64).tolist()}

    def _provenance(self) -> dict[str, Any]:
        return {"model": "snorkel", **self._options(), "class_balance": self.prior_.tolist()}


def _other_matrix(kind: str, fitted: Sequence[str], given: Sequence[str]) -> str:
    there, here = next(pair for pair in zip_longest(fitted, given) if pair[0] != pair[1])
    return (
        f"the model was fitted to {len(fitted)} {kind} and this matrix has {len(given)}; the first that differs is "
        f"{there!r} there and {here!r} here: give it the same ones in the same order"
    )


def _check(L: LabelMatrix) -> None:
    if len(L.lf_names) < FEWEST:
        raise ModelError(
            f"Snorkel's label model needs at least {FEWEST} labeling functions; this matrix has {len(L.lf_names)}: "
            "write more, or use model='majority'"
        )
    if not L.covered.any():
        raise ModelError(
            f"no labeling function voted on any of the {len(L.votes)} items: there is nothing to learn from"
        )


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Snorkel seeds the generators of Python, numpy and torch; give the caller's back afterwards."""
    import torch

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
