"""Whether Label Studio's client is here, and the packages that it needs fit together."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from weaklabel.review.studio.checks.address import numbers
from weaklabel.review.studio.checks.finding import Finding

CLIENT = "label-studio-sdk"
OLDEST = "2.1"
# It holds numpy back, not itself but by way of OpenCV.
NEEDS = (CLIENT, "opencv-python-headless")


def client() -> Iterator[Finding]:
    """Whether the client is installed, not too old, and content with what else is installed."""
    try:
        found = version(CLIENT)
    except PackageNotFoundError:
        yield Finding("client", False, f"{CLIENT} is not installed", f"pip install '{CLIENT}>={OLDEST}'")
        return
    if numbers(found) < numbers(OLDEST):
        said = f"{CLIENT} is {found}; weaklabel needs {OLDEST} or newer"
        yield Finding("client", False, said, f"pip install --upgrade '{CLIENT}>={OLDEST}'")
        return
    clashes = [clash for package in NEEDS for clash in _clashes(package)]
    yield from clashes or [Finding("client", True, f"{CLIENT} {found} and what it needs fit together")]


def _clashes(package: str) -> Iterator[Finding]:
    """What is installed in a version that the package does not allow."""
    from packaging.requirements import Requirement

    for text in _requires(package):
        needed = Requirement(text)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        found = _version(needed.name)
        if not found or not needed.specifier.contains(found, prereleases=True):
            said = f"{package} {version(package)} needs {needed.name}{needed.specifier}; here is {found or 'none'}"
            yield Finding("client", False, said, f"pip install '{CLIENT}>={OLDEST}' '{needed.name}{needed.specifier}'")


def _requires(package: str) -> list[str]:
    try:
        return requires(package) or []
    except PackageNotFoundError:
        return []


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
