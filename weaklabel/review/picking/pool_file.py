"""A pool on the disk, read in parts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import Posterior, store
from weaklabel.errors import ModelError, TableError, first_line
from weaklabel.labeling.train import EndModel
from weaklabel.numerics import Floats, row_sum
from weaklabel.review.picking.pool_of import unless_silent

PROB = "p_"  # how the name of a column of probabilities begins
ROUNDING = 1e-4  # float32 probabilities of many classes sum to 1 only about so well

Model = EndModel | Callable[[pl.DataFrame], Any]
Paths = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class Columns:
    """Which columns of the files hold what."""

    id: str = "id"
    features: tuple[str, ...] = ()
    group: str | None = None
    price: str | None = None

    def named(self) -> list[str]:
        """All that must be there."""
        return [name for name in (self.id, *self.features, self.group, self.price) if name is not None]


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows of a pool: one entry an item in each of the arrays that there are."""

    ids: pl.Series
    probs: Floats
    covered: NDArray[np.bool_]
    answered: NDArray[np.bool_]
    features: Floats | None
    weak: Floats | None
    group: pl.Series | None
    price: pl.Series | None

    def take(self, rows: NDArray[np.intp]) -> "Part":
        """Some of the rows."""
        there = {name: values[rows] for name, values in vars(self).items() if values is not None}
        return replace(self, **there)


@dataclass(frozen=True)
class PoolFile:
    """One file of a pool.

    Parameters
    ----------
    path
        A Parquet file.
    weak
        The posterior file of the label model for the same items in the same order; None: there is none.
    model
        What gives the probabilities; None: the columns p_<class>.
    columns
        Which columns hold what.
    """

    path: Path
    weak: Path | None = None
    model: Model | None = None
    columns: Columns = Columns()

    def names(self) -> list[str]:
        """The file's columns.

        Raises
        ------
        TableError
            There is no such file, it is no Parquet, or lacks a column that is needed.
        """
        if not self.path.is_file():
            raise TableError(f"no file at {self.path}")
        try:
            there = list(pl.read_parquet_schema(self.path))
        except (Exception, pl.exceptions.PanicException) as error:  # polars' Rust side may panic on a damaged footer
            raise TableError(f"{self.path} is no whole Parquet file ({first_line(error)})") from error
        needed = [*self.columns.named(), *(self.model.columns if isinstance(self.model, EndModel) else ())]
        if missing := [name for name in needed if name not in there]:
            raise TableError(f"{self.path} has no column {missing[0]!r}; it has {', '.join(there)}")
        if self.model is None and not any(name.startswith(PROB) for name in there):
            raise TableError(f"{self.path} has no columns {PROB}<class> of probabilities: give the model, too")
        return there

    def classes(self) -> tuple[str, ...]:
        """The class names; none where a function gives the probabilities."""
        if self.model is None:
            return tuple(name.removeprefix(PROB) for name in self.names() if name.startswith(PROB))
        return self.model.classes if isinstance(self.model, EndModel) else ()

    def provenance(self) -> Mapping[str, Any]:
        """Where the probabilities come from, as far as that is said.

        Raises
        ------
        ArtefactError
            The file holds another kind of artefact, or is of another version.
        """
        if isinstance(self.model, EndModel):
            return dict(self.model.provenance)
        if self.model is not None or store.kind_of(self.path) is None:
            return {}
        return dict(store.read_header(self.path, Posterior.kind)["meta"]["provenance"])

    def parts(self, size: int) -> Iterator[Part]:
        """The rows in their order, so many at a time.

        Raises
        ------
        TableError
            The file is damaged, an id or a value is missing, or `weak` has other items.
        ModelError
            Probabilities are no distributions.
        """
        rows = pl.scan_parquet(self.path).select(self._reads())
        for start in range(0, _rows(self.path), size):
            yield self._read(rows, start, size)

    def _read(self, rows: pl.LazyFrame, start: int, size: int) -> Part:
        """In a function of its own, so that the frame is gone before the next one is read."""
        frame = _slice(self.path, rows, start, size)
        ids = frame[self.columns.id].cast(pl.String).alias("id")
        if ids.null_count():
            raise TableError(f"{self.path}: row {start + int(ids.is_null().arg_max() or 0)} has no id")
        probs = self._probs(frame, ids)
        weak = None if self.weak is None else self._weak_part(self.weak, start, ids, probs)
        return self._part(frame, ids, probs, weak)

    def _reads(self) -> list[str]:
        """The columns to be read: all where nobody knows which a function looks at."""
        there = self.names()
        if self.model is None:
            known = [name for name in there if name.startswith(PROB) or name in ("covered", "answered")]
        elif isinstance(self.model, EndModel):
            known = list(self.model.columns)
        else:
            return there
        return list(dict.fromkeys([*self.columns.named(), *known]))

    def _part(self, frame: pl.DataFrame, ids: pl.Series, probs: Floats, weak: Floats | None) -> Part:
        flags = {
            name: frame[name].to_numpy() if self.model is None and name in frame.columns else np.full(len(ids), default)
            for name, default in (("covered", True), ("answered", False))
        }
        features = frame.select(self.columns.features).to_numpy() if self.columns.features else None
        group, price = (None if name is None else frame[name] for name in (self.columns.group, self.columns.price))
        return Part(ids, probs, flags["covered"], flags["answered"], features, weak, group, price)

    def _probs(self, frame: pl.DataFrame, ids: pl.Series) -> Floats:
        if self.model is None:
            probs = frame.select(name for name in frame.columns if name.startswith(PROB)).to_numpy()
        elif isinstance(self.model, EndModel):
            return self.model.predict_proba(frame.with_columns(ids)).probs
        else:
            probs = np.asarray(self.model(frame))
        if probs.ndim != 2 or len(probs) != len(ids):
            raise ModelError(f"{len(ids)} items got probabilities of shape {probs.shape}: each needs one of each class")
        right = (np.abs(row_sum(probs) - 1) < ROUNDING) & (probs.min(axis=1) >= 0)  # False for NaN, too
        if not right.all():
            row = int((~right).argmax())
            raise ModelError(f"{self.path}: item {ids[row]!r} has the probabilities {probs[row]}: not a distribution")
        return probs

    def _weak_part(self, path: Path, start: int, ids: pl.Series, probs: Floats) -> Floats:
        frame = _slice(path, pl.scan_parquet(path), start, len(ids))
        if not frame["id"].equals(ids):
            raise TableError(f"{path} holds other items than {self.path}, or in another order, from row {start} on")
        weak = frame.select(name for name in frame.columns if name.startswith(PROB)).to_numpy()
        return unless_silent(weak, frame["covered"].to_numpy(), probs)


def opened(pool: Paths, weak: Paths | None, model: Model | None, columns: Columns) -> list[PoolFile]:
    """The files of a pool, all known to be there, of the same classes, and none named twice.

    Raises
    ------
    TableError
        They are not, or there are more or fewer weak files than files.
    ArtefactError
        A file of weak labels holds no posterior.
    """
    paths = _listed(pool)
    weaks = [None] * len(paths) if weak is None else _listed(weak)
    if not paths or len(weaks) != len(paths):
        raise TableError(f"{len(paths)} files of the pool and {len(weaks)} of weak labels: one for each, at least one")
    if len({path.resolve() for path in paths}) < len(paths):
        raise TableError("a file of the pool is named twice: its items would be asked about twice")
    files = [PoolFile(path, other, model, columns) for path, other in zip(paths, weaks, strict=True)]
    for file in files:
        file.names()
        file.provenance()
        if file.classes() != files[0].classes():
            raise TableError(f"{file.path} is of the classes {file.classes()}, {files[0].path} {files[0].classes()}")
        if file.weak is not None:
            _see_that_it_fits(file, file.weak)
    return files


def _see_that_it_fits(file: PoolFile, weak: Path) -> None:
    classes = tuple(store.read_header(weak, Posterior.kind)["meta"]["classes"])
    if file.classes() and classes != file.classes():
        raise TableError(f"{weak} is of the classes {classes}, {file.path} of {file.classes()}")
    if _rows(weak) != _rows(file.path):
        raise TableError(f"{weak} has {_rows(weak)} items, {file.path} has {_rows(file.path)}")


def _listed(paths: Paths) -> list[Path]:
    return [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]


def _rows(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _slice(path: Path, rows: pl.LazyFrame, start: int, size: int) -> pl.DataFrame:
    """Some rows. Slices, not polars' own batches: those are read ahead, and hold five times the memory."""
    try:
        return rows.slice(start, size).collect()
    except (Exception, pl.exceptions.PanicException) as error:
        raise TableError(f"{path} is damaged from row {start} on ({first_line(error)})") from error
