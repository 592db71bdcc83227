"""Graded rankings as LETOR, MSLR, Yahoo and LightGBM write them: one line of svmlight per document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.errors import TableError

AT_A_TIME = 20_000  # lines
MOST_FEATURES = 100_000  # each becomes a column
SIDE_FILES = (".query", ".group")  # documents per query, in the order of the lines
COMMENT = r"(?i)#.*?\bdocid\s*=\s*(\S+)"
EXAMPLE = "2 qid:10 1:0.5 2:0.1 # docid = GX000"


@dataclass(frozen=True)
class Block:
    """Some documents.

    Attributes
    ----------
    line
        Shape (b,): the line of each in the file, from 1.
    grade
        Shape (b,).
    qid, docid
        Shape (b,), text; null where the line does not say.
    row, feature, value
        Shape (entries,): the features that are written, as the document's place in the block, number and value.
    """

    line: pl.Series
    grade: pl.Series
    qid: pl.Series
    docid: pl.Series
    row: NDArray[np.int64]
    feature: NDArray[np.int64]
    value: NDArray[np.float32]


def read_letor(path: str | Path) -> pl.DataFrame:
    """Read graded documents with features from a file in svmlight format.

    A line is `grade qid:QUERY 1:VALUE 2:VALUE ... # docid = DOCUMENT`. Where lines name no query, a file beside it that
    is called the same with .query or .group at its end says how many documents each query has, as LightGBM and XGBoost
    write them. A feature that a line leaves out is 0.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    polars.DataFrame
        In the order of the lines: query_id and doc_id (text), grade (whole number), and the features f1..fF (float32),
        with f0 before them where the file counts from 0. A document without docid is called by its place in its query,
        from "0"; a query without qid by its place in the file.

    Raises
    ------
    TableError
        The file is missing or empty, a line is no such line (the message names it), lines name no query and there is
        no side file or it counts otherwise, or a document stands there twice for its query.

    Source: Qin and Liu, Introducing LETOR 4.0 Datasets, 2013.
    """
    path = Path(path)
    blocks = list(_blocks(path))
    if not blocks:
        raise TableError(f"{path} has no documents; a line of such a file is: {EXAMPLE}")
    line, grade, qid, docid = (
        pl.concat([getattr(b, name) for b in blocks]) for name in ("line", "grade", "qid", "docid")
    )
    frame = pl.DataFrame({"query_id": _queries(path, qid, line), "doc_id": docid, "grade": grade})
    place = pl.int_range(pl.len()).over("query_id").cast(pl.String)
    frame = frame.with_columns(pl.col("doc_id").fill_null(place))
    _refuse_repeated(path, frame, line)
    return frame.hstack(_features(blocks))


def _blocks(path: Path) -> Iterator[Block]:
    if not path.is_file():
        raise TableError(f"no file at {path}")
    with path.open(encoding="utf-8") as file:
        first = 1
        try:
            while lines := list(islice(file, AT_A_TIME)):
                block = _parsed(path, lines, first)
                first += len(lines)
                if len(block.line):
                    yield block
        except UnicodeDecodeError as error:
            raise TableError(f"{path} is no text in UTF-8, near line {first}: {error.reason}") from error


def _parsed(path: Path, lines: Sequence[str], first: int) -> Block:
    raw = pl.DataFrame({"line": np.arange(first, first + len(lines)), "text": lines}).select(
        "line",
        body=pl.col("text").str.split("#").list.first().str.strip_chars(),
        docid=pl.col("text").str.extract(COMMENT),
    )
    documents = raw.filter(pl.col("body") != "").with_columns(pl.col("body").str.extract_all(r"\S+"))
    grade = documents["body"].list.first().cast(pl.Float64, strict=False)
    whole = grade.is_finite() & (grade == grade.floor())
    _refuse(
        path, documents["line"], documents["body"].list.first(), ~whole.fill_null(False), "a grade is a whole number"
    )
    qid = documents["body"].list.get(1, null_on_oob=True).str.extract(r"^qid:(.+)$")
    pairs = documents.select("line", row=pl.int_range(pl.len()), pair=pl.col("body").list.slice(1)).explode("pair")
    pairs = pairs.filter(pl.col("pair").is_not_null() & ~pl.col("pair").str.starts_with("qid:"))
    return Block(documents["line"], grade.cast(pl.Int64), qid, documents["docid"], *_entries(path, pairs))


def _entries(path: Path, pairs: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    parts = pairs["pair"].str.splitn(":", 2).struct.unnest()
    feature = parts["field_0"].cast(pl.Int64, strict=False)
    value = parts["field_1"].cast(pl.Float64, strict=False)
    good = feature.is_between(0, MOST_FEATURES).fill_null(False) & value.is_finite().fill_null(False)
    _refuse(
        path, pairs["line"], pairs["pair"], ~good, f"a feature is its number, 0..{MOST_FEATURES}, and a finite value"
    )
    return pairs["row"].to_numpy().astype(np.int64), feature.to_numpy(), value.to_numpy().astype(np.float32)


def _refuse(path: Path, line: pl.Series, text: pl.Series, bad: pl.Series, advice: str) -> None:
    if bad.any():
        at = int(bad.arg_max() or 0)
        raise TableError(f"{path}, line {line[at]} has {text[at]!r}: {advice}; a whole line is: {EXAMPLE}")


def _features(blocks: Sequence[Block]) -> pl.DataFrame:
    """The features that are written, and 0 for the others, as columns."""
    numbers = [block.feature for block in blocks if len(block.feature)]
    lowest = min((int(some.min()) for some in numbers), default=1)
    names = [
        f"f{number}" for number in range(min(lowest, 1), max((int(some.max()) for some in numbers), default=0) + 1)
    ]
    return pl.concat([_dense(block, names, min(lowest, 1)) for block in blocks])


def _dense(block: Block, names: Sequence[str], lowest: int) -> pl.DataFrame:
    X = np.zeros((len(block.line), len(names)), np.float32, order="F")
    X[block.row, block.feature - lowest] = block.value
    return pl.DataFrame({name: X[:, j] for j, name in enumerate(names)})


def _queries(path: Path, qid: pl.Series, line: pl.Series) -> pl.Series:
    if not qid.null_count():
        return qid
    if qid.null_count() < len(qid):
        lost = line.filter(qid.is_null())[0]
        raise TableError(f"{path}, line {lost} names no query, though others do: write qid:QUERY after the grade")
    sides = [Path(f"{path}{ending}") for ending in SIDE_FILES]
    side = next((side for side in sides if side.is_file()), None)
    if side is None:
        beside = " or ".join(file.name for file in sides)
        raise TableError(f"{path} names no queries: write qid:QUERY after each grade, or put {beside} beside it")
    counts = _counts(side)
    if sum(counts) != len(qid):
        raise TableError(f"{side} counts {sum(counts)} documents; {path.name} has {len(qid)}")
    return pl.Series(np.repeat(np.arange(len(counts)), counts)).cast(pl.String)


def _counts(side: Path) -> list[int]:
    words = side.read_text(encoding="utf-8", errors="replace").split()
    if wrong := [word for word in words if not (word.isascii() and word.isdigit())]:
        raise TableError(f"{side} holds {wrong[0]!r}: it says how many documents each query has, a whole number a line")
    return [int(word) for word in words]


def _refuse_repeated(path: Path, frame: pl.DataFrame, line: pl.Series) -> None:
    twice = frame.select("query_id", "doc_id").is_duplicated()
    if twice.any():
        query, doc = frame.row(int(twice.arg_max() or 0))[:2]
        same = ((frame["query_id"] == query) & (frame["doc_id"] == doc)).arg_true()
        first, second = line[int(same[0])], line[int(same[1])]
        raise TableError(f"{path}, lines {first} and {second} both hold document {doc!r} of query {query!r}: keep one")
