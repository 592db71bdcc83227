"""Simulated people, to try a loop out where the classes are known. Whoever shows their numbers must say so.

What they answer hangs on item, attempt and seed alone, never on the order or the time of asking: a loop that was killed
and goes on gets the same answers as one that was not.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from weaklabel.artefacts import Task
from weaklabel.errors import AnswerError, JournalError
from weaklabel.files import replacing
from weaklabel.review.backends.local_file import LocalFile
from weaklabel.review.formats.names import CONTROL, KIND
from weaklabel.review.formats.sides import LEFT, left_of, to_side
from weaklabel.review.journal import Journal

NAME = "simulated-"
START = datetime(2024, 1, 1, tzinfo=UTC)  # a fixed time, so that the same answers are the same file


@dataclass(frozen=True)
class SimulatedPeople:
    """People who know the right class of every item, and err at random, each at a rate of their own.

    Each answers independently of the others and of what the item is: no item is harder than another, and nobody
    confuses two classes in particular. Real people do both, so that real answers are worse than these.

    Parameters
    ----------
    gold
        Item id -> the right class. None where it is not known: that item is skipped.
    classes
        The possible answers.
    accuracies
        Of each person, how often the answer is right, in [0, 1]; otherwise it is one of the other classes, each as
        likely. They are called simulated-1, simulated-2, ...
    seed
        Of the draws.

    Raises
    ------
    AnswerError
        There is nobody, a share is out of range, `gold` names a class that is none, or somebody is to err and there is
        no other class.

    Examples
    --------
    >>> people = SimulatedPeople({"c-1": "spam"}, ("ham", "spam"), accuracies=(1.0, 0.9))
    >>> people.answer("c-1"), people.answer("c-1", attempt=2)
    (('simulated-2', 'spam'), ('simulated-1', 'spam'))
    """

    gold: Mapping[str, str | None]
    classes: Sequence[str]
    accuracies: Sequence[float] = (1.0,)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.accuracies:
            raise AnswerError("nobody answers: give the accuracy of one simulated person at least")
        if odd := [share for share in self.accuracies if not 0 <= share <= 1]:
            raise AnswerError(f"nobody is right in {odd[0]} of the cases: give accuracies from 0 to 1")
        if len(set(self.classes)) < 2 and min(self.accuracies) < 1:
            raise AnswerError(
                f"who errs needs a second class; there are {len(set(self.classes))}: {', '.join(self.classes)}"
            )
        known = set(self.classes)
        for item, label in self.gold.items():
            if label is not None and label not in known:
                raise AnswerError(
                    f"the known class of item {item!r} is {label!r}; the classes are {', '.join(self.classes)}"
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The annotators, in the order of `accuracies`."""
        return tuple(f"{NAME}{number}" for number in range(1, len(self.accuracies) + 1))

    def answer(self, item_id: str, attempt: int = 1) -> tuple[str, str | None]:
        """Who answers when an item is asked for the n-th time, and what; None for a skip.

        As many attempts as there are people go to different people, in an order drawn for each item. After that the
        first is asked once more, and says the same as before: nobody learns anything from asking twice.

        Parameters
        ----------
        item_id
            The item.
        attempt
            From 1.

        Raises
        ------
        AnswerError
            `gold` has no such item, or the attempt is below 1.
        """
        if item_id not in self.gold:
            raise AnswerError(
                f"the right class of item {item_id!r} is not among those given: map it to None for a skip"
            )
        if attempt < 1:
            raise AnswerError(f"item {item_id!r} is asked for the {attempt}th time: attempts count from 1")
        turns = sorted(range(len(self.accuracies)), key=lambda person: self._draw("turn", item_id, person))
        person = turns[(attempt - 1) % len(turns)]
        return self.names[person], self._said(item_id, person)

    def answer_file(self, journal: Journal, folder: str | Path) -> Path | None:
        """Answer every open task of a journal, in an export beside its tasks, for the next pull.

        What an export in the folder answers or skips already stays as it is. Interrupted at any moment, it leaves
        either the whole file or none.

        Parameters
        ----------
        journal
            Its tasks lie in a folder (`LocalFile`). The place of a task among those about its item is the attempt.
        folder
            Where.

        Returns
        -------
        Path or None
            The new file, `export-simulated-<n>.json`; None where there is nothing to answer.

        Raises
        ------
        JournalError
            The journal's tasks are asked elsewhere, or nowhere yet, or people answered some.
        AnswerError
            `gold` lacks an item, a task allows several classes or does not offer the answer, or the folder is not the
            one with the journal's tasks.
        """
        _check_place(journal)
        keep_apart(journal, simulated=True)
        seen = list(LocalFile(folder).survey())
        numbers = {task.key: number for number, task in enumerate(seen, start=1)}
        answered = {task.key for task in seen if task.answered}
        asked = [task for task in journal.ledger.open().values() if task.key not in answered]
        if lost := [task for task in asked if task.key not in numbers]:
            raise AnswerError(
                f"the question about item {lost[0].item_id!r} is not in {folder}: name the journal's folder"
            )
        if not asked:
            return None
        exported = [
            _exported(task, numbers[task.key], *self.answer(task.item_id, attempt))
            for task, attempt in _attempts(asked, journal)
        ]
        path = next(path for n in count(1) if not (path := Path(folder, f"export-simulated-{n:04}.json")).exists())
        with replacing(path) as file:
            file.write(json.dumps(exported, ensure_ascii=False, indent=1).encode())
        return path

    def _said(self, item_id: str, person: int) -> str | None:
        label = self.gold[item_id]
        if label is None or self._draw("errs", item_id, person) < self.accuracies[person]:
            return label
        others = [name for name in self.classes if name != label]
        return others[int(self._draw("says", item_id, person) * len(others))]

    def _draw(self, what: str, item_id: str, person: int) -> float:
        """In [0, 1), the same on every machine and in every version of Python."""
        named = json.dumps([self.seed, what, item_id, person])
        return int.from_bytes(hashlib.sha256(named.encode()).digest()[:6]) / 2**48


def keep_apart(journal: Journal, *, simulated: bool) -> None:
    """See that people's answers and simulated ones never meet in a journal, and note where answers are simulated.

    Raises
    ------
    JournalError
        They would.
    """
    if not simulated and journal.setting("simulated"):
        raise JournalError(
            f"the answers in {journal.folder} are simulated: ask people from another folder, or go on with --oracle"
        )
    if simulated and not journal.setting("simulated"):
        if journal.annotations():
            raise JournalError(f"{journal.folder} holds people's answers: try simulated ones in another folder")
        journal.remember("simulated", True)


def _check_place(journal: Journal) -> None:
    place = journal.setting("place")
    if place is None:
        raise JournalError(f"nothing was pushed from {journal.folder} yet, so there is nothing to answer")
    if place["backend"] != "local_file":
        raise JournalError(
            f"the tasks of {journal.path} are asked at {place.get('url') or place['backend']}, where people answer: "
            "simulated people answer tasks in a folder only, so use a folder of its own for them"
        )


def _attempts(tasks: Iterable[Task], journal: Journal) -> Iterator[tuple[Task, int]]:
    """The tasks, in the order of their keys, and which question about its item each is, from 1."""
    tasks = sorted(tasks, key=lambda task: task.key)
    about = journal.ledger.about([task.item_id for task in tasks])
    for task in tasks:
        yield task, 1 + [known.key for known in about[task.item_id]].index(task.key)


def _exported(task: Task, number: int, annotator: str, label: str | None) -> dict[str, Any]:
    """A task as Label Studio 1.23 exports it, without what nobody reads."""
    if task.kind == "choices":
        raise AnswerError(f"item {task.item_id!r} may have several classes; simulated people choose one")
    if label is not None and label not in task.classes:
        raise AnswerError(f"item {task.item_id!r} may be {', '.join(task.classes)}, and the answer would be {label!r}")
    data = {"wl_key": task.key, "wl_item": task.item_id, **({} if task.kind == "choice" else {KIND: task.kind})}
    shown = label
    if task.kind == "pairwise":
        data[LEFT] = left_of(task.key)
        shown = label and to_side(label, data[LEFT])
    when = (START + timedelta(seconds=10 * number)).isoformat()
    value = {"id": task.key[:10], "from_name": CONTROL, "type": "choices", "value": {"choices": [shown]}}
    annotation = {
        "id": number,
        "completed_by": {"email": annotator},
        "result": [] if shown is None else [value | {"origin": "manual"}],
        "was_cancelled": shown is None,
        "created_at": when,
        "updated_at": when,
        "lead_time": None,  # nobody spent any
        "prediction": {},
        "task": number,
    }
    return {"id": number, "data": {**task.data, **data}, "annotations": [annotation], "predictions": []}
