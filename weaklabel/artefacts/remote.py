"""What a backend tells of the tasks it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from weaklabel.artefacts.task import Annotation


@dataclass(frozen=True)
class RemoteTask:
    """A task as it stands where people answer, with what they said of it.

    Attributes
    ----------
    remote_id
        Its id there; ids may be used again after a deletion.
    key
        The task's key; empty if the task is not one of weaklabel's.
    annotations
        Answers and skips.
    whole
        These are all there are now, so that one known before and not among them was deleted.
    made_at
        When it was made there; with `remote_id` it says which task this is.
    problems
        What could not be read of it, one sentence each; it stays where it is.
    """

    remote_id: str
    key: str
    annotations: tuple[Annotation, ...] = ()
    whole: bool = True
    made_at: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changes:
    """One page of the tasks that changed.

    Attributes
    ----------
    tasks
        In a fixed order.
    position
        Where the next page begins.
    clock
        The backend's time when the scan began, ISO 8601: what changes later has a later time.
    """

    tasks: Sequence[RemoteTask]
    position: str
    clock: str


@dataclass(frozen=True)
class Seen:
    """One task in the list of all that a backend holds.

    Attributes
    ----------
    remote_id
        Its id there.
    key
        The task's key; empty if the task is not one of weaklabel's.
    answered
        Somebody answered or skipped it, or began to (a draft).
    """

    remote_id: str
    key: str
    answered: bool
