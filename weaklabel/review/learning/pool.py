"""A pool's classes and its features, which are made once, and how it is computed on."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import polars as pl

from weaklabel.artefacts import LabelMatrix, checks
from weaklabel.errors import ModelError, TableError, first_line

SMALL = 100  # items


def class_names(L: LabelMatrix | None, classes: Sequence[str] | None) -> tuple[str, ...]:
    """Those of the votes, or those given.

    Raises
    ------
    TableError
        There are neither, or both and they differ.
    """
    if L is None and classes is None:
        raise TableError("nothing says what the classes are: name them, classes=('ham', 'spam'), or give votes")
    if L is None or classes is None:
        return L.classes if L is not None else checks.classes(classes or ())
    if tuple(classes) != L.classes:
        raise TableError(f"classes are {', '.join(classes)}, those of the votes {', '.join(L.classes)}: leave them out")
    return L.classes


def shared(items: int) -> int:
    """How many items a word has to occur in: two, unless the pool is so small that little would be left."""
    return 2 if items >= SMALL else 1


@cache
def _threads() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Linear algebra on one thread in the block: on vectors as short as these, several take ten times as long."""
    limit: AbstractContextManager[Any] = _threads().limit(limits=1, user_api="blas")
    return limit


def made(maker: Any, table: pl.DataFrame, columns: tuple[str, ...]) -> Any:
    """The features of all rows, such that rows can be taken out of them; fits the transformer.

    Raises
    ------
    ModelError
        The transformer refuses the columns.
    """
    try:
        X = maker.fit_transform(table)
    except Exception as error:  # each transformer has its own
        raise ModelError(f"no features can be made of {', '.join(columns)}: {first_line(error)}") from error
    return X.tocsr() if hasattr(X, "tocsr") else X
