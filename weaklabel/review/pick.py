"""Pick: the items that are most worth a person's time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from weaklabel.artefacts import Annotation, Batch, Posterior
from weaklabel.errors import TableError
from weaklabel.review.picking.choosing import Strategy, Terms, chosen, resolved, with_limits
from weaklabel.review.picking.part import Part
from weaklabel.review.picking.pool_of import pool_of
from weaklabel.review.picking.quotas import Quotas
from weaklabel.review.picking.shortlist import filled
from weaklabel.review.picking.tally import Tally

SUMS = 2e-6  # a posterior's rows sum to 1 within half of it


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
    rows changes nothing. Memory does not grow with the pool: few items are scored where `margin`, `entropy` or
    `least_confident` choose, and only the best are held.

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
    named = posterior.classes if per_class else None
    terms = Terms(size, *resolved(strategy), seed, quotas, price is not None, budget, excluded_ids(exclude), named)
    pool = pool_of(posterior, features=features, weak=weak, lf_accuracy=lf_accuracy, members=members, answers=answers)
    ids = posterior.item_ids
    beside = filled(groups, ids, "group"), _prices(price, ids)
    whole = Part(ids, pool, posterior.covered, posterior.answered, *beside, rounding=SUMS)
    tally = Tally().add(whole, terms)
    return batch_of(tally, terms, posterior.provenance, lf_accuracy)


def batch_of(tally: Tally, terms: Terms, labels: Mapping[str, Any], lf_accuracy: float | None) -> Batch:
    """The batch that a walk through a pool came to; `labels` says where its probabilities come from.

    Raises
    ------
    TableError
        No item is left to choose from, one of the best is there twice, or the budget pays for none.
    ModelError
        The strategy does not choose as many as it should.
    """
    batch = chosen(tally.best(), terms)
    provenance = {"seed": terms.seed, "size": terms.size, **tally.counts()}
    if lf_accuracy is not None:
        provenance["lf_accuracy"] = lf_accuracy
    provenance |= {"picked_uncovered": int((~batch.items["covered"]).sum()), "labels": dict(labels)}
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


def _prices(price: Any, ids: pl.Series) -> pl.Series | None:
    flat = isinstance(price, int | float | np.number)
    return filled(np.full(len(ids), price) if flat else price, ids, "price")
