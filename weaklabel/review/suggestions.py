"""What the model suggests about each item of a batch, and why."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior, Prelabel, checks
from weaklabel.errors import TableError
from weaklabel.numerics import Floats
from weaklabel.review.formats.sides import PAIR

Beliefs = Posterior | Mapping[str, Posterior] | None


def classes_of(posterior: Beliefs, classes: Sequence[str] | None, kind: str) -> tuple[str, ...]:
    """The possible answers, among them every class that could be suggested.

    Raises
    ------
    TableError
        They are not known, one is missing, or the posterior does not suit the kind.
    """
    if posterior is not None and isinstance(posterior, Mapping) != (kind == "choices"):
        needs = "a mapping of each class to a posterior over two" if kind == "choices" else "one posterior"
        raise TableError(f"the kind {kind!r} needs {needs}, or None")
    believed = _believed(posterior)
    if classes is None and kind == "pairwise":
        classes = believed or PAIR
    if not (classes or believed):
        raise TableError("without a posterior to take them from, say what the answers may be (classes)")
    offered = checks.classes(believed if classes is None else classes)
    if lost := [name for name in believed if name not in offered]:
        raise TableError(f"{lost[0]!r} could be suggested but is not among the classes {', '.join(offered)}")
    if kind == "pairwise" and (odd := [name for name in offered if name not in PAIR]):
        raise TableError(f"a pairwise question is answered with {', '.join(PAIR)}, not with {odd[0]!r}")
    return offered


def _believed(posterior: Beliefs) -> tuple[str, ...]:
    if isinstance(posterior, Posterior):
        return posterior.classes
    return tuple(posterior or ())


def prelabels(
    posterior: Beliefs, item_ids: pl.Series, classes: Sequence[str], model_version: str | None
) -> list[Prelabel | None]:
    """The suggestion for each item, None where there is none."""
    if posterior is None:
        return [None] * len(item_ids)
    if isinstance(posterior, Mapping):
        return _of_several(posterior, item_ids, classes, model_version)
    rows = _rows(posterior.item_ids, item_ids, "the posterior")
    version = model_version or _model(posterior)
    labels = posterior.labels()
    return [
        None
        if labels[i] == ABSTAIN
        else Prelabel(posterior.classes[labels[i]], float(posterior.probs[i].max()), version)
        for i in rows
    ]


def _of_several(
    posteriors: Mapping[str, Posterior], item_ids: pl.Series, classes: Sequence[str], model_version: str | None
) -> list[Prelabel | None]:
    if lost := [name for name in classes if name not in posteriors]:
        raise TableError(f"class {lost[0]!r} has no posterior; there are those of {', '.join(posteriors)}")
    if wide := [name for name, one in posteriors.items() if len(one.classes) != 2]:
        raise TableError(
            f"the posterior of class {wide[0]!r} is over {len(posteriors[wide[0]].classes)} classes, not 2"
        )
    rows = [_rows(one.item_ids, item_ids, f"the posterior of {name!r}") for name, one in posteriors.items()]
    beliefs = list(zip(posteriors.values(), rows, strict=True))
    applies = np.column_stack([one.probs[where, 1] for one, where in beliefs])
    known = np.column_stack([one.covered[where] for one, where in beliefs])
    chosen = known & (applies > 0.5)
    sure = np.where(chosen, applies, 1 - applies).min(axis=1)
    version = model_version or "+".join(dict.fromkeys(_model(one) for one in posteriors.values()))
    names = np.array(list(posteriors))
    return [
        Prelabel(tuple(sorted(names[chosen[i]].tolist())), float(sure[i]), version) if known[i].any() else None
        for i in range(len(item_ids))
    ]


def probabilities(posterior: Beliefs, item_ids: pl.Series) -> list[dict[str, float]]:
    """Class -> P(class), or P(it applies) where several may, for each item of which something is known."""
    if posterior is None:
        return [{} for _ in item_ids]
    if isinstance(posterior, Posterior):
        rows = _rows(posterior.item_ids, item_ids, "the posterior")
        return [_named(posterior.classes, posterior.probs[i]) if posterior.covered[i] else {} for i in rows]
    each = [probabilities(one, item_ids) for one in posterior.values()]
    named = [list(zip(posterior, parts, strict=True)) for parts in zip(*each, strict=True)]
    return [{name: list(part.values())[1] for name, part in parts if part} for parts in named]


def _named(classes: Sequence[str], probs: Floats) -> dict[str, float]:
    return dict(zip(classes, probs.tolist(), strict=True))


def reasons(votes: LabelMatrix | Mapping[str, LabelMatrix] | None, item_ids: pl.Series) -> list[dict[str, str]]:
    """Labeling function -> what it voted, for each item; where several classes may apply, also what does not apply."""
    if votes is None:
        return [{} for _ in item_ids]
    if isinstance(votes, LabelMatrix):
        return _votes(votes, item_ids, votes.classes, "the label matrix")
    named = [_votes(L, item_ids, (f"not {name}", name), f"the label matrix of {name!r}") for name, L in votes.items()]
    return [_merged(parts) for parts in zip(*named, strict=True)]


def _votes(L: LabelMatrix, item_ids: pl.Series, names: Sequence[str], source: str) -> list[dict[str, str]]:
    return [
        {lf: names[vote] for lf, vote in zip(L.lf_names, L.votes[i], strict=True) if vote != ABSTAIN}
        for i in _rows(L.item_ids, item_ids, source)
    ]


def _merged(parts: Sequence[Mapping[str, str]]) -> dict[str, str]:
    lfs = dict.fromkeys(lf for part in parts for lf in part)
    return {lf: ", ".join(part[lf] for part in parts if lf in part) for lf in lfs}


def _model(posterior: Posterior) -> str:
    return str(posterior.provenance.get("model", "weaklabel"))


def _rows(item_ids: pl.Series, wanted: pl.Series, source: str) -> list[int]:
    numbered = pl.DataFrame({"id": item_ids}).with_row_index("row")
    return tables.align(numbered, wanted, source)["row"].to_list()
