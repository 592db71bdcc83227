"""Settle: one label for each answered item, and which items deserve another opinion."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import Annotation, Posterior
from weaklabel.errors import TableError
from weaklabel.numerics import Floats, normalise_log
from weaklabel.review.audit.permutation import among
from weaklabel.review.second.alone import Alone, alone
from weaklabel.review.second.confusion import confusions, evidence
from weaklabel.review.second.said import Said
from weaklabel.review.second.voters import Voters, judge

CONFIDENCE = 0.8  # of a label: below it another opinion was worth more than a new item, measured on four data sets
MOST = 3  # opinions of an item
SHARE = 1 / 3  # of a batch
PEOPLE = {
    "annotator": pl.String,
    "answers": pl.Int64,
    "compared": pl.Int64,
    "accuracy": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class Settled:
    """What people's answers come to, with the model and without it.

    Attributes
    ----------
    labels
        Item -> class, of every answered item: by people and model together.
    support
        Item -> probability of that class, in [0, 1].
    overruled
        Ids of items whose class nobody said: the model is believed more than the answers.
    audited
        Item -> class, of the answered audit items: by people alone, since the model is judged by them.
    audit_error
        Estimated share of wrong ones among them, in [0, 1]. A score from the audit counts them as the model's errors:
        see `without_peoples_errors`. Too low where hardly any item has answers of two people.
    doubtful
        Ids of answered items that deserve another opinion: audit items first, chosen without a look at the model, then
        the most doubtful.
    people
        One row for each person, by name: annotator; answers; compared, those to items that somebody else answered, too;
        accuracy, and the ends lower, upper of its 95 % interval. Where nothing is compared, the benefit of the doubt is
        the person's: errors that may be either's are laid to the model (measured: .99 of somebody of .90).
    """

    labels: Mapping[str, str]
    support: Mapping[str, float]
    overruled: tuple[str, ...]
    audited: Mapping[str, str]
    audit_error: float
    doubtful: tuple[str, ...]
    people: pl.DataFrame

    def next_opinions(self, size: int, share: float = SHARE) -> tuple[str, ...]:
        """The items of a batch of that size that are asked about again: at most the given share of it.

        Raises
        ------
        TableError
            `size` is negative, or `share` is not in [0, 1].
        """
        if size < 0 or not 0 <= share <= 1:
            raise TableError(f"a share of {share} of a batch of {size}: give a size from 0 and a share from 0 to 1")
        return self.doubtful[: int(size * share + 1e-9)]


def settle_answers(
    annotations: Iterable[Annotation],
    beliefs: Posterior,
    audited: Collection[str] = (),
    *,
    confidence: float = CONFIDENCE,
    most: int = MOST,
) -> Settled:
    """One label for each item that people answered, and whom to ask about again.

    Assumes that people and model err independently of each other. Each is weighed by how well it fits what the others
    say, people by which classes they confuse where enough is known, and the model by its calibrated beliefs. Where
    people turn out to be always right, nothing is doubtful, as the model no longer counts against them. With one person
    alone nothing is doubtful either: nobody else can give another opinion.

    Parameters
    ----------
    annotations
        Answers and skips, each answer one class; of each person the latest answer to an item counts.
    beliefs
        Of the pool, by a model that has not learned the answers to the item that it speaks of (cross-fitted); otherwise
        it repeats them, and is trusted too much. Where there is no model, uniform probabilities.
    audited
        Ids of the audit items.
    confidence
        A label less probable than this is doubtful, in (0, 1).
    most
        People asked about an item, at most; 1 or more. Those who skipped it count.

    Raises
    ------
    AnswerError
        An answer is about an item or names a class that the beliefs lack, names several classes, or its time cannot be
        read.
    TableError
        A parameter is outside its range, or one text is given for a list of ids.
    """
    _check(confidence, most)
    said = Said.of(annotations, beliefs)
    voters = judge(said)
    each = evidence(said, confusions(said, voters))
    probs = normalise_log(voters.model + said.per_item(each))
    in_audit = among(pl.Series(said.items, dtype=pl.String), audited)
    audit, open_ = np.flatnonzero(in_audit), (said.asked < most) & (said.votes.sum(axis=1) < len(said.people))
    people = alone(said, each, audit, open_[audit])
    doubtful = [*audit[people.again], *_doubtful(probs, open_ & ~in_audit, confidence)]
    return _settled(said, voters, probs, people, audit, doubtful, beliefs.classes)


def _check(confidence: float, most: int) -> None:
    if not 0 < confidence < 1:
        raise TableError(f"confidence is {confidence}; it lies between 0 and 1, such as {CONFIDENCE}")
    if most < 1:
        raise TableError(f"an item with at most {most} opinions has none: give 1 or more")


def _doubtful(probs: Floats, may: NDArray[np.bool_], confidence: float) -> NDArray[np.intp]:
    best = probs.max(axis=1, initial=0)
    rows = np.flatnonzero(may & (best < confidence))
    return rows[np.argsort(best[rows], kind="stable")]


def _settled(
    said: Said,
    voters: Voters,
    probs: Floats,
    people: Alone,
    audit: NDArray[np.intp],
    doubtful: list[np.intp],
    classes: tuple[str, ...],
) -> Settled:
    best = probs.argmax(axis=1)
    unsaid = np.flatnonzero(said.votes[np.arange(len(best)), best] == 0)
    answers = np.bincount(said.person, minlength=len(said.people))
    columns = (said.people, answers, said.compared, voters.accuracy, voters.lower, voters.upper)
    return Settled(
        labels={item: classes[y] for item, y in zip(said.items, best, strict=True)},
        support=dict(zip(said.items, probs.max(axis=1, initial=0).tolist(), strict=True)),
        overruled=tuple(said.items[i] for i in unsaid),
        audited={said.items[i]: classes[y] for i, y in zip(audit, people.label, strict=True)},
        audit_error=people.error,
        doubtful=tuple(said.items[i] for i in doubtful),
        people=pl.DataFrame(dict(zip(PEOPLE, columns, strict=True)), schema=PEOPLE),
    )
