"""What files say of the items of a batch, without reading what they say of others into memory."""

from functools import partial
from pathlib import Path

import polars as pl

from weaklabel import engine, places, tables
from weaklabel.artefacts import Posterior, store
from weaklabel.engine.parts import ROWS, Source
from weaklabel.errors import TableError, first_line
from weaklabel.review.picking.pool_file import PROB


def picked_rows(source: Source, ids: pl.Series, id_column: str = "id") -> pl.DataFrame:
    """The rows of some items from a table in Parquet files, in the order of the ids.

    Parameters
    ----------
    source
        A file, a folder, a pattern, or several of these.
    ids
        Of the items; text.
    id_column
        The table's column of ids; it becomes the text column `id`, and the first one.

    Raises
    ------
    TableError
        An item has no row, or more than one; or the files cannot be read.
    """
    kernel = partial(_found, ids=ids, id_column=id_column)
    found = list(engine.mapped(kernel, engine.parts(source, ROWS), "reading the picked items"))
    named = str(source) if isinstance(source, str | Path) else "the table"
    return tables.align(tables.as_table(pl.concat(found, how="vertical_relaxed"), id_column, named), ids)


def picked_beliefs(source: Source, ids: pl.Series) -> Posterior:
    """What is believed of some items, from the parts of a posterior, in the order of the ids.

    Raises
    ------
    TableError
        An item is not there, or twice; or the files hold no probabilities, or cannot be read.
    ArtefactError
        They hold another kind of artefact.
    """
    rows = picked_rows(source, ids)
    flags = {"covered": True, "answered": False}
    rows = rows.with_columns(pl.lit(value).alias(name) for name, value in flags.items() if name not in rows.columns)
    with places.fetched(engine.parts(source)[0].path) as first:
        if store.kind_of(first) is not None:
            return Posterior.from_frame(rows, store.read_header(first, Posterior.kind)["meta"])
    classes = tuple(name.removeprefix(PROB) for name in rows.columns if name.startswith(PROB))
    if not classes:
        raise TableError(f"{source} has no columns {PROB}<class> of probabilities")
    return Posterior.from_frame(rows, {"classes": classes, "provenance": {}})


def _found(part: engine.Part, ids: pl.Series, id_column: str) -> pl.DataFrame:
    try:
        with part.rows() as rows:
            if id_column not in rows.collect_schema():
                raise TableError(f"{part} has no column {id_column!r}; it has {', '.join(rows.collect_schema())}")
            return rows.filter(pl.col(id_column).cast(pl.String).is_in(ids.implode())).collect(engine="streaming")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise TableError(f"cannot read {part}: {first_line(error)}") from error
