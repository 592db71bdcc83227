"""Make tasks: what a person is shown about each item of a batch."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import polars as pl

from weaklabel import tables
from weaklabel.artefacts import ABSTAIN, Batch, LabelMatrix, Posterior, Prelabel, Task
from weaklabel.errors import TableError

HIDDEN = ("id", "label", "split")  # a person who sees the known class only copies it


def make_tasks(
    batch: Batch,
    table: Any,
    posterior: Posterior,
    votes: LabelMatrix | None = None,
    *,
    columns: Sequence[str] | None = None,
    model_version: str | None = None,
) -> list[Task]:
    """One question per picked item, with the model's suggestion and the votes behind it.

    Parameters
    ----------
    batch
        The items, best first: they get the ranks 1, 2, ...
    table
        Has a row for every item of the batch.
    posterior
        Where the suggestion comes from: the most probable class; none where nothing is known or the best two tie.
    votes
        What each labeling function said, to be shown as the reason; none is shown by default.
    columns
        What to show. By default the column `text` alone, or without one every column but id, label and split: name
        them where the table holds known classes under another name, or the person will see the answer.
    model_version
        How the suggestion is signed; by default the name of the model in the posterior's provenance.

    Returns
    -------
    list of Task
        In the order of the batch. A task's key is a hash of the item's id and the fields shown: the same question has
        the same key in every round, and an item whose fields were edited is a new question. The id is part of it so
        that two items with the same fields each get their answer.

    Raises
    ------
    TableError
        An item has no row, a column is missing or holds bytes, or `posterior` or `votes` lack an item.
    """
    rows = tables.align(tables.as_table(table), batch.item_ids)
    chosen = _columns(rows, columns)
    shown = [_plain(row) for row in rows.select(chosen).iter_rows(named=True)]
    prelabels = _prelabels(posterior, batch.item_ids, model_version)
    reasons = _reasons(votes, batch.item_ids)
    return [
        Task(key(item_id, data), item_id, data, posterior.classes, prelabel, reason, rank)
        for rank, (item_id, data, prelabel, reason) in enumerate(
            zip(batch.item_ids, shown, prelabels, reasons, strict=True), start=1
        )
    ]


def key(item_id: str, data: Mapping[str, Any]) -> str:
    """32 hexadecimal digits that say which question this is, whatever was guessed about its answer.

    Examples
    --------
    >>> key("c-17", {"text": "Win a prize"})
    '66a0f274c95b8e918fd68a350561f435'
    """
    canonical = json.dumps([item_id, data], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def _columns(table: pl.DataFrame, columns: Sequence[str] | None) -> list[str]:
    if columns is not None:
        tables.require(table, columns)
        chosen = list(columns)
    elif "text" in table.columns:
        chosen = ["text"]
    else:
        chosen = [name for name in table.columns if name not in HIDDEN]
    if not chosen:
        raise TableError(f"no column to show to a person; there are: {', '.join(table.columns)}")
    if binary := [name for name in chosen if table[name].dtype == pl.Binary]:
        raise TableError(f"column {binary[0]!r} holds bytes, which cannot be shown to a person: choose other columns")
    return chosen


def _prelabels(posterior: Posterior, item_ids: pl.Series, model_version: str | None) -> list[Prelabel | None]:
    rows = _rows(posterior.item_ids, item_ids, "the posterior")
    version = model_version or str(posterior.provenance.get("model", "weaklabel"))
    labels = posterior.labels()
    return [
        None
        if labels[i] == ABSTAIN
        else Prelabel(posterior.classes[labels[i]], float(posterior.probs[i].max()), version)
        for i in rows
    ]


def _reasons(votes: LabelMatrix | None, item_ids: pl.Series) -> list[dict[str, str]]:
    if votes is None:
        return [{} for _ in item_ids]
    rows = _rows(votes.item_ids, item_ids, "the label matrix")
    return [
        {
            name: votes.classes[vote]
            for name, vote in zip(votes.lf_names, votes.votes[i], strict=True)
            if vote != ABSTAIN
        }
        for i in rows
    ]


def _rows(item_ids: pl.Series, wanted: pl.Series, source: str) -> list[int]:
    numbered = pl.DataFrame({"id": item_ids}).with_row_index("row")
    return tables.align(numbered, wanted, source)["row"].to_list()


def _plain(value: Any) -> Any:
    """The value as JSON can hold it; NaN and infinities, which it cannot, become None."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | pl.Series):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int) else str(value)
