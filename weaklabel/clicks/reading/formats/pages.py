"""One row per page of results, with lists: which documents it showed, and which of them were clicked."""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from weaklabel.clicks.reading.origin import Origin, short
from weaklabel.clicks.reading.rows import advice
from weaklabel.errors import ClickLogError

Wrong = pl.Series  # by page: whether its clicks cannot be of that kind
KINDS = ("flags", "positions", "ids")  # what the list of clicks may hold
LISTS = ("doc_ids", "clicks", "positions")


def listed(pages: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    """The pages with lists of text, where a file had JSON, or text with commas or spaces.

    Raises
    ------
    ClickLogError
        A page has no documents, or a list cannot be read.
    """
    if missing := [name for name in ("query_id", "doc_ids", "clicks") if name not in pages.columns]:
        raise origin.error(
            f"a page of results needs a column {missing[0]!r}; there are: {', '.join(pages.columns)}; "
            f"{advice(pages.columns, missing[0])}"
        )
    lists = [_as_lists(pages[name], origin) for name in LISTS if name in pages.columns]
    found = pages.with_columns(lists).with_columns(pl.col("clicks").fill_null([]))
    empty = (found["doc_ids"].list.len() == 0).fill_null(True)
    if empty.any():
        row = origin.row(int(empty.arg_max() or 0))
        raise origin.error(f"row {row} has no doc_ids: a page shows at least one document; leave out empty pages")
    return found


def _as_lists(values: pl.Series, origin: Origin) -> pl.Series:
    if isinstance(values.dtype, pl.List | pl.Array):
        inner = values.dtype.inner
        if inner == pl.Boolean or (inner.is_float() and _whole(values)):
            inner = pl.Int64
        return values.cast(pl.List(inner)).cast(pl.List(pl.String))
    text = values.cast(pl.String).str.strip_chars()
    json = text.str.starts_with("[").fill_null(False)
    split = text.str.replace_all(r"[\s,;|]+", " ").str.split(" ")
    split = split.to_frame().select(pl.first().list.eval(pl.element().filter(pl.element() != ""))).to_series()
    if not json.any():
        return split
    return split.zip_with(~json, _decoded(text.set(~json, None), origin))


def _whole(values: pl.Series) -> bool:
    """Whether the numbers of these lists are whole: pandas makes fractions of them where one is missing."""
    numbers = values.cast(pl.List(pl.Float64)).explode().drop_nulls()
    return bool((numbers == numbers.floor()).all())


def _decoded(text: pl.Series, origin: Origin) -> pl.Series:
    try:
        return text.str.json_decode(pl.List(pl.String))
    except pl.exceptions.PolarsError:
        bad = next(i for i, value in enumerate(text) if value is not None and not _is_json(value))
        what = (
            f"row {origin.row(bad)} has {text.name} {short(text[bad])}: write a list as JSON, or with spaces or commas"
        )
        raise origin.error(what) from None


def _is_json(text: str) -> bool:
    try:
        pl.Series([text]).str.json_decode(pl.List(pl.String))
    except pl.exceptions.PolarsError:
        return False
    return True


def kind_of_clicks(pages: pl.DataFrame, origin: Origin) -> str:
    """What the lists of clicks hold: a 0 or 1 for each document, positions, or ids of documents; from the values.

    Raises
    ------
    ClickLogError
        They fit none of these, or both positions and ids.
    """
    if not FAULTS["flags"](pages).any():
        return "flags"
    wrong = {kind: FAULTS[kind](pages) for kind in ("positions", "ids")}
    fitting = [kind for kind, pages_wrong in wrong.items() if not pages_wrong.any()]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise origin.error(
            "the clicks of a page may be positions or ids of documents here, as ids are small numbers: "
            'say which with format="pages:positions" or format="pages:ids"'
        )
    return _raise_unfit(pages, wrong, origin)


def _raise_unfit(pages: pl.DataFrame, wrong: Mapping[str, Wrong], origin: Origin) -> str:
    kind = min(wrong, key=lambda kind: int(wrong[kind].sum()))  # the one that most pages fit
    raise _unfit(pages, int(wrong[kind].arg_max() or 0), origin)


def _unfit(pages: pl.DataFrame, i: int, origin: Origin) -> ClickLogError:
    clicks, documents = pages["clicks"][i].to_list(), pages["doc_ids"][i].to_list()
    return origin.error(
        f"row {origin.row(i)} has clicks {short(clicks)} on the page {short(documents)}: give a 0 or 1 for each "
        "document, or the positions of those that were clicked, or their ids, and the same on all pages"
    )


def _no_flags(pages: pl.DataFrame) -> Wrong:
    odd = pl.col("clicks").list.eval(~pl.element().is_in(["0", "1"]).fill_null(False)).list.any()
    unequal = pl.col("clicks").list.len() != pl.col("doc_ids").list.len()
    return pages.select(odd | unequal).to_series()


def _no_positions(pages: pl.DataFrame) -> Wrong:
    places = pl.col("positions") if "positions" in pages.columns else _places()
    return pages.select(pl.col("clicks").list.set_difference(places).list.len() > 0).to_series()


def _places() -> pl.Expr:
    return pl.int_ranges(1, pl.col("doc_ids").list.len() + 1).cast(pl.List(pl.String))


def _no_ids(pages: pl.DataFrame) -> Wrong:
    return pages.select(pl.col("clicks").list.set_difference("doc_ids").list.len() > 0).to_series()


FAULTS: Mapping[str, Callable[[pl.DataFrame], Wrong]] = {
    "flags": _no_flags,
    "positions": _no_positions,
    "ids": _no_ids,
}


def impressions(pages: pl.DataFrame, kind: str, origin: Origin) -> tuple[pl.DataFrame, Origin]:
    """The documents of all pages, one row each with position and click, and which page each comes from.

    A place of a page without a document (null) is passed over; those below it keep their positions.

    Raises
    ------
    ClickLogError
        The clicks of a page are not of the kind, or it has more or fewer positions than documents.
    """
    wrong = FAULTS[kind](pages)
    if wrong.any():
        raise _unfit(pages, int(wrong.arg_max() or 0), origin)
    _same_length(pages, origin)
    lengths = pages["doc_ids"].list.len().to_numpy().astype(np.int64)
    page = np.repeat(np.arange(len(pages)), lengths)
    place = np.arange(len(page)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1
    rows = pages.drop(*LISTS, strict=False)[page].with_columns(
        pages["doc_ids"].explode().alias("doc_id"),
        pages["positions"].explode().alias("position")
        if "positions" in pages.columns
        else pl.Series("position", place),
    )
    rows = rows.with_columns(_clicked(pages, rows, page, kind)).with_columns(pl.Series("page", page))
    rows = rows.filter(pl.col("doc_id").is_not_null())
    numbers = rows["page"] + origin.first if origin.rows is None else origin.rows[rows["page"]]
    return rows.drop("page"), Origin(origin.file, rows=numbers)


def _clicked(pages: pl.DataFrame, rows: pl.DataFrame, page: np.ndarray, kind: str) -> pl.Series:  # type: ignore[type-arg]
    if kind == "flags":
        return pages["clicks"].explode().cast(pl.Int8).alias("click")
    what = rows["position"].cast(pl.String) if kind == "positions" else rows["doc_id"]
    clicked = pages.select(pl.col("clicks").alias("what"), page=pl.int_range(pl.len()).cast(pl.Int64))
    clicked = clicked.explode("what").drop_nulls().unique().with_columns(click=pl.lit(1, pl.Int8))
    shown = pl.DataFrame({"page": page, "what": what})
    return shown.join(clicked, on=["page", "what"], how="left", maintain_order="left")["click"].fill_null(0)


def _same_length(pages: pl.DataFrame, origin: Origin) -> None:
    if "positions" not in pages.columns:
        return
    unequal = (pages["positions"].list.len() != pages["doc_ids"].list.len()).fill_null(True)
    if unequal.any():
        i = int(unequal.arg_max() or 0)
        raise origin.error(
            f"row {origin.row(i)} has {pages['positions'].list.len().fill_null(0)[i]} positions for "
            f"{pages['doc_ids'].list.len()[i]} documents: give one for each"
        )
