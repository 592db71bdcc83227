"""Grading search results: which pairs to ask people about, and the grades they gave."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklabel.cli import click_options, terminal
from weaklabel.cli.app import command
from weaklabel.cli.click_options import Format, LogFiles, Mapped, UpTo, Where

if TYPE_CHECKING:
    import polars as pl

    from weaklabel import Annotation, Batch, ClickCounts

PAIR = ["query_id", "doc_id"]
ENOUGH = 100  # graded pairs, for the estimator trust
APART = 2  # grades; people who differ by one read the same document in nearly the same way


@command(
    "clicks",
    "weaklabel pick-pairs log.parquet --size 100 --out grade_these.csv\n"
    "weaklabel pick-pairs log.parquet --size 100 --out batch.parquet --pairs pairs.parquet "
    "--queries queries.csv --documents documents.csv",
)
def pick_pairs(
    log: LogFiles,
    size: Annotated[int, typer.Option("--size", "-n", help="How many pairs.")] = 100,
    propensities: Annotated[
        Path | None, typer.Option(help="Propensities, as `estimate` writes them.", show_default=False)
    ] = None,
    exclude: Annotated[
        Path | None, typer.Option(help="A table of pairs that are graded already.", show_default=False)
    ] = None,
    asked: Annotated[
        Path | None,
        typer.Option(help="A review's folder: pairs that it asked about are left out.", show_default=False),
    ] = None,
    queries: Annotated[
        Path | None, typer.Option(help="A table of query_id and what to show of it: query.", show_default=False)
    ] = None,
    documents: Annotated[
        Path | None, typer.Option(help="A table of doc_id and what to show of it: document.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the share that is drawn at random.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A table to fill in (.csv, .jsonl or .parquet; grade_these.csv); with --pairs the batch for `push` "
            "(batch.parquet).",
            show_default=False,
        ),
    ] = None,
    pairs: Annotated[Path | None, typer.Option(help="The pairs, as the --table of `push`.", show_default=False)] = None,
    upto: UpTo = None,
    columns: Mapped = [],  # noqa: B006  Typer copies it
    where: Where = [],  # noqa: B006
    format: Format = None,  # noqa: A002  the option's name
) -> None:
    """The pairs of query and document that people should grade, so that clicks can be checked against them."""
    import weaklabel
    from weaklabel.review.pairs import askable, pairs_with_texts
    from weaklabel.tables import read_frame

    known = None if propensities is None else weaklabel.Propensities.load(propensities)
    counts = click_options.counts_for(known, log, columns, where, upto, format)
    done = _done(None if exclude is None else read_frame(exclude, text=PAIR), asked, counts)
    batch = weaklabel.pick_pairs(counts, known, size, exclude=done, seed=seed)
    about_queries = None if queries is None else read_frame(queries, text=["query_id"])
    about_documents = None if documents is None else read_frame(documents, text=PAIR)
    table = pairs_with_texts(batch, counts, about_queries, about_documents)
    batch = askable(batch, table)
    terminal.note(f"{len(batch):,} pairs, {batch.provenance['random']:,} of them drawn at random: fill in the grades,")
    if pairs is None:
        texts = [name for name in table.columns if name not in ("id", "score", *PAIR)]
        shown = [*PAIR, *(texts if queries is not None or documents is not None else [])]
        _to_fill_in(table.select(shown), out or Path("grade_these.csv"))
    else:
        _to_push(batch, table, out or Path("batch.parquet"), pairs)


def _done(graded: "pl.DataFrame | None", asked: Path | None, counts: "ClickCounts") -> "pl.DataFrame | None":
    """The pairs that were graded, or asked about."""
    import polars as pl

    import weaklabel
    from weaklabel import tables
    from weaklabel.clicks.relevance import pair_ids

    if asked is None:
        return graded
    with weaklabel.Journal(asked, create=False) as journal:
        items = journal.frame("items")["id"]
    shown = counts.items.select(PAIR).unique(maintain_order=True)
    there = shown.filter(pair_ids.ids(shown).is_in(items.to_list()))
    if graded is None:
        return there
    tables.require(graded, PAIR, "the table of pairs graded already")
    return pl.concat([graded.select(pl.col(PAIR).cast(pl.String)), there])


def _to_fill_in(table: "pl.DataFrame", out: Path) -> None:
    from weaklabel.tables import write_frame

    write_frame(table.with_columns(grade=None), out)
    terminal.note(f"then: weaklabel calibrate relevance.parquet {out}")
    terminal.saved(out)


def _to_push(batch: "Batch", table: "pl.DataFrame", out: Path, pairs: Path) -> None:
    from weaklabel.tables import write_frame

    batch.save(out)
    write_frame(table, pairs)
    shown = "" if {"query", "document"} <= {*table.columns} else " --column NAME ..."
    terminal.note(f"with: weaklabel push {out} review/ --table {pairs} --kind grade --class 0 --class 1 ...{shown}")
    terminal.saved(out)
    terminal.saved(pairs)


@command(
    "review",
    "weaklabel review grades review/ --out grades.parquet\n"
    "weaklabel review grades review/ --class bad --class fair --class good --pairs pairs.parquet",
    group="review",
)
def grades(
    answers: Annotated[Path, typer.Argument(help="A review's folder, or one export of Label Studio's.")],
    rule: Annotated[str, typer.Option(help="Where several people graded a pair: median, mean or expected.")] = "median",
    classes: Annotated[
        list[str],
        typer.Option(
            "--class",
            metavar="NAME",
            help="A grade, from the worst to the best, where they are no numbers from 0; repeated.",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    pairs: Annotated[
        list[Path],
        typer.Option(
            "--pairs",
            help="Which item is which pair, as `pick-pairs` writes it, where ids contain slashes; may be repeated.",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write them: .csv, .jsonl or .parquet.")] = Path(
        "grades.parquet"
    ),
) -> None:
    """The grade of each pair by what people said: anchors for clicks."""
    from weaklabel.review import grades as grading
    from weaklabel.tables import write_frame

    said, offered = _said(answers)
    found = grading.grades(said, pairs=_pairs(pairs), classes=classes or None, rule=rule)
    write_frame(found, out)
    _tell(found, said)
    if not classes:
        _warn_of_scale(found, offered)
    terminal.note(f"then: weaklabel estimate LOG --estimator trust --set anchors={out}")
    terminal.note(f"  or: weaklabel calibrate relevance.parquet {out}")
    terminal.saved(out)


def _said(source: Path) -> "tuple[list[Annotation], list[str]]":
    """The answers to questions about grades, and the grades that were offered."""
    import json

    import polars as pl

    import weaklabel
    from weaklabel.review import place
    from weaklabel.review.formats import read_export

    if not source.is_dir():
        return read_export(source), []
    with weaklabel.Journal(source, create=False) as journal:
        if journal.setting("place", {}).get("backend") == "local_file":
            weaklabel.pull(journal, place.find(journal))  # its exports lie here
        asked = journal.frame("tasks").filter(pl.col("kind") == "grade")
        keys = {*asked["key"]}
        offered = {name: None for names in asked["classes"] for name in json.loads(names)}
        return [one for one in journal.annotations() if one.key in keys], list(offered)


def _pairs(paths: list[Path]) -> "pl.DataFrame | None":
    """The pairs of all batches; what is shown of them may differ."""
    import polars as pl

    from weaklabel import tables

    if not paths:
        return None
    read = [tables.read_table(path, text=PAIR) for path in paths]
    for path, table in zip(paths, read, strict=True):
        tables.require(table, PAIR, str(path))
    return pl.concat([table.select("id", pl.col(PAIR).cast(pl.String)) for table in read]).unique(maintain_order=True)


def _tell(found: "pl.DataFrame", said: "list[Annotation]") -> None:
    """How much was graded, and on what people differ."""
    import polars as pl

    skipped = len({one.item_id for one in said if one.skipped} - {one.item_id for one in said if not one.skipped})
    people = len({one.annotator for one in said if not one.skipped})
    terminal.note(
        f"{terminal.counted(len(found), 'pair')} graded by {terminal.counted(people, 'person', 'people')}, "
        f"{skipped:,} skipped"
    )
    several = found.filter(pl.col("people") > 1)
    apart = several.filter(pl.col("highest") - pl.col("lowest") >= APART).sort(
        pl.col("highest") - pl.col("lowest"), descending=True, maintain_order=True
    )
    if len(several):
        terminal.note(
            f"of {len(several):,} that several people graded, {len(apart):,} got grades {APART} or more apart"
        )
    for query, doc, low, high in apart.head(3).select(*PAIR, "lowest", "highest").rows():
        terminal.note(f"  document {doc!r} of query {query!r}: {low:g} to {high:g}")
    if len(found) < ENOUGH:
        terminal.note(f"to tell trust from relevance takes {ENOUGH} to 300 graded pairs")


def _warn_of_scale(found: "pl.DataFrame", offered: list[str]) -> None:
    """A grade counts in relation to 0 and to the highest that was given, whatever was offered."""
    numbers: Any = sorted(map(float, offered))
    if not numbers:
        return
    if numbers[0] > 0:
        terminal.warn(
            f"the worst grade is {numbers[0]:g}, which counts as a little relevant: name the grades from the worst to "
            "the best (--class), and the worst counts as 0"
        )
    best: Any = found["grade"].max()
    if best < numbers[-1] - 0.5:
        terminal.warn(f"no pair has the best grade {numbers[-1]:g}: relevance is measured against {best:g}, the best")
