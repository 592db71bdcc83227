"""How close the two most probable classes are."""

from weaklabel.numerics import Floats, top_two

__all__ = ["margin"]


def margin(probs: Floats) -> Floats:
    """1 - (p1 - p2), the lead of the most probable class over the second: 1 where they tie, 0 where one is certain.

    Shape (n, k) -> (n,), in [0, 1].

    Source: Scheffer, Decomain and Wrobel, Active Hidden Markov Models for Information Extraction, IDA 2001.
    """
    best, second = top_two(probs)
    return 1 - (best - second)
