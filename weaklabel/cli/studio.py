"""Label Studio on this machine: start, stop, look, find out what is wrong."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaklabel.cli import terminal
from weaklabel.cli.app import command

if TYPE_CHECKING:
    from weaklabel.review.studio.doctor import Finding
    from weaklabel.review.studio.server import Studio

Home = Annotated[Path, typer.Option("--home", help="Folder for its database, uploads, secrets and log.")]
HOME = Path(".weaklabel/studio")


@command("review", "weaklabel studio up", group="studio")
def up(
    home: Home = HOME,
    port: Annotated[
        int | None,
        typer.Option(help="Where to listen; by default as before, else 8080 or one that is free.", show_default=False),
    ] = None,
    callbacks: Annotated[
        bool, typer.Option("--callbacks", help="Let it call `review listen` and `review serve` on this machine.")
    ] = False,
    opened: Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser.")] = False,
) -> None:
    """Start Label Studio for this machine alone, or find the one that runs; installed on first use (1 GB)."""
    from weaklabel.review.studio import server

    with terminal.interruptible("Label Studio was not started; the same command starts it"):
        studio = server.up(home, port, callbacks)
    terminal.note(f"Label Studio {studio.version} {'started' if studio.started else 'runs already'}")
    _show(studio)
    if opened:
        typer.launch(studio.url)


@command("review", "weaklabel studio down", group="studio")
def down(home: Home = HOME) -> None:
    """Stop it; what people did is kept."""
    from weaklabel.review.studio import server

    terminal.note("Label Studio stopped" if server.down(home) else f"no Label Studio runs in {home}")


@command("review", "weaklabel studio status", group="studio")
def status(home: Home = HOME) -> None:
    """Say whether it runs, and where; exit code 1 if it does not."""
    from weaklabel.review.studio import server

    studio = server.status(home)
    if studio is None:
        terminal.note(f"no Label Studio runs in {home}; start it with: weaklabel studio up")
        raise typer.Exit(1)
    terminal.note(f"Label Studio {studio.version} runs, process {studio.pid}")
    _show(studio)


@command("review", "weaklabel studio doctor\nweaklabel studio doctor --url https://ls.example.com", group="studio")
def doctor(
    home: Home = HOME,
    url: Annotated[
        str | None,
        typer.Option(help="A server of your own; by default LABEL_STUDIO_URL or the embedded one.", show_default=False),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="Holds its token; by default LABEL_STUDIO_API_KEY is used.", show_default=False),
    ] = None,
    writing: Annotated[
        bool, typer.Option("--writing", help="Also make a project for a moment, to see whether that works.")
    ] = False,
) -> None:
    """Look for whatever stands between weaklabel and Label Studio; exit code 1 if something does."""
    from weaklabel.errors import ServerError
    from weaklabel.review.studio.connection import connection
    from weaklabel.review.studio.doctor import Finding, doctor

    missing = []
    try:
        where, token = connection(url, token_file, home)
    except ServerError as error:
        where, token = "", ""
        missing = [Finding("connection", False, str(error))]
    found = doctor(where, token, home, writing=writing) + missing
    for finding in found:
        terminal.note(_line(finding))
    if not all(finding.ok for finding in found):
        raise typer.Exit(1)


def _show(studio: "Studio") -> None:
    from weaklabel.review.studio.home import USER

    terminal.note(f"  open      {studio.url}")
    terminal.note(f"  log in    {USER}, with the password in {studio.home / 'password'}")
    terminal.note(f"  API token {studio.token_file}")


def _line(finding: "Finding") -> str:
    mark = "ok  " if finding.ok else "FAIL"
    hint = f"\n       {'perhaps: ' if finding.ok else 'mend: '}{finding.fix}" if finding.fix else ""
    return f"{mark}  {finding.check}: {finding.said}{hint}"
