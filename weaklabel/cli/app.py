"""The application: its commands grouped by flow, its errors as one line."""

import functools
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn

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
OVERVIEW = Path(__file__).with_name("overview.txt")


class Line(NamedTuple):
    """Of the overview: a command in one or two words, the module that registers it, and its first sentence."""

    flow: str
    words: str
    module: str
    summary: str


@functools.cache
def overview() -> dict[str, list[Line]]:
    """First word of a command -> its line, or those of the group that it names.

    They are written down, so that the help loads no command and a command no other; `overview.py` writes them anew.
    """
    found: dict[str, list[Line]] = {}
    for row in OVERVIEW.read_text(encoding="utf-8").splitlines():
        line = Line(*row.split("\t"))
        found.setdefault(line.words.partition(" ")[0], []).append(line)
    return found


class _InOrder(TyperGroup):
    """Lists commands in the order of the work, each with its whole first sentence."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(one)) for name, one in self.commands.items()])


class _ByFlow(TyperGroup):
    """Lists commands under the flow that they belong to; loads the one that is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(overview())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        # All of them for a word that no line knows: a slip, to be compared with every name, or a command that is new.
        modules = dict.fromkeys(line.module for line in overview().get(cmd_name, ()))
        self.commands = commands(tuple(modules) or MODULES)
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for flow, heading in HEADINGS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(word, _in_short(lines)) for word, lines in overview().items() if lines[0].flow == flow]
                )


@functools.cache
def commands(modules: tuple[str, ...]) -> dict[str, Any]:
    """Those that these modules register, by name; perhaps others with them."""
    for module in modules:
        importlib.import_module(f"weaklabel.cli.{module}")
    return dict(typer.main.get_group(app).commands)


def summary(command: Any) -> str:
    """Its first sentence."""
    return str(command.get_short_help_str(120))


def _in_short(lines: Sequence[Line]) -> str:
    """One line; a group of commands names them."""
    group, _, second = lines[0].words.partition(" ")
    words = ", ".join(line.words.partition(" ")[2] for line in lines)
    return f"{GROUPS[group]}: {words}." if second else lines[0].summary


# Why there is no rich in the help: docs/decisions/0002-help-without-rich.md
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
