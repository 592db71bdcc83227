"""Pick: the items that are most worth a person's time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import Annotation, Batch, Posterior
from weaklabel.errors import TableError
from weaklabel.numerics import Floats
from weaklabel.review.picking.choosing import Strategy, Terms, chosen, resolved, scored, with_limits
from weaklabel.review.picking.pool_of import pool_of
from weaklabel.review.picking.quotas import Quotas
from weaklabel.review.picking.shortlist import filled


def pick(
    posterior: Posterior,
    size: int,
    strategy: Strategy = "margin",
    *,
    features: Any = None,
    weak: Posterior | None = None,
    lf_accuracy: float | None = None,
    members: Sequence[Posterior] = (),
    answers: Iterable[Annotation] | None = None,
    exclude: Iterable[str] = (),
    seed: int = 0,
    per_class: Mapping[str, int] | None = None,
    groups: Any = None,
    per_group: Mapping[str, int] | int | None = None,
    price: Any = None,
    budget: float | None = None,
) -> Batch:
    """The items to ask about next, none twice, and never one that a person has answered, unless `answers` are given.

    Items on which no labeling function voted take part: all that is known about them is the prior. The order of the
    rows changes nothing.

    Parameters
    ----------
    posterior
        n items, k classes: what the model believes whose errors the answers are to mend.
    size
        How many, 1 or more; fewer come back where fewer are left.
    strategy
        Name of a query strategy, or one with its parameters set, or a function from probabilities (n, k) to scores
        (n,), higher is more worthwhile. `margin` needs nothing more; `diverse` is as good or a little better;
        `lf_aware` needs fewer answers where labeling functions are good (measured: 120 instead of 160, 180 of 200).
    features
        Shape (n, d), in the order of the posterior's rows: for `diverse`. An array, or a scipy matrix.
    weak
        What the label model believes of the same items, in any order: for `lf_aware`.
    lf_accuracy
        How often the label model is right where it says anything, from an audit, in [0, 1]: for `lf_aware`.
    members
        What each of several models believes of the same items: for `committee`.
    answers
        What people have said, such as `journal.annotations()`: for `relabel`. Then items with answers may be asked
        about once more; `exclude` those that are being asked about just now.
    exclude
        Ids that are not to be picked, such as those already asked; ids that `posterior` lacks are ignored.
    seed
        Decides among equal scores, by a hash of it and the item's id: neither the order of the rows nor the machine
        changes the draw.
    per_class
        Class -> how many items of which it is the most probable class. Exactly so many where so many are left; places
        that cannot be filled go to items under no quota. A quota that is not met is warned of, and stands in the
        provenance.
    groups
        Item id -> group, or a group for each row.
    per_group
        Group -> how many, as for classes; or one number: at most so many of any group, its most worthwhile.
    price
        What an answer costs: one number, item id -> number, or a number for each row; above 0, in any unit. Items are
        then ranked by their score for a unit.
    budget
        What the batch may cost at most; needs `price`.

    Returns
    -------
    Batch
        Best first. Its provenance says how many items were left to choose from, how many of those picked no labeling
        function voted on, and how far quotas and budget were met.

    Raises
    ------
    TableError
        `size` is below 1, no item is left, `answers` stand beside a posterior that has them folded in, the quotas
        exceed the batch, an item lacks a group or a price, the budget pays for nothing, or the strategy needs what was
        not given.
    AnswerError
        An answer names no class of the posterior.
    ModelError
        The strategy gives NaN, or not one score for each item.
    UnknownNameError
        There is no such strategy.
    """
    quotas = quotas_of(per_class, groups is not None, per_group, posterior.classes)
    terms = Terms(size, *resolved(strategy), seed, quotas, price is not None, budget)
    excluded = _among(posterior.item_ids, exclude)
    rows = _left(posterior, excluded)
    pool = pool_of(posterior, features=features, weak=weak, lf_accuracy=lf_accuracy, members=members, answers=answers)
    classes = posterior.classes if per_class else None
    items = described(posterior.item_ids, posterior.covered, posterior.probs, classes, groups, price)
    whole = len(rows) == len(items)
    part = (items, pool) if whole else (items[rows], pool.take(rows))
    batch = chosen([scored(*part, terms)], terms)
    if batch is None:  # the pool is not empty, as was seen above
        raise TableError("no item is left to ask about")
    provenance = {
        "seed": seed,
        "size": size,
        "items": len(posterior.item_ids),
        "answered": int(posterior.answered.sum()),
        "excluded": int(excluded.sum()),
        "pool": len(rows),
        "pool_uncovered": int((~posterior.covered[rows]).sum()),
        "picked_uncovered": int((~batch.items["covered"]).sum()),
        "labels": dict(posterior.provenance),
    }
    if lf_accuracy is not None:
        provenance["lf_accuracy"] = lf_accuracy
    return Batch(batch.items["id"], batch.worth, terms.name, with_limits(terms, batch, provenance))


def quotas_of(
    per_class: Mapping[str, int] | None,
    has_groups: bool,
    per_group: Mapping[str, int] | int | None,
    classes: Sequence[str],
) -> Quotas:
    """The quotas as `pick` takes them.

    Raises
    ------
    TableError
        A class is unknown, groups lack their quota, or a quota its groups.
    """
    if unknown := [name for name in per_class or {} if name not in classes]:
        raise TableError(f"per_class names {unknown[0]!r}; the classes are {', '.join(classes)}")
    if has_groups != (per_group is not None):
        raise TableError("groups and per_group go together: which group an item is of, and how many of each")
    by_group, most = (per_group or {}, None) if isinstance(per_group, Mapping | None) else ({}, per_group)
    return Quotas(dict(per_class or {}), {str(name): number for name, number in by_group.items()}, most)


def described(
    ids: pl.Series, covered: NDArray[np.bool_], probs: Floats, classes: Sequence[str] | None, groups: Any, price: Any
) -> pl.DataFrame:
    """One row an item: id, covered and, where they are given, the most probable class, group and price.

    Raises
    ------
    TableError
        An item has no group or no price, or a price that is not above 0.
    """
    columns = [ids.alias("id"), pl.Series("covered", covered)]
    if classes is not None:
        columns.append(pl.Series("class", classes, pl.String).gather(probs.argmax(axis=1)))
    if groups is not None:
        columns.append(filled(groups, ids, "group").cast(pl.String))
    if price is not None:
        flat = isinstance(price, int | float | np.number)
        prices = filled(np.full(len(ids), price) if flat else price, ids, "price").cast(pl.Float64)
        if (wrong := ~((prices > 0) & prices.is_finite())).any():
            row = int(wrong.arg_max() or 0)
            raise TableError(f"an answer about item {ids[row]!r} costs {prices[row]}: a price is above 0")
        columns.append(prices)
    return pl.DataFrame(columns)


def _among(item_ids: pl.Series, wanted: Iterable[str]) -> NDArray[np.bool_]:
    return item_ids.is_in(excluded_ids(wanted).implode()).to_numpy()


def excluded_ids(wanted: Iterable[str]) -> pl.Series:
    """The ids as a column.

    Raises
    ------
    TableError
        It is one text.
    """
    if isinstance(wanted, str):
        raise TableError(f"ids to exclude are a list, such as [{wanted!r}], not one text")
    return pl.Series(list(wanted), dtype=pl.String)


def _left(posterior: Posterior, excluded: NDArray[np.bool_]) -> NDArray[np.intp]:
    rows = np.flatnonzero(~(posterior.answered | excluded))
    if not len(rows):
        raise TableError(
            f"none of the {len(posterior.item_ids)} items is left to ask about: "
            f"{int(posterior.answered.sum())} are answered, {int(excluded.sum())} excluded"
        )
    return rows
