"""XGBoost's lambdarank on clicks, unbiased (or, with --naive, not): rows must already stand in display order.

Its ti+ is what it takes for examination; it is seen only in the saved configuration.
"""

import json

import numpy as np
import polars as pl
import xgboost
from exchange import features, folders, options, pages, report, rows_of


def main() -> None:
    """Fit and report."""
    log, documents, out = folders()
    frame, (known, X) = pages(log), features(documents, "shown")
    naive = "--naive" in options()
    data = xgboost.DMatrix(X[rows_of(frame, known)], frame["click"].to_numpy(), qid=frame["page"].to_numpy())
    params = {
        "objective": "rank:ndcg",
        "lambdarank_unbiased": not naive,
        "lambdarank_num_pair_per_sample": 10,
        "eta": 0.1,
        "max_depth": 6,
        "nthread": 1,
    }
    booster = xgboost.train(params, data, num_boost_round=50)
    new, X_new = features(documents, "new")
    scores = new.with_columns(score=pl.Series(booster.predict(xgboost.DMatrix(X_new)).astype(np.float64)))
    report(out, None if naive else ti_plus(booster, int(frame["position"].max())), scores=scores)


def ti_plus(booster: xgboost.Booster, depth: int) -> np.ndarray:
    """The propensities of a clicked position."""
    objective = json.loads(booster.save_config())["learner"]["objective"]
    return np.array([float(value) for value in objective["ti+"][:depth]])


if __name__ == "__main__":
    main()
