"""Denoise files: votes in parts, and more than memory holds, become probabilities in parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from weaklabel import engine, places
from weaklabel.artefacts import LabelMatrix, Posterior, folder
from weaklabel.engine import Part
from weaklabel.engine.parts import Source
from weaklabel.labeling.denoise import Taught, fitted_to, teach
from weaklabel.labeling.gold import as_gold, share_of
from weaklabel.labeling.models._log_linear import LogLinear
from weaklabel.labeling.patterns import VoteCounts
from weaklabel.labeling.predicting import Predictor, Task, matrix_of, predict_part
from weaklabel.labeling.vote_counts import count_votes
from weaklabel.protocols import LabelModel


@dataclass(frozen=True)
class Denoised:
    """What `denoise_file` did.

    Attributes
    ----------
    path
        Where the probabilities lie: a file, or a folder of parts.
    n
        Items.
    labels
        By class: how many items have it as their label.
    provenance
        Of the posterior.
    """

    path: str | Path
    n: int
    labels: Mapping[str, int]
    provenance: Mapping[str, Any]


def denoise_file(
    votes: Source,
    out: str | Path,
    model: str | LabelModel = "hybrid_em",
    *,
    gold: Mapping[str, str | int] | None = None,
    **params: Any,
) -> Denoised:
    """P(class | votes) of each item, as `denoise`, for votes of any size: they are read batch by batch.

    The votes are counted on whatever `run_on` says, a label model is fitted to the counts, and each part is predicted
    by itself. A run that was cut off counts and fits again, to the same, and predicts the parts that are missing.

    Parameters
    ----------
    votes
        A file of votes or a folder of their parts, as `apply_file` writes them; a pattern, a list, or a URL of these.
    out
        The Parquet file of probabilities; or the folder of their parts, of the same names, where the votes are in parts
        or this is a folder. `Posterior.load` reads both.
    model, params
        As for `denoise`.
    gold
        Known classes of some items: item id -> class name or number.

    Raises
    ------
    ModelError, TableError, UnknownNameError
        As for `denoise`.
    ArtefactError
        What should hold votes holds something else, is damaged, or is still being written.
    EngineError
        A part failed again and again, or processes die; what the other parts came to stays.
    """
    whole = not engine.in_parts(votes, out)
    parts = engine.parts(votes) if whole else engine.parts_into(votes, out)
    counts = count_votes(votes)
    predictor = _predictor(parts, counts, fitted_to(counts, model, **params), gold)
    if whole:
        done = [predict_part(predictor, Task(parts[0], str(out)))]
    else:
        tasks = [Task(part, places.join(places.absolute(out), part.name)) for part in parts]
        with folder.alone_in(out):
            folder.begin(out, Posterior.kind)
            done = list(engine.mapped(partial(predict_part, predictor), tasks, "predicting", keep_going=True))
            folder.finish(out, Posterior.kind, predictor.meta(), [one.listed for one in done])
    labels = np.sum([one.labels for one in done], axis=0).tolist()
    n = sum(one.listed.rows for one in done)
    return Denoised(out, n, dict(zip(counts.classes, labels, strict=True)), predictor.meta()["provenance"])


def _predictor(
    parts: Sequence[Part], counts: VoteCounts, fitted: LabelModel, gold: Mapping[str, str | int] | None
) -> Predictor:
    names, classes = counts.lf_names, counts.classes
    if gold is None:
        return Predictor(Taught(fitted), names, classes, {})
    ids = pl.Series("id", list(gold), dtype=pl.String)
    found = engine.mapped(partial(_with_ids, names, classes, ids), parts, "looking for known classes")
    L = _joined([some for some in found if len(some.votes)], names, classes)
    known = as_gold(gold, L)
    share = share_of(fitted, counts) if isinstance(fitted, LogLinear) else None
    return Predictor(teach(fitted, L, known, share), names, classes, dict(zip(L.item_ids, known.tolist(), strict=True)))


def _with_ids(names: tuple[str, ...], classes: tuple[str, ...], ids: pl.Series, part: Part) -> LabelMatrix:
    """The votes of a part on these items."""
    found = [batch.filter(pl.col("id").is_in(ids.implode())) for batch in part.batches(["id", *names])]
    frame = pl.concat(found) if found else pl.DataFrame(schema={"id": pl.String, **dict.fromkeys(names, pl.Int8)})
    return matrix_of(frame, names, classes)


def _joined(found: Sequence[LabelMatrix], names: tuple[str, ...], classes: tuple[str, ...]) -> LabelMatrix:
    votes = np.concatenate([np.empty((0, len(names)), np.int8), *(some.votes for some in found)])
    ids = pl.concat([pl.Series("id", [], pl.String), *(some.item_ids for some in found)])
    return LabelMatrix(votes, ids, names, classes)
