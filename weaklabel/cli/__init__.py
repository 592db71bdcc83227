"""The command line: one thin command per verb, over the public face."""

from weaklabel.cli.app import main

__all__ = ["main"]
