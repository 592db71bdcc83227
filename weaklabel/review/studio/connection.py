"""Which Label Studio to talk to, and with which token."""

import logging
import os
from pathlib import Path

from weaklabel.errors import ServerError
from weaklabel.review.studio.home import HOME, Home, read_secret
from weaklabel.review.studio.server import status

URL, TOKEN = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"  # as Label Studio's own client calls them
HOW = (
    "start one here with `weaklabel studio up`; or, for a server of your own, set LABEL_STUDIO_URL, and "
    "LABEL_STUDIO_API_KEY to the token of its Account & Settings page (or give a file that holds it)"
)

logger = logging.getLogger(__name__)


def connection(
    url: str | None = None, token_file: str | Path | None = None, home: str | Path = HOME
) -> tuple[str, str]:
    """The URL and the token of a Label Studio.

    What is given comes first, then the environment (LABEL_STUDIO_URL, LABEL_STUDIO_API_KEY), then the embedded one of
    `home` if it runs. Nothing is sent.

    Parameters
    ----------
    url
        Of the server, without a path.
    token_file
        Holds the token and nothing else.
    home
        Of the embedded Label Studio.

    Returns
    -------
    tuple
        The URL, without a slash at the end, and the token.

    Raises
    ------
    ServerError
        Something is missing; the message says how to give it.
    """
    studio = status(home)
    where = url or os.environ.get(URL, "").strip() or ("" if studio is None else studio.url)
    where = where.rstrip("/")
    if not where:
        raise ServerError(f"no Label Studio is known, and none runs in {Path(home)}: {HOW}")
    if token_file:
        return where, _private(Path(token_file))
    # A token in the environment is for the server in the environment, so it must not go to the embedded one.
    if studio is not None and where == studio.url:
        return where, read_secret(Home(studio.home).token_file)
    if token := os.environ.get(TOKEN, "").strip():
        return where, token
    raise ServerError(f"there is no token for the Label Studio at {where}: {HOW}")


def _private(path: Path) -> str:
    token = read_secret(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        logger.warning("%s holds a token and others may read it: run chmod 600 on it", path)
    return token
