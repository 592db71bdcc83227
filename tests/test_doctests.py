import doctest
import importlib
from pathlib import Path

import pytest

import weaklabel

ROOT = Path(weaklabel.__file__).parent
WITH_EXAMPLES = sorted(path for path in ROOT.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_in_the_docstrings_run_as_written(path):
    name = ".".join(["weaklabel", *path.relative_to(ROOT).with_suffix("").parts])

    found = doctest.testmod(importlib.import_module(name.removesuffix(".__init__")))

    assert found.attempted
    assert not found.failed
