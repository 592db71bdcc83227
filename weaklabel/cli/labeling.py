"""Let labeling functions vote."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import IdColumn, Out, TableFile

if TYPE_CHECKING:
    from weaklabel import LabelMatrix


@command("labeling", "weaklabel apply sms_spam spam.parquet --out votes.parquet")
def apply(
    heuristics: Annotated[str, typer.Argument(help="A Python file of labeling functions, or a shipped one's name.")],
    table: TableFile,
    out: Out = Path("votes.parquet"),
    id_column: IdColumn = "id",
    classes: Annotated[
        str, typer.Option(help="Class names with commas between; by default CLASSES in the file.", show_default=False)
    ] = "",
    n_jobs: Annotated[int, typer.Option("--n-jobs", "-j", help="Processes; -1 uses every core.")] = 1,
) -> None:
    """Let labeling functions vote on the items of a table."""
    import weaklabel
    from weaklabel.errors import LabelingFunctionError

    found = weaklabel.load_lfs(heuristics)
    names = tuple(classes.split(",")) if classes else found.classes
    if not names:
        raise LabelingFunctionError(f"{heuristics} sets no CLASSES: add CLASSES = (...) to it, or give --classes a,b")
    L = weaklabel.apply(found.lfs, weaklabel.read_table(table, id_column), names, n_jobs=n_jobs)
    L.save(out)
    _say_votes(L)
    terminal.saved(out)


def _say_votes(L: "LabelMatrix") -> None:
    terminal.note(f"{len(L.lf_names)} labeling functions voted on {int(L.covered.sum()):,} of {len(L.votes):,} items")
    for fault in L.faults:
        terminal.note(
            f"{fault.lf} raised on {fault.count:,} rows and abstains there; first on item {fault.item_id!r} "
            f"(row {fault.row}): {fault.error}"
        )
