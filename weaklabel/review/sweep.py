"""Sweep: look through all tasks for twins, and for those that somebody deleted or brought back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from weaklabel.artefacts import Seen
from weaklabel.protocols import AnnotationBackend
from weaklabel.review.journal import Journal
from weaklabel.review.journal.database import now
from weaklabel.review.journal.events import Event
from weaklabel.review.moments import moment

EACH = timedelta(hours=1)
DOUBT = timedelta(hours=2)  # an import that waits for the database is tried for 51 minutes by Label Studio


@dataclass(frozen=True)
class Swept:
    """What a sweep found.

    Attributes
    ----------
    events
        Twins removed, tasks deleted by somebody, tasks back.
    answered_twins
        Keys of tasks that are there more than once with answers in each: they stay, and all their answers count.
    foreign
        Tasks there that this journal does not know.
    """

    events: tuple[Event, ...]
    answered_twins: tuple[str, ...]
    foreign: int


def sweep(journal: Journal, backend: AnnotationBackend) -> Swept:
    """Delete twins that nobody answered, and note which tasks are gone or back.

    An import whose answer was lost may be carried out minutes later, when its tasks have long been sent again; so twins
    can appear at any time. A twin that somebody has answered, or begun to, is never deleted, nor one whose answer was
    taken back until a pull has noted that. What was answered in a task that somebody deleted stays answered.
    """
    mark = backend.mark()  # before the list is read: what comes or goes meanwhile is looked for the next time
    copies = defaultdict(list)
    for seen in backend.survey():
        copies[seen.key].append(seen)
    states, remote_ids = journal.ledger.states(), journal.ledger.remote_ids()
    foreign = sum(len(found) for key, found in copies.items() if key not in states)
    there = {key: found for key, found in copies.items() if key in states}
    events = _remove_twins(there, remote_ids, journal, backend)
    answered = tuple(key for key, found in there.items() if sum(seen.answered for seen in found) > 1)
    with journal.database.transaction():
        events += _note_absence(there, states, journal)
        for event in events:
            journal.events.add(event)
        _note_presence(there, states, remote_ids, journal)
        still = not events and all(len(found) == 1 for found in there.values())
        journal.remember("swept", {"mark": mark if still else "", "at": now(), "foreign": foreign})
    return Swept(tuple(events), answered, foreign)


def sweep_if_needed(journal: Journal, backend: AnnotationBackend) -> Swept:
    """Sweep, unless nothing can have changed since the last one.

    It is needed when tasks came or went, when the last sweep found anything, for two hours after an import was in
    doubt, and once an hour in any case.
    """
    last = journal.setting("swept", {"mark": "", "at": "", "foreign": 0})
    recent = _age(last["at"]) < EACH and _age(journal.setting("doubt", "")) > DOUBT
    if recent and last["mark"] and last["mark"] == backend.mark():
        return Swept((), (), last["foreign"])
    return sweep(journal, backend)


def _age(time: str) -> timedelta:
    return moment(now()) - moment(time)


def _remove_twins(
    there: dict[str, list[Seen]], remote_ids: dict[str, str], journal: Journal, backend: AnnotationBackend
) -> list[Event]:
    """Delete the twins; `there` keeps what remains."""
    several = {key: found for key, found in there.items() if len(found) > 1}
    standing = journal.answers.copies(several)
    doubles = {
        key: _best_first(
            [replace(seen, answered=seen.answered or seen.remote_id in standing) for seen in found],
            remote_ids.get(key),
        )
        for key, found in several.items()
    }
    needless = {seen.remote_id: key for key, found in doubles.items() for seen in found[1:] if not seen.answered}
    gone = set(backend.remove(list(needless))) if needless else set()
    for key, found in doubles.items():
        there[key] = [seen for seen in found if seen.remote_id not in gone]
    return [Event("twin_removed", key, remote_id) for remote_id, key in needless.items() if remote_id in gone]


def _best_first(found: Sequence[Seen], recorded: str | None) -> list[Seen]:
    """The copy to keep: the one answered, else the one the journal knows, else the oldest."""
    return sorted(found, key=lambda seen: (not seen.answered, seen.remote_id != recorded, _number(seen.remote_id)))


def _number(remote_id: str) -> tuple[int, str]:
    return (int(remote_id) if remote_id.isdecimal() else 0, remote_id)


def _note_absence(there: dict[str, list[Seen]], states: dict[str, str], journal: Journal) -> list[Event]:
    gone = [key for key, state in states.items() if state == "pushed" and key not in there]
    journal.ledger.move(gone, "tombstone")
    back = [key for key, state in states.items() if state == "tombstone" and key in there]
    return [Event("task_deleted", key) for key in gone] + [Event("task_restored", key) for key in back]


def _note_presence(
    there: dict[str, list[Seen]], states: dict[str, str], remote_ids: dict[str, str], journal: Journal
) -> None:
    found = {key: _best_first(seen, remote_ids.get(key))[0].remote_id for key, seen in there.items()}
    news = {key: number for key, number in found.items() if states[key] != "pushed" or remote_ids.get(key) != number}
    if news:
        journal.ledger.arrived(news)
