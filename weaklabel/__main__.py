"""`python -m weaklabel` is the command line."""

from weaklabel.cli import main

main()
