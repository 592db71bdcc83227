"""What `--help` promises."""

import re
import shlex
import subprocess
import sys

import pytest
import typer

from weaklabel import plugins
from weaklabel.cli import app as application
from weaklabel.cli import main

COMMANDS = (
    "datasets", "apply", "summary", "denoise", "augment", "slices", "training-set", "export", "train", "compare",
    "duplicates", "lf-accuracy", "count", "diagnose", "estimate", "debias", "pick-pairs", "calibrate", "click-votes",
    "rank", "evaluate", "interleaving", "compare-arms", "sample-size", "simulate", "pick", "push", "pull", "fold",
    "run", "demo",
)  # fmt: skip
IN_GROUPS = (
    "review status", "review people", "review skipped", "review disputed", "review export",
    "review listen", "review serve", "review run", "review grades",
    "studio up", "studio down", "studio status", "studio doctor",
)  # fmt: skip


@pytest.fixture
def helped(capsys):
    def ask(*words):
        with pytest.raises(SystemExit) as stopped:
            main([*words, "--help"])
        assert stopped.value.code in (0, None)
        return capsys.readouterr().out

    return ask


def test_the_help_groups_every_command_by_flow(helped):
    said = helped()

    places = [said.index(heading) for heading in application.HEADINGS.values()]
    assert places == sorted(places)
    for command in COMMANDS:
        assert f"\n  {command} " in said


def test_a_group_is_listed_with_the_commands_in_it(helped):
    said = helped()

    for group in {command.split()[0] for command in IN_GROUPS}:
        words = [command.split()[1] for command in IN_GROUPS if command.startswith(f"{group} ")]
        assert f"\n  {group} " in said
        assert f": {', '.join(words)}." in " ".join(said.split())


def test_a_group_alone_explains_its_commands(helped):
    said = helped("studio")

    assert application.GROUPS["studio"] in said
    for command in ("up", "down", "status", "doctor"):
        assert f"\n  {command} " in said


@pytest.mark.parametrize("command", COMMANDS + IN_GROUPS)
def test_each_command_shows_an_example_of_itself(helped, command):
    words = command.split()

    example = helped(*words).partition("Example:")[2]

    assert shlex.split(example)[: len(words) + 1] == ["weaklabel", *words]


@pytest.mark.parametrize("name", plugins.scripts("pipelines"))
def test_each_pipeline_explains_its_options(helped, name):
    said = helped("run", name)

    assert f"weaklabel run {name}" in said
    assert "--out" in said
    for line in said.splitlines():
        if line.startswith("  --"):
            assert len(line.split(maxsplit=2)) == 3, f"{line!r} has no help"


def test_the_list_of_pipelines_is_what_ships(helped):
    said = helped("run")

    for name in ("training_set", "debias_clicks", "human_in_the_loop"):
        assert name in said


def test_the_overview_is_what_the_commands_say_of_themselves():
    script = "from weaklabel.cli import overview\nprint(*map('\\t'.join, overview.lines()), sep='\\n')"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    written = application.OVERVIEW.read_text(encoding="utf-8")
    assert done.stdout == written, "write it anew: python -m weaklabel.cli.overview"


@pytest.mark.parametrize(("words", "modules"), [("--help", []), ("slices --help", ["slices"]), ("studio", ["studio"])])
def test_only_what_is_asked_for_is_loaded(words, modules):
    script = (
        "import sys\nfrom weaklabel.cli import app\n"
        f"try:\n    app.main({words.split()!r})\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *(name for name in app.MODULES if f'weaklabel.cli.{name}' in sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1].split() == ["LOADED", *modules]


@pytest.mark.parametrize(("slip", "meant"), [("appyl", "apply"), ("studoi", "studio"), ("review rum", "run")])
def test_a_slip_is_told_what_may_have_been_meant(weaklabel, slip, meant):
    said = weaklabel(slip, code=2)

    assert f"Did you mean '{meant}'" in said


def test_a_command_that_the_overview_does_not_list_yet_works(weaklabel):
    application.commands.cache_clear()
    application.command("data", "weaklabel brand-new")(brand_new)

    try:
        said = weaklabel("brand-new")
    finally:
        application.app.registered_commands.pop()
        application.commands.cache_clear()

    assert said == "as good as new\n"


def brand_new():
    """A command that was added just now."""
    typer.echo("as good as new")


@pytest.mark.parametrize(
    ("typed", "offered"), [("weaklabel de", ["denoise", "debias", "demo"]), ("weaklabel review r", ["run"])]
)
def test_a_shell_completes_commands(weaklabel, monkeypatch, typed, offered):
    monkeypatch.setenv("_WEAKLABEL_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)

    said = weaklabel("")

    assert re.findall(r'"([\w-]+)":"', said) == offered
