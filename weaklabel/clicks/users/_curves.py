"""Curves over positions."""

from collections.abc import Sequence

import numpy as np

from weaklabel.errors import ModelError
from weaklabel.numerics import Floats


def position_curve(depth: int, eta: float = 1.0) -> Floats:
    """Examination that falls as (1 / position)^eta, shape (depth,), in (0, 1] and 1 at the top.

    Source: Joachims, Swaminathan and Schnabel, Unbiased Learning-to-Rank with Biased Feedback, WSDM 2017.
    """
    if not 0 <= eta < np.inf:
        raise ModelError(f"eta is {eta}: it is at least 0 (nobody stops) and finite, such as 1")
    return np.asarray((1.0 / np.arange(1, depth + 1)) ** eta)


def curve_of(values: Sequence[float] | Floats | None, default: Floats, name: str) -> Floats:
    """The first places of a curve of probabilities, as many as the default has, which stands in where there is none.

    Raises
    ------
    ModelError
        The curve is too short, or a value is no probability.
    """
    if values is None:
        return default
    curve = np.asarray(values, np.float64)
    if curve.ndim != 1 or len(curve) < len(default):
        raise ModelError(f"{name} has shape {curve.shape}, and pages have {len(default)} positions: one value for each")
    if not ((curve >= 0) & (curve <= 1)).all():
        wrong = int((~((curve >= 0) & (curve <= 1))).argmax())
        raise ModelError(f"{name} is {curve[wrong]} at position {wrong + 1}: a probability is in [0, 1]")
    return curve[: len(default)]


def probability(value: float, name: str) -> float:
    """The value, if it is a probability; a ModelError if not."""
    if not 0 <= value <= 1:
        raise ModelError(f"{name} is {value}: a probability is in [0, 1]")
    return value
