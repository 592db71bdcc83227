"""Ridge regression on standardised features."""

import numpy as np
import polars as pl

from weaklabel.errors import TableError
from weaklabel.numerics import Floats


def standardised(features: pl.DataFrame) -> Floats:
    """Features of mean 0 and spread 1, or 0 where they are constant, shape (n, F)."""
    X = features.to_numpy().astype(np.float64)
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise TableError(f"row {row} has {features.columns[column]} {X[row, column]}: a feature is a finite number")
    spread = X.std(axis=0)
    return np.asarray((X - X.mean(axis=0)) / np.where(spread > 0, spread, 1))


def ridge(X: Floats, y: Floats, penalty: float = 1.0) -> Floats:
    """Weights by least squares with a penalty on their size, shape (F,); the intercept does not change a ranking."""
    gram = X.T @ X + penalty * np.eye(X.shape[1])
    return np.asarray(np.linalg.solve(gram, X.T @ (y - y.mean())))
