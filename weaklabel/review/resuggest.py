"""Suggest anew: what the present model says about the tasks that wait for an answer."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from weaklabel.artefacts import LabelMatrix, Posterior, Task
from weaklabel.review.journal import Journal
from weaklabel.review.suggestions import prelabels, probabilities, reasons


def resuggest(
    journal: Journal,
    posterior: Posterior | Mapping[str, Posterior],
    votes: LabelMatrix | Mapping[str, LabelMatrix] | None = None,
    *,
    model_version: str | None = None,
) -> list[Task]:
    """The open tasks whose items the posterior knows, with new pre-labels: give them to `push`.

    Label Studio shows the pre-labels of one model version only. A push with those of a new model hides the older ones,
    so the tasks that are still open need new ones, too.

    Parameters
    ----------
    posterior, votes, model_version
        As for `make_tasks`.

    Returns
    -------
    list of Task
        Blind ones stay blind.
    """
    known = _ids(posterior)
    tasks = [task for task in journal.ledger.open().values() if task.item_id in known]
    if not tasks:
        return []
    ids = pl.Series([task.item_id for task in tasks])
    suggested, probs = prelabels(posterior, ids, tasks[0].classes, model_version), probabilities(posterior, ids)
    return [
        replace(task, prelabel=prelabel, votes=reason, probs=prob)
        for task, prelabel, reason, prob in zip(tasks, suggested, reasons(votes, ids), probs, strict=True)
    ]


def _ids(posterior: Posterior | Mapping[str, Posterior]) -> set[str]:
    each = posterior.values() if isinstance(posterior, Mapping) else [posterior]
    return set.intersection(*(set(one.item_ids) for one in each))
