"""One line of a check-up."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    check
        What was looked at.
    ok
        It does not stand in the way.
    said
        What was found, in a sentence.
    fix
        What to do about it; with `ok`, what one might want to do.
    """

    check: str
    ok: bool
    said: str
    fix: str = ""
