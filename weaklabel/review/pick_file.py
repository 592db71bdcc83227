"""Pick from files: a pool larger than memory, read once, part by part."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from weaklabel.artefacts import Batch
from weaklabel.errors import TableError
from weaklabel.review.pick import described, excluded_ids, quotas_of
from weaklabel.review.picking.choosing import Strategy, Terms, chosen, resolved, scored, with_limits
from weaklabel.review.picking.pool import Pool
from weaklabel.review.picking.pool_file import Columns, Model, Part, Paths, PoolFile, opened
from weaklabel.review.picking.shortlist import Candidates

AT_A_TIME = 1 << 14  # rows: with 32 features and 10 classes some 3 MB; with four times as many memory passes 50 MB


def pick_file(
    pool: Paths,
    size: int,
    strategy: Strategy = "margin",
    *,
    model: Model | None = None,
    features: Sequence[str] = (),
    weak: Paths | None = None,
    lf_accuracy: float | None = None,
    exclude: Iterable[str] = (),
    seed: int = 0,
    per_class: Mapping[str, int] | None = None,
    groups: str | None = None,
    per_group: Mapping[str, int] | int | None = None,
    price: str | float | None = None,
    budget: float | None = None,
    id_column: str = "id",
) -> Batch:
    """The items to ask about next, as `pick` chooses them, of a pool that stays on the disk.

    The files are read once, some ten thousand rows at a time, and only a short list is kept: memory does not grow with
    the pool, and the batch is the one that sorting all of it would give, however it is cut into files. Measured: ten
    million items of 32 features and 10 classes, scored by a linear model, take 2.4 CPU seconds and 42 MB; larger row
    groups than 65,536 rows take more.

    Parameters
    ----------
    pool
        One Parquet file or several. Without `model` each has a column p_<class> for each class, as the file of a
        posterior does; rows that are marked in a column `answered` are left out.
    size, strategy, lf_accuracy, exclude, seed, per_class, per_group, budget
        As for `pick`.
    model
        What gives the probabilities: an end model, or a function from a frame of so many rows to probabilities of
        shape (rows, k).
    features
        Columns of numbers that strategies may look at.
    weak
        One posterior file of the label model for each file of the pool, with the same items in the same order.
    groups, price
        The columns that hold them; the price may be one number.
    id_column
        The column of unique ids.

    Returns
    -------
    Batch
        Best first. Its provenance is that of `pick`.

    Raises
    ------
    TableError
        As for `pick`; and: a file is missing, no Parquet, or lacks a column; an id is missing, or occurs twice among
        the best; `weak` is of other items.
    ModelError
        As for `pick`, or the probabilities are no distributions.
    ArtefactError
        A file holds another kind of artefact.
    """
    columns = Columns(id_column, tuple(features), groups, price if isinstance(price, str) else None)
    files = opened(pool, weak, model, columns)
    quotas = quotas_of(per_class, groups is not None, per_group, files[0].classes())
    terms = Terms(size, *resolved(strategy), seed, quotas, price is not None, budget)
    walk = _Walk(files, terms, excluded_ids(exclude), lf_accuracy, None if isinstance(price, str) else price)
    batch = chosen(walk.parts(), terms)
    if batch is None:
        raise TableError(
            f"none of the {walk.items} items is left to ask about: {walk.answered} are answered, "
            f"{walk.excluded} excluded"
        )
    provenance = walk.seen() | {
        "picked_uncovered": int((~batch.items["covered"]).sum()),
        "labels": files[0].provenance(),
    }
    return Batch(batch.items["id"], batch.worth, terms.name, with_limits(terms, batch, provenance))


@dataclass
class _Walk:
    """Once through the pool, counting who is passed by."""

    files: Sequence[PoolFile]
    terms: Terms
    asked: pl.Series
    lf_accuracy: float | None
    price: float | None
    items: int = 0
    answered: int = 0
    excluded: int = 0
    pool: int = 0
    uncovered: int = 0

    def parts(self) -> Iterator[Candidates]:
        """What is left of each part, scored."""
        for file in self.files:
            for part in file.parts(AT_A_TIME):
                left = self._left(part)
                if len(left.ids):
                    yield self._scored(left, file)

    def _left(self, part: Part) -> Part:
        excluded = part.ids.is_in(self.asked.implode()).to_numpy() if len(self.asked) else np.zeros(len(part.ids), bool)
        self.items += len(part.ids)
        self.answered += int(part.answered.sum())
        self.excluded += int(excluded.sum())
        out = part.answered | excluded
        left = part.take(np.flatnonzero(~out)) if out.any() else part
        self.pool += len(left.ids)
        self.uncovered += int((~left.covered).sum())
        return left

    def _scored(self, left: Part, file: PoolFile) -> Candidates:
        classes = file.classes() if self.terms.quotas.classes else None
        price = left.price if self.price is None else self.price
        items = described(left.ids, left.covered, left.probs, classes, left.group, price)
        return scored(items, Pool(left.probs, left.features, left.weak, self.lf_accuracy), self.terms)

    def seen(self) -> dict[str, Any]:
        """For the provenance."""
        said = {"seed": self.terms.seed, "size": self.terms.size, "items": self.items, "answered": self.answered}
        said |= {"excluded": self.excluded, "pool": self.pool, "pool_uncovered": self.uncovered}
        return said if self.lf_accuracy is None else said | {"lf_accuracy": self.lf_accuracy}
