"""A port that is free, and stays so until the server listens on it."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from weaklabel.errors import ServerError

USUAL = 8080  # Label Studio's own


@contextmanager
def reserved(host: str, asked: int | None, before: int | None) -> Iterator[int]:
    """A port for a server that another process starts inside the block.

    The server itself would go on to the next port where this one is taken, and say so in its log alone.

    Parameters
    ----------
    host
        Address to listen on.
    asked
        The port that somebody wants, if any.
    before
        Where the server listened the last time: bookmarks point there.

    Raises
    ------
    ServerError
        The port asked for, or used before, is taken.
    """
    holder = _bound(host, asked or before or USUAL, _complaint(asked, before))
    port = int(holder.getsockname()[1])
    if sys.platform != "linux":
        holder.close()  # elsewhere nobody can listen on a port that another has bound
    try:
        yield port
    finally:
        holder.close()


def _bound(host: str, port: int, complaint: str) -> socket.socket:
    """A socket that holds the port, or, where nobody cares which (no complaint), any other."""
    with socket.socket() as probe:
        taken = probe.connect_ex((host, port)) == 0
    holder = socket.socket()
    # Linux then lets another socket listen there, if it asks for the same, and gives the port to nobody by itself.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if taken:
            raise OSError("another program listens there")
        holder.bind((host, port))
    except OSError as error:
        if complaint:
            holder.close()
            raise ServerError(f"port {port} {complaint} ({error.strerror or error})") from error
        holder.bind((host, 0))
    return holder


def _complaint(asked: int | None, before: int | None) -> str:
    if asked is not None:
        return "cannot be used: choose another with --port, or stop the program that listens on it"
    if before is not None:
        return (
            "is where this Label Studio was before, and cannot be used now: stop the program that listens on it, or "
            "move Label Studio with --port"
        )
    return ""
