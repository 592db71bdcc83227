"""Predictions of the audit slice by models that did not see its answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import progress, tables
from weaklabel.artefacts import Posterior, checks
from weaklabel.errors import AnswerError, ModelError, TableError
from weaklabel.numerics import Floats
from weaklabel.review.audit.measures import believed, found
from weaklabel.review.audit.permutation import AuditSlice, among, permutation

FOLDS = 20  # with 5 the accuracy of a model of 200 answers came out 0.03 too low, with 20 0.02, measured on imdb
CHOSEN_FOLDS = 5
FEW = 0.01  # share of the pool: what is known by heart of so few items moves its mean by less than that

Fit = Callable[[frozenset[str]], Posterior]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What people answered on the audit slice beside what a model expected that was trained without those answers.

    Attributes
    ----------
    found
        Shape (a, 3k + 1): outcomes of each audit item; columns as in `measures`.
    believed
        Shape (a, 3k + 1): what the model expected of them, its probabilities taken at their word.
    overall
        Shape (3k + 1,): what these models expect on average over the pool, of answered items as if they had not learned
        their answers.
    item_ids
        Shape (a,): the audit items.
    classes
        The k class names.
    pool
        Number of items in the pool.
    skipped
        Audit items that people could not answer.
    naive
        Shape of `overall`, by name: numbers that are at hand and wrong, each with why in its name.
    """

    found: Floats
    believed: Floats
    overall: Floats
    item_ids: pl.Series
    classes: tuple[str, ...]
    pool: int
    skipped: int
    naive: Mapping[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.item_ids)


def held_out(
    fit: Fit,
    audit: AuditSlice,
    answers: Mapping[str, str],
    *,
    folds: int = FOLDS,
    unseen: Posterior | None = None,
) -> HeldOut:
    """Train the end model once for each fold of the audit slice, without its answers, and look how it predicts them.

    Only audit answers are left out for it, a fold of them at a time: with a quarter of the answers in the audit and
    twenty folds each model misses an eightieth of all. It is still a little worse than the one that is to be judged,
    also because the strategy asked elsewhere where an audit answer had made the model sure: the score is pessimistic,
    by up to 0.03 with 200 answers learned from nothing, and by less the more the model knows.

    What the model believes of the pool tells something only where it has not been told: it is surer of the answers that
    it knows by heart, and with 300 of 500 items answered that made the accuracy 0.03 too high. So the answers that the
    strategy chose are left out too, in five folds and for this alone, where they are more than a hundredth of the pool.

    Parameters
    ----------
    fit
        From ids whose answers must not be used, not even by a label model, to the beliefs about every item of the
        pool. Called with no ids too: that is the model itself.
    audit
        The slice.
    answers
        Item id -> class name; has all of the slice.
    folds
        2 or more; fewer are used where the slice has fewer items. Each is a fit: where one takes long, 5 are cheaper
        and more pessimistic.
    unseen
        The model's beliefs, but of each answered item those of a model that did not learn its answer
        (`Learned.unseen`), where they are at hand: saves five fits.

    Raises
    ------
    AnswerError
        The slice is of fewer than two items, or one lacks its answer, or that is no class.
    ModelError
        `fit` gives beliefs that lack an item of the pool or differ in their classes, or marks an item as answered that
        it was told to leave out; or `unseen` is of other items or classes, or marks an item as answered.
    TableError
        Fewer than two folds.

    Source: Zrnic and Candès, Cross-prediction-powered inference, PNAS 2024.
    """
    if folds < 2:
        raise TableError(f"{folds} folds hold nothing out: give 2 or more")
    if len(audit) < 2:
        raise AnswerError(
            f"the audit slice holds {len(audit)} answers, so nothing can be held out: answer the next items of "
            "audit_next first"
        )
    whole = fit(frozenset())
    y = class_numbers(answers, audit.item_ids, whole.classes)
    outcomes, expected = (np.empty((len(audit), 3 * len(whole.classes) + 1)) for _ in range(2))
    pool = np.zeros((len(whole.item_ids), expected.shape[1]))
    for rows in progress.track(_folds(len(audit), folds), "folds of the audit", min(folds, len(audit))):
        beliefs = _without(fit, audit.item_ids.gather(rows), whole)
        outcomes[rows], expected[rows] = _part(beliefs, audit.item_ids.gather(rows), y[rows])
        pool += believed(beliefs.labels(), beliefs.probs) * len(rows) / len(audit)
    chosen = _chosen(whole.item_ids, audit, answers)
    told = _unseen(fit, whole, chosen) if unseen is None else _beliefs(_matching(unseen, whole), chosen)
    for item_ids, better in [(audit.item_ids, expected), *told]:
        pool[_rows(whole, item_ids)] = better
    return HeldOut(
        outcomes,
        expected,
        np.asarray(pool.mean(axis=0)),
        audit.item_ids,
        whole.classes,
        audit.pool,
        len(audit.skipped),
        _naive(whole, answers),
    )


def class_numbers(answers: Mapping[str, str], item_ids: Iterable[str], classes: Sequence[str]) -> NDArray[np.int64]:
    """The number of each item's class, shape (n,).

    Raises
    ------
    AnswerError
        An item lacks its answer, or that is no class.
    """
    number = {name: place for place, name in enumerate(classes)}
    if lost := [item for item in item_ids if item not in answers]:
        raise AnswerError(
            f"{len(lost)} items of the audit slice have no answer, first {lost[0]!r}: give the answers it was made from"
        )
    if wrong := [item for item in item_ids if answers[item] not in number]:
        raise AnswerError(
            f"item {wrong[0]!r} is answered {answers[wrong[0]]!r}, which is no class; "
            f"the classes are {', '.join(classes)}"
        )
    return np.array([number[answers[item]] for item in item_ids], np.int64)


def _folds(n: int, folds: int) -> Iterator[NDArray[np.intp]]:
    """Every so many-th item of the slice, which stands in random order: an item keeps its fold as the slice grows."""
    for fold in range(min(folds, n)):
        yield np.arange(fold, n, folds)


def _without(fit: Fit, item_ids: pl.Series, whole: Posterior) -> Posterior:
    """Beliefs of a model that did not learn the answers of these items."""
    beliefs = fit(frozenset(item_ids))
    _check(beliefs, whole, item_ids)
    return beliefs


Told = list[tuple[pl.Series, Floats]]  # items, and what is believed of them, shape (c, 3k + 1)


def _chosen(pool: pl.Series, audit: AuditSlice, answers: Iterable[str]) -> pl.Series:
    """The answered items that are not in the audit slice, in the audit's order."""
    open_items = pool.filter(~among(pool, audit.item_ids) & among(pool, answers))
    return open_items.gather(np.lexsort((open_items.rank("ordinal").to_numpy(), permutation(open_items, audit.seed))))


def _unseen(fit: Fit, whole: Posterior, chosen: pl.Series) -> Told:
    """What models that did not learn the chosen answers believe of those items; nothing where they are few."""
    if len(chosen) <= FEW * len(whole.item_ids):
        return []
    folds = progress.track(_folds(len(chosen), CHOSEN_FOLDS), "folds of the chosen", min(CHOSEN_FOLDS, len(chosen)))
    parts = [chosen.gather(rows) for rows in folds]
    return [told for part in parts for told in _beliefs(_without(fit, part, whole), part)]


def _beliefs(beliefs: Posterior, item_ids: pl.Series) -> Told:
    rows = _rows(beliefs, item_ids)
    return [(item_ids, believed(beliefs.labels()[rows], beliefs.probs[rows]))]


def _matching(unseen: Posterior, whole: Posterior) -> Posterior:
    if len(unseen.item_ids) != len(whole.item_ids):
        raise ModelError(f"`unseen` is of {len(unseen.item_ids)} items, the model of {len(whole.item_ids)}")
    _check(unseen, whole, whole.item_ids)
    return unseen


def _check(beliefs: Posterior, whole: Posterior, left_out: pl.Series) -> None:
    if beliefs.classes != whole.classes:
        raise ModelError(f"the model was of the classes {whole.classes}, without some answers of {beliefs.classes}")
    seen = beliefs.item_ids.filter(pl.Series(beliefs.answered))
    if (told := left_out.is_in(seen.implode())).any():
        raise ModelError(
            f"the beliefs of item {left_out.filter(told)[0]!r} are its answer, although `fit` was told to leave it "
            "out: give what the end model predicts, with no answers folded in"
        )


def _part(beliefs: Posterior, item_ids: pl.Series, y: NDArray[np.int64]) -> tuple[Floats, Floats]:
    labels = beliefs.labels()
    rows = _rows(beliefs, item_ids)
    return found(labels[rows], beliefs.probs[rows], y), believed(labels[rows], beliefs.probs[rows])


def _rows(beliefs: Posterior, item_ids: pl.Series) -> NDArray[np.intp]:
    rows = tables.rows_of(beliefs.item_ids, item_ids)
    if rows.null_count():
        raise ModelError(
            f"the model's beliefs lack {rows.null_count()} items of the audit slice, first "
            f"{item_ids.filter(rows.is_null())[0]!r}: it must predict every item of the pool"
        )
    return rows.to_numpy().astype(np.intp)


def _naive(whole: Posterior, answers: Mapping[str, str]) -> dict[str, Floats]:
    labels = whole.labels()
    there = checks.ids(list(answers))
    there = there.filter(there.is_in(whole.item_ids.implode()))
    rows, y = _rows(whole, there), class_numbers(answers, there, whole.classes)
    return {
        "all answers (biased: chosen by the strategy, and learned from)": found(
            labels[rows], whole.probs[rows], y
        ).mean(axis=0),
        "the model's own belief (biased: it does not know its mistakes)": believed(labels, whole.probs).mean(axis=0),
    }
