"""How good predictions are on each slice of the items."""

from typing import TYPE_CHECKING, Annotated

import typer

from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Beliefs, GoldColumn, IdColumn, TableFile, TableOut
from weaklabel.errors import UnknownNameError

if TYPE_CHECKING:
    import polars as pl


@command(
    "labeling", "weaklabel slices slices.py predictions.parquet held_out.parquet --metric accuracy --metric recall"
)
def slices(
    functions: Annotated[str, typer.Argument(help="A Python file of slicing functions, Snorkel's or ours.")],
    predictions: Beliefs,
    table: TableFile,
    metric: Annotated[
        list[str], typer.Option(help="A metric to show; may be repeated.", show_default="accuracy, f1")
    ] = [],  # noqa: B006  Typer copies it
    gold_column: GoldColumn = "label",
    id_column: IdColumn = "id",
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    out: TableOut = None,
) -> None:
    """How good predictions are on slices of the items, with intervals; the file has all metrics."""
    import weaklabel
    from weaklabel.report import Table
    from weaklabel.tables import write_frame

    found = weaklabel.load_slices(functions)
    predicted = weaklabel.Posterior.load(predictions)
    rows = weaklabel.read_table(table, id_column, text=[gold_column])
    gold = weaklabel.gold_labels(rows, predicted.item_ids, predicted.classes, gold_column)
    scores = weaklabel.slice_scores(predicted, gold, found, rows, seed=seed)
    terminal.table(Table("all items and each slice, 95 % intervals:", _narrow(scores, metric or ["accuracy", "f1"])))
    if scores["few"].any():
        terminal.note("few: under 20 items of known class, so read their numbers with care")
    if out is not None:
        write_frame(scores, out)
        terminal.saved(out)


def _narrow(scores: "pl.DataFrame", names: list[str]) -> "pl.DataFrame":
    """The chosen metrics, each with its interval, if it has one, in its column."""
    import polars as pl

    from weaklabel.metrics import METRICS
    from weaklabel.report.section import between

    if unknown := [name for name in names if name not in METRICS]:
        raise UnknownNameError(f"no metric is called {unknown[0]!r}; there are: {', '.join(METRICS)}")

    def written(value: float | None, lower: float | None, upper: float | None) -> str | None:
        if value is None or lower is None or upper is None:
            return None if value is None else f"{value:.3f}"
        return between(value, lower, upper)

    columns = [
        pl.Series(name, [written(*row) for row in scores.select(f"^{name}(_lower|_upper)?$").iter_rows()], pl.String)
        for name in dict.fromkeys(names)
    ]
    return scores.select("slice", "items", "known", "coverage", "few").with_columns(columns)
