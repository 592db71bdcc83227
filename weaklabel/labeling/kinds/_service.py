"""A service that answers texts: asked in batches, seldom enough, again when it fails, and never twice the same."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from weaklabel import progress
from weaklabel.errors import ArtefactError, LabelingFunctionError, first_line
from weaklabel.labeling.kinds._answers import Answers

Ask = Callable[[list[str]], Sequence[str]]

FAILURES = 3  # batches that fail one after another, each in all its tries, before the service is left alone
REST = 60.0  # seconds that it is then left alone

logger = logging.getLogger(__name__)


@dataclass
class Service:
    """Asks for what is not known yet, and keeps each batch of answers as it comes.

    Parameters
    ----------
    name
        Of the labeling function, for messages.
    f
        Takes a list of prompts and returns a list of answers. It and `resources`, which holds the version, are what a
        fingerprint sees of a service.
    answers
        Where they are kept.
    batch_size
        The most prompts to ask at once.
    retries, wait
        How often a failed batch is tried again, and the seconds before the first time, doubled each time.
    per_minute
        The most requests a minute of all processes that share the file of answers.
    clock, sleep
        Seconds since the epoch, which processes share; and how to let them pass.
    """

    name: str
    f: Ask
    resources: Mapping[str, str]
    answers: Answers
    batch_size: int
    retries: int
    wait: float
    per_minute: float | None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    _failures: int = field(default=0, init=False)
    _rests_until: float = field(default=0.0, init=False)
    _failed: set[str] = field(default_factory=set, init=False)  # prompts that were in a batch which failed in all tries

    @property
    def version(self) -> str:
        """Under what the answers are kept."""
        return self.resources["version"]

    def __call__(self, prompts: Sequence[str]) -> dict[str, str]:
        """Prompt -> answer, of all.

        Raises
        ------
        LabelingFunctionError
            The answers are no list with a text for each prompt, or the service is being left alone.
        Exception
            What the service raised last, after all retries.
        """
        known = self.answers.find(self.version, list(dict.fromkeys(prompts)))
        unknown = [prompt for prompt in dict.fromkeys(prompts) if prompt not in known]
        batches = [unknown[start : start + self.batch_size] for start in range(0, len(unknown), self.batch_size)]
        for batch in progress.track(batches, f"asking for {self.name}", len(batches)):
            known |= self._answered(batch)
        return known

    def _answered(self, batch: list[str]) -> dict[str, str]:
        known = self.answers.find(self.version, batch)  # by another process, in the meantime
        if asked := [prompt for prompt in batch if prompt not in known]:
            self._ask_and_keep(asked)
        return self.answers.find(self.version, batch)  # what was kept is what counts, here and the next time

    def _ask_and_keep(self, batch: list[str]) -> None:
        if self.clock() < self._rests_until:
            raise LabelingFunctionError(
                f"labeling function {self.name!r}: one batch after another failed, so for {REST:g} seconds "
                "nothing more is asked"
            )
        try:
            answers = self._checked(batch, self._tried(batch))
            self.answers.keep(self.version, dict(zip(batch, answers, strict=True)))
        except Exception as error:
            self._note_failure(batch, error)
            raise
        self._failures = 0

    def _tried(self, batch: list[str]) -> Any:
        # `apply` halves what failed until it has the rows to blame; those have had their retries.
        tries = 1 if self._failed.issuperset(batch) else self.retries + 1
        for left in reversed(range(tries)):
            self._wait_for_turn()
            try:
                return self.f(list(batch))
            except Exception as error:
                if not left:
                    raise
                pause = self.wait * 2 ** (tries - 1 - left)
                logger.warning("%s: %s; asking again in %g s", self.name, first_line(error), pause)
                self.sleep(pause)
        raise AssertionError  # the last try returns or raises

    def _wait_for_turn(self) -> None:
        if self.per_minute is None:
            return
        while rest := self.answers.turn(self.version, 60 / self.per_minute, self.clock()):
            self.sleep(rest)

    def _note_failure(self, batch: list[str], error: Exception) -> None:
        if not self._failed.issuperset(batch):
            self._failures += 1
            self._failed.update(batch)
        # Answers that cannot be kept are not to be paid for again and again.
        if self._failures >= FAILURES or isinstance(error, ArtefactError):
            self._rests_until = self.clock() + REST

    def _checked(self, batch: list[str], answers: Any) -> list[str]:
        is_list = isinstance(answers, Iterable) and not isinstance(answers, str | Mapping)
        found = list(answers) if is_list else []
        if len(found) != len(batch):
            what = f"{len(found)} answers" if is_list else f"a {type(answers).__name__}"
            problem = f"{what} to {len(batch)} prompts; it must return a list with one answer each, in their order"
        elif wrong := [answer for answer in found if not isinstance(answer, str)]:
            problem = f"{wrong[0]!r} among its answers; each must be a text"
        else:
            # Half a character, as "\ud83d" in JSON, cannot be kept.
            return [answer.encode("utf-8", "replace").decode() for answer in found]
        raise LabelingFunctionError(f"labeling function {self.name!r}: ask returned {problem}")


def version_of(name: str, ask: Ask) -> str:
    """What tells a function that asks from another, and from itself before it was edited.

    Its code, and that of the functions of its file which it calls, with the plain constants (texts, numbers) that they
    read. Not the clients they hold: their states change, and answers would be paid for again.

    Raises
    ------
    LabelingFunctionError
        It is a method or an object, in which a model's name can lie anywhere.
    """
    if not isinstance(ask, FunctionType):
        raise LabelingFunctionError(
            f"labeling function {name!r}: ask is a {type(ask).__name__}, so say what answers, such as "
            "version='gpt-4o 2024-08'; its answers are kept under that"
        )
    return f"{ask.__qualname__} {hashlib.sha256(repr(_parts(ask, set())).encode()).hexdigest()[:16]}"


def _parts(value: Any, seen: set[int]) -> Any:
    if isinstance(value, str | int | float | bytes | None):
        return value
    if isinstance(value, tuple | list):
        return [_parts(item, seen) for item in value]
    if isinstance(value, dict):
        return [(_parts(key, seen), _parts(item, seen)) for key, item in value.items()]
    if isinstance(value, set | frozenset):  # its order differs from process to process
        return sorted(repr(_parts(item, seen)) for item in value)
    if isinstance(value, CodeType):
        return value.co_code, value.co_names, [_parts(constant, seen) for constant in value.co_consts]
    if isinstance(value, FunctionType) and id(value) not in seen:
        return _function_parts(value, seen)
    return getattr(value, "__name__", type(value).__qualname__)


def _function_parts(function: FunctionType, seen: set[int]) -> Any:
    seen.add(id(function))
    held = [cell.cell_contents for cell in function.__closure__ or ()]
    held += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    held += [value for name in _names(function.__code__) if _is_own(function, value := function.__globals__.get(name))]
    return _parts(function.__code__, seen), [_parts(value, seen) for value in held]


def _is_own(function: FunctionType, value: Any) -> bool:
    return not isinstance(value, FunctionType) or value.__module__ == function.__module__


def _names(code: CodeType) -> list[str]:
    inner = [name for constant in code.co_consts if isinstance(constant, CodeType) for name in _names(constant)]
    return [*code.co_names, *inner]
