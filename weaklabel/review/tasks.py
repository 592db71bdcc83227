"""Make tasks: what a person is shown about each item of a batch."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import polars as pl

from weaklabel import tables
from weaklabel.artefacts import Batch, LabelMatrix, Posterior, Task
from weaklabel.errors import TableError
from weaklabel.review.formats.images import is_address, marked
from weaklabel.review.suggestions import classes_of, prelabels, probabilities, reasons

HIDDEN = ("id", "label", "split")  # a person who sees the known class only copies it
KINDS = ("choice", "choices", "grade", "pairwise")
ROLES = {"grade": ("query", "document"), "pairwise": ("a", "b")}  # the columns shown where none are chosen


def make_tasks(
    batch: Batch,
    table: Any,
    posterior: Posterior | Mapping[str, Posterior] | None,
    votes: LabelMatrix | Mapping[str, LabelMatrix] | None = None,
    *,
    columns: Sequence[str] | None = None,
    images: Sequence[str] = (),
    kind: str = "choice",
    classes: Sequence[str] | None = None,
    blind: float = 0.0,
    attempts: Mapping[str, int] | None = None,
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
        None: no suggestions. Where several classes may apply: class -> a posterior over two classes, of which the
        second means that it applies. Then the classes with P(applies) > 0.5 are suggested, and the suggestion is
        called as probable as the least certain of its parts: the minimum over all classes, suggested or not, of the
        probability that this class is right. (The product would need them to be independent.) A class of which
        nothing is known is not suggested; an item of which nothing at all is known gets no suggestion.
    votes
        What each labeling function said, to be shown as the reason; none is shown by default. Where several classes
        may apply: class -> its label matrix.
    columns
        What to show. By default the column `text` alone, or without one every column but id, label and split: name
        them where the table holds known classes under another name, or the person will see the answer. A search
        result (`grade`) shows the query first and then the document, by default the columns `query` and `document`.
        A comparison (`pairwise`) is between the last two, by default `a` and `b`; any before them are shown above.
    images
        Those of the columns that hold addresses of images: http(s)://, data:image/, or a path on the server. A column
        of which every address has an image's ending need not be named.
    kind
        `choice`: one class. `choices`: any number of classes, also none. `grade`: how well a document answers a
        query. `pairwise`: which of two is better; the side on which each stands is drawn by the task's key.
    classes
        The possible answers; by default the posterior's, of which none may be missing. Of a comparison "a", "same"
        and "b", or "a" and "b".
    blind
        Share of the tasks, in [0, 1], whose suggestion and votes are not shown, so that what showing them does to the
        answers can be measured. Drawn by the task's key: a task is blind in every round or in none.
    attempts
        Item id -> which time it is asked, from 1; another time is another question. By default all are asked for the
        first time.
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
        An item has no row, or no image; a column is missing or holds bytes, or they are too few for the kind;
        `posterior` or `votes` lack an item or a class; `blind` or an attempt is out of range; no such kind.
    """
    _check(kind, blind)
    offered = classes_of(posterior, classes, kind)
    rows = tables.align(tables.as_table(table), batch.item_ids)
    chosen = _columns(rows, columns, kind)
    shown = _with_images(rows, chosen, images)
    suggested = prelabels(posterior, batch.item_ids, offered, model_version)
    said, probs = reasons(votes, batch.item_ids), probabilities(posterior, batch.item_ids)
    made = zip(batch.item_ids, shown, suggested, said, probs, strict=True)
    tasks = []
    for rank, (item_id, data, prelabel, reason, prob) in enumerate(made, start=1):
        name = key(item_id, data, (attempts or {}).get(item_id, 1))
        tasks.append(Task(name, item_id, data, offered, prelabel, reason, rank, kind, _is_blind(name, blind), prob))
    return tasks


def key(item_id: str, data: Mapping[str, Any], attempt: int = 1) -> str:
    """32 hexadecimal digits that say which question this is, whatever was guessed about its answer.

    Parameters
    ----------
    item_id
        The item.
    data
        The fields shown.
    attempt
        Which time it is asked: an item that was skipped can be asked again, as another question.

    Raises
    ------
    TableError
        The attempt is below 1.

    Examples
    --------
    >>> key("c-17", {"text": "Win a prize"})
    '66a0f274c95b8e918fd68a350561f435'
    """
    if attempt < 1:
        raise TableError(f"item {item_id!r} is asked for the {attempt}th time: attempts count from 1")
    asked = [item_id, data] if attempt == 1 else [item_id, data, attempt]
    canonical = json.dumps(_canonical(asked), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def _canonical(value: Any) -> Any:
    """1.0 as 1: one fraction elsewhere in a column makes floats of all its whole numbers."""
    if isinstance(value, Mapping):
        return {name: _canonical(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check(kind: str, blind: float) -> None:
    if kind not in KINDS:
        raise TableError(f"there is no kind {kind!r} of question; there are: {', '.join(KINDS)}")
    if not 0 <= blind <= 1:
        raise TableError(f"a share of {blind} of the tasks cannot be blind: give one from 0 to 1")


def _is_blind(key: str, share: float) -> bool:
    drawn = int.from_bytes(hashlib.sha256(f"blind:{key}".encode()).digest()[:7])
    return drawn < share * 2**56


def _columns(table: pl.DataFrame, columns: Sequence[str] | None, kind: str) -> list[str]:
    if columns is not None:
        tables.require(table, columns)
        chosen = list(columns)
    elif kind in ROLES:
        tables.require(table, ROLES[kind], hint=f"name those of a {kind} question (columns)")
        chosen = list(ROLES[kind])
    elif "text" in table.columns:
        chosen = ["text"]
    else:
        chosen = [name for name in table.columns if name not in HIDDEN]
    if not chosen:
        raise TableError(f"no column to show to a person; there are: {', '.join(table.columns)}")
    if kind in ROLES and len(set(chosen)) < 2:
        raise TableError(
            f"a {kind} question shows at least two columns ({' and '.join(ROLES[kind])}), not {', '.join(chosen)} alone"
        )
    if binary := [name for name in chosen if table[name].dtype == pl.Binary]:
        raise TableError(f"column {binary[0]!r} holds bytes, which cannot be shown to a person: choose other columns")
    return chosen


def _with_images(table: pl.DataFrame, chosen: Sequence[str], images: Sequence[str]) -> list[dict[str, Any]]:
    """What is shown of each row; an image says that it is one."""
    if hidden := [name for name in images if name not in chosen]:
        raise TableError(f"the images {hidden[0]!r} are in no column that is shown: {', '.join(chosen)}")
    shown = [_plain(row) for row in table.select(chosen).iter_rows(named=True)]
    for name in images:
        for item_id, data in zip(table["id"], shown, strict=True):
            if not is_address(data[name]):
                raise TableError(
                    f"item {item_id!r} has no image in column {name!r} but {data[name]!r}: a browser loads http(s)://, "
                    "data:image/ and paths on the server that begin with /"
                )
            data[name] = marked(data[name])
    return shown


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
