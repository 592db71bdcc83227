"""More training items from those there are: Snorkel's transformation functions and policies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import plugins, progress, tables
from weaklabel.artefacts import TrainingSet
from weaklabel.errors import LabelingFunctionError, TableError, UnknownNameError, first_line
from weaklabel.labeling._randomness import restored
from weaklabel.labeling.applying.rows import Row
from weaklabel.labeling.files import defined_in

FROM = "augmented_from"
POLICIES = {
    "one": "ApplyOnePolicy",
    "each": "ApplyEachPolicy",
    "all": "ApplyAllPolicy",
    "random": "RandomPolicy",
    "mean_field": "MeanFieldPolicy",
}

Made = list[tuple[int, Any]]  # a row's number, and a copy made of it, or None for the row itself


@overload
def augment(
    data: TrainingSet, tfs: Sequence[Any], policy: str | Any = ..., *, seed: int = ..., **params: Any
) -> TrainingSet: ...
@overload
def augment(
    data: Any, tfs: Sequence[Any], policy: str | Any = ..., *, seed: int = ..., **params: Any
) -> pl.DataFrame: ...
def augment(
    data: Any, tfs: Sequence[Any], policy: str | Any = "random", *, seed: int = 0, **params: Any
) -> TrainingSet | pl.DataFrame:
    """Add transformed copies of the items, whose class the transformations leave as it is.

    Parameters
    ----------
    data
        A training set, whose copies get the probabilities and the weight of the item that they come from; or a table.
    tfs
        Snorkel's transformation functions, with different names. One that returns None makes no copy.
    policy
        Which of them each item goes through: "random" (some drawn at random), "mean_field" (drawn with given
        probabilities), "each" (a copy for each), "all" (one after the other), "one" (the only one there is); or a
        policy object of Snorkel's.
    seed
        Of the draws of the policy, and of transformations that draw from Python's or numpy's global generator; those
        are afterwards as they were.
    params
        Of the policy, as Snorkel calls them: n_per_original, keep_original, sequence_length, p.

    Returns
    -------
    TrainingSet or polars.DataFrame
        As `data` was. Each item, if the policy keeps it, then its copies, with ids like `c-7~1`. A new column
        `augmented_from` holds the id of the item at a copy's origin, null for the items themselves. Columns are those
        of the table; what else a transformation sets is dropped.

    Raises
    ------
    LabelingFunctionError
        There are no transformations, two share a name, one raises (the item is named), or they do not fit the policy.
    UnknownNameError
        No such policy.
    TableError
        Ids are missing or repeated, or the policy leaves no item.

    Source: Ratner et al., Learning to Compose Domain-Specific Transformations for Data Augmentation, NIPS 2017.
    """
    _check(tfs)
    chosen = _policy(policy, len(tfs), params)
    table = data.table if isinstance(data, TrainingSet) else tables.as_table(data)
    with restored(seed):
        made = _applied(tfs, chosen, table)
    augmented, source = _gathered(table, made)
    if not isinstance(data, TrainingSet):
        return augmented
    name = policy if isinstance(policy, str) else type(policy).__name__
    said = {"policy": name, **params, "seed": seed, "tfs": [tf.name for tf in tfs]}
    return _carried(data, augmented, source, said)


def load_tfs(path: str | Path) -> tuple[Any, ...]:
    """Run a Python file and collect its transformation functions, in the order of definition.

    They are what its list TFS holds, if it has one; else every one that stands in it, but not the preprocessors of
    others, which Snorkel makes of the same kind.

    Raises
    ------
    LabelingFunctionError
        There is no such file, it cannot be run (file, line and reason are named), or it defines none.
    """
    found = defined_in(path)
    tfs = list(found["TFS"]) if "TFS" in found else [value for value in found.values() if _is_tf(value)]
    inner = {id(pre) for tf in tfs for pre in getattr(tf, "_pre", ())}
    tfs = list({id(tf): tf for tf in tfs if id(tf) not in inner}.values())
    if not tfs:
        raise LabelingFunctionError(
            f"{path} defines no transformation function: decorate one with Snorkel's @transformation_function()"
        )
    return tuple(tfs)


def _is_tf(value: Any) -> bool:
    return any(base.__name__ == "BaseMapper" for base in type(value).__mro__)


def _carried(training: TrainingSet, table: pl.DataFrame, source: NDArray[np.intp], said: Any) -> TrainingSet:
    """The training set of the augmented table: each row with what is known of the row that it comes from."""
    return replace(
        training,
        table=table,
        probs=training.probs[source],
        weight=training.weight[source],
        origin=None if training.origin is None else training.origin[source],
        provenance={**training.provenance, "augmented": said},
    )


def _check(tfs: Sequence[Any]) -> None:
    if not tfs:
        raise LabelingFunctionError("there are no transformation functions to apply")
    for tf in tfs:
        if not callable(tf) or not isinstance(getattr(tf, "name", None), str):
            raise LabelingFunctionError(
                f"{tf!r} is not a transformation function: decorate it with Snorkel's @transformation_function()"
            )
    names = [tf.name for tf in tfs]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise LabelingFunctionError(
            f"{names.count(repeated[0])} transformation functions are called {repeated[0]!r}: rename one"
        )


def _policy(policy: str | Any, n_tfs: int, params: Mapping[str, Any]) -> Any:
    """Snorkel's policy of that name, or the one given, known to work for so many transformations."""
    if params.get("n_per_original", 1) < 1:
        raise LabelingFunctionError(f"n_per_original is {params['n_per_original']}: no copy would be made")
    if not isinstance(policy, str) and params:
        raise LabelingFunctionError(f"the policy has its parameters already: set {', '.join(params)} there")
    try:
        made = _named_policy(policy, n_tfs, params) if isinstance(policy, str) else policy
        with restored():
            made.generate_for_example()
    except (TypeError, ValueError) as error:
        raise LabelingFunctionError(f"Snorkel refused the policy {policy!r}: {first_line(error)}") from error
    if made.n != n_tfs:
        raise LabelingFunctionError(
            f"{type(made).__name__} is made for {made.n} transformation functions; {n_tfs} are given"
        )
    return made


def _named_policy(name: str, n_tfs: int, params: Mapping[str, Any]) -> Any:
    from snorkel import augmentation

    if name not in POLICIES:
        close = plugins.suggestion(name, tuple(POLICIES))
        raise UnknownNameError(f"no policy is called {name!r}{close}; there are: {', '.join(POLICIES)}")
    size = {} if name == "one" else {"n_tfs": n_tfs}
    return getattr(augmentation, POLICIES[name])(**size, **params)


def _applied(tfs: Sequence[Any], policy: Any, table: pl.DataFrame) -> Made:
    """What the policy makes of each row of the table, in order."""
    from snorkel.augmentation import TFApplier

    applier = TFApplier([_Named(tf) for tf in tfs], policy)
    rows = progress.track(table.iter_rows(named=True), f"{len(tfs)} transformation functions", len(table))
    made: Made = []
    for i, values in enumerate(rows):
        row = Row(**values)
        (results,) = applier.apply_generator([row], batch_size=1)
        made += [(i, None if one is row else one) for one in results]
    return made


class _Named:
    """A transformation function whose errors say where they arose."""

    def __init__(self, tf: Any) -> None:
        self.name, self._tf = tf.name, tf

    def __call__(self, x: Any) -> Any:
        try:
            made = self._tf(x)
            if not (made is None or hasattr(made, "id")):
                raise TypeError(f"it returned {made!r}, neither the row nor None")
        except Exception as error:
            raise LabelingFunctionError(
                f"transformation function {self.name!r} raised on item {x.id!r}: {type(error).__name__}: {error}"
            ) from error
        return made


def _gathered(table: pl.DataFrame, made: Made) -> tuple[pl.DataFrame, NDArray[np.intp]]:
    """The augmented table, and for each of its rows the row that it comes from, shape (n,)."""
    if len(table) and not made:
        raise TableError("no item is left: the policy keeps none, and no transformation made a copy")
    kept = [i for i, copy in made if copy is None]
    copies = [(i, copy) for i, copy in made if copy is not None]
    table = table if FROM in table.columns else table.with_columns(pl.lit(None, pl.String).alias(FROM))
    try:
        both = pl.concat([table[kept], _copies(table, copies)], how="vertical_relaxed")
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise TableError(f"the copies do not fit the table: {first_line(error)}") from error
    source = np.array([*kept, *(i for i, _ in copies)], np.intp)
    order = np.argsort(source, kind="stable")
    return both[order], source[order]


def _copies(table: pl.DataFrame, copies: Sequence[tuple[int, Any]]) -> pl.DataFrame:
    source = [i for i, _ in copies]
    values: dict[str, pl.Series] = {
        name: _column(name, [getattr(one, name, None) for _, one in copies], kind)
        for name, kind in table.schema.items()
        if name not in ("id", FROM)
    }
    values["id"] = pl.Series(_new_ids(table["id"], source), dtype=pl.String)
    values[FROM] = table[FROM].fill_null(table["id"])[source]
    return pl.DataFrame({name: values[name] for name in table.columns})


def _column(name: str, values: list[Any], kind: pl.DataType) -> pl.Series:
    """The values in the table's own type if they are of it, else in theirs: a whole number may have become a half."""
    try:
        return pl.Series(name, values, kind)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(name, values)


def _new_ids(ids: pl.Series, source: Sequence[int]) -> list[str]:
    """For each copy the id of its source and the next number that makes a new one: c-7~1, c-7~2."""
    taken, found = set(ids), []
    last: dict[int, int] = {}
    for i in source:
        number = last.get(i, 0) + 1
        while (new := f"{ids[i]}~{number}") in taken:
            number += 1
        last[i] = number
        taken.add(new)
        found.append(new)
    return found
