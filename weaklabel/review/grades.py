"""The grades that people gave to search results, as anchors for clicks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from weaklabel.artefacts import Annotation
from weaklabel.clicks.relevance import pair_ids
from weaklabel.clicks.relevance.pair_ids import PAIR
from weaklabel.errors import AnswerError, UnknownNameError
from weaklabel.numerics import Floats, normalise_log
from weaklabel.review.people.answers import current_answers, spelled

RULES: Mapping[str, pl.Expr] = {
    "median": pl.col("grade").median(),
    "mean": pl.col("grade").mean(),
    "expected": pl.col("expected").first(),
}
SHARED = 20  # pairs that several people graded, from which it can be told how often people are right
RIGHT = 0.8  # how often a person is, before anything is known
WORTH = 10  # answers that this guess counts for
STEPS = 200
MOST = 64  # a grade beyond it is something else


def grades(
    annotations: Iterable[Annotation],
    *,
    pairs: Any = None,
    classes: Sequence[str] | None = None,
    rule: str = "median",
) -> pl.DataFrame:
    """The grade of each pair by what people said of it: anchors for the estimator "trust" and for `calibrate`.

    Of each person the latest answer to a pair counts. Skips are no grades: a pair that was only skipped has no row.

    Parameters
    ----------
    annotations
        Answers to questions of the kind `grade`, and skips; in any order, perhaps repeated.
    pairs
        Frame of id, query_id and doc_id: which item is which pair. None: ids are query_id/doc_id, with no other slash.
    classes
        The grades from the worst, which counts as 0, to the best; none may be missing. None: they are numbers and
        count as such. Where the worst is 1, give the classes: else it would count as a little relevant.
    rule
        Where several people graded a pair: "median", in the middle of two that lie in the middle, which one careless
        person of three does not move; "mean", which takes grades for equally far apart; or "expected", the grade whose
        gain, 2^grade - 1, is what the answers lead to expect. It assumes that people err independently, each as often
        on any grade, and learns how often where several graded a pair. For "trust" it does best: errors in grades
        make clicks seem to depend less on relevance than they do, and an expected gain has no such effect.

    Returns
    -------
    polars.DataFrame
        query_id, doc_id, grade (0 or more), people (how many graded it), lowest and highest grade that one of them
        gave; sorted by query and document.

    Raises
    ------
    AnswerError
        Nobody graded anything; for "expected", several people graded fewer than 20 pairs; an answer is no number from
        0 to 64, or none of the classes; or it is not known which pair an item is.
    TableError
        `pairs` lacks a column or has an id twice.
    UnknownNameError
        There is no such rule.
    """
    if rule not in RULES:
        raise UnknownNameError(f"no rule of grades is called {rule!r}; there are: {', '.join(RULES)}")
    said = [one for given in current_answers(annotations).values() for one in given.values()]
    if not said:
        raise AnswerError("nobody has graded a pair yet: pull the answers, or read an export, once there are some")
    places = None if classes is None else {name: float(place) for place, name in enumerate(classes)}
    rows = [(one.item_id, one.annotator, _grade(one, places)) for one in said]
    given = pl.DataFrame(rows, ["id", "annotator", "grade"], orient="row")
    told = given.join(_pairs(given["id"].unique(maintain_order=True), pairs), on="id", maintain_order="left")
    told = told.with_columns(expected=_expected(told)) if rule == "expected" else told
    low, high, people = pl.col("grade").min(), pl.col("grade").max(), pl.col("annotator").n_unique().cast(pl.Int64)
    return told.group_by(PAIR).agg(grade=RULES[rule], people=people, lowest=low, highest=high).sort(PAIR)


def _expected(told: pl.DataFrame) -> pl.Series:
    """The grade of the expected gain, beside each answer."""
    shared = told.group_by(PAIR).agg(pl.col("annotator").n_unique()).filter(pl.col("annotator") > 1)
    if len(shared) < SHARED:
        raise AnswerError(
            f"several people graded {len(shared)} pairs, and the rule 'expected' learns from at least {SHARED} how "
            "often they are right: have more pairs graded twice, or take the median"
        )
    pair, person = (told.select(pl.struct(by).rank("dense"))[:, 0].to_numpy() - 1 for by in (PAIR, ["annotator"]))
    values, value = np.unique(told["grade"].to_numpy(), return_inverse=True)
    gain = _beliefs(pair, person, value) @ (np.exp2(values) - 1)
    return pl.Series(np.log2(1 + gain[pair]))


def _beliefs(pair: Any, person: Any, value: Any) -> Floats:
    """P(grade | answers), shape (pairs, grades), by expectation-maximisation; an answer each, numbered from 0."""
    n, k = pair.max() + 1, value.max() + 1
    if k == 1:
        return np.ones((n, 1))
    right, prior = np.full(person.max() + 1, RIGHT), np.full(k, 1 / k)
    for _ in range(STEPS):
        scores = np.tile(np.log(prior), (n, 1))
        # Who is worse than chance tells nothing; counting him as wrong would let all be wrong together.
        np.add.at(scores, (pair, value), np.log(np.maximum(right * (k - 1) / (1 - right), 1))[person])
        probs = normalise_log(scores)
        agreed = probs[pair, value]
        overall = (agreed.sum() + WORTH * RIGHT) / (len(pair) + WORTH)
        right = (np.bincount(person, agreed) + WORTH * overall) / (np.bincount(person) + WORTH)
        prior = (probs.sum(axis=0) + 1) / (n + k)
    return probs


def _grade(said: Annotation, places: Mapping[str, float] | None) -> float:
    label = said.label if isinstance(said.label, str) else None
    known = _number(label) if places is None else places.get(label or "")
    if known is None:
        wanted = (
            f"none of the grades {', '.join(places)}" if places else "no number from 0 to 64: name the grades (classes)"
        )
        raise AnswerError(
            f"{said.annotator} graded item {said.item_id!r} {spelled(said.label or '')!r} (annotation "
            f"{said.remote_id}), {wanted}"
        )
    return known


def _number(label: str | None) -> float | None:
    try:
        number = float(label or "")
    except ValueError:
        return None
    return number if 0 <= number <= MOST else None


def _pairs(item_ids: pl.Series, pairs: Any) -> pl.DataFrame:
    """id, query_id and doc_id of the items."""
    if pairs is None:
        return _split(item_ids)
    known = pair_ids.mapped(pairs)
    if lost := item_ids.filter(~item_ids.is_in(known["id"].to_list())).to_list():
        raise AnswerError(
            f"{len(lost)} graded items are not among the pairs, first {lost[0]!r}: give the pairs of every batch"
        )
    return known


def _split(item_ids: pl.Series) -> pl.DataFrame:
    """The pairs by their ids, as far as these can be read in one way only."""
    if unclear := item_ids.filter(item_ids.str.count_matches("/", literal=True) != 1).to_list():
        raise AnswerError(
            f"the item {unclear[0]!r} does not tell its query from its document by a single slash: give a table of id, "
            "query_id and doc_id (pairs), as it was pushed"
        )
    parts = item_ids.str.split_exact("/", 1).struct.rename_fields(PAIR).struct.unnest()
    return parts.insert_column(0, item_ids)
