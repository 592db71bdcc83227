"""What a server that is not there, refuses, or falls silent means, and what to do about it."""

from typing import Any
from urllib.parse import urlsplit

from weaklabel.errors import ServerError

SHOWN = 400  # characters of a server's answer


def check_address(url: str, token: str) -> None:
    """Refuse what cannot be a server's address or a token before anything is sent.

    Raises
    ------
    ServerError
        The message never holds the token.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ServerError(f"{url!r} is no address of a Label Studio: write it as in http://127.0.0.1:8080")
    if parts.username or parts.password:
        raise ServerError(
            f"the address of {parts.hostname} holds a name or a password, which would be shown: leave it out"
        )
    if not token:
        raise ServerError(f"the token for {url} is empty: copy it from Account & Settings there")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ServerError(
            f"the token for {url} is not one (blanks, odd letters): copy it again from Account & Settings there"
        )


def unreachable(url: str, error: Exception) -> str:
    """Why a request never arrived."""
    said = str(error).strip() or type(error).__name__
    return (
        f"no Label Studio can be reached at {url} ({said}): see that it runs and that host and port are right; "
        "`weaklabel studio up` starts one here"
    )


def silent(url: str, error: Exception) -> str:
    """Why a request was sent and no answer came."""
    said = str(error).strip() or type(error).__name__
    return f"Label Studio at {url} gave no answer ({type(error).__name__}: {said})"


def refusal(url: str, path: str, response: Any) -> str:
    """What the server's answer with a status of 300 or more means."""
    status, said = response.status_code, _said(response)
    if 300 <= status < 400:
        return f"{url} sends its callers on to {response.headers.get('location', 'elsewhere')}: give that address"
    if status == 401:
        return bad_token(url, said)
    if status == 403:
        return f"{url} does not allow {path} with this token ({said}): ask the owner of the project for access"
    if status == 404 and is_page(response):
        return not_a_studio(url)
    if status == 404:
        return f"{url} has no {path} for this user ({said}): was it deleted, or is it on another server?"
    return f"Label Studio at {url} answered {path} with {status}: {said}"


def bad_token(url: str, said: Any) -> str:
    """Why the server does not know who is calling."""
    told = said.get("detail", said) if isinstance(said, dict) else said
    return f"{url} does not accept the token ({told}): copy it again from Account & Settings there"


def not_a_studio(url: str) -> str:
    """Why a web page came where data was expected."""
    return (
        f"{url} answers with a web page, not as Label Studio's API does: give the address alone, "
        "without the path of a page, and see that no other program has this port"
    )


def is_page(response: Any) -> bool:
    """Whether the answer is HTML."""
    return "text/html" in response.headers.get("content-type", "")


def _said(response: Any) -> str:
    try:
        body = response.json()
    except ValueError:
        return f"not JSON: {' '.join(response.text.split())[:SHOWN]!r}"
    if isinstance(body, dict):
        body = body.get("validation_errors") or body.get("detail") or body
    return str(body)[:SHOWN]
