"""What is to be applied to what: labeling functions, classes and a table's columns, checked before anything runs."""

import hashlib
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import polars as pl

from weaklabel import tables
from weaklabel.artefacts import checks
from weaklabel.artefacts.label_matrix import OWN_COLUMNS
from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.applying.fingerprint import fingerprint, source
from weaklabel.protocols import LabelingFunctionLike


@dataclass(frozen=True)
class Plan:
    """Labeling functions and what they are to be applied to.

    Parameters
    ----------
    lfs
        m labeling functions with different names.
    classes
        The k class names.
    schema
        The table's columns and their types.

    Attributes
    ----------
    fingerprints, sources
        Of each function, by its name: what it is known by, and where it is written.

    Raises
    ------
    LabelingFunctionError
        There are no functions, something is not one, or two share a name.
    TableError
        A function needs a column that is not there, or the classes are no classes.
    """

    lfs: tuple[LabelingFunctionLike, ...]
    classes: tuple[str, ...]
    schema: Mapping[str, Any]
    fingerprints: Mapping[str, str] = field(init=False)
    sources: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        checks.put(self, lfs=tuple(self.lfs), classes=checks.classes(self.classes))
        _check_functions(self.lfs)
        # Now, not when votes are there: a function's memory may have changed by then, or another process has a copy of
        # it that no longer knows its file.
        checks.put(self, fingerprints={lf.name: fingerprint(lf) for lf in self.lfs})
        checks.put(self, sources={lf.name: source(lf) for lf in self.lfs})
        self._check_columns()

    def _check_columns(self, source: str = "the table") -> None:
        there = pl.DataFrame(schema=self.schema)
        for lf in self.lfs:
            needs = getattr(lf, "columns", ())
            tables.require(there, needs, source, hint=f"labeling function {lf.name!r} reads it")

    def on(self, schema: Mapping[str, Any], source: str) -> Self:
        """The same for another part of the table, which may have other columns; the fingerprints stay.

        Raises
        ------
        TableError
            A function needs a column that is not there.
        """
        other = copy(self)
        vars(other).pop("rows_key", None)
        checks.put(other, schema=schema)
        other._check_columns(source)
        return other

    @property
    def names(self) -> tuple[str, ...]:
        """Of the functions."""
        return tuple(lf.name for lf in self.lfs)

    @cached_property
    def rows_key(self) -> str | None:
        """What two hashes of rows must have in common to be comparable: polars' version, and the table's columns.

        None if they never are: a column holds Python objects, which have no hash.
        """
        if any(kind == pl.Object for kind in self.schema.values()):
            return None
        said = "\0".join(f"{name}\0{kind}" for name, kind in self.schema.items())
        return f"polars {pl.__version__}, columns {hashlib.sha256(said.encode()).hexdigest()[:16]}"

    def provenance(self, rows: str) -> dict[str, Any]:
        """What the votes come from; `rows` is a digest of all rows."""
        said = {"fingerprints": dict(self.fingerprints), "sources": dict(self.sources)}
        return {**said, "input": rows, "rows": self.rows_key}


def _check_functions(lfs: Sequence[LabelingFunctionLike]) -> None:
    if not lfs:
        raise LabelingFunctionError("there are no labeling functions to apply")
    for lf in lfs:
        if not callable(lf) or not isinstance(getattr(lf, "name", None), str):
            raise LabelingFunctionError(f"{lf!r} is not a labeling function: decorate it with @labeling_function()")
    names = [lf.name for lf in lfs]
    if taken := set(OWN_COLUMNS) & set(names):
        raise LabelingFunctionError(
            f"a labeling function is called {min(taken)!r}, as a column beside the votes: rename it"
        )
    if repeated := [name for name in names if names.count(name) > 1]:
        raise LabelingFunctionError(
            f"{names.count(repeated[0])} labeling functions are called {repeated[0]!r}: rename one"
        )
