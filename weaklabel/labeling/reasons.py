"""Why no label model may be better than majority vote on these votes."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN, LabelMatrix
from weaklabel.labeling.accuracy import lf_accuracy
from weaklabel.labeling.denoise import silent_classes

COVERAGE, OVERLAP, CONFLICT, SPREAD = 0.5, 0.3, 0.15, 0.05  # below these there is little to weigh
KNOWN_VOTES = 20  # of a function, for its precision to be told from that of others


def reasons(L: LabelMatrix, gold: NDArray[np.integer]) -> list[str]:
    """One sentence for each reason why weighing votes may gain nothing here; if none is seen, one that says so.

    Parameters
    ----------
    L
        n items, m functions.
    gold
        Shape (n,): the known class, -1 where unknown.
    """
    voted = (L.votes != ABSTAIN).sum(axis=1)
    coverage, overlap = (_share(voted >= votes) for votes in (1, 2))
    conflict = _share(_differ(L) & (voted > 1))
    known = lf_accuracy(L, gold=gold).filter(pl.col("known") >= KNOWN_VOTES)["accuracy"].to_numpy()
    said = [f"No function ever votes {name!r}." for name in silent_classes(L)]
    if coverage < COVERAGE:
        said.append(f"Only {coverage:.0%} of the items have a vote; on the others every model guesses.")
    if overlap < OVERLAP:
        said.append(f"Only {overlap:.0%} of the items have two votes or more; a single one is not weighed.")
    if conflict < CONFLICT:
        said.append(f"Votes differ on only {conflict:.1%} of the items; elsewhere models mostly repeat them.")
    if len(known) > 1 and known.std() < SPREAD:
        said.append(f"The functions are about as precise as each other ({known.min():.2f} to {known.max():.2f}).")
    return said or [
        f"Coverage ({coverage:.0%}), overlap ({overlap:.0%}) and conflicts ({conflict:.0%}) leave room for one, so a "
        "model's assumptions may not hold: see whether functions err together (`duplicates`)."
    ]


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _differ(L: LabelMatrix) -> NDArray[np.bool_]:
    """Shape (n,): not all votes on the item are the same."""
    lowest = np.where(L.votes != ABSTAIN, L.votes, np.int8(127)).min(axis=1, initial=127)
    return np.asarray(L.votes.max(axis=1, initial=ABSTAIN) != lowest)
