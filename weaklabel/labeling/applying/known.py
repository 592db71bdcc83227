"""What is known from an earlier run: the votes of functions that have not changed, on rows that have not.

A function is known by its fingerprint, so that it may be renamed or moved; a row by a hash of all its values, so that
rows may be added, dropped, changed or put in another order.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import LabelMatrix, checks, store
from weaklabel.artefacts.label_matrix import OWN_COLUMNS, ROW_DIGEST
from weaklabel.labeling.applying.asking import Votes
from weaklabel.labeling.applying.fingerprint import UNREAD
from weaklabel.labeling.applying.plan import Plan
from weaklabel.labeling.applying.voting import UNKNOWN

Digests = NDArray[np.uint64]


def row_digests(rows: pl.DataFrame) -> Digests:
    """A hash of each row, shape (b,), of all its values; it is polars', and stable within one version of it."""
    kinds = rows.schema.items()
    texts = [name for name, kind in kinds if kind in (pl.Categorical, pl.Enum)]
    inside = [name for name, kind in kinds if kind.is_nested() and re.search("Categorical|Enum", repr(kind))]
    spelled = [pl.Series(name, map(repr, rows[name].to_list()), dtype=pl.String) for name in inside]
    objects = [name for name, kind in kinds if kind == pl.Object]  # `Plan` says that such rows cannot be known again
    return rows.with_columns(pl.col(texts).cast(pl.String), *spelled).drop(objects).hash_rows().to_numpy()


@dataclass(frozen=True)
class Known:
    """Votes of an earlier run.

    Parameters
    ----------
    columns
        Shape (m,): in which of its columns each function's votes stand, -1 where they do not.
    seconds
        Shape (m,): CPU seconds that they took.
    digests
        Of its rows.
    read
        Its votes in rows first..last - 1, shape (last - first, number of its columns).
    """

    columns: NDArray[np.intp]
    seconds: NDArray[np.float64]
    digests: Digests
    read: Callable[[int, int], Votes]
    _order: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        checks.put(self, _order=np.argsort(self.digests, kind="stable"))
        checks.put(self, digests=self.digests[self._order])

    def votes(self, digests: Digests) -> Votes:
        """The votes on rows with these digests, shape (b, m); -2 where there is none."""
        out = np.full((len(digests), len(self.columns)), UNKNOWN, np.int8)
        places = np.searchsorted(self.digests, digests).clip(max=len(self.digests) - 1)
        met, kept = np.flatnonzero(self.digests[places] == digests), np.flatnonzero(self.columns >= 0)
        if len(met):
            rows = self._order[places[met]]
            first, last = int(rows.min()), int(rows.max()) + 1
            out[np.ix_(met, kept)] = self.read(first, last)[rows - first][:, self.columns[kept]]
        return out


def known_in_matrix(L: LabelMatrix, plan: Plan) -> Known | None:
    """What a label matrix knows of what is planned, if anything."""
    return _known(plan, L.lf_names, L.meta(), L.row_digests, lambda first, last: L.votes[first:last])


def known_in_file(path: Path, plan: Plan) -> Known | None:
    """What a file of votes knows of what is planned, if anything; only its row hashes are kept in memory.

    Raises
    ------
    ArtefactError
        It holds something else, or was truncated or edited.
    """
    meta = store.check(path, LabelMatrix.kind)
    columns = pl.scan_parquet(path, glob=False).collect_schema()
    names = [name for name in columns if name not in OWN_COLUMNS]
    if ROW_DIGEST not in columns:
        return None
    digests = pl.read_parquet(path, columns=[ROW_DIGEST], glob=False).to_series().to_numpy()
    votes = pl.scan_parquet(path, glob=False).select(names)
    return _known(plan, names, meta, digests, lambda first, last: votes.slice(first, last - first).collect().to_numpy())


def _known(
    plan: Plan, names: Sequence[str], meta: Mapping[str, Any], digests: Digests, read: Callable[[int, int], Votes]
) -> Known | None:
    was = meta["provenance"]
    same = plan.rows_key is not None and was.get("rows") == plan.rows_key
    if tuple(meta["classes"]) != plan.classes or not same or not len(digests):
        return None
    # What failed may have failed for a reason that is gone: such a function is asked about everything again.
    failed = {fault["lf"] for fault in meta["faults"]}
    column = {was["fingerprints"][name]: j for j, name in enumerate(names) if name not in failed}
    columns = np.array([-1 if UNREAD in one else column.get(one, -1) for one in plan.fingerprints.values()])
    if (columns < 0).all():
        return None
    seconds = np.array([meta["seconds"].get(names[j], 0.0) if j >= 0 else 0.0 for j in columns])
    return Known(columns, seconds, digests, read)
