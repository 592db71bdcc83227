"""A Label Studio as people start it."""

import subprocess
import sys

import pytest

UP = "import sys; from weaklabel.review.studio import server; s = server.up(sys.argv[1]); print(s.started, s.pid)"


@pytest.fixture(scope="session")
def raced(studios):
    """The home of a server without callbacks, started by two at once, and what they found; nobody may stop it."""
    command = [sys.executable, "-c", UP, str(studios / "quiet")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    return studios / "quiet", [each.communicate()[0].strip() for each in both]


@pytest.fixture(scope="session")
def quiet(raced):
    """The home of a running server without callbacks."""
    return raced[0]
