"""A check-up: what stands between weaklabel and Label Studio, each thing in a sentence with its remedy."""

from collections.abc import Iterator
from pathlib import Path

from weaklabel.review.studio.checks import address, behaviour, client, embedded, token
from weaklabel.review.studio.checks.finding import Finding
from weaklabel.review.studio.home import HOME
from weaklabel.review.studio.install import VERSION

__all__ = ["Finding", "doctor"]


def doctor(
    url: str, given: str, home: str | Path = HOME, *, writing: bool = False, tested: str = VERSION
) -> list[Finding]:
    """Look at everything that must be right; what depends on a thing that fails is not looked at.

    Never raises for what it finds.

    Parameters
    ----------
    url, given
        The server and the token, as `connection` finds them; either may be empty, and then the server is not asked.
    home
        Of the embedded Label Studio.
    writing
        Also make a project for a moment, to see whether this token may, and whether wrong pre-labels are refused.
    tested
        The version of Label Studio to compare with.

    Returns
    -------
    list
        In the order in which to mend things.
    """
    local = [*client.client(), *embedded.embedded(Path(home).absolute())]
    return local + list(_server(url.rstrip("/"), given, writing, tested)) if url else local


def _server(url: str, given: str, writing: bool, tested: str) -> Iterator[Finding]:
    reached = list(address.address(url, tested))
    yield from reached
    if not reached[0].ok:
        return
    known = list(token.token(url, given))
    yield from known
    if not known[0].ok:
        return
    through = behaviour.through_client(url, given)
    yield through
    if through.ok:
        yield from behaviour.callbacks(url, given)
        yield from behaviour.models(url, given)
        yield from behaviour.writing(url, given) if writing else ()
