"""What a model suggests for tasks that were sent back to us."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from weaklabel.artefacts import ABSTAIN, Posterior, Prelabel
from weaklabel.labeling.train import EndModel

ITEM = "wl_item"
ROW = "wl_row"


@dataclass(frozen=True)
class FromPosterior:
    """What was believed of each item when the posterior was made.

    Attributes
    ----------
    posterior
        n items; others get no suggestion, nor do those of which nothing is known.
    version
        How suggestions are signed.
    """

    posterior: Posterior
    version: str

    def suggest(self, shown: Sequence[Mapping[str, Any]]) -> list[Prelabel | None]:
        """One for each task's data, in order."""
        asked = pl.Series([str(data.get(ITEM, "")) for data in shown], dtype=pl.String)
        known = _prelabels(_rows_of(self.posterior, asked), self.version)
        return [known.get(item_id) for item_id in asked]


@dataclass(frozen=True)
class FromEndModel:
    """What a trained classifier says of the fields that the person is shown.

    Attributes
    ----------
    model
        A task that does not show each of its columns gets no suggestion.
    version
        How suggestions are signed.
    """

    model: EndModel
    version: str

    def suggest(self, shown: Sequence[Mapping[str, Any]]) -> list[Prelabel | None]:
        """One for each task's data, in order."""
        rows = {str(i): row for i, data in enumerate(shown) if (row := self._row(data)) is not None}
        if not rows:
            return [None] * len(shown)
        table = pl.DataFrame([{"id": i, **row} for i, row in rows.items()], infer_schema_length=None)
        known = _prelabels(self.model.predict_proba(table), self.version)
        return [known.get(str(i)) for i in range(len(shown))]

    def _row(self, data: Mapping[str, Any]) -> dict[str, Any] | None:
        fields = {**(data.get(ROW) or {}), **data}
        values = {
            name: _text(fields.get(name)) if name in self.model.texts else _number(fields.get(name))
            for name in self.model.columns
        }
        return None if None in values.values() else values


def _text(shown: Any) -> str | None:
    return shown if isinstance(shown, str) else None


def _number(shown: Any) -> float | None:
    """A number again, which the page shows as text; None where it is none."""
    try:
        value = float(json.loads(shown)) if isinstance(shown, str) else float(shown)
    except (ValueError, TypeError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def _rows_of(posterior: Posterior, wanted: pl.Series) -> Posterior:
    """What it says of these items, those that it has."""
    rows = posterior.item_ids.is_in(wanted.implode()).arg_true().to_numpy()
    ids = posterior.item_ids.gather(rows)
    return Posterior(posterior.probs[rows], ids, posterior.classes, posterior.covered[rows])


def _prelabels(posterior: Posterior, version: str) -> dict[str, Prelabel]:
    """By item; none where nothing is known or the best two tie."""
    labels, best = posterior.labels(), posterior.probs.max(axis=1, initial=0.0)
    return {
        item_id: Prelabel(posterior.classes[label], float(probability), version)
        for item_id, label, probability in zip(posterior.item_ids, labels, best, strict=True)
        if label != ABSTAIN
    }
