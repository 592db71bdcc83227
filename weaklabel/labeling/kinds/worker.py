"""Votes of the people who annotated: a table of their answers becomes one voter each."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.artefacts import ABSTAIN, checks
from weaklabel.errors import LabelingFunctionError, TableError
from weaklabel.labeling.functions import LabelingFunction, from_batch
from weaklabel.labeling.kinds._once import once


def worker(
    annotations: Any,
    *,
    item: str = "item",
    worker: str = "worker",
    label: str = "label",
    classes: Sequence[str] | None = None,
    prefix: str = "worker_",
) -> list[LabelingFunction]:
    """One labeling function for each annotator of a long table; it votes the label that they gave to the row's `id`.

    Parameters
    ----------
    annotations
        A file or a frame with a row for each answer.
    item, worker, label
        Its columns: which item, by its `id` in the table to be labelled; who; and which class. An empty label is no
        vote; the same answer twice is one.
    classes
        The class names, if the labels are names; else they are class numbers, or -1 for no vote.
    prefix
        Of the functions' names, which end with the annotator's.

    Returns
    -------
    list
        In the order of the annotators, numbers as numbers.

    Raises
    ------
    TableError
        A column is missing, an item or an annotator is empty, or a label is no class.
    LabelingFunctionError
        There are no annotations, or somebody gave an item two labels: which one counts is for you to say.

    Examples
    --------
    >>> from weaklabel.labeling.functions import Row
    >>> answers = {"item": ["a", "a", "b"], "worker": [10, 9, 9], "label": ["ham", "spam", "ham"]}
    >>> voters = worker(answers, classes=["ham", "spam"])
    >>> [voter.name for voter in voters], [voter(Row(id="a")) for voter in voters]
    (['worker_9', 'worker_10'], [1, 0])
    """
    source = str(annotations) if isinstance(annotations, str | Path) else "the annotations"
    frame = _read(annotations, item, worker)
    tables.require(frame, [item, worker, label], source, hint="say where it stands with item=, worker= or label=")
    given = pl.DataFrame(
        {
            "id": _named(frame[item], "item", source),
            "worker": _named(frame[worker], "worker", source),
            "label": _text(frame[label]),
        }
    )
    votes = _voted(given, None if classes is None else checks.classes(classes), source)
    order = votes.sort(pl.col("worker").cast(pl.Int64, strict=False), "worker", "id", nulls_last=True)
    by_worker = order.partition_by("worker", maintain_order=True, as_dict=True, include_key=False)
    if not by_worker:
        raise LabelingFunctionError(f"{source} holds no label, so there is nobody who votes")
    return [
        from_batch(f"{prefix}{who}", _votes, ["id"], {"votes": dict(of_them.rows())})
        for (who,), of_them in by_worker.items()
    ]


def _read(annotations: Any, item: str, worker: str) -> pl.DataFrame:
    if isinstance(annotations, str | Path):
        return tables.read_frame(annotations, text=[item, worker])
    return tables.as_frame(annotations)


def _named(values: pl.Series, what: str, source: str) -> pl.Series:
    names = _text(values)
    if names.null_count():
        raise TableError(f"row {names.is_null().arg_max()} of {source} has no {what} in {values.name!r}")
    return names


def _text(values: pl.Series) -> pl.Series:
    return (values.fill_nan(None) if values.dtype.is_float() else values).cast(pl.String)


def _numbers(names: tuple[str, ...] | None) -> dict[str, int]:
    """Label as text -> vote."""
    numbers = range(ABSTAIN, checks.MAX_CLASSES if names is None else len(names))
    as_read_beside_empty_cells = {str(float(y)): y for y in numbers}
    return as_read_beside_empty_cells | {str(y): y for y in numbers} | {name: y for y, name in enumerate(names or ())}


def _voted(given: pl.DataFrame, names: tuple[str, ...] | None, source: str) -> pl.DataFrame:
    """`id`, `worker` and `vote` of the answers, each once."""
    vote = given["label"].replace_strict(_numbers(names), default=None, return_dtype=pl.Int8)
    unknown = vote.is_null() & given["label"].is_not_null()
    if unknown.any():
        row = int(unknown.arg_max() or 0)
        item_id, who, wrong = given.row(row)
        raise TableError(
            f"row {row} of {source}: worker {who!r} gave item {item_id!r} the label {wrong!r}, which is no class "
            + ("number: name the classes with classes=[...]" if names is None else f"({', '.join(names)})")
        )
    votes = given.select("id", "worker", vote=vote).drop_nulls().unique(maintain_order=True)
    _refuse_contradictions(votes, source)
    return votes


def _refuse_contradictions(votes: pl.DataFrame, source: str) -> None:
    pairs = votes.group_by("id", "worker", maintain_order=True).len().filter(pl.col("len") > 1)
    if len(pairs):
        item_id, who, _ = pairs.row(0)
        raise LabelingFunctionError(
            f"{source}: worker {who!r} gave item {item_id!r} different labels (one of {len(pairs)} such cases): "
            "keep one answer of theirs, such as the last one"
        )


def _votes(rows: pl.DataFrame, votes: Mapping[str, int]) -> pl.Series:
    place = once(rows, "place of each id", lambda: {item: i for i, item in enumerate(_text(rows["id"]).to_list())})
    out = np.full(len(rows), ABSTAIN, np.int8)
    for item in votes.keys() & place.keys():
        out[place[item]] = votes[item]
    return pl.Series(out)
