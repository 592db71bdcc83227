"""Options that several commands share, and how their values are read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

Out = Annotated[Path, typer.Option("--out", "-o", help="Where to write the result (Parquet).")]
IdColumn = Annotated[str, typer.Option("--id", help="The table's column of unique ids.")]
Settings = Annotated[
    list[str],
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter of it; may be repeated. Values are read as JSON."),
]
Columns = Annotated[
    list[str], typer.Option("--column", metavar="NAME", help="A column to use; may be repeated.", show_default=False)
]


def settings(pairs: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE pairs as keyword arguments; a value that is not JSON is a text."""
    return {name: _value(text) for name, text in pairs_of(pairs, "--set").items()}


def pairs_of(pairs: Sequence[str], option: str) -> dict[str, str]:
    """NAME=VALUE pairs as a dictionary."""
    for pair in pairs:
        if "=" not in pair.strip("="):
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint=option)
    return dict(pair.split("=", 1) for pair in pairs)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
