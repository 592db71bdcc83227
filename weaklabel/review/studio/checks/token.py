"""Whether the server knows the token, and if not, why."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

from weaklabel.review.studio import _http
from weaklabel.review.studio.checks.finding import Finding

COPY = "copy it again from Account & Settings in Label Studio"
WHOAMI = "/api/current-user/whoami"


def token(url: str, given: str) -> Iterator[Finding]:
    """Whether the server accepts the token; no finding ever shows it."""
    try:
        yield _unwritten(given) or (_personal(url, given) if _claims(given) else _legacy(url, given))
    except OSError as error:
        yield _wrong(f"the server fell silent ({type(error).__name__})", "see whether it still runs")


def _unwritten(given: str) -> Finding | None:
    if not given:
        return _wrong("the token is empty", "put it into the environment variable LABEL_STUDIO_API_KEY or into a file")
    if not given.isascii() or not given.isprintable() or " " in given:
        return _wrong("the token has blanks or letters in it that none has", COPY)
    return None


def _legacy(url: str, given: str) -> Finding:
    answer = _http.ask(url + WHOAMI, f"Token {given}")
    if answer.status == 200:
        return Finding("token", True, f"the server knows the token as {answer.json().get('email')}'s")
    said = str(answer.json().get("detail", f"status {answer.status}"))
    if "legacy" in said:
        fix = "make a personal access token under Account & Settings, or allow legacy tokens under Organization"
        return _wrong("the organization does not accept legacy tokens any more", fix)
    return _wrong(f"the server does not know the token ({said})", COPY)


def _personal(url: str, given: str) -> Finding:
    """A personal access token is exchanged for one that lives five minutes, and that one is sent."""
    claims = _claims(given)
    if claims.get("token_type") == "access":
        return _wrong(
            "this is an access token, which ends after five minutes, not a personal access token",
            "use the token from Account & Settings itself: the client exchanges it by itself",
        )
    if (ends := claims.get("exp")) is not None and ends < time.time():
        day = time.strftime("%d %B %Y", time.gmtime(ends))
        return _wrong(f"the personal access token ended on {day}", "make another one under Account & Settings")
    exchanged = _http.ask(f"{url}/api/token/refresh/", body={"refresh": given})
    if exchanged.status != 200:
        said = exchanged.json().get("detail", f"status {exchanged.status}")
        fix = "make another one under Account & Settings"
        return _wrong(f"the server does not accept the personal access token ({said})", fix)
    answer = _http.ask(url + WHOAMI, f"Bearer {exchanged.json().get('access')}")
    if answer.status == 200:
        return Finding("token", True, f"the server knows the personal access token as {answer.json().get('email')}'s")
    return _wrong(f"the server takes the personal access token and then refuses it (status {answer.status})", COPY)


def _claims(given: str) -> dict[str, Any]:
    """What a JWT says of itself; empty if it is none."""
    parts = given.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _wrong(said: str, fix: str) -> Finding:
    return Finding("token", False, said, fix)
