"""A pool on the disk, read in parts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import engine, tables
from weaklabel.artefacts import Posterior, store
from weaklabel.errors import ModelError, TableError, first_line
from weaklabel.labeling.train import EndModel
from weaklabel.numerics import Floats, row_sum
from weaklabel.review.picking.part import ROUNDING, Part
from weaklabel.review.picking.pool import Pool
from weaklabel.review.picking.pool_of import unless_silent
from weaklabel.review.picking.sources import Known

PROB = "p_"  # how the name of a column of probabilities begins


@dataclass(frozen=True)
class PoolFile:
    """A file of a pool that lies on this machine.

    Parameters
    ----------
    rows
        Which of its rows are read.
    known
        What is known beside them.
    weak
        The same items in the same order, in a posterior file of the label model; None: there is none.
    name, weak_name
        Where the files came from, for messages.
    """

    rows: engine.Part
    known: Known
    weak: engine.Part | None = None
    name: str = ""
    weak_name: str = ""

    def names(self) -> list[str]:
        """The file's columns.

        Raises
        ------
        TableError
            It is no Parquet, or lacks a column that is needed.
        """
        model = self.known.model
        try:
            there = list(pl.scan_parquet(self.rows.path, glob=False).collect_schema())
        except (Exception, pl.exceptions.PanicException) as error:  # polars' Rust side may panic on a damaged footer
            raise TableError(f"{self.name} is no whole Parquet file ({first_line(error)})") from error
        needed = [*self.known.columns.named(), *(model.columns if isinstance(model, EndModel) else ())]
        if missing := [column for column in needed if column not in there]:
            raise TableError(f"{self.name} has no column {missing[0]!r}; it has {', '.join(there)}")
        if model is None and not any(column.startswith(PROB) for column in there):
            raise TableError(f"{self.name} has no columns {PROB}<class> of probabilities: give the model, too")
        return there

    def classes(self) -> tuple[str, ...]:
        """The class names; none where a function gives the probabilities."""
        if self.known.model is None:
            return tuple(name.removeprefix(PROB) for name in self.names() if name.startswith(PROB))
        self.names()
        return self.known.model.classes if isinstance(self.known.model, EndModel) else ()

    def provenance(self) -> Mapping[str, Any]:
        """Where the probabilities come from, as far as that is said.

        Raises
        ------
        ArtefactError
            The file holds another kind of artefact, or is of another version.
        """
        path, model = Path(self.rows.path), self.known.model
        if isinstance(model, EndModel):
            return dict(model.provenance)
        if model is not None or store.kind_of(path) is None:
            return {}
        return dict(store.read_header(path, Posterior.kind)["meta"]["provenance"])

    def check(self, classes: tuple[str, ...]) -> None:
        """See that it is of these classes, and the weak labels too.

        Raises
        ------
        TableError
            It is not, or the weak labels are of more or fewer items.
        ArtefactError
            A file holds another kind of artefact than a posterior.
        """
        self.provenance()
        if self.classes() != classes:
            raise TableError(f"{self.name} is of the classes {self.classes()}, the files before it of {classes}")
        if self.weak is None:
            return
        found = tuple(store.read_header(Path(self.weak.path), Posterior.kind)["meta"]["classes"])
        if classes and found != classes:
            raise TableError(f"{self.weak_name} is of the classes {found}, {self.name} of {classes}")
        beside, items = tables.length(self.weak.path), tables.length(self.rows.path)
        if beside != items:
            raise TableError(f"{self.weak_name} has {beside} items, {self.name} has {items}")

    def parts(self, size: int) -> Iterator[Part]:
        """The rows in their order, so many at a time.

        Raises
        ------
        TableError
            The file is damaged, an id is missing, or the weak labels are of other items.
        ModelError
            Probabilities are no distributions.
        """
        start, weak = self.rows.first, None if self.weak is None else self.weak.batches(None, size)
        for frame in self.rows.batches(self._reads(), size):
            yield self._part(frame, start, None if weak is None else next(weak))
            start += len(frame)

    def _reads(self) -> list[str] | None:
        """The columns to be read: all where nobody knows which a function looks at."""
        model = self.known.model
        if model is None:
            needed = [name for name in self.names() if name.startswith(PROB) or name in ("covered", "answered")]
        elif isinstance(model, EndModel):
            needed = list(model.columns)
        else:
            return None
        return list(dict.fromkeys([*self.known.columns.named(), *needed]))

    def _part(self, frame: pl.DataFrame, start: int, weak: pl.DataFrame | None) -> Part:
        columns = self.known.columns
        ids = frame[columns.id].cast(pl.String).alias("id")
        if ids.null_count():
            raise TableError(f"{self.name}: row {start + int(ids.is_null().arg_max() or 0)} has no id")
        probs = self._probs(frame, ids)
        beside = None if weak is None else self._weak(weak, start, ids, probs)
        features = _by_row(frame.select(columns.features)) if columns.features else None
        covered, answered = (
            frame[name].to_numpy() if self.known.model is None and name in frame.columns else np.full(len(ids), default)
            for name, default in (("covered", True), ("answered", False))
        )
        group, price = (None if name is None else frame[name] for name in (columns.group, columns.price))
        if self.known.price is not None:
            price = pl.repeat(self.known.price, len(ids), dtype=pl.Float64, eager=True)
        return Part(ids, Pool(probs, features, beside, self.known.lf_accuracy), covered, answered, group, price)

    def _probs(self, frame: pl.DataFrame, ids: pl.Series) -> Floats:
        model = self.known.model
        if isinstance(model, EndModel):
            return model.predict_proba(frame.with_columns(ids)).probs
        probs: Floats = _by_row(_of_classes(frame)) if model is None else np.ascontiguousarray(model(frame))
        if probs.ndim != 2 or len(probs) != len(ids):
            raise ModelError(f"{len(ids)} items got probabilities of shape {probs.shape}: each needs one of each class")
        right = np.abs(row_sum(probs) - 1) < ROUNDING  # False for NaN, too
        if not (right.all() and (probs >= 0).all()):
            row = int((~right | (probs < 0).any(axis=1)).argmax())
            raise ModelError(f"{self.name}: item {ids[row]!r} has the probabilities {probs[row]}: not a distribution")
        return probs

    def _weak(self, frame: pl.DataFrame, start: int, ids: pl.Series, probs: Floats) -> Floats:
        if not frame["id"].equals(ids):
            raise TableError(
                f"{self.weak_name} holds other items than {self.name}, or in another order, from row {start} on"
            )
        weak = _by_row(_of_classes(frame))
        return unless_silent(weak, frame["covered"].to_numpy(), probs)


def _of_classes(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(name for name in frame.columns if name.startswith(PROB))


def _by_row(frame: pl.DataFrame) -> NDArray[Any]:
    """The numbers, those of a row together: then its sum is the same to the last bit, however many rows there are."""
    return frame.to_numpy(order="c")
