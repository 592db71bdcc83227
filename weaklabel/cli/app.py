"""The application: its commands grouped by flow, its errors as one line."""

import functools
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from weaklabel._version import __version__
from weaklabel.errors import WeaklabelError

MODULES = (
    "datasets",
    "labeling",
    "summary",
    "label_models",
    "training",
    "augment",
    "slices",
    "clicks",
    "relevance",
    "online",
    "picking",
    "review",
    "reviewing",
    "looping",
    "grading",
    "studio",
    "pipelines",
)  # in the order of the help
HEADINGS = {
    "data": "Real data to try things on",
    "labeling": "Build training sets",
    "clicks": "Debias click logs",
    "review": "Human in the loop",
    "pipelines": "Whole jobs",
}
GROUPS = {
    "studio": "Label Studio on this machine",
    "review": "What people were asked, and what they said",
}  # of commands in two words


class _InOrder(TyperGroup):
    """Lists commands in the order of the work, each with its whole first sentence."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(one)) for name, one in self.commands.items()])


class _ByFlow(_InOrder):
    """Lists commands under the flow that they belong to."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for flow, heading in HEADINGS.items():
            commands = [one for one in self.commands.values() if getattr(one, "rich_help_panel", None) == flow]
            with formatter.section(heading):
                formatter.write_dl([(command.name, _summary(command)) for command in commands])


def _summary(command: Any) -> str:
    """One line; a group of commands names them."""
    words = ", ".join(getattr(command, "commands", ()))
    return f"{GROUPS[command.name]}: {words}." if command.name in GROUPS else command.get_short_help_str(120)


# No rich in --help: it takes three times as long to load as all the rest.
app = typer.Typer(
    cls=_ByFlow,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExample, from rules to an end model:\n"
    "  weaklabel datasets sms_spam --out spam.parquet\n"
    "  weaklabel apply sms_spam spam.parquet --out votes.parquet\n"
    "  weaklabel denoise votes.parquet --out posterior.parquet",
)


def command(
    flow: str, example: str, group: str = "", **settings: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command under its flow, and perhaps as the second word of a group, with an example of it."""
    lines = "\n".join(f"  {line}" for line in example.strip().splitlines())
    where = _group(flow, group) if group else app
    return where.command(rich_help_panel=flow, epilog=f"\b\nExample:\n{lines}", **settings)


@functools.cache
def _group(flow: str, name: str) -> typer.Typer:
    made = typer.Typer(cls=_InOrder, rich_markup_mode=None, no_args_is_help=True)
    app.add_typer(made, name=name, rich_help_panel=flow, help=f"{GROUPS[name]}.")
    return made


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"weaklabel {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
    traceback: Annotated[
        bool, typer.Option("--traceback", help="On an error show where it arose; may stand anywhere.")
    ] = False,
) -> None:
    """Turn rules, clicks and a few human answers into training data."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; errors are one line on stderr and exit code 1."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    traceback = "--traceback" in given
    for module in MODULES:
        importlib.import_module(f"weaklabel.cli.{module}")
    from weaklabel.cli import terminal

    try:
        with terminal.attached():
            app([argument for argument in given if argument != "--traceback"], prog_name="weaklabel")
    except Exception as error:
        if traceback:
            raise
        typer.echo(f"error: {_one_line(error)}", err=True)
        sys.exit(1)
    raise AssertionError("a Typer application always exits")


def _one_line(error: Exception) -> str:
    said = " ".join(str(error).split())
    if isinstance(error, WeaklabelError):
        return said
    if isinstance(error, OSError):
        return f"{error.strerror or said}: {error.filename}" if error.filename else said
    return f"unexpected {type(error).__name__}: {said} (run it again with --traceback and report it)"
