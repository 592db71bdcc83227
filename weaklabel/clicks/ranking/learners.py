"""What learns to rank: LightGBM's lambdarank where it is installed, else a regression on relevance."""

import importlib.util
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weaklabel.errors import ModelError, UnknownNameError, first_line
from weaklabel.numerics import Floats

LEVELS = 1000  # steps of relevance that lambdarank tells apart: it wants whole grades
LEAVES = 7  # labels from clicks are noisy: larger trees learned the noise in every simulated log that was tried
SMALLEST_LEAF = 50

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """What is learned from, sorted by query.

    Attributes
    ----------
    X
        Features, shape (n, F).
    relevance, weight
        Shape (n,).
    group
        Documents of each query, in order; they sum to n.
    """

    X: Floats
    relevance: Floats
    weight: Floats
    group: NDArray[np.integer]


def fit(model: Any, task: Task, seed: int, params: dict[str, Any]) -> tuple[str, Any]:
    """The fitted model and what it is called.

    Raises
    ------
    ModelError
        It cannot be fitted, or is not installed.
    UnknownNameError
        There is none of that name.
    """
    if not isinstance(model, str) and params:
        raise ModelError(f"{model!r} has its parameters already: set {', '.join(params)} there")
    name = model
    if model == "auto":
        name = "lightgbm" if importlib.util.find_spec("lightgbm") else "sklearn"
    if isinstance(name, str) and name not in NAMED:
        raise UnknownNameError(
            f"no ranker is called {name!r}; there are: auto, {', '.join(NAMED)}, or give a regressor"
        )
    try:
        return (name, NAMED[name](task, seed, params)) if isinstance(name, str) else (repr(model), _fitted(model, task))
    except ModelError:
        raise
    except Exception as error:  # each model has its own
        raise ModelError(f"the ranker {name!r} cannot be fitted: {first_line(error)}") from error


def is_booster(model: Any) -> bool:
    """Whether it is LightGBM's."""
    return type(model).__module__.startswith("lightgbm")


def booster_of(text: str) -> Any:
    """LightGBM's booster back from its text."""
    return _lightgbm().Booster(model_str=text)


def _lightgbm() -> Any:
    try:
        import lightgbm
    except ImportError as error:
        raise ModelError(
            f"LightGBM cannot be used ({first_line(error)}): pip install 'weaklabel[rank]', or use model='sklearn'"
        ) from error
    return lightgbm


def _lambdarank(task: Task, seed: int, params: dict[str, Any]) -> Any:
    lightgbm = _lightgbm()
    grades, gains = graded(task.relevance)
    settings = {
        "objective": "lambdarank",
        "num_iterations": 100,
        "label_gain": gains.tolist(),
        "num_leaves": LEAVES,
        "learning_rate": 0.05,
        "min_data_in_leaf": _smallest_leaf(task),
        "num_threads": 0,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbose": -1,
    } | params
    rounds = settings.pop("num_iterations")  # LightGBM warns of it there
    data = lightgbm.Dataset(task.X, grades, weight=task.weight, group=task.group)
    return lightgbm.train(settings, data, num_boost_round=rounds)


def graded(relevance: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Whole grades of relevance, shape (n,), and the gain of each grade: the relevance itself, in 1,000 equal steps."""
    low, high = float(min(relevance.min(), 0.0)), float(relevance.max())
    grades = np.rint((relevance - low) / (high - low) * (LEVELS - 1)).astype(np.int64)
    return grades, np.arange(LEVELS) / (LEVELS - 1)


def _regression(task: Task, seed: int, params: dict[str, Any]) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    own = {
        "max_iter": 200,
        "learning_rate": 0.05,
        "max_leaf_nodes": LEAVES,
        "min_samples_leaf": _smallest_leaf(task),
        "early_stopping": False,
        "random_state": seed,
    }
    return _fitted(HistGradientBoostingRegressor(**own | params), task)


def _smallest_leaf(task: Task) -> int:
    return max(1, min(SMALLEST_LEAF, len(task.X) // 20))


def _fitted(model: Any, task: Task) -> Any:
    """The regressor, a copy of it, fitted; by weight if it takes weights."""
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import has_fit_parameter

    model = clone(model)
    if isinstance(model, Pipeline) and has_fit_parameter(model.steps[-1][1], "sample_weight"):
        return model.fit(task.X, task.relevance, **{f"{model.steps[-1][0]}__sample_weight": task.weight})
    if has_fit_parameter(model, "sample_weight"):
        return model.fit(task.X, task.relevance, sample_weight=task.weight)
    logger.warning("%s takes no weights: labels that rest on little count as much as others", type(model).__name__)
    return model.fit(task.X, task.relevance)


NAMED = {"lightgbm": _lambdarank, "sklearn": _regression}
