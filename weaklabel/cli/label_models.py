"""Label models: what votes are worth together, which model is best here, how precise each function is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaklabel import plugins
from weaklabel.cli import options, terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import (
    Backend,
    Gold,
    GoldColumn,
    IdColumn,
    Jobs,
    PosteriorOption,
    Scheduler,
    Settings,
    TableOut,
    Votes,
    known_classes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from weaklabel import Posterior


@command(
    "labeling",
    "weaklabel denoise votes.parquet --gold some_known.csv\n"
    "weaklabel denoise votes.parquet --model snorkel --set n_epochs=500 --set class_balance=[0.87,0.13]\n"
    "weaklabel denoise votes/ --out posterior/ --n-jobs 8",
)
def denoise(
    votes: Annotated[str, typer.Argument(help="Votes, as `apply` writes them: a file, a folder of parts, or a URL.")],
    out: Annotated[
        str, typer.Option("--out", "-o", help="Where to write the result (Parquet); parts go into a folder.")
    ] = "posterior.parquet",
    model: Annotated[str, typer.Option(help=f"Label model: {', '.join(plugins.names('model'))}.")] = "hybrid_em",
    params: Settings = [],  # noqa: B006  Typer copies it
    gold: Annotated[
        Path | None, typer.Option("--gold", help="A table with known classes, to learn from.", show_default=False)
    ] = None,
    gold_column: GoldColumn = "label",
    id_column: IdColumn = "id",
    backend: Backend = None,
    n_jobs: Jobs = None,
    scheduler: Scheduler = None,
) -> None:
    """Turn votes into the probability of each class, by a label model; a few known classes make it better."""
    import weaklabel
    from weaklabel import engine

    if not engine.in_parts(votes, out):
        L = weaklabel.LabelMatrix.load(votes)
        found = known_classes(L, gold, gold_column, id_column)
        posterior = weaklabel.denoise(L, model, gold=found, **options.settings(params))
        posterior.save(out)
        _say_labels(posterior)
    else:
        with options.running_on(backend, n_jobs, scheduler), terminal.interruptible(terminal.GOES_ON):
            known = _known_by_id(gold, gold_column, id_column)
            done = weaklabel.denoise_file(votes, out, model, gold=known, **options.settings(params))
        _say_counts(done.labels, done.n - sum(done.labels.values()))
    terminal.saved(out)


@command("labeling", "weaklabel compare votes.parquet --gold spam.parquet --model snorkel --model hybrid_em")
def compare(
    votes: Votes,
    gold: Gold = None,
    gold_column: GoldColumn = "label",
    id_column: IdColumn = "id",
    model: Annotated[
        list[str],
        typer.Option(
            "--model",
            help=f"A label model; may be repeated, all by default: {', '.join(plugins.names('model'))}.",
            show_default=False,
        ),
    ] = [],  # noqa: B006  Typer copies it
    seed: Annotated[int, typer.Option(help="Of resampling, halves and models.")] = 0,
    out: TableOut = None,
) -> None:
    """Which label model is best on these votes, and whether any beats majority vote."""
    import weaklabel

    L = weaklabel.LabelMatrix.load(votes)
    found = weaklabel.compare(L, model, known_classes(L, gold, gold_column, id_column), seed)
    _show(f"label models on {len(L.votes):,} items, best first:", found.frame, out)
    terminal.note(found.why)


@command("labeling", "weaklabel duplicates votes.parquet --posterior posterior.parquet")
def duplicates(
    votes: Votes,
    posterior: PosteriorOption = None,
    min_overlap: Annotated[float, typer.Option(help="Least share of items on which both vote, of either's.")] = 0.9,
    min_agreement: Annotated[float, typer.Option(help="Least share of equal votes where both vote.")] = 0.97,
    min_correlation: Annotated[float, typer.Option(help="Least correlation of errors, with --posterior.")] = 0.3,
    out: TableOut = None,
) -> None:
    """Labeling functions whose votes are nearly the same, or that err together."""
    import weaklabel

    L = weaklabel.LabelMatrix.load(votes)
    frame = weaklabel.duplicates(L, _posterior(posterior), min_overlap, min_agreement, min_correlation)
    if len(frame):
        _show(f"{len(frame)} pairs of {len(L.lf_names)} labeling functions:", frame, out)
    else:
        terminal.note(f"no two of {len(L.lf_names)} labeling functions are alike")
        _write(frame, out)


@command("labeling", "weaklabel lf-accuracy votes.parquet --gold spam.parquet", name="lf-accuracy")
def lf_accuracy(
    votes: Votes,
    posterior: PosteriorOption = None,
    gold: Gold = None,
    gold_column: GoldColumn = "label",
    id_column: IdColumn = "id",
    level: Annotated[float, typer.Option(help="Confidence of the intervals.")] = 0.95,
    out: TableOut = None,
) -> None:
    """How often each labeling function is right where it votes, with valid intervals where gold is given."""
    import weaklabel

    L = weaklabel.LabelMatrix.load(votes)
    known = known_classes(L, gold, gold_column, id_column)
    frame = weaklabel.lf_accuracy(L, _posterior(posterior), known, level)
    _show(f"{len(L.lf_names)} labeling functions, {100 * level:g} % intervals:", frame, out)
    if (frame["basis"] == "model, biased").any():
        terminal.note(
            "where the basis is the model, it judges itself: give --gold, if only of 50 items drawn at random"
        )


def _posterior(path: Path | None) -> "Posterior | None":
    import weaklabel

    return None if path is None else weaklabel.Posterior.load(path)


def _show(caption: str, frame: "pl.DataFrame", out: Path | None) -> None:
    """The table without its empty columns, each value beside its interval; the file has them all."""
    from weaklabel.report import Table

    terminal.table(Table(caption, _narrow(frame)))
    _write(frame, out)


def _write(frame: "pl.DataFrame", out: Path | None) -> None:
    from weaklabel.tables import write_frame

    if out is not None:
        write_frame(frame, out)
        terminal.saved(out)


def _narrow(frame: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    bounds = {f"{name}{end}" for name in frame.columns for end in ("_lower", "_upper")}
    columns = [name for name in frame.columns if name not in bounds and frame[name].null_count() < len(frame)]
    return frame.select(
        pl.col(name).round(3).cast(pl.String)
        + pl.format(" [{}, {}]", pl.col(f"{name}_lower").round(3), pl.col(f"{name}_upper").round(3))
        if f"{name}_lower" in frame.columns
        else pl.col(name)
        for name in columns
    )


def _say_labels(posterior: "Posterior") -> None:
    labels = posterior.labels()
    counts = {name: int((labels == y).sum()) for y, name in enumerate(posterior.classes)}
    _say_counts(counts, int((labels == -1).sum()))


def _say_counts(labels: "Mapping[str, int]", without: int) -> None:
    counts = [f"{number:,} {name}" for name, number in labels.items()]
    terminal.note(f"{', '.join(counts)}, {without:,} without a label")


def _known_by_id(gold: Path | None, column: str, id_column: str) -> dict[str, str] | None:
    """The known classes of a table by the ids of their items; rows without one are left out."""
    import polars as pl

    import weaklabel
    from weaklabel import tables

    if gold is None:
        return None
    table = weaklabel.read_table(gold, id_column, text=[column])
    tables.require(table, [column], str(gold))
    known = table.select("id", pl.col(column).cast(pl.String)).drop_nulls()
    return dict(known.iter_rows())
