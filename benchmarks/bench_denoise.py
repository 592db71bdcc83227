"""Beliefs from 200,000 x 20 planted votes, beside Snorkel's label models."""

from collections.abc import Iterator

import numpy as np
from side_by_side import Result, compare
from snorkel.labeling.model import LabelModel, MajorityLabelVoter

import weaklabel as wl


def run() -> Iterator[Result]:
    """Prediction by a fitted Snorkel model, then majority vote; both sides get the same votes and parameters."""
    votes = planted(200_000, 20)
    L = wl.LabelMatrix.from_array(votes)
    wide = votes.astype(np.int64)

    fitted = wl.label_model("snorkel", n_epochs=50).fit(L)
    peer = LabelModel(cardinality=2, verbose=False)
    peer.fit(wide, n_epochs=50, seed=0, progress_bar=False, class_balance=[0.5, 0.5])
    yield compare(
        "snorkel: predict_proba", lambda: fitted.predict_proba(L).probs, lambda: peer.predict_proba(wide), close
    )
    yield compare(
        "majority: predict_proba",
        lambda: wl.denoise(L, "majority").probs[L.covered],
        lambda: MajorityLabelVoter(cardinality=2).predict_proba(wide)[L.covered],
        close,
    )


def planted(n: int, m: int) -> np.ndarray:
    """Votes of m functions of 70 % accuracy and 30 % coverage."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=(n, 1))
    votes = np.where(rng.random((n, m)) < 0.7, y, 1 - y)
    return np.where(rng.random((n, m)) < 0.3, votes, -1).astype(np.int8)


def close(ours: np.ndarray, other: np.ndarray) -> bool:
    """Equal up to the float32 that Snorkel learns in."""
    return bool(np.allclose(ours, other, atol=1e-4))
