"""A review under way: where it stands, what its people agree on, and the programs that keep it going."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Gold, GoldColumn, IdColumn
from weaklabel.cli.review_options import Experts, Folder, Rule, TokenFile, Url, connection, ruled, studio

if TYPE_CHECKING:
    from weaklabel import Journal
    from weaklabel.report import Section

Page = Annotated[
    Path | None, typer.Option("--page", help="Draw it here, too: an HTML page with charts.", show_default=False)
]
Host = Annotated[str, typer.Option(help="Where to listen; by default only this machine can reach it.")]
Callback = Annotated[
    str,
    typer.Option(
        "--callback", help="The address that Label Studio shall call, where it is another.", show_default=False
    ),
]


@command("review", "weaklabel review status review/ --page review.html", group="review")
def status(folder: Folder, page: Page = None) -> None:
    """Where a review stands: batches, people, pre-labels, what is open."""
    import weaklabel
    from weaklabel.report.review import review_section

    with weaklabel.Journal(folder, create=False) as journal:
        _show(review_section(journal), page)


@command("review", "weaklabel review people review/ --level ordinal --page people.html", group="review")
def people(
    folder: Folder,
    level: Annotated[str, typer.Option(help="nominal for classes, ordinal or interval for grades.")] = "nominal",
    gold: Gold = None,
    gold_column: GoldColumn = "label",
    id_column: IdColumn = "id",
    page: Page = None,
) -> None:
    """How far people agree, who needs a look, and whether showing pre-labels sways them."""
    import weaklabel
    from weaklabel.report.people import people_section

    known = None if gold is None else _known(gold, gold_column, id_column)
    with weaklabel.Journal(folder, create=False) as journal:
        _show(people_section(journal, level, known), page)


@command("review", "weaklabel review skipped review/ --ask-again", group="review")
def skipped(
    folder: Folder,
    ask_again: Annotated[bool, typer.Option("--ask-again", help="Push another task about each.")] = False,
    url: Url = None,
    token_file: TokenFile = None,
) -> None:
    """List the items that somebody skipped and nobody answered."""
    import weaklabel

    with weaklabel.Journal(folder, create=False) as journal:
        for item_id in journal.skipped():
            terminal.note(item_id)
        if ask_again:
            _ask_again(journal.skipped(), journal, url, token_file)


@command("review", "weaklabel review disputed review/ --ask-again", group="review")
def disputed(
    folder: Folder,
    rule: Rule = "majority",
    experts: Experts = [],  # noqa: B006  Typer copies it
    ask_again: Annotated[bool, typer.Option("--ask-again", help="Push another task about each.")] = False,
    url: Url = None,
    token_file: TokenFile = None,
) -> None:
    """List the items that people answered and a rule leaves open, with their answers."""
    import weaklabel

    with weaklabel.Journal(folder, create=False) as journal:
        found = weaklabel.consensus(journal.annotations(), **ruled(rule, experts))
        for item_id, reason in found.open.items():
            terminal.note(f"{item_id}: {reason}")
        if ask_again:
            _ask_again(list(found.open), journal, url, token_file)


@command("review", "weaklabel review export review/ --out answers --format jsonl", group="review")
def export(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder, for a file for each table.")] = Path("answers"),
    format: Annotated[str, typer.Option(help="parquet or jsonl.")] = "parquet",  # noqa: A002  the usual name
) -> None:
    """Write everything that the journal holds, every version of every answer included."""
    import weaklabel

    with weaklabel.Journal(folder, create=False) as journal:
        for path in weaklabel.export_journal(journal, out, format):
            terminal.saved(path)


@command("review", "weaklabel review listen review/", group="review")
def listen(
    folder: Folder,
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 9091,
    interval: Annotated[float, typer.Option(help="Seconds after which it pulls without being woken.")] = 30.0,
    callback: Callback = "",
    url: Url = None,
    token_file: TokenFile = None,
) -> None:
    """Pull whenever somebody answers, until Ctrl-C."""
    import weaklabel
    from weaklabel.review.serving import webhook
    from weaklabel.review.serving.secret import secret

    with weaklabel.Journal(folder, create=False) as journal:
        backend = studio(journal, url, token_file)

        def wake() -> None:
            pulled = weaklabel.pull(journal, backend)
            if pulled.events or pulled.swept.events:
                terminal.pulled(pulled, f"{datetime.now():%H:%M:%S}  ")

        webhook.listen(
            wake,
            secret=secret(folder / "secret"),
            host=host,
            port=port,
            interval=interval,
            api=backend.api,
            project=backend.project,
            url=callback,
            ready=lambda at: terminal.note(f"listening at {at}; Ctrl-C stops it"),
        )
    terminal.note(f"stopped; from now on run: weaklabel pull {folder}")


@command("review", "weaklabel review serve review/ --model posterior.parquet", group="review")
def serve(
    folder: Folder,
    model: Annotated[Path, typer.Option(help="A posterior, or what `train` predicted; followed as its file changes.")],
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 9090,
    callback: Callback = "",
    url: Url = None,
    token_file: TokenFile = None,
) -> None:
    """Answer Label Studio's requests for predictions with the current model, until Ctrl-C."""
    import weaklabel
    from weaklabel.review.serving import ml_backend
    from weaklabel.review.serving.secret import secret

    with weaklabel.Journal(folder, create=False) as journal:
        backend = studio(journal, url, token_file)
    ml_backend.serve(
        model,
        secret=secret(folder / "secret"),
        host=host,
        port=port,
        api=backend.api,
        project=backend.project,
        url=callback,
        ready=lambda at: terminal.note(f"serving {model} at {at}; Ctrl-C stops it"),
    )
    terminal.note("stopped; tasks show the pre-labels that were pushed")


def _known(gold: Path, column: str, id_column: str) -> "dict[str, str | None]":
    import weaklabel
    from weaklabel.errors import TableError

    rows = weaklabel.read_table(gold, id_column, text=[column])
    if column not in rows.columns:
        raise TableError(f"{gold} has no column {column!r}; there are: {', '.join(rows.columns)} (--gold-column)")
    return dict(zip(rows["id"], rows[column], strict=True))


def _ask_again(item_ids: list[str], journal: "Journal", url: str | None, token_file: Path | None) -> None:
    import weaklabel

    planned = weaklabel.ask_again(journal, item_ids)
    with terminal.interruptible("the questions are noted; the next push asks them"):
        weaklabel.push([], journal, connection(journal, None, url, token_file))
    terminal.note(f"{len(planned):,} asked again")


def _show(section: "Section", page: Path | None) -> None:
    terminal.section(section)
    if page is not None:
        terminal.drawn(section, page)
