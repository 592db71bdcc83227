"""Options that several commands share, and how their values are read."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from weaklabel import LabelMatrix

Out = Annotated[Path, typer.Option("--out", "-o", help="Where to write the result (Parquet).")]
IdColumn = Annotated[str, typer.Option("--id", help="The table's column of unique ids.")]
Settings = Annotated[
    list[str],
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter of it; may be repeated. Values are read as JSON."),
]
Columns = Annotated[
    list[str], typer.Option("--column", metavar="NAME", help="A column to use; may be repeated.", show_default=False)
]
Votes = Annotated[Path, typer.Argument(help="Votes, as `apply` writes them.")]
Beliefs = Annotated[Path, typer.Argument(help="Probabilities, as `denoise` or `fold` writes them.")]
PosteriorOption = Annotated[
    Path | None,
    typer.Option("--posterior", help="Probabilities, as `denoise` writes them from these votes.", show_default=False),
]
TableFile = Annotated[Path, typer.Argument(help="The items: CSV, TSV, JSON, JSONL or Parquet.")]
Backend = Annotated[
    str | None,
    typer.Option("--backend", help="What runs it: sequential, threads, loky (processes) or dask.", show_default=False),
]
Jobs = Annotated[
    int | None,
    typer.Option("--n-jobs", "-j", help="Workers; -1: one on each core. Changes no result.", show_default=False),
]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="tcp://HOST:PORT", help="Of a Dask cluster that runs.", show_default=False),
]
Gold = Annotated[
    Path | None, typer.Option("--gold", help="A table with known classes, to score against.", show_default=False)
]
TableOut = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write it here, too: .csv, .jsonl or .parquet.", show_default=False)
]
GoldColumn = Annotated[str, typer.Option("--gold-column", help="Its column of known classes.")]


@contextmanager
def running_on(backend: str | None, n_jobs: int | None, scheduler: str | None) -> Iterator[None]:
    """On the backend that these options say; several workers are processes, and a scheduler is Dask's."""
    from weaklabel import run_on

    several = "sequential" if n_jobs in (None, 1) else "loky"
    with run_on(backend or ("dask" if scheduler else several), -1 if n_jobs is None else n_jobs, scheduler):
        yield


def settings(pairs: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE pairs as keyword arguments; a value that is not JSON is a text."""
    return {name: _value(text) for name, text in pairs_of(pairs, "--set").items()}


def pairs_of(pairs: Sequence[str], option: str) -> dict[str, str]:
    """NAME=VALUE pairs as a dictionary."""
    for pair in pairs:
        if "=" not in pair.strip("="):
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint=option)
    return dict(pair.split("=", 1) for pair in pairs)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def known_classes(L: "LabelMatrix", gold: Path | None, column: str, id_column: str) -> "NDArray[np.int64] | None":
    """The known classes of the matrix's items from a table, if one is given."""
    import weaklabel

    if gold is None:
        return None
    return weaklabel.gold_labels(weaklabel.read_table(gold, id_column, text=[column]), L.item_ids, L.classes, column)
