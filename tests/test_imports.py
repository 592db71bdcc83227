"""Who may import whom, read from the source; and what starting costs, seen in a fresh interpreter."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "weaklabel"
LAYERS = (
    ("__main__",),
    ("cli",),
    ("report",),
    ("review", "testing"),
    ("labeling", "clicks"),
    ("engine",),
    ("plugins", "tables", "datasets", "metrics"),
    ("protocols",),
    ("artefacts",),
    ("places",),
    ("numerics", "progress", "files", "_version"),
    ("errors",),
)
# Neighbours on one level that do need each other.
ALONGSIDE = {("datasets", "plugins"), ("testing", "review")}
OWNERS = {
    "snorkel": ("labeling/models/snorkel.py", "labeling/augment.py"),
    "torch": ("labeling/models/snorkel.py",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "matplotlib": ("report/",),
    "jinja2": ("report/",),
    "pandas": (),
    "joblib": ("engine/", "labeling/applying/fingerprint.py"),
    "dask": ("engine/backend.py",),
    "distributed": ("engine/backend.py",),
    "fsspec": ("places.py",),
    "numba": ("labeling/compiled/",),
    "pyarrow": (),
    "label_studio_sdk": ("review/backends/_studio_api.py",),
    "starlette": ("review/serving/",),
    "uvicorn": ("review/serving/",),
    "filelock": ("review/", "artefacts/folder.py"),
    "sentence_transformers": ("labeling/embeddings.py",),
    "cloudpickle": ("labeling/applying/run.py", "engine/_dask.py"),
    "lightgbm": ("clicks/ranking/learners.py",),
    "sqlite3": ("labeling/kinds/_answers.py", "review/journal/", "review/studio/database.py"),
}
HEAVY = (
    "snorkel", "torch", "pandas", "sklearn", "label_studio_sdk", "scipy", "matplotlib", "jinja2", "joblib",
    "sentence_transformers", "pyarrow", "lightgbm", "starlette", "uvicorn", "httpx", "numba", "distributed", "fsspec",
)  # fmt: skip
SOURCES = sorted(PACKAGE.rglob("*.py"))


def imports(path, *, top_level_only=False):
    """The dotted names that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def level(name):
    return next(i for i, layer in enumerate(LAYERS) if name in layer)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_point_down(path):
    here = room(path)
    if here == "__init__":
        return  # the public face names every home, and loads none until it is used

    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "weaklabel" or parts[1:2] in ([], ["__version__"]):
            continue
        there = parts[1]
        if here == "cli" and there not in {layer for layers in LAYERS for layer in layers}:
            continue  # a command calls the public face
        assert there == here or level(there) > level(here) or (here, there) in ALONGSIDE, f"{here} imports {name}"


def test_every_room_stands_on_a_level():
    rooms = {room(path) for path in SOURCES} - {"__init__"}

    assert rooms == {name for layer in LAYERS for name in layer}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_package_is_imported_only_where_it_belongs(path):
    where = path.relative_to(PACKAGE).as_posix()

    for name in imports(path):
        owners = OWNERS.get(name.split(".")[0])
        assert owners is None or where.startswith(owners), f"{where} imports {name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_packages_are_imported_inside_functions(path):
    loaded = {name.split(".")[0] for name in imports(path, top_level_only=True)}

    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("statement", ["import weaklabel", "from weaklabel.cli import main; main(['--help'])"])
def test_starting_loads_nothing_heavy(statement):
    script = (
        "import sys\n"
        f"try:\n    {statement}\n"
        "except SystemExit:\n    pass\n"
        f"print('LOADED', *(name for name in {HEAVY!r} if name in sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "LOADED"


def test_help_needs_neither_tables_nor_rich_nor_checks_of_types():
    script = (
        "import sys\nfrom weaklabel.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *(name for name in ('polars', 'numpy', 'rich', 'pydantic') if name in sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "LOADED"
