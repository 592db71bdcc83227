"""Let labeling functions vote."""

from typing import TYPE_CHECKING, Annotated

import typer

from weaklabel.cli import options, terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Backend, IdColumn, Jobs, Scheduler

if TYPE_CHECKING:
    from weaklabel import Applied

SHOWN = 10  # names in one line


@command(
    "labeling",
    "weaklabel apply sms_spam spam.parquet --out votes.parquet\n"
    "weaklabel apply rules.py table/ --out votes/ --backend dask --scheduler tcp://10.0.0.5:8786",
)
def apply(
    heuristics: Annotated[str, typer.Argument(help="A Python file of labeling functions, or a shipped one's name.")],
    table: Annotated[
        str, typer.Argument(help="The items: CSV, TSV, JSON, JSONL or Parquet; or Parquet parts, as a folder or a URL.")
    ],
    out: Annotated[
        str, typer.Option("--out", "-o", help="Where to write the votes (Parquet); parts go into a folder.")
    ] = "votes.parquet",
    id_column: IdColumn = "id",
    classes: Annotated[
        str, typer.Option(help="Class names with commas between; by default CLASSES in the file.", show_default=False)
    ] = "",
    backend: Backend = None,
    n_jobs: Jobs = None,
    scheduler: Scheduler = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Rows at a time; changes no vote.", show_default=False)
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first fault of a function.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask every function about every row, whatever the file knows.")
    ] = False,
) -> None:
    """Let labeling functions vote on the items of a table.

    Where the file of votes is there already, only functions that changed are asked again, and the others only about
    rows that are new or changed. A table in parts becomes votes in parts; a run that was cut off goes on with those
    that are missing.
    """
    import weaklabel
    from weaklabel.errors import LabelingFunctionError

    found = weaklabel.load_lfs(heuristics)
    names = tuple(name.strip() for name in classes.split(",")) if classes else found.classes
    if not names:
        raise LabelingFunctionError(f"{heuristics} sets no CLASSES: add CLASSES = (...) to it, or give --classes a,b")
    with options.running_on(backend, n_jobs, scheduler), terminal.interruptible(terminal.GOES_ON):
        done = weaklabel.apply_file(
            found.lfs, table, out, names, id_column=id_column, batch_size=batch_size, strict=strict, fresh=fresh
        )
    _say(done)
    terminal.saved(out)


def _say(done: "Applied") -> None:
    terminal.note(f"{len(done.asked)} labeling functions voted on {done.n_covered:,} of {done.n:,} items")
    if any(rows < done.n for rows in done.asked.values()):
        terminal.note(f"known from before: {_known(done)}")
    for fault in done.faults:
        terminal.note(
            f"{fault.lf} failed on {fault.count:,} rows and abstains there; first on item {fault.item_id!r} "
            f"(row {fault.row}): {fault.error}"
        )


def _known(done: "Applied") -> str:
    anew = [name for name, rows in done.asked.items() if rows == done.n]
    rows = max((rows for rows in done.asked.values() if rows < done.n), default=0)
    said = [f"all but {rows:,} new or changed rows" if rows else "all rows"]
    if anew:
        said.append(f"but asked anew: {', '.join(anew[:SHOWN])}{' ...' if len(anew) > SHOWN else ''}")
    return ", ".join(said)
