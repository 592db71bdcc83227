"""Which columns of graded documents are features, and which are scores of rankers."""

import re

import polars as pl

KEY = ["query_id", "doc_id"]
FEATURE = re.compile(r"f\d+")


def score_columns(frame: pl.DataFrame) -> list[str]:
    """The columns of numbers that are neither ids nor relevance, grade or a feature f1, f2, ..."""
    own = {*KEY, "relevance", "grade"}
    names = [name for name, dtype in frame.schema.items() if dtype.is_numeric() and name not in own]
    return [name for name in names if not FEATURE.fullmatch(name)]


def feature_columns(frame: pl.DataFrame) -> list[str]:
    """The columns f1, f2, ..."""
    return [name for name in frame.columns if FEATURE.fullmatch(name)]
