"""Users who look at a position with a probability of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weaklabel.clicks.users._curves import curve_of, position_curve
from weaklabel.clicks.users._independent import Independent
from weaklabel.numerics import Floats

__all__ = ["PositionBased"]


@dataclass
class PositionBased(Independent):
    """Looks at each position with a probability of its own, whatever stands above, and clicks what is relevant there.

    P(click) = theta gamma, with theta the examination of the position and gamma the relevance of the document.

    Parameters
    ----------
    theta
        Examination of each position from the top, in [0, 1]; None is (1 / position)^eta.
    eta
        How steeply that falls, at least 0.

    Source: Richardson, Dominowska and Ragno, Predicting Clicks: Estimating the Click-Through Rate for New Ads, WWW
    2007; the curve: Joachims, Swaminathan and Schnabel, WSDM 2017.
    """

    theta: Sequence[float] | Floats | None = None
    eta: float = 1.0

    def curve(self, depth: int) -> Floats:
        """P(examined) at positions 1..depth, shape (depth,)."""
        return curve_of(self.theta, position_curve(depth, self.eta), "theta")

    def affine(self, depth: int) -> tuple[Floats, Floats]:
        """Alpha (the examination) and beta (0) of positions 1..depth, each of shape (depth,)."""
        return self.curve(depth), np.zeros(depth)
