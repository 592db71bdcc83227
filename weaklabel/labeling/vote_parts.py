"""Label matrices in parts, on any disk: whose votes they hold, and the votes batch by batch."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import places
from weaklabel.artefacts import ABSTAIN, LabelMatrix
from weaklabel.artefacts.label_matrix import OWN_COLUMNS, possible_votes
from weaklabel.artefacts.store import read_header
from weaklabel.engine import Part
from weaklabel.errors import TableError, VoteError, WeaklabelError
from weaklabel.labeling.vote_keys import Votes

BATCH = 200_000  # rows


class Voters(NamedTuple):
    """What all parts of a label matrix have in common: their functions, in order, and classes."""

    lf_names: tuple[str, ...]
    classes: tuple[str, ...]


@contextmanager
def at_hand(part: Part) -> Iterator[Part]:
    """The part on this machine, fetched once inside the block, where errors name its own place."""
    with places.fetched(part.path) as file:
        try:
            yield replace(part, path=str(file))
        except WeaklabelError as error:
            if str(file) == part.path:
                raise
            raise type(error)(str(error).replace(str(file), part.path)) from error


def voters_of(part: Part) -> Voters:
    """Whose votes a part at hand holds.

    Raises
    ------
    ArtefactError
        It is no label matrix, or truncated.
    """
    header = read_header(Path(part.path), LabelMatrix.kind)
    names = (name for name in pl.scan_parquet(part.path, glob=False).collect_schema() if name not in OWN_COLUMNS)
    return Voters(tuple(names), tuple(header["meta"]["classes"]))


def check_same(there: str, voters: Voters, here: str, found: Voters) -> None:
    """See that two parts hold votes of the same functions on the same classes.

    Raises
    ------
    TableError
        They do not; the message says which is the first that differs.
    """
    for kind, first, other in zip(("functions", "classes"), voters, found, strict=True):
        if first != other:
            a, b = next(pair for pair in zip_longest(first, other) if pair[0] != pair[1])
            raise TableError(
                f"{here} holds votes of other functions or classes than {there}: of the {kind}, the first "
                f"that differs is {b!r} in the one and {a!r} in the other: apply the same functions to all parts"
            )


def votes_in(part: Part, voters: Voters) -> Iterator[Votes]:
    """The votes of a part at hand, batch by batch, shape (rows, m); their columns lie together.

    Raises
    ------
    VoteError
        A vote is not a whole number in -1..k-1; names file, function, row (from 0) and vote.
    """
    return (votes for _, votes in _batches(part, voters, list(voters.lf_names) or ["id"]))


def votes_with_ids(part: Part, voters: Voters) -> Iterator[tuple[pl.Series, Votes]]:
    """The same with the items' ids."""
    return ((frame["id"], votes) for frame, votes in _batches(part, voters, ["id", *voters.lf_names]))


def _batches(part: Part, voters: Voters, columns: list[str]) -> Iterator[tuple[pl.DataFrame, Votes]]:
    start = part.first
    for frame in part.batches(columns, BATCH):
        votes = _as_array(part, frame.select(voters.lf_names), len(frame))
        _check(part, start, votes, voters)
        yield frame, votes.astype(np.int8, copy=False)
        start += len(frame)


def _as_array(part: Part, frame: pl.DataFrame, n: int) -> NDArray[Any]:
    for name, dtype in frame.schema.items():
        if not dtype.is_numeric():
            raise VoteError(
                f"{part.path}: labeling function {name!r} voted in a column of type {dtype}, not in numbers"
            )
    return frame.to_numpy() if frame.width else np.empty((n, 0), np.int8)


def _check(part: Part, start: int, votes: NDArray[Any], voters: Voters) -> None:
    k = len(voters.classes)
    if votes.dtype == np.int8 and votes.min(initial=ABSTAIN) >= ABSTAIN and votes.max(initial=ABSTAIN) < k:
        return
    fits = (votes >= ABSTAIN) & (votes < k) & (votes == np.floor(votes))  # a missing vote is NaN, which does not fit
    if not fits.all():
        row, j = np.argwhere(~fits)[0]
        raise VoteError(
            f"{part.path}: labeling function {voters.lf_names[j]!r} voted {votes[row, j]} in row {start + row}; "
            f"{possible_votes(voters.classes)}"
        )
