"""Which text of a pair stands on which side: people favour a side, so the task's key draws it."""

import hashlib
from collections.abc import Mapping

from weaklabel.artefacts import Label

PAIR = ("a", "same", "b")  # the classes of a comparison; "same" may be left out
LEFT = "wl_left"  # in a task's data: which of the two stands on the left
SIDES = ("wl_left_text", "wl_right_text")


def left_of(key: str) -> str:
    """Which of the two stands on the left, "a" or "b"; half of all keys each, and always the same for one key."""
    return "ab"[hashlib.sha256(f"left:{key}".encode()).digest()[0] & 1]


def to_side(label: str, left: str) -> str:
    """The class as the person sees it: left, right, or what it was ("same").

    Examples
    --------
    >>> to_side("a", left="b")
    'right'
    """
    return _names(left).get(label, label)


def from_side(side: str, left: str) -> str:
    """The class behind what the person chose.

    Examples
    --------
    >>> from_side("right", left="b")
    'a'
    """
    return {seen: label for label, seen in _names(left).items()}.get(side, side)


def names_of(label: Label) -> tuple[str, ...]:
    """The class names in a label."""
    return (label,) if isinstance(label, str) else label


def _names(left: str) -> Mapping[str, str]:
    return {left: "left", "b" if left == "a" else "a": "right"}
