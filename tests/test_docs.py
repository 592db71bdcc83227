"""What the README and the docs say is run here, word for word."""

import os
import re
import shlex
from pathlib import Path

import pytest

from weaklabel import plugins
from weaklabel.cli import main
from weaklabel.errors import DatasetError

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def _need_label_studio():
    from weaklabel.errors import ServerError
    from weaklabel.review.studio.install import executable

    try:
        executable()
    except ServerError as error:
        if os.environ.get("WEAKLABEL_REQUIRE_LABEL_STUDIO") == "1":
            raise
        pytest.skip(f"no Label Studio: {error}")


def run(line):
    with pytest.raises(SystemExit) as stopped:
        main(shlex.split(line)[1:])
    assert not stopped.value.code, line


def shape(text):
    """The lines with numbers, spaces and paths reduced to signs: what stays the same on another machine."""
    lines = (re.sub(r"\d[\d.,]*", "#", " ".join(line.split())) for line in text.splitlines())
    return [re.sub(r"\S*/index.html", "index.html", line) for line in lines if line.strip("─ ")]


@pytest.fixture(scope="module")
def downloadable():
    from weaklabel import datasets

    for name in ("sms_spam", "open_bandit"):
        try:
            datasets.load(name)
        except DatasetError as error:
            pytest.skip(str(error))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_python_block_runs(page, tmp_path, monkeypatch, capsys, downloadable):
    monkeypatch.chdir(tmp_path)

    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), {})


@pytest.fixture
def studio_here(tmp_path):
    """What the docs say of `weaklabel studio` is done in the working folder; nothing of it stays running."""
    yield
    if (tmp_path / ".weaklabel").exists():
        from weaklabel.review.studio import server

        server.down(tmp_path / ".weaklabel" / "studio")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_runs(page, tmp_path, monkeypatch, capsys, downloadable, studio_here):
    monkeypatch.chdir(tmp_path)
    if "weaklabel studio up" in "".join(blocks(page, "console")):
        _need_label_studio()

    for block in blocks(page, "console"):
        for line in block.splitlines():
            run(line.removeprefix("$ "))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_is_there(page):
    for target in re.findall(r"\bmake (\w+)", " ".join(blocks(page, ""))):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_python_example_has_ten_lines():
    (example,) = blocks(ROOT / "README.md", "python")

    assert len([line for line in example.splitlines() if line.strip()]) <= 11


def test_the_demo_prints_what_the_readme_shows_and_draws_its_page(tmp_path, capsys, downloadable):
    run(f"weaklabel demo --out {tmp_path}")

    printed = iter(shape(capsys.readouterr().out))
    (shown,) = blocks(ROOT / "README.md", "text")
    for line in shape(shown):
        assert line in printed, f"the demo does not print, or not in this order: {line}"
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert "No person answered" in page


def test_the_table_of_what_is_there_names_every_plug_in():
    table = README.partition("## What is there today")[2]

    named = {*plugins.scripts("pipelines")}
    for kind in plugins.FOLDERS:
        named |= set(plugins.names(kind))
    assert [name for name in sorted(named) if f"`{name}`" not in table] == []


def test_the_architecture_names_every_room():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

    rooms = {path.stem for path in (ROOT / "weaklabel").iterdir() if path.suffix == ".py" or path.is_dir()}
    expected = {room for room in rooms if not room.startswith("_") and room != "shipped"}
    assert [room for room in sorted(expected) if f"`{room}" not in page and f"{room}`" not in page] == []


def test_each_dependency_has_its_line():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    reasons = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text(encoding="utf-8")

    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert [name for name in (re.match(r"[\w-]+", line)[0] for line in wanted) if name not in reasons] == []


def test_the_pins_cover_the_dependencies_and_name_no_place():
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")

    assert re.search(r"^torch==2\.13\.0$", pins, re.MULTILINE)
    assert not re.search(r"https?://|file:|@|--", pins)
