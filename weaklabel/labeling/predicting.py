"""One part of the votes becomes one part of the probabilities: the task that goes to whoever works."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import places
from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior, checks, store
from weaklabel.artefacts.batch_writer import BatchWriter
from weaklabel.artefacts.folder import Listed, made_before
from weaklabel.engine import Part
from weaklabel.labeling.denoise import Taught
from weaklabel.labeling.gold import clamp


@dataclass(frozen=True)
class Task:
    """A part of the votes, and where its probabilities go."""

    part: Part
    out: str

    def __str__(self) -> str:
        return str(self.part)


@dataclass(frozen=True)
class Predicted:
    """What was predicted of a part: how many items have each class as their label, shape (k,)."""

    listed: Listed
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Predictor:
    """A label model, whom it was fitted to, and the known classes of some items."""

    model: Taught
    lf_names: tuple[str, ...]
    classes: tuple[str, ...]
    known: Mapping[str, int]

    def digest(self) -> str:
        """Of all that probabilities follow from, beside the votes."""
        said = hashlib.sha256(repr((self.lf_names, self.classes, sorted(self.known.items()), self.model.said)).encode())
        for name, value in sorted(vars(self.model.model).items()):
            said.update(name.encode())
            said.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
        return said.hexdigest()

    def meta(self) -> dict[str, Any]:
        """Of its posteriors."""
        none = LabelMatrix(np.empty((0, len(self.lf_names)), np.int8), [], self.lf_names, self.classes)  # type: ignore[arg-type]
        return self.believe(none).meta()

    def believe(self, L: LabelMatrix) -> Posterior:
        """P(class | votes), and for certain where the class is known."""
        posterior = self.model.predict_proba(L)
        if not self.known:
            return posterior
        return clamp(posterior, _known_among(L.item_ids, self.known))


def predict_part(predictor: Predictor, task: Task) -> Predicted:
    """The probabilities of a part, into a file; where they are there already, they stay."""
    part = task.part
    with places.fetched(part.path) as file:
        seal = store.read_header(file, LabelMatrix.kind)["digest"]
        key = hashlib.sha256(f"{predictor.digest()}\0{seal}\0{part.first}\0{part.n}".encode()).hexdigest()
        if (header := made_before(task.out, Posterior.kind, key)) is not None:
            said = header["meta"]["provenance"]["part"]
            return Predicted(Listed(part.name, said["rows"], header["digest"]), np.array(said["labels"]))
        with places.delivered(task.out) as made:
            return _written(predictor, replace(part, path=str(file)), made, part.name, key)


def _written(predictor: Predictor, part: Part, made: Path, name: str, key: str) -> Predicted:
    labels, rows, k = np.zeros(len(predictor.classes), np.int64), 0, len(predictor.classes)
    with BatchWriter(made) as writer:
        for frame in _batches(part, predictor):
            posterior = predictor.believe(matrix_of(frame, predictor.lf_names, predictor.classes))
            labels += np.bincount(posterior.labels() + 1, minlength=k + 1)[1:]
            rows += len(frame)
            writer.add(posterior.to_frame())
        meta = predictor.meta()
        meta["provenance"]["part"] = {"key": key, "rows": rows, "labels": labels.tolist()}
        return Predicted(Listed(name, rows, writer.finish(Posterior.kind, meta)), labels)


def _batches(part: Part, predictor: Predictor) -> Iterator[pl.DataFrame]:
    """At least one, which may have no rows."""
    columns = ["id", *predictor.lf_names]
    batches = part.batches(columns)
    none = pl.DataFrame(schema={"id": pl.String, **dict.fromkeys(predictor.lf_names, pl.Int8)})
    yield next(batches, none)
    yield from batches


def matrix_of(frame: pl.DataFrame, names: tuple[str, ...], classes: tuple[str, ...]) -> LabelMatrix:
    """The rows of a file of votes; its ids are known to differ."""
    votes = frame.select(names).to_numpy() if names else np.empty((len(frame), 0), np.int8)
    return LabelMatrix(votes, checks.trusted(frame["id"]), names, classes)


def _known_among(ids: pl.Series, known: Mapping[str, int]) -> NDArray[np.int64]:
    there = pl.DataFrame({"id": list(known), "y": list(known.values())}, schema={"id": pl.String, "y": pl.Int64})
    found = pl.DataFrame({"id": ids}).join(there, on="id", how="left", maintain_order="left")["y"]
    return found.fill_null(ABSTAIN).to_numpy()
