"""A stand-in for the people who answer.

Whoever shows numbers that rest on it must say that no person answered.
"""

import json
import random
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from weaklabel.artefacts import Label
from weaklabel.errors import AnswerError
from weaklabel.review.formats.sides import LEFT, from_side, names_of

START = datetime(2024, 1, 1, tzinfo=UTC)  # a fixed time, so that the same answers are the same file


def answer_from_gold(
    folder: str | Path,
    gold: Mapping[str, Label | None],
    *,
    annotator: str = "gold column",
    skip: float = 0.0,
    error: float = 0.0,
    seed: int = 0,
) -> Path:
    """Write the export that Label Studio would give, had somebody answered the folder's tasks with the known classes.

    Tasks that an earlier export of the folder answers or skips are left out.

    Parameters
    ----------
    folder
        Where `LocalFile` pushed tasks.
    gold
        Item id -> class name, or the names of several (perhaps none) where the question allows several; of a
        comparison "a", "same" or "b". None makes the stand-in skip the item.
    annotator
        Signs the answers.
    skip, error
        Chance that a task is skipped, and that one not skipped gets another class (of several: one class too many or
        too few), each in [0, 1].
    seed
        Decides which; by item, so that neither the batch nor its order changes what happens to an item.

    Returns
    -------
    Path
        The new file, `export-<n>.json`.

    Raises
    ------
    AnswerError
        There are no tasks, or `gold` lacks an item or names a class that the tasks do not offer.
    """
    folder = Path(folder)
    person = _StandIn(gold, _control(folder / "label_config.xml"), annotator, skip, error, seed)
    tasks = _read(folder / "tasks.json")
    exports = [task for path in folder.glob("export*.json") for task in _read(path)]
    seen = {task["data"]["wl_key"] for task in exports if task["annotations"]}
    exported = [
        _exported(task, person.annotation(task["data"], number))
        for number, task in enumerate(tasks, start=1)
        if task["data"]["wl_key"] not in seen
    ]
    path = next(path for n in count(1) if not (path := folder / f"export-{n}.json").exists())
    path.write_text(json.dumps(exported, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


@dataclass(frozen=True)
class _StandIn:
    gold: Mapping[str, Label | None]
    control: ET.Element
    annotator: str
    skip: float
    error: float
    seed: int

    def answer(self, data: Mapping[str, Any]) -> tuple[list[str], bool]:
        """What is chosen, and whether the task is skipped: Label Studio stores a pre-filled class with a skip."""
        known = self._known(data)
        fate = random.Random(f"{self.seed}:{data['wl_item']}")
        if fate.random() < self.skip or known is None:
            return known or self._choices[:1], True
        if fate.random() < self.error:
            return self._wrong(known, fate), False
        return known, False

    def _known(self, data: Mapping[str, Any]) -> list[str] | None:
        """What the person would choose who knows the answer, in the order offered."""
        item = data["wl_item"]
        if item not in self.gold:
            raise AnswerError(f"gold has no item {item!r}: map it to its class, or to None for a skip")
        label = self.gold[item]
        if label is None:
            return None
        if isinstance(label, str) == self._several:
            raise AnswerError(
                f"gold says {label!r} of item {item!r}; {'several' if self._several else 'one'} can be chosen"
            )
        offered = {from_side(name, data[LEFT]) if LEFT in data else name: name for name in self._choices}
        if lost := [name for name in names_of(label) if name not in offered]:
            raise AnswerError(f"gold says {lost[0]!r} of item {item!r}; the choices are {', '.join(offered)}")
        return [seen for name, seen in offered.items() if name in names_of(label)]

    def _wrong(self, known: list[str], fate: random.Random) -> list[str]:
        if not self._several:
            return [fate.choice([name for name in self._choices if name not in known])]
        turned = fate.choice(self._choices)
        return [name for name in self._choices if (name in known) != (name == turned)]

    @property
    def _choices(self) -> list[str]:
        return [choice.get("value", "") for choice in self.control.iter("Choice")]

    @property
    def _several(self) -> bool:
        return self.control.get("choice") == "multiple"

    def annotation(self, data: Mapping[str, Any], number: int) -> dict[str, Any]:
        """One annotation as Label Studio 1.23 exports it."""
        chosen, skipped = self.answer(data)
        region = {
            "value": {"choices": chosen},
            "id": data["wl_key"][:10],
            "from_name": self.control.get("name"),
            "to_name": self.control.get("toName"),
            "type": "choices",
            "origin": "manual",
        }
        when = (START + timedelta(seconds=10 * number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "id": number,
            "completed_by": {"id": 1, "email": self.annotator, "first_name": "", "last_name": ""},
            "result": [region] if chosen else [],
            "was_cancelled": skipped,
            "ground_truth": False,
            "created_at": when,
            "updated_at": when,
            "draft_created_at": None,
            "lead_time": None,  # nobody spent any
            "prediction": {},
            "result_count": int(bool(chosen)),
            "unique_id": str(uuid.uuid5(uuid.NAMESPACE_OID, data["wl_key"])),
            "import_id": None,
            "last_action": None,
            "bulk_created": False,
            "task": number,
            "project": 1,
            "updated_by": 1,
            "parent_prediction": None,
            "parent_annotation": None,
            "last_created_by": None,
        }


def _exported(task: Mapping[str, Any], annotation: Mapping[str, Any]) -> dict[str, Any]:
    """One task as Label Studio 1.23 exports it."""
    number = annotation["id"]
    return {
        "id": number,
        "annotations": [annotation],
        "file_upload": "tasks.json",
        "drafts": [],
        "predictions": [number] if task["predictions"] else [],
        "data": task["data"],
        "meta": task["meta"],
        "created_at": annotation["created_at"],
        "updated_at": annotation["updated_at"],
        "allow_skip": True,
        "inner_id": number,
        "total_annotations": int(not annotation["was_cancelled"]),
        "cancelled_annotations": int(annotation["was_cancelled"]),
        "total_predictions": len(task["predictions"]),
        "comment_count": 0,
        "unresolved_comment_count": 0,
        "last_comment_updated_at": None,
        "project": 1,
        "updated_by": 1,
        "comment_authors": [],
    }


def _read(path: Path) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return tasks


def _control(config: Path) -> ET.Element:
    """The choices of the page on which people answer."""
    if not config.is_file():
        raise AnswerError(f"no file at {config}: push tasks to the folder first")
    control = ET.parse(config).find(".//Choices")
    if control is None:
        raise AnswerError(f"{config} offers no choices")
    return control
