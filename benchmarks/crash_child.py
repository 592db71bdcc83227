"""The child of the crash campaign: it pushes and pulls without end, until it is killed."""

import importlib
import os
import traceback
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from crash_people import CLASSES

from weaklabel.artefacts import Prelabel, Task
from weaklabel.errors import ServerError
from weaklabel.review import tasks as making
from weaklabel.review.backends.label_studio import LabelStudio
from weaklabel.review.journal import Journal
from weaklabel.review.place import find
from weaklabel.review.pull import pull
from weaklabel.review.push import push

TITLE = "weaklabel crash campaign"
SIZE = 6  # tasks an import, so that many imports can be hit


def questions(count: int, model: int) -> list[Task]:
    """The first `count` tasks; one in ten is blind."""
    made = []
    for rank in range(1, count + 1):
        name, data = f"mail-{rank}", {"text": f"mail number {rank}"}
        prelabel = Prelabel(CLASSES[rank % 2], 0.75, f"lm-{model}")
        votes = {"has_link": CLASSES[rank % 2]}
        made.append(Task(making.key(name, data), name, data, CLASSES, prelabel, votes, rank, blind=rank % 10 == 0))
    return made


def work(folder: Path, url: str, token: str, tasks: list[Task], stage: Any) -> None:
    """The life of a child: push and pull until it is killed, or has no parent any more."""
    parent = os.getppid()
    importlib.import_module("weaklabel.review.push").SIZE = SIZE
    without_patience()
    try:
        with Journal(folder) as journal:
            while os.getppid() == parent:
                backend = LabelStudio(TITLE, url, token=token)
                stage.value = 0
                with suppress(ServerError):
                    push(tasks, journal, backend)
                stage.value = 1
                if journal.setting("place"):
                    with suppress(ServerError):
                        pull(journal, find(journal, token=token))
    except BaseException:
        with (folder / "unexpected.txt").open("a") as file:
            traceback.print_exc(file=file)


def without_patience() -> None:
    """Sweep only where the server's mark says that it is needed: that must be enough."""
    importlib.import_module("weaklabel.review.sweep").DOUBT = timedelta(0)
