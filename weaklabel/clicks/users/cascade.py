"""Users who read from the top until they find something."""

from dataclasses import dataclass

import numpy as np

from weaklabel.clicks.users._top_down import TopDown
from weaklabel.numerics import Floats

__all__ = ["Cascade"]


@dataclass
class Cascade(TopDown):
    """Reads from the top, clicks the first document that is relevant, and leaves: at most one click a page.

    Source: Craswell et al., An Experimental Comparison of Click Position-Bias Models, WSDM 2008.
    """

    def goes_on(self, relevance: Floats) -> tuple[Floats, float]:
        """P(examines the next document): 0 after a click, 1 without one."""
        return np.zeros_like(relevance), 1.0
