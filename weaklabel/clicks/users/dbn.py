"""Users who read from the top until they are satisfied or tired."""

from dataclasses import dataclass

from weaklabel.clicks.users._curves import probability
from weaklabel.clicks.users._top_down import TopDown
from weaklabel.numerics import Floats

__all__ = ["DBN"]


@dataclass
class DBN(TopDown):
    """Reads from the top, clicks what is relevant, leaves when a click satisfied, and tires a little at each document.

    A clicked document satisfies with probability satisfaction gamma; whoever is not satisfied goes on to the next
    document with probability `continuation`.

    Parameters
    ----------
    continuation
        P(goes on | not satisfied), in [0, 1].
    satisfaction
        P(satisfied | clicked) of a document of relevance 1, in [0, 1]; of others in proportion to their relevance.

    Source: Chapelle and Zhang, A Dynamic Bayesian Network Click Model for Web Search Ranking, WWW 2009.
    """

    continuation: float = 0.9
    satisfaction: float = 0.9

    def goes_on(self, relevance: Floats) -> tuple[Floats, float]:
        """P(examines the next document) after a click, shape (s, K), and without one."""
        continuation = probability(self.continuation, "continuation")
        return continuation * (1 - probability(self.satisfaction, "satisfaction") * relevance), continuation
