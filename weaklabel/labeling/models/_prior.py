"""The class prior that several label models take."""

from collections.abc import Sequence

import numpy as np

from weaklabel.errors import ModelError
from weaklabel.numerics import Floats


def shares(mass: Floats, smoothing: float = 1.0) -> Floats:
    """The classes' shares of the items, from how many are believed to be of each, (k,); so many are added to each."""
    smooth = mass + smoothing
    return np.asarray(smooth / smooth.sum())


def prior(class_balance: Sequence[float] | None, classes: Sequence[str]) -> Floats:
    """The prior, shape (k,): as given, or uniform.

    Raises
    ------
    ModelError
        It has the wrong length, does not sum to 1, or gives a class no chance.
    """
    k = len(classes)
    if class_balance is None:
        return np.full(k, 1 / k)
    p = np.asarray(class_balance, np.float64)
    if p.shape != (k,) or not abs(p.sum() - 1) <= 1e-6:  # NaN too
        raise ModelError(
            f"class_balance is {list(class_balance)}; it needs {k} shares ({', '.join(classes)}) that sum to 1"
        )
    if (p <= 0).any():
        name = classes[int((p <= 0).argmax())]
        raise ModelError(f"class_balance gives class {name!r} the share {p.min():g}: every class needs a positive one")
    return p
