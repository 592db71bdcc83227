"""Why a file cannot be read, with its name and, where it can be found, the line; what reads them seldom says."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from weaklabel.errors import TableError, first_line

PACKED = (".gz", ".zst")  # of CSV and TSV; Parquet packs its own columns
SEPARATORS = {".csv": ",", ".tsv": "\t"}


class reading:  # noqa: N801  read as a verb
    """Name the file in what polars says of it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, pl.exceptions.PolarsError | pl.exceptions.PanicException | OSError | EOFError):
            raise TableError(f"cannot read {self.path}: {_why(self.path, error)}") from error


def _why(path: Path, error: BaseException) -> str:
    said, ending = first_line(error), path.suffix.lower()
    if "utf-8" in said.lower() or "utf8" in said.lower():
        line = _first(path, _undecodable)
        return f"{line or 'a line'} is not UTF-8: save the file in that encoding"
    if ending == ".parquet":
        return f"{said} (was it cut off, or is it still being written?)"
    if ending in (".jsonl", ".ndjson") and (line := _first(path, _no_json)):
        return f"{line} is no JSON: write one object a line"
    if ending in SEPARATORS and "more fields" in said and (line := _first_longer(path, SEPARATORS[ending])):
        return f"{line} has more fields than the header: put quotes around a field that holds a separator"
    return said


def _first(path: Path, wrong: Callable[[bytes], bool]) -> str:
    """The place of the first line that is wrong; nothing where none is, or the file is packed."""
    if path.suffix.lower() in PACKED:
        return ""
    with path.open("rb") as file:
        return next((f"line {number}" for number, line in enumerate(file, start=1) if wrong(line)), "")


def _undecodable(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return True
    return False


def _no_json(line: bytes) -> bool:
    try:
        return bool(line.strip()) and not isinstance(json.loads(line, parse_constant=_refuse_constant), dict)
    except ValueError:
        return True


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN is JSON to Python alone


def _first_longer(path: Path, separator: str) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter=separator)
        width = len(next(rows, []))
        return next((f"line {rows.line_num}" for row in rows if len(row) > width), "")
