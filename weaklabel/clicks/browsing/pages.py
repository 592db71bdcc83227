"""Pages of results: what stood on each, from the top, and what was clicked. For users who read from the top."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.clicks.cells import Ints, Mask
from weaklabel.clicks.count_columns import BUCKETS
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.reading.places import PAGE
from weaklabel.errors import ClickLogError

PAIR = ["query_id", "doc_id"]


@dataclass(frozen=True, eq=False)
class Pages:
    """The pages of a log in memory; its positions are the K places of a page.

    Attributes
    ----------
    item
        Shape (n, K): the number of what stood at each place, a row of `items`; -1 where there was nothing.
    click
        Shape (n, K), 0 or 1; 0 where there was nothing.
    position
        Shape (K,), increasing: the position of each place, 1 is the top.
    bucket
        Shape (n,): the group of sessions that each page is in, 0..19.
    items
        query_id and doc_id, sorted.
    """

    item: Ints
    click: NDArray[np.int8]
    position: Ints
    bucket: Ints
    items: pl.DataFrame

    def __len__(self) -> int:
        return len(self.item)

    @cached_property
    def shown(self) -> Mask:
        """Whether something stood at a place, shape (n, K)."""
        return np.asarray(self.item >= 0)

    def where(self, kept: Mask | Ints) -> Self:
        """Only some of the pages, by mask or by number; the items keep their numbers."""
        return replace(self, item=self.item[kept], click=self.click[kept], bucket=self.bucket[kept])

    def distinct(self) -> tuple[Self, Ints]:
        """Each page with the same documents and clicks once, and how many there are in each bucket, shape (m, 20)."""
        places = range(len(self.position))
        seen = pl.DataFrame(
            {f"item {k}": self.item[:, k] for k in places} | {f"click {k}": self.click[:, k] for k in places}
        )
        of = [(pl.col("bucket") == b).sum().alias(f"in {b}") for b in range(BUCKETS)]
        numbered = seen.with_columns(bucket=pl.Series(self.bucket), row=pl.int_range(pl.len()))
        found = numbered.group_by(seen.columns).agg(*of, row=pl.col("row").min()).sort("row")
        counts = found.select(pl.col(f"in {b}").cast(pl.Int64) for b in range(BUCKETS)).to_numpy()
        rows = self.where(found["row"].to_numpy())
        # Column by column in memory, as models go through places from the top.
        return replace(rows, item=np.asfortranarray(rows.item), click=np.asfortranarray(rows.click)), counts

    @classmethod
    def from_log(cls, log: ClickLog) -> Self:
        """The pages of a log; the order of its rows does not matter.

        Raises
        ------
        ClickLogError
            The log has no session_id, which says what stood on one page.
        """
        frame = log.frame
        if "session_id" not in frame.columns:
            raise ClickLogError(
                "the log has no session_id, so nothing says what stood on one page: users who read from the top need "
                "pages; name its column with columns={'session_id': 'its name'} (--column session_id=NAME), or "
                "estimate with harvesting"
            )
        pages, items = frame.select(PAGE).unique().sort(PAGE), frame.select(PAIR).unique().sort(PAIR)
        page, code = _row_in(pages, frame), _row_in(items, frame)
        position, place = np.unique(frame["position"].to_numpy(), return_inverse=True)
        item = np.full((len(pages), len(position)), -1, dtype=np.int64)
        click = np.zeros(item.shape, dtype=np.int8)
        item[page, place], click[page, place] = code, frame["click"].to_numpy()
        bucket = (pages["session_id"].hash(seed=0) % BUCKETS).cast(pl.Int64).to_numpy()
        return cls(item, click, position, bucket, items)


def _row_in(known: pl.DataFrame, frame: pl.DataFrame) -> Ints:
    numbered = known.with_row_index("row")
    found = frame.select(known.columns).join(numbered, on=known.columns, how="left", maintain_order="left")
    return found["row"].cast(pl.Int64).to_numpy()
