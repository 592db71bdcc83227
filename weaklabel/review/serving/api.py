"""What is needed of a Label Studio server to connect it."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from weaklabel.errors import ServerError

LOOKS = 5  # how often something may come back after it was removed
BLOCKED = ("was not allowed", "reserved network", "private network")  # in the words of its refusals
CALLBACKS = (
    "Label Studio does not call addresses on this machine or in private networks: run `weaklabel studio down`, then "
    "`weaklabel studio up --callbacks` (an own server: SSRF_PROTECTION_ENABLED=false and ML_BLOCK_LOCAL_IP=false)"
)


class Api(Protocol):
    """Calls to a Label Studio server, with its token, as the backend makes them; both raise `ServerError`."""

    def read(self, path: str, **params: Any) -> Any:
        """The JSON at a path."""

    def write(self, path: str, body: Any, method: str = "POST", **params: Any) -> Any:
        """Send JSON once; what the server answers, None where it answers nothing."""


def blocked(error: ServerError) -> bool:
    """Whether the server refused because we listen on an address that it does not call."""
    return any(words in str(error) for words in BLOCKED)


def remove(api: Api, look: Callable[[], Sequence[Mapping[str, Any]]], path: str, pause: float = 0.0) -> int:
    """Delete everything that `look` finds; how many there were.

    It looks again until nothing is found: on SQLite, Label Studio runs a request once more where its database was
    locked, so that one POST makes twins and a DELETE that worked says 404; and a connection that it is just asking for
    its state comes back when that is saved.

    Parameters
    ----------
    api
        The server.
    look
        Gives records with an `id`.
    path
        Of the one with the number {id}.
    pause
        Seconds between deleting and looking again.

    Raises
    ------
    ServerError
        The server cannot be reached or refuses, or they keep coming back.
    """
    gone: set[int] = set()
    refused: ServerError | None = None
    for _ in range(LOOKS):
        found = look()
        if not found:
            return len(gone)
        for record in found:
            try:
                api.write(path.format(id=record["id"]), None, "DELETE")
            except ServerError as error:  # the next look tells whether it is gone
                refused = error
        gone |= {record["id"] for record in found}
        time.sleep(pause)
    raise refused or ServerError(f"{path.format(id=min(gone))} comes back whenever it is removed: try again")
