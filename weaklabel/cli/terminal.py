"""What a terminal shows: tables, one-line notes, progress bars on stderr, warnings."""

import logging
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from weaklabel import progress

if TYPE_CHECKING:
    from pathlib import Path

    from weaklabel import Pulled
    from weaklabel.report import Section, Table
    from weaklabel.review.sweep import Swept

T = TypeVar("T")

GOES_ON = "run it again, and it goes on with the parts that are missing"
INTERRUPTED = 130  # by the shells' convention
PROSE_WIDTH = 100
PIPED_WIDTH = 160  # a file has no width; a table must not be cut to fit one


@contextmanager
def attached() -> Iterator[None]:
    """Warnings of the library go to stderr, and progress bars too if a person is there to see them."""
    handler = _Warnings()
    logging.getLogger("weaklabel").addHandler(handler)
    try:
        with progress.using(_bar if sys.stderr.isatty() else None):
            yield
    finally:
        logging.getLogger("weaklabel").removeHandler(handler)


def note(text: str) -> None:
    """One line on stdout."""
    typer.echo(text)


def warn(text: str) -> None:
    """One line on stderr, about something that needs a person's attention."""
    typer.echo(f"warning: {text}", err=True)


def counted(number: int, one: str, many: str = "") -> str:
    """1 task, 2 tasks."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


@contextmanager
def interruptible(said: str) -> Iterator[None]:
    """Say what Ctrl-C left behind, and how to go on, in the place of a traceback or of nothing."""
    try:
        yield
    except KeyboardInterrupt as error:
        typer.echo(f"interrupted: {said}", err=True)
        raise typer.Exit(INTERRUPTED) from error


def saved(path: object) -> None:
    """Say where a result lies."""
    typer.echo(f"wrote {path}")


def table(shown: "Table") -> None:
    """A small table on stdout."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Drawn

    drawn = Drawn(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name, numeric in zip(shown.frame.columns, shown.numeric, strict=True):
        drawn.add_column(name, justify="right" if numeric else "left", no_wrap=numeric)
    for cells in shown.cells():
        drawn.add_row(*cells)
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    typer.echo(shown.caption)
    console.print(drawn)


def section(shown: "Section") -> None:
    """What one flow found: its sentences and its tables; the charts stay with the page."""
    typer.echo(f"\n{shown.title}\n{'=' * len(shown.title)}")
    for sentence in shown.lead:
        typer.echo(textwrap.fill(sentence, PROSE_WIDTH, break_long_words=False, break_on_hyphens=False))
    for each in shown.tables:
        typer.echo("")
        table(each)


def drawn(shown: "Section", page: "Path") -> None:
    """The section as an HTML page of its own."""
    from weaklabel import report

    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(report.page(shown.title, [shown]), encoding="utf-8")
    saved(page)


def pulled(done: "Pulled", when: str = "") -> None:
    """What a pull brought, in one line, perhaps with the time, and what needs a person's attention."""
    kinds = ("answered", "skipped", "edited", "deleted", "restored", "malformed")
    found = [f"{done.count(kind):,} {kind}" for kind in kinds if done.count(kind)]
    note(f"{when}annotations: {', '.join(found) or 'nothing new'}")
    swept(done.swept)


def swept(found: "Swept") -> None:
    """What looking through all tasks found, if anything."""
    for kind, said in (
        ("twin_removed", "there twice: copies that nobody answered were deleted"),
        ("task_deleted", "deleted there by somebody: answers stay, and nothing of it is pushed again"),
        ("task_restored", "there again after somebody had deleted it"),
    ):
        if count := sum(event.kind == kind for event in found.events):
            note(f"{counted(count, 'task')} {said}")
    if found.answered_twins:
        note(f"{counted(len(found.answered_twins), 'task')} there twice, and answered twice: all answers count")
    if found.foreign:
        note(f"{counted(found.foreign, 'task')} in the project not from this review")


class _Warnings(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            warn(record.getMessage())


def _bar(items: Iterable[T], label: str, total: int | None) -> Iterable[T]:
    """The items, with a bar that is gone when they are done; loops inside loops show only the outermost."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns: tuple[Any, ...] = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
    with progress.using(None), bar:
        yield from bar.track(items, total=total, description=label)
