"""Who answered: the server's annotations name people by number."""

from collections.abc import Iterable
from typing import Any

from weaklabel.review.backends._studio_api import StudioApi


class People:
    """The users of a server, asked for again when a number is new."""

    def __init__(self, api: StudioApi) -> None:
        self._api = api
        self._emails: dict[int, str] = {}

    def emails(self, numbers: Iterable[Any]) -> dict[int, str]:
        """User number -> email; the number itself for those who are no longer there."""
        unknown = {number for number in numbers if isinstance(number, int)} - set(self._emails)
        if unknown:
            there = {user["id"]: user["email"] for user in self._api.read("api/users/")}
            self._emails = {number: str(number) for number in unknown} | self._emails | there
        return self._emails
