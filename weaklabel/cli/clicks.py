"""Debias click logs: examination of each position, then relevance of each document."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaklabel import plugins
from weaklabel.cli import options, terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Out, Settings

if TYPE_CHECKING:
    from weaklabel import ClickLog

LogFile = Annotated[Path, typer.Argument(help="One row per impression: CSV, TSV, JSON, JSONL or Parquet.")]
Mapped = Annotated[
    list[str],
    typer.Option("--column", metavar="OURS=THEIRS", help="A column's name in the file, as in position=rank."),
]
Where = Annotated[
    list[str],
    typer.Option("--where", metavar="COLUMN=VALUE", help="Only rows with this value, as in policy=random."),
]
UpTo = Annotated[int | None, typer.Option("--upto", min=1, help="Only positions 1..K.", show_default=False)]


@command("clicks", "weaklabel estimate log.parquet --where policy=random --out propensities.parquet")
def estimate(
    log: LogFile,
    out: Out = Path("propensities.parquet"),
    estimator: Annotated[str, typer.Option(help=f"Estimator: {', '.join(plugins.names('estimator'))}.")] = "randomized",
    params: Settings = [],  # noqa: B006  Typer copies it
    columns: Mapped = [],  # noqa: B006
    where: Where = [],  # noqa: B006
    upto: UpTo = None,
) -> None:
    """How often each position is examined, relative to the first, with intervals."""
    import weaklabel
    from weaklabel.report import Table

    found = weaklabel.estimate(_read(log, columns, where, upto), estimator, **options.settings(params))
    found.save(out)
    terminal.table(Table(f"examination relative to the first, {found.level:.0%} intervals:", found.to_frame()))
    terminal.saved(out)


@command("clicks", "weaklabel debias log.parquet propensities.parquet --method snips --out relevance.parquet")
def debias(
    log: LogFile,
    propensities: Annotated[Path, typer.Argument(help="Propensities, as `estimate` writes them.")],
    out: Out = Path("relevance.parquet"),
    method: Annotated[str, typer.Option(help="naive, ips, clipped or snips.")] = "ips",
    clip: Annotated[float, typer.Option(help="Least propensity that `clipped` divides by.")] = 0.1,
    columns: Mapped = [],  # noqa: B006
    where: Where = [],  # noqa: B006
    upto: UpTo = None,
) -> None:
    """Relevance of each document for each query, corrected for position."""
    import weaklabel
    from weaklabel.report import Table

    known = weaklabel.Propensities.load(propensities)
    labels = weaklabel.debias(_read(log, columns, where, upto), known, method, clip)
    labels.save(out)
    best = labels.frame.sort("relevance", descending=True).head(5)
    terminal.table(Table(f"{len(labels):,} pairs of query and document, the five most relevant:", best))
    terminal.saved(out)


def _read(path: Path, columns: Sequence[str], where: Sequence[str], upto: int | None) -> "ClickLog":
    import polars as pl

    from weaklabel.clicks.log import TEXTS, ClickLog
    from weaklabel.errors import ClickLogError
    from weaklabel.tables import read_frame, require

    names = options.pairs_of(columns, "--column")
    frame = read_frame(path, text=[names.get(name, name) for name in TEXTS])
    for name, value in options.pairs_of(where, "--where").items():
        require(frame, [name], str(path))
        frame = frame.filter(pl.col(name).cast(pl.String) == value)
        if not len(frame):
            raise ClickLogError(f"{path} has no row where {name} is {value!r}")
    log = ClickLog.from_frame(frame, names)
    return log if upto is None else log.upto(upto)
