"""Count votes: from label matrices of any size, in parts, to what label models are fitted from."""

import sys
from functools import partial

from weaklabel import engine
from weaklabel.engine import Part
from weaklabel.engine.parts import Source
from weaklabel.errors import TableError
from weaklabel.labeling.covotes import covotes
from weaklabel.labeling.patterns import VoteCounts, VotePatterns, as_patterns, check_names
from weaklabel.labeling.vote_keys import Counts, KeyTally, width
from weaklabel.labeling.vote_parts import Voters, at_hand, check_same, voters_of, votes_in, votes_with_ids
from weaklabel.labeling.vote_sample import ItemSample
from weaklabel.labeling.vote_tally import VoteTally

MOST = 2_000_000  # distinct rows: for 20 functions some 100 MB, for 100 some 400 MB, while they are added up
ROWS = 4_000_000  # for one task: a second or two


def count_votes(source: Source, max_patterns: int = MOST) -> VoteCounts:
    """All that any label model is fitted from, added up over label matrices that need not fit in memory.

    They are read once, batch by batch, on whatever backend is set. Where there are more than `max_patterns` distinct
    rows of votes, the patterns are those of so many items instead, drawn by a hash of their ids, for which the files
    are read once more; all else is exact all the same. Nothing depends on the order of the items, on how they are
    sharded, or on the backend.

    Parameters
    ----------
    source
        Label matrices: a Parquet file, a folder of parts, a pattern, a list of these; local paths or fsspec URLs.
    max_patterns
        How many distinct rows of votes to remember, at least 1.

    Raises
    ------
    ArtefactError
        A file holds no label matrix, or is truncated.
    TableError
        There are no files, or they are of different functions or classes; or `max_patterns` is not positive.
    VoteError
        A vote is neither -1 nor one of the classes.
    """
    if max_patterns < 1:
        raise TableError(f"max_patterns is {max_patterns}; it is a number of distinct rows of votes, at least 1")
    parts = engine.parts(source, ROWS)
    tally = _tally(parts, max_patterns)
    if tally.too_many:
        return VoteCounts(tally.n, tally.n_covered, tally.rest, _sampled(parts, tally.voters, max_patterns))
    patterns = tally.table()
    return VoteCounts(tally.n, tally.n_covered, tally.rest + covotes(patterns), patterns)


def read_patterns(source: Source) -> VotePatterns:
    """The table of all items of these label matrices, however many distinct rows it has; else as `count_votes`."""
    return _tally(engine.parts(source, ROWS), sys.maxsize).table()


def read_covotes(source: Source) -> Counts:
    """The co-votes of all items of these label matrices, shape (m k, m k), from one reading; else as `count_votes`."""
    return _tally(engine.parts(source, ROWS), MOST).covotes()


def _tally(parts: list[Part], most: int) -> VoteTally:
    if not parts:
        raise TableError("no label matrices to count: name a file or a folder of parts")
    with at_hand(parts[0]) as first:
        voters = voters_of(first)
    check_names(voters.lf_names)
    total = VoteTally(voters, most)
    kernel = partial(_tally_of, voters=voters, first=parts[0].path, most=most)
    for found in engine.mapped(kernel, parts, "counting votes"):
        total.merge(found)
    return total.settled()


def _tally_of(part: Part, voters: Voters, first: str, most: int) -> VoteTally:
    tally = VoteTally(voters, most)
    with at_hand(part) as here:
        check_same(first, voters, part.path, voters_of(here))
        for votes in votes_in(here, voters):
            tally.add(votes)
    return tally.settled()


def _sampled(parts: list[Part], voters: Voters, size: int) -> VotePatterns:
    total = ItemSample(size, width(*map(len, voters)))
    for found in engine.mapped(partial(_sample_of, voters=voters, size=size), parts, "sampling votes"):
        total.merge(found)
    tally = KeyTally(total.width)
    tally.add(total.settled().numbers)
    return as_patterns(tally, *voters)


def _sample_of(part: Part, voters: Voters, size: int) -> ItemSample:
    sample = ItemSample(size, width(*map(len, voters)))
    with at_hand(part) as here:
        for ids, votes in votes_with_ids(here, voters):
            sample.add(ids, votes, len(voters.classes))
    return sample.settled()
