"""Users who trust the ranking: they click what is irrelevant because it stands high."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weaklabel.clicks.users._curves import curve_of
from weaklabel.clicks.users._independent import Independent
from weaklabel.numerics import Floats

__all__ = ["Trust"]


@dataclass
class Trust(Independent):
    """Looks at positions as a position-based user, but takes what stands high for relevant, and misses what does not.

    An examined document is clicked with probability epsilon_plus if it is relevant and epsilon_minus if it is not, both
    of which depend on the position; so P(click) = alpha gamma + beta with alpha = theta (epsilon_plus - epsilon_minus)
    and beta = theta epsilon_minus. The defaults are those of the source.

    Parameters
    ----------
    theta
        Examination of each position from the top, in [0, 1]; None is .35 / k + .65 / (1 + .05 (k - 1)).
    epsilon_plus
        P(click | examined, relevant) of each position; None is 1 / (1 + .005 (k - 1)).
    epsilon_minus
        P(click | examined, irrelevant) of each position; None is .65 / k.

    Source: Agarwal et al., Addressing Trust Bias for Unbiased Learning-to-Rank, WWW 2019; the defaults: Oosterhuis,
    Doubly Robust Estimation for Correcting Position Bias in Click Feedback for Unbiased Learning to Rank, TOIS 2023.
    """

    theta: Sequence[float] | Floats | None = None
    epsilon_plus: Sequence[float] | Floats | None = None
    epsilon_minus: Sequence[float] | Floats | None = None

    def curve(self, depth: int) -> Floats:
        """P(examined) at positions 1..depth, shape (depth,)."""
        k = np.arange(1, depth + 1)
        return curve_of(self.theta, 0.35 / k + 0.65 / (1 + 0.05 * (k - 1)), "theta")

    def affine(self, depth: int) -> tuple[Floats, Floats]:
        """Alpha and beta of positions 1..depth, each of shape (depth,)."""
        k = np.arange(1, depth + 1)
        plus = curve_of(self.epsilon_plus, 1 / (1 + 0.005 * (k - 1)), "epsilon_plus")
        minus = curve_of(self.epsilon_minus, 0.65 / k, "epsilon_minus")
        theta = self.curve(depth)
        return theta * (plus - minus), theta * minus
