"""What a data set is: a table with ids, a fixed split, and a line on where it comes from."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class Dataset:
    """A real data set.

    Attributes
    ----------
    name
        As it is loaded.
    classes
        The class names, in order; empty for a click log.
    source
        Who made it, and which package carries it.
    licence
        What is known of it.
    read
        Parses it to a table with `id` and, but for click logs, `label`.
    """

    name: str
    classes: tuple[str, ...]
    source: str
    licence: str
    read: Callable[[], pl.DataFrame]


def split_of(item_id: str) -> str:
    """The split an item belongs to, for ever: 70 % train, 10 % valid, 20 % test.

    By a hash of the id up to its first dot, so that copies of one message, or sentences of one review, which share
    that part, never stand on both sides.
    """
    stem = item_id.partition(".")[0]
    place = int.from_bytes(hashlib.blake2b(stem.encode(), digest_size=4).digest(), "big") / 2**32
    return "train" if place < 0.7 else "valid" if place < 0.8 else "test"


def with_split(table: pl.DataFrame) -> pl.DataFrame:
    """The table with its `split` column added."""
    return table.with_columns(pl.col("id").map_elements(split_of, return_dtype=pl.String).alias("split"))
