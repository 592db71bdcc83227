"""How commands take click logs: as files in any of their formats, or as counts that were made of them before."""

from collections.abc import Sequence
from functools import reduce
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklabel.cli import options
from weaklabel.errors import ClickLogError

if TYPE_CHECKING:
    from weaklabel import ClickCounts, ClickLog, Propensities

LOG = (
    "a row per impression or page: a Parquet, CSV, TSV or JSONL file, a folder of them, a quoted pattern, or Yandex's "
    "text; or counts, as `count` writes them."
)
LogFile = Annotated[str, typer.Argument(help=f"The log, {LOG}")]
LogFiles = Annotated[list[str], typer.Argument(metavar="log", help=f"The log, in one part or several, {LOG}")]
Mapped = Annotated[
    list[str],
    typer.Option("--column", metavar="OURS=THEIRS", help="A column's name in the file, as in position=rank."),
]
Where = Annotated[
    list[str],
    typer.Option("--where", metavar="COLUMN=VALUE", help="Only rows with this value, as in policy=random."),
]
UpTo = Annotated[int | None, typer.Option("--upto", min=1, help="Only positions 1..K.", show_default=False)]
Key = Annotated[
    list[str],
    typer.Option("--key", metavar="COLUMN", help="A column within which relevance is constant, such as a segment."),
]
Context = Annotated[
    list[str],
    typer.Option("--context", metavar="COLUMN", help="A column that examination depends on, such as the device."),
]
Period = Annotated[
    str | None,
    typer.Option(help="Tell documents apart by the day (1d) or week (1w) of the timestamp.", show_default=False),
]
Format = Annotated[
    str | None,
    typer.Option("--format", help="long, pages or yandex; told apart by the columns if left out.", show_default=False),
]
SAMPLE = 100_000  # pages


def counts(
    logs: str | Sequence[str],
    columns: Sequence[str] = (),
    where: Sequence[str] = (),
    upto: int | None = None,
    **how: Any,
) -> "ClickCounts":
    """The counts of logs, and of files that hold counts already: all together."""
    import weaklabel

    held = [_chosen(weaklabel.ClickCounts.load(path), upto, how) for path in files(logs) if is_counts(path)]
    if parts := [path for path in files(logs) if not is_counts(path)]:
        names, wanted = options.pairs_of(columns, "--column"), options.pairs_of(where, "--where")
        told_apart = _like(held[0], how) if held else {}
        held.append(weaklabel.count(parts, columns=names, where=wanted, upto=upto, **(how | told_apart)))
    elif columns or where or any(how.get(name) for name in ("period", "format")):
        raise typer.BadParameter(f"{_named(logs)} holds counts: rows and columns are chosen when they are counted")
    return reduce(lambda a, b: a + b, held)


def counts_for(
    curve: "Propensities | None",
    logs: str | Sequence[str],
    columns: Sequence[str] = (),
    where: Sequence[str] = (),
    upto: int | None = None,
    format: str | None = None,  # noqa: A002  as the option is called
) -> "ClickCounts":
    """Counts that tell the contexts of a curve apart, and no others."""
    context = () if curve is None or curve.context is None else tuple(curve.context.columns)
    found = counts(logs, columns, where, upto, context=context, format=format)
    return found if curve is None or context == found.context else found.collapse(found.key)


def pages(
    logs: Sequence[str],
    columns: Sequence[str] = (),
    where: Sequence[str] = (),
    upto: int | None = None,
    about: int = SAMPLE,
    format: str | None = None,  # noqa: A002  as the option is called
) -> "ClickLog":
    """About so many whole pages of a log, chosen by their sessions; all of a smaller one."""
    import weaklabel

    if known := next(filter(is_counts, files(logs)), None):
        raise ClickLogError(f"{known} holds counts, which do not tell what was clicked on each page: give the log")
    names, wanted = options.pairs_of(columns, "--column"), options.pairs_of(where, "--where")
    sample = weaklabel.sample_sessions(files(logs), about, columns=names, where=wanted, format=format)
    return sample if upto is None else sample.upto(upto)


def files(logs: str | Sequence[str]) -> list[str]:
    """The files named; a folder or a pattern of counts stands for the counts in it."""
    return [path for log in ([logs] if isinstance(logs, str) else logs) for path in _inside(log)]


def is_counts(log: str) -> bool:
    """Whether the file holds counts rather than a log."""
    from weaklabel.artefacts.store import kind_of

    return Path(log).is_file() and kind_of(Path(log)) == "click counts"


def _inside(log: str) -> list[str]:
    folder = Path(log)
    inside = sorted(map(str, folder.rglob("*.parquet"))) if folder.is_dir() else []
    inside = sorted(glob(log, recursive=True)) if has_magic(log) and not folder.exists() else inside
    return inside if inside and all(map(is_counts, inside)) else [log]


def _chosen(known: "ClickCounts", upto: int | None, how: dict[str, Any]) -> "ClickCounts":
    """Counts up to a position, with what was asked for told apart; if nothing was, with all that they tell apart."""
    beyond = how.get("beyond", "drop")
    known = known if upto is None or beyond == "keep" else known.upto(upto, beyond)
    context = tuple(how.get("context") or known.context)
    key = tuple(how.get("key") or (name for name in known.key if name not in context))
    return known if (key, context) == (known.key, known.context) else known.collapse(key, context)


def _like(known: "ClickCounts", how: dict[str, Any]) -> dict[str, Any]:
    """What to tell apart in a log, so that its counts can be added to others."""
    period = ("period",) if how.get("period") else ()
    return {"key": [name for name in known.key if name not in period], "context": known.context}


def _named(logs: str | Sequence[str]) -> str:
    return logs if isinstance(logs, str) else ", ".join(logs)
