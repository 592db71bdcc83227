"""Whole jobs: a pipeline by name, and the demo, which runs the three that ship."""

import functools
import inspect
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from weaklabel import plugins
from weaklabel.cli import terminal
from weaklabel.cli.app import app, command
from weaklabel.errors import ScriptError

if TYPE_CHECKING:
    from weaklabel.report import Section

DEMO = ("training_set", "debias_clicks", "human_in_the_loop")
PARAMETER = re.compile(r"^(\w+)\n((?: {4}.*\n?)+)", re.MULTILINE)


class _Pipelines(TyperGroup):
    """Its commands are the files in pipelines/, or any file given by path; none is loaded before it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(plugins.scripts("pipelines"))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        run = load(cmd_name).run
        single = typer.Typer(rich_markup_mode=None, add_completion=False)
        single.command(cmd_name, epilog=f"\b\nExample:\n  weaklabel run {cmd_name}")(_shown(run))
        return typer.main.get_command(single)


pipelines = typer.Typer(
    cls=_Pipelines,
    rich_markup_mode=None,
    no_args_is_help=True,
    epilog="\b\nExample:\n  weaklabel run training_set --help\n  weaklabel run my_pipeline.py",
)
app.add_typer(pipelines, name="run", rich_help_panel="pipelines")


@pipelines.callback()
def _run() -> None:
    """Run a pipeline: one that ships, one in ./pipelines, or a Python file that defines run(...)."""


@command("pipelines", "weaklabel demo --out demo")
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the page and all files.")] = Path("demo"),
) -> None:
    """Do all three jobs on real data, print what was found, and draw it on one HTML page."""
    sections = []
    for name in DEMO:
        sections.append(load(name).run(out=out / name))
        terminal.section(sections[-1])
    _write_page(out, "weaklabel: three jobs on real data", sections)


def load(name: str) -> ModuleType:
    """A pipeline's module."""
    path = plugins.find_script("pipelines", name)
    module = plugins.load_module(path)
    if not callable(getattr(module, "run", None)):
        raise ScriptError(f"{path} defines no function run(...): a pipeline is one that returns a report section")
    return module


def _write_page(folder: Path, title: str, sections: "Sequence[Section]") -> None:
    from weaklabel.files import replacing
    from weaklabel.report import page

    index = folder / "index.html"
    with replacing(index) as file:
        file.write(page(title, sections).encode())
    terminal.note("")
    terminal.saved(index)


def _shown(run: Callable[..., "Section"]) -> Callable[..., None]:
    """A command that runs the pipeline and prints its section, and draws it where the pipeline has an `out` folder.

    Its options are the parameters of `run`, and their help is what its docstring says of them.
    """
    text, helps = documented(inspect.getdoc(run) or "")
    signature = inspect.signature(run, eval_str=True)

    @functools.wraps(run)
    def shown(**arguments: Any) -> None:
        found = run(**arguments)
        terminal.section(found)
        if "out" in arguments:
            _write_page(arguments["out"], found.title, [found])

    parameters = [
        each.replace(
            annotation=Annotated[each.annotation, typer.Option(help=helps.get(each.name))],
            kind=inspect.Parameter.KEYWORD_ONLY,
        )
        for each in signature.parameters.values()
    ]
    shown.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    shown.__annotations__ = {each.name: each.annotation for each in parameters}
    shown.__doc__ = text
    return shown


def documented(docstring: str) -> tuple[str, dict[str, str]]:
    """The text before the first numpydoc section, and the description of each parameter."""
    text, _, sections = docstring.partition("\n\nParameters\n----------\n")
    listed = re.split(r"\n\w+\n-{3,}\n", sections)[0] + "\n"
    return text, {name: " ".join(lines.split()) for name, lines in PARAMETER.findall(listed)}
