"""Votes: what clicks say, as one more labeling function."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix, RelevanceLabels
from weaklabel.clicks.relevance import kinds, pair_ids, valley
from weaklabel.clicks.relevance.kinds import Kinds
from weaklabel.clicks.relevance.shrinkage import Gammas
from weaklabel.errors import ModelError, NotIdentifiedError, TableError
from weaklabel.numerics import Floats

PROBABILITY = "p_relevant"
CALIBRATED = "calibrated on anchors"
VALLEY = "in the valley between two groups of documents"
TOLD = 10  # clicks
FEWEST = 50  # labels that are told well

logger = logging.getLogger(__name__)


def as_votes(
    labels: RelevanceLabels,
    *,
    threshold: float | None = None,
    certainty: float = 0.95,
    classes: Sequence[str] = ("not relevant", "relevant"),
    name: str = "clicks",
    items: Any = None,
) -> LabelMatrix:
    """Clicks as a labeling function that votes where it is sure, and abstains where it is not.

    A document is voted relevant where P(relevant) is at least `certainty`, not relevant where it is at most
    1 - `certainty`. P(relevant) is `p_relevant` of calibrated labels, else P(relevance > threshold) given the clicks;
    for the latter a prior of one hump is taken out of the labels again, and one of any shape is put in its place, as
    documents that are relevant or not make two. The least sure vote is as sure as `certainty`; most are surer.

    Parameters
    ----------
    labels
        Of the method "shrunk", or calibrated.
    threshold
        Where relevant begins, in clicks per examined impression. None is the valley that parts the documents best into
        two groups, and an error where none does. Where documents come in more than two grades, it may lie between any
        two of them, so say which is meant. The provenance says which was used. Calibrated labels need none.
    certainty
        In (0.5, 1).
    classes
        What a vote of not relevant and one of relevant is called.
    name
        Of the labeling function.
    items
        Ids to vote on: frame of id, query_id and doc_id, in the order of the result; a pair without clicks abstains.
        None is all labels, with ids query_id/doc_id.

    Returns
    -------
    LabelMatrix
        n items, one column.

    Raises
    ------
    ModelError
        `certainty` or `threshold` is outside its range, or the labels do not say how sure they are.
    NotIdentifiedError
        No threshold is given and the documents do not fall into two groups.
    TableError
        Ids are missing or not unique, none of them was shown, or there are not two classes.
    """
    if not 0.5 < certainty < 1:
        raise ModelError(f"certainty is {certainty}: a probability between 0.5 and 1, such as 0.95")
    if isinstance(classes, str) or len(classes) != 2:
        raise TableError(f"classes are {classes!r}: name two, not relevant first")
    probability, said = _probability(labels, threshold)
    known = labels.frame.select(*pair_ids.PAIR, p=pl.Series(probability))
    ids, p = (pair_ids.ids(known), known["p"]) if items is None else _of_items(known, items)
    votes = _votes(p.fill_null(0.5).to_numpy(), certainty)
    provenance = {
        "fingerprints": {name: _fingerprint(said, certainty)},  # as `apply` has of the functions that it runs
        "clicks": {**said, "certainty": certainty, "labels": dict(labels.provenance)},
    }
    return LabelMatrix(votes[:, None], ids, (name,), tuple(classes), provenance=provenance)


def p_relevant(labels: RelevanceLabels, threshold: float | None = None) -> pl.DataFrame:
    """P(relevant) of each pair given its clicks: votes in a soft form.

    Parameters
    ----------
    labels, threshold
        As `as_votes` takes them.

    Returns
    -------
    polars.DataFrame
        query_id, doc_id, p_relevant in [0, 1].

    Raises
    ------
    ModelError, NotIdentifiedError
        As `as_votes`.
    """
    probability, _ = _probability(labels, threshold)
    return labels.frame.select(*pair_ids.PAIR, pl.Series(PROBABILITY, probability))


def _fingerprint(said: dict[str, Any], certainty: float) -> str:
    return f"clicks, threshold {said['threshold']}, certainty {certainty}"


def _probability(labels: RelevanceLabels, threshold: float | None) -> tuple[Floats, dict[str, Any]]:
    frame = labels.frame
    if PROBABILITY in frame.columns:
        if threshold is not None:
            raise ModelError(f"threshold is {threshold}, and the labels are calibrated already: leave it out")
        return frame[PROBABILITY].to_numpy(), {"threshold": None, "threshold_from": CALIBRATED}
    if not {"sd", "exposure"} <= set(frame.columns):
        raise ModelError(
            f"labels of method {labels.provenance.get('method')!r} do not say how sure they are: debias with 'shrunk'"
        )
    if threshold is not None and not 0 < threshold < np.inf:
        raise ModelError(f"threshold is {threshold}: a relevance above 0, such as 0.2")
    relevance = kinds.of_labels(labels)
    cut, source = (_where_groups_part(relevance, frame), VALLEY) if threshold is None else (threshold, "given")
    return relevance.above(cut), {"threshold": cut, "threshold_from": source}


def _where_groups_part(relevance: Kinds | Gammas, frame: pl.DataFrame) -> float:
    """The threshold that the labels show.

    A label counts by the clicks that an average document would have in its place: ten of them tell log relevance to
    within 0.3, and count half. Its own clicks would favour what is relevant.
    """
    exposure = frame["exposure"].to_numpy()
    average = exposure * frame["clicks"].sum() / exposure.sum()
    told = float((1 / (1 + (TOLD / average) ** 4)).sum()) if average.any() else 0.0
    if told < FEWEST:
        raise NotIdentifiedError(
            f"{len(frame)} pairs of little exposure, worth {told:.0f}, do not show where relevant begins "
            f"(at least {FEWEST}): say it with threshold= (--threshold)"
        )
    values = frame["relevance"].to_numpy()
    edges = valley.edges(0.1 * values.min(), 2 * values.max())
    return valley.best(edges, kinds.spread(relevance, edges))


def _votes(p: Floats, certainty: float) -> NDArray[np.int8]:
    votes = np.full(len(p), ABSTAIN, dtype=np.int8)
    votes[p >= certainty] = 1
    votes[p <= 1 - certainty] = 0
    return votes


def _of_items(known: pl.DataFrame, items: Any) -> tuple[pl.Series, pl.Series]:
    table = pair_ids.mapped(items)
    found = table.join(known, on=pair_ids.PAIR, how="left", maintain_order="left")
    lost = found["p"].null_count()
    if lost == len(found):
        one = table.select(pair_ids.PAIR).row(0) if len(table) else None
        raise TableError(
            f"none of the {len(table)} items was shown: the items have (query_id, doc_id) {one}, the labels "
            f"{known.select(pair_ids.PAIR).row(0)}"
        )
    if lost:
        logger.warning("%d of %d items were never shown, so clicks abstain on them", lost, len(found))
    return found["id"], found["p"]
