"""What was learned from votes and answers."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from weaklabel import progress
from weaklabel.artefacts import Posterior
from weaklabel.labeling.train import EndModel


@dataclass(frozen=True, eq=False)
class Learned:
    """What votes and answers together say.

    Attributes
    ----------
    beliefs
        Of the end model about all n items of the pool; covered everywhere, answered nowhere, as it predicts from
        features alone.
    labels
        Of the label model, taught by the audit; every answered item is certain.
    weak
        The same label model, with no item set to its answer; None without labeling functions.
    end_model
        Predicts any table that has the columns.
    how
        What was learned from, in words.
    weight
        How many weak labels an answer counted for, from 1 to 100.
    sharpness
        To which power the end model's probabilities were raised so that answers which it did not see surprise least.
    """

    beliefs: Posterior
    labels: Posterior
    weak: Posterior | None
    end_model: EndModel
    how: str
    weight: float
    sharpness: float
    _folds: tuple[frozenset[str], ...] = field(repr=False)
    _without: Callable[[frozenset[str]], Posterior] = field(repr=False)

    @cached_property
    def unseen(self) -> Posterior:
        """The beliefs, but of each answered item those of a model that did not learn its answer, nor its label model.

        Takes a fit for each of five folds of the answers, the first time.
        """
        probs = self.beliefs.probs.copy()
        for fold in progress.track(self._folds, "folds of the answers", len(self._folds)):
            held = self.beliefs.item_ids.is_in(pl.Series(list(fold)).implode()).to_numpy()
            probs[held] = self._without(fold).probs[held]
        return replace(self.beliefs, probs=probs)
