import ast
import inspect
from pathlib import Path

import pytest

import weaklabel

FACE = Path(weaklabel.__file__)


def declared_for_type_checkers():
    tree = ast.parse(FACE.read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {alias.asname: node.module for node in block.body for alias in node.names}


def test_what_type_checkers_see_is_what_is_loaded():
    loaded = {name: home for home, names in weaklabel.HOMES.items() for name in names}

    assert declared_for_type_checkers() == {**loaded, **dict.fromkeys(weaklabel.MODULES, "weaklabel")}


@pytest.mark.parametrize("name", weaklabel.__all__)
def test_every_public_name_can_be_had(name):
    assert getattr(weaklabel, name) is not None
    assert name in dir(weaklabel)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'weaklabel' has no attribute 'denoize'"):
        weaklabel.denoize  # noqa: B018


@pytest.mark.parametrize("name", [name for names in weaklabel.HOMES.values() for name in names])
def test_every_public_name_has_a_docstring(name):
    public = getattr(weaklabel, name)

    assert not callable(public) or len(inspect.getdoc(public) or "") > 20
