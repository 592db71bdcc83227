"""What people are shown of the pairs that were picked for grading."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from weaklabel import tables
from weaklabel.artefacts import Batch
from weaklabel.clicks.counts import ClickCounts
from weaklabel.clicks.grading import pairs_of
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.relevance.pair_ids import PAIR
from weaklabel.errors import TableError

logger = logging.getLogger(__name__)


def pairs_with_texts(
    batch: Batch, log: ClickLog | ClickCounts, queries: Any = None, documents: Any = None
) -> pl.DataFrame:
    """The pairs of a batch as people should see them: a table for `make_tasks(..., kind="grade")`.

    Parameters
    ----------
    batch
        As `pick_pairs` gives it.
    log
        The log, or the counts, that it was picked from.
    queries
        Frame of query_id and what is to be shown of a query, such as `query`. None: its id, as where logs hold the
        query itself.
    documents
        Frame of doc_id and what is to be shown of a document, such as `document`, or title, snippet and image. With a
        column query_id it has a row for each pair, as where snippets depend on the query. None: its id, such as a URL.

    Returns
    -------
    polars.DataFrame
        id, query_id, doc_id, score, and the columns of both, in the batch's order. Pairs of which a table has no row
        cannot be graded: they are left out, with a warning; `askable` leaves them out of the batch.

    Raises
    ------
    TableError
        A table lacks an id, has two rows for one, has nothing to show or a column of the other's name; or no pair is
        left.
    """
    pairs = pairs_of(batch, log)
    about_query = pairs.select("query_id", query="query_id").unique() if queries is None else tables.as_frame(queries)
    about_doc = pairs.select("doc_id", document="doc_id").unique() if documents is None else tables.as_frame(documents)
    shown = _beside(pairs, about_query, ["query_id"], "the table of queries")
    key = PAIR if "query_id" in about_doc.columns else ["doc_id"]
    shown = _beside(shown, about_doc, key, "the table of documents")
    lost = pairs.join(shown, on="id", how="anti", maintain_order="left")
    if not len(shown):
        raise TableError(f"none of the {len(pairs)} pairs has a query and a document to show, first {lost['id'][0]!r}")
    if len(lost):
        logger.warning("%d of %d pairs have no text and are left out, first %r", len(lost), len(pairs), lost["id"][0])
    return shown


def _beside(pairs: pl.DataFrame, about: pl.DataFrame, key: Sequence[str], source: str) -> pl.DataFrame:
    """The pairs that the table knows, with its columns."""
    tables.require(about, key, source, f"it takes {key[-1]} and what to show")
    told = [name for name in about.columns if name not in key]
    if not told:
        raise TableError(f"{source} has no column to show beside {' and '.join(key)}: give a text")
    if taken := [name for name in told if name in pairs.columns]:
        raise TableError(f"{source} has a column {taken[0]!r}, and so do the pairs: rename or drop it")
    known = about.with_columns(pl.col(key).cast(pl.String))
    if (twice := known.select(key).is_duplicated()).any():
        raise TableError(f"{source} has several rows for {known.filter(twice).select(key).row(0)}: keep one")
    return pairs.join(known, on=key, how="inner", maintain_order="left")


def askable(batch: Batch, table: pl.DataFrame) -> Batch:
    """The batch without the pairs that the table does not have.

    Parameters
    ----------
    batch
        As `pick_pairs` gives it.
    table
        Of `pairs_with_texts`.

    Returns
    -------
    Batch
        `provenance["random"]` counts those of its random pairs that are left, `provenance["without_text"]` what went.
    """
    kept = batch.item_ids.is_in(table["id"].to_list())
    random = int(kept.tail(batch.provenance.get("random", 0)).sum())
    provenance = {**batch.provenance, "random": random, "without_text": int((~kept).sum())}
    ids, scores = batch.item_ids.filter(kept), batch.scores[kept.to_numpy()]
    return replace(batch, item_ids=ids, scores=scores, provenance=provenance)
