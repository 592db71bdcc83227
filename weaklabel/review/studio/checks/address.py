"""Whether the URL leads to a Label Studio, and to which."""

import socket
import ssl
import urllib.error
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from weaklabel.review.studio import _http
from weaklabel.review.studio.checks.finding import Finding

START = "start one with `weaklabel studio up`, or give the address that the browser shows in front of /projects"


def address(url: str, tested: str) -> Iterator[Finding]:
    """Whether a Label Studio answers at `url`, and whether its version is the `tested` one; ends with what fails."""
    if finding := _unwritten(url):
        yield finding
        return
    try:
        version, whoami = _http.ask(f"{url}/api/version"), _http.ask(f"{url}/api/current-user/whoami")
    except OSError as error:
        yield _unreachable(url, error)
        return
    if finding := _stranger(url, version, whoami):
        yield finding
        return
    yield Finding("address", True, f"Label Studio answers at {url}")
    yield _version(str(version.json().get("release", "")), tested)


def _unwritten(url: str) -> Finding | None:
    """What is wrong with the URL as it is written."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return Finding("address", False, f"{url!r} is no address: {error}", "write it as in http://127.0.0.1:8080")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return Finding("address", False, f"{url!r} has no http:// or https:// in front", f"write http://{url}")
    return None


def _unreachable(url: str, error: OSError) -> Finding:
    parts = urlsplit(url)
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ConnectionRefusedError):
        return Finding("address", False, f"nothing listens on port {_port(parts)} of {parts.hostname}", START)
    if isinstance(reason, socket.gaierror):
        return Finding("address", False, f"no machine of the name {parts.hostname!r} is known", "check the spelling")
    if isinstance(reason, TimeoutError):
        return Finding("address", False, f"{url} gives no answer", "see that it runs and that no firewall is between")
    if isinstance(reason, ssl.SSLError):
        fix = "write http:// if it is a server without a certificate; else its certificate must be one that is trusted"
        return Finding("address", False, f"{url} cannot be reached with https ({reason})", fix)
    return Finding("address", False, f"{url} cannot be reached ({reason})", START)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _stranger(url: str, version: _http.Answer, whoami: _http.Answer) -> Finding | None:
    """What answers if it is not a Label Studio, or not the top of one."""
    path = urlsplit(url).path
    if "label-studio-os-package" not in version.json():
        said = f"what answers at {url} is no Label Studio (status {version.status}, {version.kind})"
        return Finding("address", False, said, START)
    if urlsplit(version.url).netloc != urlsplit(url).netloc or not version.url.startswith(url):
        there = version.url.removesuffix("/").removesuffix("/api/version")
        return Finding("address", False, f"{url} sends its callers on to {there}", f"write {there}")
    if whoami.kind == "text/html" and path:
        return Finding(
            "address", False, f"{url} is a page of Label Studio, not its top", f"write {url.removesuffix(path)}"
        )
    return None


def _version(found: str, tested: str) -> Finding:
    if found == tested:
        return Finding("version", True, f"it is Label Studio {found}, which weaklabel is tested with")
    said = f"it is Label Studio {found or 'of an unknown version'}; weaklabel is tested with {tested}"
    if numbers(found) < numbers(tested):
        return Finding("version", False, f"{said}, which is newer", f"update the server to {tested}")
    return Finding("version", True, f"{said}, which is older", "try with a small batch first")


def numbers(version: str) -> tuple[int, ...]:
    """1.23.2 as numbers that can be compared."""
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split(".")[:3])
