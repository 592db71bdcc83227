"""Writes down what `weaklabel --help` lists, after a command was added, renamed or described otherwise.

    python -m weaklabel.cli.overview

The commands are asked themselves; a test compares what they say with what is written.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from weaklabel.cli.app import GROUPS, MODULES, OVERVIEW, Line, commands, summary


def lines() -> list[Line]:
    """Of all commands, in the order of the help."""
    return list(_lines(commands(MODULES)))


def write() -> None:
    """Write the file that the help is read from."""
    OVERVIEW.write_text("".join("\t".join(line) + "\n" for line in lines()), encoding="utf-8")


def _lines(named: Mapping[str, Any], group: str = "") -> Iterator[Line]:
    for name, command in named.items():
        if name in GROUPS:
            yield from _lines(command.commands, f"{name} ")
        else:
            module = command.callback.__module__.rpartition(".")[2]
            yield Line(command.rich_help_panel, group + name, module, summary(command))


if __name__ == "__main__":
    write()
