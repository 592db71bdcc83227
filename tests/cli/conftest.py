import pytest

from weaklabel.cli import main


@pytest.fixture
def weaklabel(capsys):
    """Runs a command line and returns what it said: stdout, or stderr if it is to fail with `code`."""

    def run(line, code=0):
        with pytest.raises(SystemExit) as stopped:
            main(line.split())
        said = capsys.readouterr()
        assert (stopped.value.code or 0) == code, said.err
        return said.out if code == 0 else said.err

    return run
