"""Weak labels and people's answers in one end model, learned again after each round."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import tables
from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior, checks
from weaklabel.errors import AnswerError
from weaklabel.labeling.gold import clamp
from weaklabel.labeling.soft_fit import fit_soft, reads_columns
from weaklabel.labeling.train import (
    EndModel,
    check_texts,
    default_classifier,
    default_text_features,
    feature_columns,
    make_features,
)
from weaklabel.labeling.training_set import without_prior
from weaklabel.protocols import LabelModel
from weaklabel.review.audit.held_out import class_numbers
from weaklabel.review.audit.permutation import AuditSlice, permutation
from weaklabel.review.learning.adjusted import Sharpened, sharpness
from weaklabel.review.learning.evidence import Evidence
from weaklabel.review.learning.learned import Learned as Learned
from weaklabel.review.learning.logistic import fit_logistic
from weaklabel.review.learning.pool import class_names, made, one_thread, shared
from weaklabel.review.learning.teaching import Teacher
from weaklabel.review.learning.weighing import FOLDS, Weighed, weigh

UNSEEN = 5  # folds in which answered items are predicted by models that did not learn them


class Learner:
    """Trains one end model on weak labels and answers, of which each counts as much as it proves to be worth.

    The label model learns from the audit alone, as `denoise_with_answers` does. The end model learns from what the
    label model believes, and from the answers instead where there are any; how many weak labels an answer counts for,
    from 1 to 100, is learned from how well answers are predicted by models that did not see them. By the same
    predictions the end model's beliefs are sharpened, as modest labels make a modest model.

    Parameters
    ----------
    table
        Has a row for every item of the pool; more if there are votes.
    L
        The votes, whose items are the pool; None: people alone teach the end model.
    columns, classifier, text_features
        As `train` takes them. Features are made once, from the whole pool. The default classifier has its loss
        minimised several times as fast as scikit-learn does it; with another, a fit is ten of its own.
    label_model
        Name of a label model, or one with its parameters set.
    classes
        Their names, where there are no votes that know them.
    seed
        Of the default classifier, and of the parts in which answers are held out.

    Attributes
    ----------
    table
        The pool's rows, in the order of `item_ids`.
    L
        The votes, or None.
    item_ids
        Shape (n,): the pool.
    classes
        The k names.
    teacher
        The label model, which learns from an audit; or None.

    Raises
    ------
    TableError
        The table lacks an item, a column or a text, or the classes are not known, or not those of the votes.
    ModelError
        The features refuse the columns, or the label model the votes.
    UnknownNameError
        There is no such label model.
    """

    def __init__(
        self,
        table: Any,
        L: LabelMatrix | None = None,
        *,
        columns: Sequence[str] | None = None,
        classifier: Any = None,
        text_features: Any = None,
        label_model: str | LabelModel = "hybrid_em",
        classes: Sequence[str] | None = None,
        seed: int = 0,
    ) -> None:
        rows = tables.as_table(table)
        self.table = rows if L is None else tables.align(rows, L.item_ids)
        self.L, self.seed, self.classes = L, seed, class_names(L, classes)
        self.item_ids = checks.ids(self.table["id"]) if L is None else L.item_ids
        self._columns = feature_columns(self.table, columns)
        check_texts(self.table, self._columns)
        self._classifier = classifier
        self._texts = default_text_features(shared(len(self.table))) if text_features is None else text_features
        own = text_features if reads_columns(classifier) else self._texts
        self._maker = make_features(self.table, self._columns, classifier, own)
        self._X = made(self._maker, self.table, self._columns)
        self.teacher = None if L is None else Teacher(L, label_model)

    @cached_property
    def features(self) -> Any:
        """Shape (n, d), an array or a CSR matrix, in the pool's order; of a Pipeline's columns those `train` makes."""
        if not reads_columns(self._classifier):
            return self._X
        maker = make_features(self.table, self._columns, None, self._texts)
        return made(maker, self.table, self._columns)

    def fit(self, answers: Mapping[str, str], audit: AuditSlice, left_out: frozenset[str] = frozenset()) -> Learned:
        """Learn from votes and answers.

        Parameters
        ----------
        answers
            Item id -> class name, of all items that people answered; of those an audit does not hold, none teaches
            the label model.
        audit
            The slice of these items.
        left_out
            Items whose answers are not to be used, neither by the end model nor by the label model, wherever they
            stand.

        Returns
        -------
        Learned
            The order of the answers changes nothing.

        Raises
        ------
        AnswerError
            An answer is no class or of no item of the pool, or one of the audit is missing.
        ModelError
            The classifier cannot be trained on this.
        """
        with one_thread():
            return self._fitted(answers, audit, left_out)

    def _fitted(self, answers: Mapping[str, str], audit: AuditSlice, left_out: frozenset[str]) -> Learned:
        used = {item: label for item, label in answers.items() if item not in left_out}
        drawn = [item for item in audit.item_ids if item not in left_out]
        known, taught = self._gold(used, used), self._gold(used, drawn)
        weak = None if self.teacher is None else self.teacher.teach(taught)
        evidence = self.evidence(known, weak)
        weighed = weigh(evidence, self._start)
        power = 1.0 if weighed.crossed is None else sharpness(weighed.crossed, evidence.y)
        fitted = evidence.trained(weighed.weight, start=self._start)
        sharp = fitted if power == 1 else Sharpened(fitted, power)
        how, said = self._said(evidence, weighed, power)
        return Learned(
            self._posterior(evidence.expected(sharp), said),
            self._labels(weak, known, int((taught != ABSTAIN).sum())),
            weak,
            self._end_model(sharp, said),
            how,
            weighed.weight,
            power,
            tuple(self._folds(list(used))),
            lambda fold: self.fit(used, audit, left_out | fold).beliefs,
        )

    @cached_property
    def _start(self) -> Any:
        """What is learned from votes alone, to begin other fits from; None where none can begin from another."""
        if self.teacher is None or self._classifier is not None:
            return None
        none = np.full(len(self.item_ids), ABSTAIN)
        return self.evidence(none, self.teacher.untaught).trained(1.0)

    def _gold(self, answers: Mapping[str, str], wanted: Any) -> NDArray[np.int64]:
        gold, items = np.full(len(self.item_ids), ABSTAIN, np.int64), list(wanted)
        numbers, at = class_numbers(answers, items, self.classes), tables.rows_of(self.item_ids, items)
        if at.null_count():
            lost = next(item for item, row in zip(items, at, strict=True) if row is None)
            raise AnswerError(f"{at.null_count()} answers are of no item of the pool, first {lost!r}: leave them out")
        gold[at.to_numpy().astype(np.intp)] = numbers
        return gold

    def evidence(self, known: NDArray[np.int64], weak: Posterior | None) -> Evidence:
        """What an end model is trained on, from known classes, shape (n,), -1 where unknown, and a label model."""
        rows, k = np.flatnonzero(known != ABSTAIN), len(self.classes)
        fold = (permutation(self.item_ids.gather(rows), self.seed) % np.uint64(FOLDS)).astype(np.int64)
        if weak is None:
            uniform, none = np.full((len(known), k), 1 / k), np.zeros(len(known), bool)
            return Evidence(self._X, uniform, none, rows, known[rows], fold, self._fit)
        told = weak.prior.size and np.ptp(weak.prior) > 0  # what the votes say is learned better, see `training_set`
        probs = without_prior(weak.probs, weak.prior) if told else weak.probs
        return Evidence(self._X, probs, weak.covered, rows, known[rows], fold, self._fit)

    def _fit(self, X: Any, probs: NDArray[np.float64], weight: NDArray[np.float64], start: Any) -> Any:
        if self._classifier is None:
            return fit_logistic(X, probs, weight, start, self.seed)
        return fit_soft(self._classifier, X, probs, weight)

    def _labels(self, weak: Posterior | None, known: NDArray[np.int64], taught: int) -> Posterior:
        if weak is None:
            k = len(self.classes)
            even = np.full((len(known), k), 1 / k)
            weak = replace(self._posterior(even, {"model": "people alone"}, covered=False), prior=even[0])
        used = {"taught": taught, "stand": int((known != ABSTAIN).sum())}
        return replace(clamp(weak, known), provenance={**weak.provenance, "answers_used": used})

    def _posterior(self, probs: NDArray[np.float64], said: Mapping[str, Any], *, covered: bool = True) -> Posterior:
        there = np.full(len(self.item_ids), covered)
        return Posterior(probs, self.item_ids, self.classes, there, provenance=said)

    def _end_model(self, classifier: Any, said: Mapping[str, Any]) -> EndModel:
        texts = tuple(name for name in self._columns if self.table.schema[name] == pl.String)
        return EndModel(self._maker, classifier, self._columns, self.classes, said, texts)

    def _folds(self, items: list[str]) -> list[frozenset[str]]:
        """The answered items in five parts, by a hash, so that an item keeps its part."""
        part = permutation(pl.Series(items, dtype=pl.String), self.seed) // np.uint64(FOLDS) % np.uint64(UNSEEN)
        folds = [
            frozenset(item for item, own in zip(items, part, strict=True) if own == fold) for fold in range(UNSEEN)
        ]
        return [fold for fold in folds if fold]

    def _said(self, evidence: Evidence, weighed: Weighed, power: float) -> tuple[str, dict[str, Any]]:
        """How it was learned, in words and for the provenance."""
        n, weak = len(evidence.y), int(evidence.covered.sum())
        shown = repr(default_classifier(self.seed) if self._classifier is None else self._classifier)
        said = {"model": shown, "columns": list(self._columns), "weak_labels": weak, "answers": n,
                "answer_weight": weighed.weight, "sharpness": power}  # fmt: skip
        if not n:
            return f"{weak:,} weak labels, no answers", said
        if not weak:
            return f"{n:,} answers, no weak labels", said
        return f"{weak:,} weak labels and {n:,} answers, each of which counts for {weighed.weight:.1f} of them", said
