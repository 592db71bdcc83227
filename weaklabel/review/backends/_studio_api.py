"""Raw calls to Label Studio: the SDK's log-in and connections, the JSON as the server sends it.

The SDK repeats any call that seems to have failed, and so makes three tasks of one. Here nothing that changes the
server is ever repeated: where its fate is unknown, that is said (`InDoubtError`), and the caller looks.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from weaklabel.errors import InDoubtError, ServerError
from weaklabel.review.backends._studio_errors import (
    bad_token,
    check_address,
    is_page,
    not_a_studio,
    refusal,
    silent,
    unreachable,
)

TIMEOUT = 120.0  # seconds; an import of 250 tasks takes one, but waits while people write
PAUSES = (0.3, 1.0)  # seconds before a read is tried again
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class StudioApi:
    """One server, as one user."""

    def __init__(self, url: str, token: str, timeout: float = TIMEOUT) -> None:
        check_address(url, token)
        self.url = url.rstrip("/")
        self._token = token
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"StudioApi({self.url!r})"

    def read(self, path: str, **params: Any) -> Any:
        """The JSON at a path; tried again where the server stumbles or the connection breaks.

        Raises
        ------
        ServerError
            It cannot be reached, or refuses.
        """
        return _patiently(lambda: _json(self._request("GET", path, params), self.url))

    def write(self, path: str, body: Any, method: str = "POST", timeout: float | None = None, **params: Any) -> Any:
        """Send JSON once; what the server answers.

        Raises
        ------
        InDoubtError
            It was sent, and nobody can tell whether the server did it.
        ServerError
            It was certainly not done.
        """
        try:
            response = self._request(method, path, params, body, timeout)
            return None if response.status_code == 204 else _json(response, self.url)
        except InDoubtError as error:
            raise InDoubtError(f"{error}; whether it did what was asked must be looked up") from error

    def clock(self) -> str:
        """The server's time, ISO 8601, in whole seconds rounded down.

        Raises
        ------
        ServerError
            It cannot be reached, or does not say.
        """
        date = _patiently(lambda: self._request("GET", "health", {})).headers.get("date")
        if date is None:
            raise ServerError(f"{self.url} does not say what time it is there: no Date in its answers")
        return parsedate_to_datetime(date).astimezone(UTC).isoformat()

    def wait(self, seconds: float = 60.0) -> None:
        """Until the server says that it is up.

        Raises
        ------
        ServerError
            It does not within that time.
        """
        deadline = time.monotonic() + seconds
        while (said := self._health()) is not None:
            if time.monotonic() >= deadline:
                raise ServerError(f"Label Studio is not up after {seconds:.0f} s of waiting: {said}")
            time.sleep(0.5)

    def _health(self) -> str | None:
        """Why the server is not up; None where it is."""
        try:
            response = self._request("GET", "health", {})
            health = response.json()  # though the server calls it a page
        except ServerError as error:
            return str(error)
        except ValueError:
            return not_a_studio(self.url)
        return None if health == {"status": "UP"} else f"it says {health}"

    def _request(
        self, method: str, path: str, params: dict[str, Any], body: Any = None, timeout: float | None = None
    ) -> Any:
        """The answer; `InDoubtError` where none came or the server failed, also for a read."""
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        # Encoded here: the SDK's own encoder takes ten times as long.
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        try:
            response = self._client.request(
                path,
                method=method,
                params=params,
                content=content,
                headers=None if body is None else {"Content-Type": "application/json"},
                request_options={"max_retries": 0, "timeout": timeout},
            )
        except ApiError as error:  # while a personal access token was exchanged for one that can be sent
            raise ServerError(bad_token(self.url, error.body)) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise ServerError(unreachable(self.url, error)) from error
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL):
            # Its text may hold the token.
            raise ServerError(f"no request can be sent to {self.url}: check the address and the token") from None
        except httpx.TransportError as error:
            raise InDoubtError(silent(self.url, error)) from error
        except ValueError as error:
            raise ServerError(not_a_studio(self.url)) from error
        if response.status_code >= 500 or response.status_code == 408:
            raise InDoubtError(refusal(self.url, path, response))
        if response.status_code >= 300:
            raise ServerError(refusal(self.url, path, response))
        return response

    @cached_property
    def _client(self) -> Any:
        """The SDK's own client for raw calls, which logs in."""
        import httpx
        from label_studio_sdk.client import LabelStudio

        connections = httpx.Client(
            timeout=self._timeout,
            follow_redirects=False,  # a POST that is sent on arrives as a GET
            trust_env=urlsplit(self.url).hostname not in LOOPBACK,  # a proxy does not know this machine by these names
        )
        make: Any = LabelStudio  # it has no types
        studio = make(
            base_url=f"{self.url}/",  # with the slash, or the log-in goes astray where there is a path
            api_key=self._token,
            timeout=self._timeout,
            max_retries=0,
            httpx_client=connections,
        )
        return studio._client_wrapper.httpx_client


def _patiently(read: Callable[[], Any]) -> Any:
    for pause in PAUSES:
        try:
            return read()
        except InDoubtError:
            time.sleep(pause)
    try:
        return read()
    except InDoubtError as error:  # a read leaves nothing behind
        raise ServerError(str(error)) from error


def _json(response: Any, url: str) -> Any:
    try:
        return response.json()
    except ValueError as error:
        cut_off = f"the answer of Label Studio at {url} is cut off or not JSON ({error})"
        raise InDoubtError(not_a_studio(url) if is_page(response) else cut_off) from error
