"""Where a pool lies: its files, cut into what one task takes, and what is known beside them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from weaklabel import engine, places
from weaklabel.engine.parts import Source
from weaklabel.errors import TableError
from weaklabel.labeling.train import EndModel

Model = EndModel | Callable[[pl.DataFrame], Any]


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


@dataclass(frozen=True)
class Known:
    """What is known of a pool beside its files.

    Parameters
    ----------
    columns
        Which columns hold what.
    model
        What gives the probabilities; None: the columns p_<class>.
    lf_accuracy
        As strategies take it.
    price
        Of any answer, where no column says it.
    """

    columns: Columns = Columns()
    model: Model | None = None
    lf_accuracy: float | None = None
    price: float | None = None


@dataclass(frozen=True)
class Task:
    """Some rows of a pool, and the same items in a posterior file of the label model, if there is one."""

    rows: engine.Part
    weak: engine.Part | None = None

    def __str__(self) -> str:
        return str(self.rows)


def tasks_of(pool: Source, weak: Source | None, size: int) -> list[Task]:
    """The pool in parts of so many rows or fewer, in order.

    Raises
    ------
    TableError
        There is no such file, one is named twice, or there are more or fewer weak files than files.
    """
    files = _listed(pool)
    weaks = [None] * len(files) if weak is None else _listed(weak)
    if not files or len(weaks) != len(files):
        raise TableError(f"{len(files)} files of the pool and {len(weaks)} of weak labels: one for each, at least one")
    if len({_place(file) for file in files}) < len(files):
        raise TableError("a file of the pool is named twice: its items would be asked about twice")
    return [
        Task(rows, None if other is None else replace(other, first=rows.first, n=rows.n))
        for file, other in zip(files, weaks, strict=True)
        for rows in engine.parts(file.path, size)
    ]


def _listed(source: Source) -> list[engine.Part]:
    """The files, place by place: those of several folders may have the same name, as nothing is made of them."""
    named = [source] if isinstance(source, str | Path) else list(source)
    return [file for place in named for file in engine.parts(place)]


def _place(file: engine.Part) -> str | Path:
    return file.path if places.is_url(file.path) else Path(file.path).resolve()
