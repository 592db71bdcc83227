"""The journal of a review: what was asked, of whom, and every answer, in one SQLite file."""

from weaklabel.review.journal.journal import Journal

__all__ = ["Journal"]
