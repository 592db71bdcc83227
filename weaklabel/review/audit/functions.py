"""Labeling functions and label models, judged and taught by the audit slice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior
from weaklabel.errors import TableError
from weaklabel.labeling.accuracy import lf_accuracy
from weaklabel.labeling.denoise import denoise
from weaklabel.labeling.gold import as_gold, clamp
from weaklabel.protocols import LabelModel
from weaklabel.review.audit.permutation import AuditSlice


def audit_accuracy(
    L: LabelMatrix,
    audit: AuditSlice,
    answers: Mapping[str, str],
    posterior: Posterior | None = None,
    *,
    level: float = 0.95,
) -> pl.DataFrame:
    """Accuracy of each labeling function with an interval, as `lf_accuracy` gives it, from the audit slice alone.

    Parameters
    ----------
    L
        n items, m functions.
    audit
        The slice of these items.
    answers
        Item id -> class name; those beside the slice are left aside, as they were chosen where functions err.
    posterior
        What a label model believes that saw no answer; it makes the intervals narrower.
    level
        Of the intervals.

    Raises
    ------
    TableError
        An item of the slice has no answer or is not in the matrix, an answer is no class, or the posterior holds
        answers.
    """
    return lf_accuracy(L, posterior, as_gold(_of_slice(audit, answers), L), level)


def denoise_with_answers(
    L: LabelMatrix,
    answers: Mapping[str, str],
    audit: AuditSlice,
    model: str | LabelModel = "hybrid_em",
    **params: Any,
) -> Posterior:
    """P(class | votes, answers): the label model learns from the audit slice alone, every answer stands for its item.

    Answers to items that a strategy chose say how functions do where they err or the model doubts, and taken at face
    value they can ruin a label model (measured: .80 to .53 right after 200 of them). So they only clamp their items.

    Parameters
    ----------
    L
        The votes, shape (n, m).
    answers
        Item id -> class name, of all items that people answered.
    audit
        The slice of these items; an empty one teaches nothing.
    model
        Name of a label model, or one with its parameters set.
    params
        Parameters of the named model.

    Returns
    -------
    Posterior
        Shape (n, k). The provenance says under "answers_used" how many taught the model and how many stand.

    Raises
    ------
    ModelError
        The model cannot be fitted to these votes, or has no such parameter.
    TableError
        An item of the slice has no answer, or an answer is about no item of the matrix or names no class.
    UnknownNameError
        There is no such model.
    """
    known = as_gold(answers, L)
    teaching = as_gold(_of_slice(audit, answers), L)
    learned = denoise(L, model, gold=teaching, **params)
    used = {"taught": _count(teaching), "stand": _count(known)}
    return replace(clamp(learned, known), provenance={**learned.provenance, "answers_used": used})


def _of_slice(audit: AuditSlice, answers: Mapping[str, str]) -> dict[str, str]:
    if lost := [item for item in audit.item_ids if item not in answers]:
        raise TableError(
            f"{len(lost)} items of the audit slice have no answer, first {lost[0]!r}: give the answers it was made from"
        )
    return {item: answers[item] for item in audit.item_ids}


def _count(gold: NDArray[np.int64]) -> int:
    return int((gold != ABSTAIN).sum())
