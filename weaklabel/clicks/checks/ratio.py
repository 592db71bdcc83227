"""A ratio with its interval."""

from dataclasses import dataclass

import numpy as np

from weaklabel.clicks.curves.intervals import half_width

VISIBLE = 0.3  # half the width of a log ratio's interval, above which it says little: a ratio of 4/3 would not be seen


@dataclass(frozen=True)
class Ratio:
    """A ratio with its 95 % interval.

    Attributes
    ----------
    value, lower, upper
        Positive; 1 is no difference.
    """

    value: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.lower:.2f}, {self.upper:.2f}]"

    @property
    def vague(self) -> bool:
        """Whether a ratio of 4/3 could hide in the interval."""
        return bool(np.log(self.upper / self.lower) / 2 > VISIBLE)


def of_logs(mean: float, error: float, groups: int | None = None) -> Ratio:
    """The ratio of that log and standard error; the error from so many groups, or known."""
    wide = half_width(0.95, groups) * error
    value, lower, upper = np.exp([mean, mean - wide, mean + wide]).tolist()
    return Ratio(value, lower, upper)
