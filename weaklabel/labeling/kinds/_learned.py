"""A fitted scikit-learn estimator, as it is now."""

from copy import deepcopy
from typing import Any


class Learned:
    """A method of a fitted estimator: fitting that again changes nothing here.

    `f` and `resources`, the method's name and what was learned, are what a fingerprint sees of it.
    """

    def __init__(self, estimator: Any, method: str) -> None:
        self.f = method
        self.resources = {"learned": deepcopy(estimator)}

    def __call__(self, X: Any) -> Any:
        """What the method makes of the rows."""
        return getattr(self.resources["learned"], self.f)(X)
