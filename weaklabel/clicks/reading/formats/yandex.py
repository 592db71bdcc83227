"""The text of the Yandex relevance prediction challenge, as PyClick keeps it: pages after one another on a line.

A page is `query<TAB>url,url,... : clicked , clicked`, and `;` stands between pages.
"""

import gzip
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import polars as pl

from weaklabel.errors import ClickLogError

BLOCK = 1 << 24  # characters read at once; a line may hold a million pages
PAGE = r"^\s*(?<query_id>[^\t]*\S)\s*\t\s*(?<doc_ids>(?:[^:]|:\S)*?)\s*:(?:\s+(?<clicks>.*?))?\s*$"


def looks_like(path: Path) -> bool:
    """Whether the file begins as such a text does."""
    try:
        with _opened(path) as file:
            return re.match(r"\s*[^\t;]*\S\t[^:;\n]*:", file.read(10_000)) is not None
    except (OSError, UnicodeDecodeError, EOFError):
        return False


def pages(path: Path, pick: object = None, size: int = 1_000_000) -> Iterator[pl.DataFrame]:
    """One row per page, in frames of a few megabytes: query_id, doc_ids and clicks, lists of documents.

    Clicks on what the page does not show are left out, and counted in a warning: the text has some.

    Raises
    ------
    ClickLogError
        A page is not written so; names the file, the page (counted from 0) and its beginning.
    """
    first, strangers = 0, 0
    for block in _blocks(path):
        frame = _parsed(block, path, first)
        shown = pl.col("clicks").list.set_intersection("doc_ids")
        kept = frame.with_columns(shown)
        strangers += int(frame.select(pl.col("clicks").list.set_difference("doc_ids").list.len().sum()).item())
        first += len(frame)
        yield kept
    if strangers:
        logging.getLogger(__name__).warning(
            "%s: %d clicks on documents that their page did not show are left out", path, strangers
        )


def _parsed(block: list[str], path: Path, first: int) -> pl.DataFrame:
    found = pl.Series("page", block).str.extract_groups(PAGE).struct.unnest()
    bad = found["query_id"].is_null()
    if bad.any():
        i = int(bad.arg_max() or 0)
        raise ClickLogError(f"{path}: row {first + i} is {block[i][:60]!r}: a page is query<TAB>url,url : clicked")
    return found.with_columns(_listed("doc_ids"), _listed("clicks"))


def _listed(name: str) -> pl.Expr:
    names = pl.col(name).str.split(",").list.eval(pl.element().str.strip_chars())
    return names.list.eval(pl.element().filter(pl.element() != ""))


def _blocks(path: Path) -> Iterator[list[str]]:
    """Texts of pages, a block of the file at a time."""
    rest = ""
    with _opened(path) as file:
        while text := file.read(BLOCK):
            *whole, rest = re.split(r"[;\n]", rest + text)
            if written := [page for page in whole if page.strip()]:
                yield written
    if rest.strip():
        yield [rest]


def _opened(path: Path) -> IO[Any]:
    packed = path.suffix.lower() == ".gz"
    return gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8")
