"""Look at labeling functions: what each does, how two of them stand to each other, and the items behind the counts."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Gold, GoldColumn, IdColumn, PosteriorOption, Votes, known_classes
from weaklabel.errors import TableError, UnknownNameError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from weaklabel import LabelMatrix, Posterior
    from weaklabel.report.looking import View

OF_FUNCTIONS = ("functions", "classes", "conflicts", "correlation")
OF_ITEMS = ("votes", "disagree", "against", "wrong", "uncovered")


@command(
    "labeling",
    "weaklabel summary votes.parquet --gold spam.parquet\n"
    "weaklabel summary votes.parquet --lf prize --show disagree --table spam.parquet\n"
    "weaklabel summary votes.parquet --show conflicts --out conflicts.csv\n"
    "weaklabel summary votes.parquet --show classes --json\n"
    "weaklabel summary votes.parquet --gold spam.parquet --out functions.html",
)
def summary(
    votes: Votes,
    show: Annotated[
        str,
        typer.Option(help=f"Of functions: {', '.join(OF_FUNCTIONS)}; of items (--table): {', '.join(OF_ITEMS)}."),
    ] = "functions",
    lf: Annotated[str | None, typer.Option(help="Of this function only.", show_default=False)] = None,
    table: Annotated[Path | None, typer.Option(help="The items, to show some of them.", show_default=False)] = None,
    gold: Gold = None,
    gold_column: GoldColumn = "label",
    posterior: PosteriorOption = None,
    id_column: IdColumn = "id",
    limit: Annotated[int, typer.Option(min=0, help="At most so many items or pairs; 0: all.")] = 10,
    seed: Annotated[int, typer.Option(help="Of the sample, where there are more items.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is shown as one JSON document.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Write it, too: what is shown as .csv, .jsonl or .parquet, everything as .json or .html.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """What each labeling function does, which two conflict, and on which items; names silent, contrary, slow ones."""
    import weaklabel

    L = weaklabel.LabelMatrix.load(votes)
    known = known_classes(L, gold, gold_column, id_column)
    beliefs = None if posterior is None else weaklabel.Posterior.load(posterior)
    if show in OF_ITEMS:
        view = _of_items(L, show, lf, known, table, id_column, limit, seed)
    else:
        view = _of_functions(L, show, lf, known, beliefs, limit)
    if as_json:
        rows = view.rows.to_dicts()
        terminal.note(_json({"show": show, "lf": lf, "items": len(L.votes), "rows": rows, "remarks": view.notes}))
    else:
        _print(view)
    if out is not None:
        _write(out, view, show, L, known, beliefs)
        if not as_json:  # which is all that there is to be on stdout
            terminal.saved(out)


def _of_items(
    L: "LabelMatrix",
    show: str,
    lf: str | None,
    gold: "NDArray[np.int64] | None",
    table: Path | None,
    id_column: str,
    limit: int,
    seed: int,
) -> "View":
    from weaklabel.report import looking
    from weaklabel.tables import read_table

    if table is None:
        raise TableError(f"--show {show} shows items: give the table that was voted on, as --table spam.parquet")
    rows = read_table(table, id_column)
    return looking.of_items(L, rows, show, lf, gold, limit, seed)  # type: ignore[arg-type]  # it is one of OF_ITEMS


def _of_functions(
    L: "LabelMatrix",
    show: str,
    lf: str | None,
    gold: "NDArray[np.int64] | None",
    posterior: "Posterior | None",
    limit: int,
) -> "View":
    from weaklabel.report import looking

    if show == "functions":
        return looking.of_functions(L, gold, lf)
    if show == "classes" and lf is None:
        return looking.of_classes(L, gold)
    if show == "classes":
        raise TableError(f"--show classes is of all functions: leave out --lf {lf}")
    if show == "conflicts":
        return looking.of_conflicts(L, lf, limit)
    if show == "correlation":
        return looking.of_correlation(L, posterior, lf, limit)
    raise UnknownNameError(f"cannot show {show!r}; there are: {', '.join((*OF_FUNCTIONS, *OF_ITEMS))}")


def _print(view: "View") -> None:
    for i, each in enumerate(view.tables):
        if i:
            terminal.note("")
        terminal.table(each)
    for sentence in view.notes:
        terminal.note(sentence)


def _write(
    out: Path,
    view: "View",
    show: str,
    L: "LabelMatrix",
    gold: "NDArray[np.int64] | None",
    posterior: "Posterior | None",
) -> None:
    from weaklabel.files import replacing
    from weaklabel.report import Section, page
    from weaklabel.report.labeling import labeling_document, labeling_section
    from weaklabel.tables import write_frame

    if out.suffix == ".json":
        text = _json({**labeling_document(L, gold, posterior), "show": show, "rows": view.rows.to_dicts()})
    elif out.suffix == ".html":
        whole = labeling_section(L, gold, posterior)
        asked = [] if show == "functions" else [Section(f"Shown: {show}", view.notes, view.tables)]
        text = page("Looking at labeling functions", [*asked, whole])
    else:
        write_frame(view.rows, out)
        return
    with replacing(out) as file:
        file.write(text.encode())


def _json(document: dict[str, Any]) -> str:
    return json.dumps(_finite(document), ensure_ascii=False, default=str, allow_nan=False)


def _finite(value: Any) -> Any:
    """With null for what JSON has no number for."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
