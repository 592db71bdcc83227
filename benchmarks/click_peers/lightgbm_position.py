"""LightGBM's lambdarank on clicks, with its `position` field (or, with --naive, without it).

Its factors of position are seen only in debug lines of its log; exp(g_k - g_1) is what they say of examination.
"""

import re

import lightgbm
import numpy as np
import polars as pl
from exchange import features, folders, options, pages, report, rows_of

FACTOR = re.compile(r"\[Debug\]\s+(\d+)\s+(-?[\d.]+(?:e[-+]?\d+)?)\s*$")


class Factors:
    """LightGBM's logger: keeps the latest factor of each position."""

    def __init__(self) -> None:
        self.of: dict[int, float] = {}

    def info(self, line: str) -> None:
        """One line of the log."""
        if found := FACTOR.search(line):
            self.of[int(found[1])] = float(found[2])

    warning = info


def main() -> None:
    """Fit and report."""
    log, documents, out = folders()
    frame, (known, X) = pages(log), features(documents, "shown")
    naive = "--naive" in options()
    data = lightgbm.Dataset(
        X[rows_of(frame, known)],
        frame["click"].to_numpy(),
        group=frame["page"].rle().struct.field("len").to_numpy(),
        position=None if naive else frame["position"].to_numpy() - 1,
        free_raw_data=True,
    )
    factors = Factors()
    lightgbm.register_logger(factors)
    params = {"objective": "lambdarank", "num_leaves": 31, "learning_rate": 0.1, "num_threads": 1, "verbose": 2}
    booster = lightgbm.train(params, data, num_boost_round=50)
    new, X_new = features(documents, "new")
    scores = new.with_columns(score=pl.Series(booster.predict(X_new)))
    g = np.array([factors.of[k] for k in sorted(factors.of)])
    report(out, None if naive else np.exp(g - g[0]), scores=scores)


if __name__ == "__main__":
    main()
