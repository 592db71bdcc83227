"""Snorkel's LabelModel: trained by Snorkel itself, from a table of counts; its traps absorbed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from weaklabel import progress
from weaklabel.artefacts import ABSTAIN, LabelMatrix
from weaklabel.errors import ConvergenceError, ModelError
from weaklabel.labeling._randomness import restored
from weaklabel.labeling.covotes import covotes
from weaklabel.labeling.models._log_linear import LogLinear
from weaklabel.labeling.models._prior import prior
from weaklabel.labeling.patterns import Fittable
from weaklabel.numerics import Floats

__all__ = ["Snorkel"]

FEWEST = 3
SMALLEST = float(np.finfo(np.float32).tiny)  # of a probability that mu_eps=0 lets be 0, whose log is -infinity
TRAINING = (
    "n_epochs", "lr", "l2", "optimizer", "optimizer_config", "lr_scheduler", "lr_scheduler_config", "prec_init",
    "seed", "log_freq", "mu_eps",
)  # fmt: skip


@dataclass
class Snorkel(LogLinear):
    """Assumes that functions err independently of each other given the class, at rates of their own.

    Snorkel's own code trains it, and learns the same to the bit, from how often each two votes fall on one item: its
    time and memory for that do not depend on the number of items. Items are predicted in logs, so that many votes never
    underflow, and equal Snorkel's where those are finite.

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
        Shape (m, k, k): P(function j votes v | class y), learned; `evidence_` is its log.
    prior_
        Shape (k,); `bias_` is its log.

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

    def fit(self, L: Fittable) -> Self:
        """Train Snorkel's model on how the votes overlap.

        Raises
        ------
        ModelError
            Fewer than three functions, no vote at all, or an impossible prior or option.
        ConvergenceError
            The loss or what was learned became NaN.
        """
        self._check(L)
        balance = prior(self._balance(L), L.classes)
        n = len(L.votes) if isinstance(L, LabelMatrix) else L.n
        counts = covotes(L)
        if not counts.any():
            raise ModelError(f"no labeling function voted on any of the {n} items: there is nothing to learn from")
        with _own_randomness():
            mu = self._train(counts / n, n, balance)
        if not np.isfinite(mu).all():
            raise self._diverged(len(mu))
        self.mu_, self.prior_ = mu, balance
        self.bias_, self.evidence_ = np.log(balance), np.log(np.maximum(mu, SMALLEST))
        self.fitted_to_ = L.lf_names, L.classes
        return self

    def _check(self, L: Fittable) -> None:
        if len(L.lf_names) < FEWEST:
            raise ModelError(
                f"Snorkel's label model needs at least {FEWEST} labeling functions; this matrix has "
                f"{len(L.lf_names)}: write more, or use model='majority'"
            )
        if self.mu_eps is not None and not (isinstance(self.mu_eps, Real) and 0 <= self.mu_eps < 1):
            raise ModelError(f"mu_eps is {self.mu_eps!r}; probabilities are kept that far from 0 and 1: give 0 to 0.5")

    def _was_told(self) -> bool:
        return self.class_balance is not None or self.Y_dev is not None

    def _balance(self, L: Fittable) -> Sequence[float] | None:
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

    def _train(self, overlaps: Floats, n: int, balance: Floats) -> Floats:
        m, k = len(overlaps) // len(balance), len(balance)
        try:
            model = _label_model(overlaps, n)(cardinality=k, verbose=False, device=self.device)
            model.fit(
                np.zeros((1, m), np.int64),  # stands for the votes, of which Snorkel looks at nothing but the shape
                class_balance=balance.tolist(),
                progress_bar=progress.listening(),
                **self._options(),
            )
        except Exception as error:  # Snorkel raises bare Exception
            if "NaN" in str(error):
                raise self._diverged(m) from error
            raise ModelError(f"Snorkel refused these options: {error}") from error
        return np.asarray(model.mu.detach().cpu().numpy().astype(np.float64).reshape(m, k, k))

    def _diverged(self, m: int) -> ConvergenceError:
        return ConvergenceError(
            f"Snorkel's training diverged with {m} functions at lr={self.lr}: try lr={self.lr / 10:g}, or another model"
        )

    def _options(self) -> dict[str, Any]:
        options = {name: _plain(getattr(self, name)) for name in TRAINING}
        # Snorkel takes no tuple here, and a file no array.
        return {**options, "prec_init": np.asarray(self.prec_init, np.float64).tolist()}

    def _provenance(self) -> dict[str, Any]:
        return {"model": "snorkel", **self._options(), "class_balance": self.prior_.tolist()}


def _label_model(overlaps: Floats, n: int) -> Any:
    """Snorkel's LabelModel, but that it takes these overlaps of n items as given; shape (m k, m k), shares."""
    import torch
    from snorkel.labeling.model import LabelModel

    class FromOverlaps(LabelModel):  # type: ignore[misc]  # snorkel has no types
        def _set_constants(self, L: Any) -> None:
            self.n, self.m, self.t = n, L.shape[1], 1

        def _create_L_ind(self, L: Any) -> Any:  # noqa: N802  # Snorkel's name
            return np.empty((0, self.m * self.cardinality))

        def _generate_O(self, L: Any, higher_order: bool = False) -> None:  # noqa: N802  # Snorkel's name
            self.d = self._get_augmented_label_matrix(L).shape[1]
            self.O = torch.from_numpy(overlaps).float().to(self.config.device)

    return FromOverlaps


def _plain(value: Any) -> Any:
    """Numbers of numpy as Python's, as `random.seed` wants them; mappings copied, as Snorkel writes into its own."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return value.item() if isinstance(value, np.generic) else value


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Snorkel seeds the generators of Python, numpy and torch; give the caller's back afterwards."""
    import torch

    seed = torch.initial_seed()
    started = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = range(torch.cuda.device_count()) if started else ()
    try:
        with restored(), torch.random.fork_rng(devices), torch.inference_mode(False):
            yield
    finally:
        if not started:  # torch keeps the last seed for when CUDA starts
            torch.cuda.manual_seed_all(seed)
