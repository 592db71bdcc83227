"""One part of a table becomes one part of the votes: the task that goes to whoever works; and what parts add up to."""

import hashlib
import logging
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel import places, tables
from weaklabel.artefacts import Fault, LabelMatrix
from weaklabel.artefacts.folder import Listed, made_before
from weaklabel.engine import Part
from weaklabel.labeling.applying.file import NOBODY, Options, vote_file
from weaklabel.labeling.applying.fingerprint import UNREAD
from weaklabel.labeling.applying.plan import Plan
from weaklabel.labeling.applying.run import Tally, added

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PartVotes:
    """What the votes on a part come to; they lie in their file.

    Attributes
    ----------
    listed
        The file, for the manifest.
    n_covered
        Rows with a vote.
    asked, seconds
        Shape (m,): about how many rows each function was asked, and its CPU seconds.
    faults
        Of the functions that failed on some rows.
    rows_digest
        Of all rows that were voted on.
    fickle
        By function: that it voted otherwise when it was asked again.
    """

    listed: Listed
    n_covered: int
    asked: NDArray[np.int64]
    seconds: NDArray[np.float64]
    faults: tuple[Fault, ...]
    rows_digest: str
    fickle: Mapping[str, str] = field(default_factory=dict)


def vote_part(plan: Plan, out: str, options: Options, part: Part) -> PartVotes:
    """Vote on a part, into a file of the same name; where that is there already, only on what is new.

    Whoever runs this may die at any moment and another begin anew: the file is there whole, or not.
    """
    target = places.join(out, part.name)
    key = _key(plan, part)
    there = not options.fresh and places.exists(target)
    if there and (done := _done(plan, part.name, target, key)) is not None:
        return done
    with ExitStack() as held:
        lazy, made = held.enter_context(part.rows()), held.enter_context(places.delivered(target))
        before = held.enter_context(places.fetched(target)) if there else None
        rows = tables.scan_rows(lazy, options.id_column, str(part))
        own = plan.on(rows.schema, str(part))
        tally, digest = vote_file(own, rows, made, options, before, key)
    return _of(own, Listed(part.name, tally.n, digest), tally)


def _key(plan: Plan, part: Part) -> str | None:
    """What a part of the votes follows from; None where a function holds what cannot be read."""
    if any(UNREAD in one for one in plan.fingerprints.values()):
        return None
    said = [*plan.names, *plan.fingerprints.values(), *plan.classes, str(part.first), str(part.n)]
    return hashlib.sha256("\0".join([*said, places.mark(part.path)]).encode()).hexdigest()


def _done(plan: Plan, name: str, target: str, key: str | None) -> PartVotes | None:
    """What was voted when this very part was voted on before; None where it has to be looked at again."""
    header = made_before(target, LabelMatrix.kind, key)
    if header is None or header["meta"]["faults"]:
        return None
    meta, said = header["meta"], header["meta"]["provenance"]["part"]
    seconds = np.array([meta["seconds"][one] for one in plan.names])
    asked, rows = np.zeros(len(seconds), np.int64), str(meta["provenance"]["input"])
    return PartVotes(Listed(name, said["rows"], header["digest"]), said["covered"], asked, seconds, (), rows)


def _of(plan: Plan, listed: Listed, tally: Tally) -> PartVotes:
    said = tally.matrix(NOBODY)
    seconds = np.array([said.seconds[name] for name in plan.names])
    rows = str(said.provenance["input"])
    return PartVotes(listed, tally.n_covered, tally.asked, seconds, said.faults, rows, tally.fickle)


@dataclass
class PartSums:
    """What the parts of a run add up to, in their order."""

    plan: Plan
    n: int = 0
    n_covered: int = 0
    asked: NDArray[np.int64] = field(init=False)
    seconds: NDArray[np.float64] = field(init=False)
    parts: list[Listed] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)
    fickle: dict[str, str] = field(default_factory=dict)
    _rows: Any = field(default_factory=hashlib.sha256, repr=False)

    def __post_init__(self) -> None:
        m = len(self.plan.lfs)
        self.asked, self.seconds = np.zeros(m, np.int64), np.zeros(m)

    def add(self, done: PartVotes) -> None:
        """Take in the next part."""
        self.n += done.listed.rows
        self.n_covered += done.n_covered
        self.asked += done.asked
        self.seconds += done.seconds
        self.parts.append(done.listed)
        self.faults = added(self.faults, done.faults)
        self.fickle = {**done.fickle, **self.fickle}
        self._rows.update(done.rows_digest.encode())

    def warn(self) -> None:
        """Of functions that cannot be relied on."""
        for sentence in self.fickle.values():
            log.warning(sentence)

    def seconds_by_name(self) -> dict[str, float]:
        """CPU seconds of each function."""
        return dict(zip(self.plan.names, np.round(self.seconds, 6).tolist(), strict=True))

    def meta(self) -> dict[str, Any]:
        """For the manifest: as the header of one file would say it."""
        faults = tuple(self.faults.values())
        said = self.plan.provenance(self._rows.hexdigest())
        empty = np.empty((0, len(self.plan.lfs)), np.int8)
        L = LabelMatrix(empty, NOBODY, self.plan.names, self.plan.classes, faults, said, self.seconds_by_name())
        return L.meta()
