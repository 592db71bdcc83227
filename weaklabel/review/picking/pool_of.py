"""The pool of a posterior's items, with what is known of them beside it."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import Annotation, Posterior
from weaklabel.errors import TableError
from weaklabel.numerics import Floats
from weaklabel.review.picking.opinions import opinions
from weaklabel.review.picking.pool import Pool


def pool_of(
    posterior: Posterior,
    *,
    features: Any = None,
    weak: Posterior | None = None,
    lf_accuracy: float | None = None,
    members: Sequence[Posterior] = (),
    answers: Iterable[Annotation] | None = None,
) -> Pool:
    """All items of the posterior, in its order; the rest as `pick` takes it.

    Raises
    ------
    TableError
        What is given is of other items or classes, or `answers` stand beside a posterior that has them folded in.
    AnswerError
        An answer names no class of the posterior.
    """
    said, model_weight = _opinions(answers, posterior)
    return Pool(
        posterior.probs,
        _indexable(features),
        _weak(weak, posterior),
        lf_accuracy,
        _stacked(members, posterior),
        said,
        model_weight,
    )


def _indexable(features: Any) -> Any:
    if features is None:
        return None
    return features.tocsr() if hasattr(features, "tocsr") else np.asarray(features)


def _opinions(answers: Iterable[Annotation] | None, posterior: Posterior) -> tuple[Floats | None, float]:
    if answers is None:
        return None, 1.0
    if posterior.answered.any():
        raise TableError(
            f"the posterior repeats what people answered about {int(posterior.answered.sum())} items, so it cannot "
            "say whether they were right: give what a model believes, without the answers folded in"
        )
    found = opinions(answers, posterior)
    return found.said, found.model_weight


def _weak(weak: Posterior | None, posterior: Posterior) -> Floats | None:
    if weak is None:
        return None
    probs, covered = _of_the_same(weak, posterior, "weak")
    return unless_silent(probs, covered, posterior.probs)


def unless_silent(weak: Floats, covered: NDArray[np.bool_], probs: Floats) -> Floats:
    """The label model's probabilities; where no function voted the other model's, since silence contradicts nothing."""
    return weak if covered.all() else np.where(covered[:, None], weak, probs)


def _stacked(members: Sequence[Posterior], posterior: Posterior) -> Floats | None:
    if not members:
        return None
    return np.stack([_of_the_same(member, posterior, f"members[{i}]")[0] for i, member in enumerate(members)])


def _of_the_same(other: Posterior, posterior: Posterior, what: str) -> tuple[Floats, NDArray[np.bool_]]:
    """Probabilities and coverage of the posterior's items, in its order."""
    if other.classes != posterior.classes:
        raise TableError(f"{what} is of the classes {other.classes}, the posterior of {posterior.classes}")
    if other.item_ids.equals(posterior.item_ids):
        return other.probs, other.covered
    places = pl.DataFrame({"id": other.item_ids, "row": np.arange(len(other.item_ids))})
    found = pl.DataFrame({"id": posterior.item_ids}).join(places, on="id", how="left", maintain_order="left")["row"]
    if found.null_count():
        raise TableError(f"{what} lacks item {posterior.item_ids[int(found.is_null().arg_max() or 0)]!r}")
    rows = found.to_numpy()
    return other.probs[rows], other.covered[rows]
