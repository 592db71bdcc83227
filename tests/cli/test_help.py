"""What `--help` promises."""

import shlex

import pytest

from weaklabel import plugins
from weaklabel.cli import app as application
from weaklabel.cli import main

COMMANDS = (
    "datasets", "apply", "summary", "denoise", "augment", "slices", "training-set", "export", "train", "compare",
    "duplicates", "lf-accuracy", "count", "diagnose", "estimate", "debias", "pick-pairs", "calibrate", "click-votes",
    "rank", "evaluate", "interleaving", "compare-arms", "sample-size", "simulate", "pick", "fold", "run", "demo",
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


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_shows_an_example_of_itself(helped, command):
    example = helped(command).partition("Example:")[2]

    assert shlex.split(example)[:2] == ["weaklabel", command]


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
