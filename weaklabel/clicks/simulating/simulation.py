"""A simulation: all that it is told, checked, and the pages and clicks that come of it, part by part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import plugins
from weaklabel.clicks.simulating.rankings import Rankings, as_rankings
from weaklabel.clicks.simulating.serving import Logging, Server, Shown, log_frame, server, shares
from weaklabel.errors import ModelError
from weaklabel.numerics import Floats
from weaklabel.protocols import UserModel

AT_A_TIME = 100_000  # sessions in memory; each part has its own random stream, so that all ways give the same log
AS_THEY_STAND = Logging()  # all rankers alike, nothing at random

Users = str | UserModel | Mapping[str, str | UserModel]


@dataclass(frozen=True)
class Part:
    """Some of the pages, before anybody clicks.

    Attributes
    ----------
    first
        The number of the first session.
    shown
        The s pages.
    context
        Shape (s,): which of the users it is.
    relevance
        Shape (s, K); NaN where a page has no document.
    rng
        The random stream that goes on.
    """

    first: int
    shown: Shown
    context: NDArray[np.int64]
    relevance: Floats
    rng: np.random.Generator


@dataclass(frozen=True)
class Simulation:
    """All that a simulation is told, checked.

    Attributes
    ----------
    rankings
        Relevance and scores.
    server
        What makes pages of them.
    users
        Context value -> user model; a single one is called "".
    column
        The context column; empty where there is a single user.
    mix
        Shape (users,): the share of each.
    sessions, seed
        How many pages, and of which random streams.
    """

    rankings: Rankings
    server: Server
    users: dict[str, UserModel]
    column: str
    mix: Floats
    sessions: int
    seed: int

    def parts(self) -> Iterator[Part]:
        """The pages; their random streams come before those of the clicks, so that users do not change them."""
        for i, first in enumerate(range(0, self.sessions, AT_A_TIME)):
            rng = np.random.default_rng([self.seed, 1 + i])
            shown = self.server.serve(min(AT_A_TIME, self.sessions - first), rng)
            context = rng.choice(len(self.mix), len(shown.docs), p=self.mix)
            relevance = np.where(shown.docs >= 0, self.rankings.relevance[shown.docs], np.nan)
            yield Part(first, shown, context, relevance, rng)

    def frames(self) -> Iterator[pl.DataFrame]:
        """The log."""
        for part in self.parts():
            frame = log_frame(self.rankings, part.shown, self._clicks(part), part.first)
            yield frame.with_columns(self._context_of_rows(part)) if self.column else frame

    def contexts(self, codes: NDArray[np.int64]) -> pl.Series:
        """The context values of these users."""
        return pl.Series(self.column, list(self.users), dtype=pl.String).gather(codes)

    def _clicks(self, part: Part) -> NDArray[np.int8]:
        clicks = np.zeros(part.relevance.shape, np.int8)
        for code, user in enumerate(self.users.values()):
            theirs = part.context == code
            clicks[theirs] = user.click(part.relevance[theirs], part.rng)
        return clicks

    def _context_of_rows(self, part: Part) -> pl.Series:
        page = np.nonzero(part.shown.docs >= 0)[0]
        return self.contexts(part.context[page])


def simulation(
    rankings: Any,
    users: Users = "position_based",
    sessions: int = 10_000,
    *,
    depth: int = 10,
    logging: Logging = AS_THEY_STAND,
    context: str = "device",
    mix: Mapping[str, float] | None = None,
    seed: int = 0,
    **params: Any,
) -> Simulation:
    """Check all that a simulation is told; see `simulate`."""
    for name, value, least in (("sessions", sessions, 1), ("depth", depth, 1), ("seed", seed, 0)):
        if value < least or int(value) != value:
            raise ModelError(f"{name} is {value}: it is a whole number, at least {least}")
    checked = as_rankings(rankings, logging.rankers)
    built = _users(users, params)
    column = _column(context) if isinstance(users, Mapping) else ""
    served = server(checked, logging, int(depth), int(seed))
    return Simulation(checked, served, built, column, _mix(mix, tuple(built)), int(sessions), int(seed))


def _users(users: Users, params: Mapping[str, Any]) -> dict[str, UserModel]:
    if not isinstance(users, Mapping):
        return {"": plugins.build("user", users, **params)}
    if params:
        raise ModelError(f"{', '.join(params)} is given beside several users: give each its own, built with it")
    if not users:
        raise ModelError("users is empty: name a user model, or give one for each context value")
    return {str(value): plugins.build("user", user) for value, user in users.items()}


def _column(context: str) -> str:
    taken = ("session_id", "query_id", "doc_id", "position", "click", "ranker", "timestamp", "propensity")
    if not context or context in taken:
        raise ModelError(f"context is {context!r}: it names a new column of the log, such as 'device'")
    return context


def _mix(mix: Mapping[str, float] | None, users: tuple[str, ...]) -> Floats:
    given = dict.fromkeys(users, 1.0) if mix is None else {str(value): share for value, share in mix.items()}
    if set(given) != set(users):
        raise ModelError(f"mix names {', '.join(given)}; the users are: {', '.join(users)}")
    return shares([given[user] for user in users], len(users), "mix")
