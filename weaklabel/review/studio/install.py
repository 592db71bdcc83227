"""Label Studio in an environment of its own, because it holds numpy and a hundred other packages at old versions."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from weaklabel import progress
from weaklabel.datasets._fetch import cache_folder
from weaklabel.errors import ServerError

VERSION = "1.23.2"  # what the tests run against
CHOSEN = "WEAKLABEL_LABEL_STUDIO"
NEWEST_PYTHON = (3, 13)  # the server holds numpy below 2.3, which has no wheels for a later one
LAST_LINES = 5


def executable(version: str = VERSION) -> Path:
    """The program `label-studio`, installed first if it is not there whole.

    WEAKLABEL_LABEL_STUDIO may name another; otherwise it lies in an environment in weaklabel's cache folder, made by
    uv where there is one, else by venv and pip. Processes that want it at the same time wait for the first.

    Parameters
    ----------
    version
        Of Label Studio.

    Raises
    ------
    ServerError
        It cannot be installed, or what WEAKLABEL_LABEL_STUDIO names is no program, or this is Windows.
    """
    if os.name == "nt":
        raise ServerError("this starts Label Studio on Linux and macOS; on Windows start it yourself and give its URL")
    if chosen := os.environ.get(CHOSEN):
        return _checked(Path(chosen))
    folder = cache_folder() / f"label-studio-{version}"
    program = folder / "bin" / "label-studio"
    marker = folder / "installed"  # written last: an environment without it was left half made
    if not marker.exists():
        with locked(folder.with_name(f"{folder.name}.lock")):
            if not marker.exists():
                _install(folder, version)
                marker.write_text(version)
    return program


def version_of(program: Path) -> str:
    """Which Label Studio a program starts, read from the environment that it lies in.

    Raises
    ------
    ServerError
        It does not lie in an environment with Label Studio.
    """
    for found in program.resolve().parent.parent.glob("lib/python*/site-packages/label_studio-*.dist-info"):
        return found.name.removeprefix("label_studio-").removesuffix(".dist-info")
    raise ServerError(
        f"{program} does not lie in an environment that holds label-studio: set {CHOSEN} to the bin/label-studio of "
        f"one, or unset it to have {VERSION} installed"
    )


def start_lock() -> Path:
    """Where those who start a server wait for each other."""
    return cache_folder() / "label-studio-start.lock"


def locked(path: Path) -> "filelock.BaseFileLock":  # type: ignore[name-defined]  # noqa: F821
    """A lock between processes, made with its folder.

    Raises
    ------
    ServerError
        The folder cannot be made.
    """
    import filelock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServerError(f"cannot write to {path.parent} ({error.strerror}); choose another folder") from error
    return filelock.FileLock(path)


def _checked(program: Path) -> Path:
    if program.is_file() and os.access(program, os.X_OK):
        return program.absolute()
    raise ServerError(f"{CHOSEN} is {program}, which is no program: set it to the bin/label-studio of an environment")


def _install(folder: Path, version: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    steps = _steps(folder, version)
    try:
        for command in progress.track(steps, f"installing Label Studio {version}", len(steps)):
            _run(command, folder, version)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # up to 1 GB that nobody would look for
        raise


def _steps(folder: Path, version: str) -> list[list[str]]:
    """The commands that make the environment in place: one cannot be moved afterwards."""
    requirement = f"label-studio=={version}"
    python = str(folder / "bin" / "python")
    newer = sys.version_info[:2] > NEWEST_PYTHON
    if uv := shutil.which("uv"):
        wanted = ".".join(map(str, NEWEST_PYTHON)) if newer else sys.executable
        return [
            [uv, "venv", "--quiet", "--python", wanted, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, requirement],
        ]
    if newer:
        raise ServerError(
            f"Label Studio {version} needs a Python up to {'.'.join(map(str, NEWEST_PYTHON))}, and this is "
            f"{sys.version.split()[0]}: install uv, which finds one, or set {CHOSEN} to a label-studio of yours"
        )
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2"]
    return [[sys.executable, "-m", "venv", str(folder)], [*pip, requirement]]


def _run(command: Sequence[str], folder: Path, version: str) -> None:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise ServerError(f"cannot run {command[0]} to install Label Studio: {error.strerror}") from error
    if done.returncode:
        lines = (line.strip() for line in (done.stderr + done.stdout).splitlines())
        said = [line for line in lines if line and not line.startswith("WARNING")]
        raise ServerError(
            f"cannot install label-studio=={version} into {folder}: {_reason(' '.join(said), folder)}. "
            f"The installer said: {' / '.join(said[-LAST_LINES:]) or f'nothing, and ended with {done.returncode}'}"
        )


def _reason(said: str, folder: Path) -> str:
    if "No space left" in said or shutil.disk_usage(folder.parent).free < 100 * 2**20:
        return "the disk is full; it takes about 1 GB; set WEAKLABEL_CACHE to a folder on another disk"
    offline = ("resolve host", "name resolution", "onnection", "unreachable", "No matching distribution", "dns error")
    if any(sign in said for sign in offline):
        return f"the package index cannot be reached; connect once, or set {CHOSEN} to a label-studio of yours"
    return f"mend what the installer complains of, or set {CHOSEN} to a label-studio of yours"
