"""JSON over HTTP for callers who know the secret: what the webhook and the model have in common."""

import asyncio
import base64
import binascii
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weaklabel.errors import WeaklabelError, first_line
from weaklabel.review.serving.secret import checked

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

HEADER = "X-Weaklabel-Secret"
LARGEST = 64 * 2**20  # bytes; ten thousand tasks that are asked about at once take about 30 MB
LAST = {"Connection": "close"}  # the rest of the body is not read
PATIENCE = 30.0  # seconds in which a whole request must arrive
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Route:
    """One thing that may be asked.

    Attributes
    ----------
    method
        GET or POST.
    path
        As in the URL.
    answer
        From the JSON object that was sent (empty for GET) to what is answered, as JSON; called in a thread.
    """

    method: str
    path: str
    answer: Callable[[Mapping[str, Any]], Any]


def application(routes: Sequence[Route], secret: str, largest: int = LARGEST) -> "Starlette":
    """An ASGI application that answers these routes, in JSON, errors too.

    Who does not show the secret gets 401: as `Authorization: Bearer SECRET`, as the password of Basic authentication
    (any user), or as `X-Weaklabel-Secret: SECRET`. A body of more than `largest` bytes gets 413 and is not read to its
    end, one that is not a JSON object 400. No body is ever logged: Label Studio sends its owner's token in one.

    Raises
    ------
    ServerError
        The secret is too easy.
    """
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.routing import Route as At

    checked(secret, "use")
    served = [At(r.path, _endpoint(r.answer, secret, largest), methods=[r.method]) for r in routes]
    return Starlette(routes=served, exception_handlers={HTTPException: _told})


def knows(headers: Mapping[str, str], secret: str) -> bool:
    """Whether the headers of a request show the secret; takes as long for a near miss as for a wide one."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    shown = headers.get(HEADER.lower(), "")
    if scheme.lower() == "bearer":
        shown = credentials.strip()
    elif scheme.lower() == "basic":
        shown = _password(credentials)
    return hmac.compare_digest(shown.encode(), secret.encode())


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _endpoint(
    answer: Callable[[Mapping[str, Any]], Any], secret: str, largest: int
) -> "Callable[[Request], Awaitable[Response]]":
    async def endpoint(request: "Request") -> "Response":
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import JSONResponse

        if not knows(request.headers, secret):
            return _error(401, "the secret is missing or wrong", {"WWW-Authenticate": "Bearer", **LAST})
        asked = {} if request.method in ("GET", "HEAD") else await _asked(request, largest)
        try:
            return JSONResponse(await run_in_threadpool(answer, asked))
        except WeaklabelError as error:
            log.warning("%s could not be answered: %s", request.url.path, first_line(error))
            return _error(400, first_line(error))
        except Exception:  # whatever it is, the next request is to be answered
            log.exception("%s failed", request.url.path)
            return _error(500, "this failed; the log says why")

    return endpoint


async def _asked(request: "Request", largest: int) -> Mapping[str, Any]:
    from starlette.exceptions import HTTPException

    body = await _body(request, largest)
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:  # a deep nest of brackets exhausts the stack
        raise HTTPException(400, f"the body is not JSON ({type(error).__name__})") from error
    if not isinstance(asked, dict):
        raise HTTPException(400, f"the body is a {type(asked).__name__}, not a JSON object")
    return asked


async def _body(request: "Request", largest: int) -> bytes:
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect

    too_large = HTTPException(413, f"the body has more than {largest} bytes", LAST)
    if int(request.headers.get("content-length", 0)) > largest:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:  # one that is sent in chunks does not tell its length
                    raise too_large
    except TimeoutError as error:
        raise HTTPException(408, f"the body took over {PATIENCE:.0f} s", LAST) from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the body was cut off") from error
    return bytes(body)


async def _told(_: "Request", error: Exception) -> "Response":
    status, detail = getattr(error, "status_code", 500), getattr(error, "detail", "")
    return _error(status, str(detail), getattr(error, "headers", None))


def _error(status: int, text: str, headers: Mapping[str, str] | None = None) -> "Response":
    from starlette.responses import JSONResponse

    return JSONResponse({"error": text}, status, headers=headers)
