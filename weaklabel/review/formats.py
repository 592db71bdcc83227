"""Label Studio's formats: the page a person sees, the tasks it imports, the answers it exports.

Everything of ours in a task's data is called wl_something: wl_key and wl_item find the way back, wl_rank sorts,
wl_votes explains, and wl_row holds the fields that are not text.
"""

import html
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from weaklabel.artefacts import Annotation, Task
from weaklabel.errors import AnswerError

CONTROL = "label"
ROW = "wl_row"
HOTKEYS = "1234567890"
IN_ONE_LINE = 5  # more choices than this stand one below the other
VARIABLE = re.compile(r"(?!wl_|label\Z)[A-Za-z_]\w*", re.ASCII)  # what Label Studio can call $name, and is not ours
UNUSABLE = re.compile(r"\$\w|[\x00-\x1f]")  # in a choice, $100 means the field 100, and XML holds no control characters


@dataclass(frozen=True)
class Page:
    """What a person sees: some fields as texts, the others as the rows of one table, the classes as choices.

    Attributes
    ----------
    texts
        Fields shown as running text.
    row
        Fields shown in the table.
    classes
        The possible answers.
    """

    texts: tuple[str, ...]
    row: tuple[str, ...]
    classes: tuple[str, ...]

    @classmethod
    def of(cls, tasks: Sequence[Task]) -> Self:
        """The page that suits these tasks: a field is a text where it holds nothing else and has a plain name."""
        names = tuple(tasks[0].data)
        texts = tuple(name for name in names if VARIABLE.fullmatch(name) and _is_text(name, tasks))
        return cls(texts, tuple(name for name in names if name not in texts), tasks[0].classes)

    @classmethod
    def stored(cls, data: Mapping[str, Any], config: str) -> Self:
        """The page of a task that was written before, from its data and its label config.

        Raises
        ------
        AnswerError
            The config is no longer XML.
        """
        texts = tuple(name for name in data if not name.startswith("wl_"))
        try:
            classes = tuple(choice.get("value", "") for choice in ET.fromstring(config).iter("Choice"))
        except ET.ParseError as error:
            raise AnswerError(
                f"label_config.xml is not whole ({error}): restore it, or push to another folder"
            ) from error
        return cls(texts, tuple(data.get(ROW, ())), classes)

    def label_config(self) -> str:
        """Label Studio's XML: the fields, the choices with their hotkeys, and the votes, folded so as not to sway.

        Raises
        ------
        AnswerError
            A class has a name that Label Studio cannot show.
        """
        if unusable := [name for name in self.classes if UNUSABLE.search(name)]:
            raise AnswerError(
                f"Label Studio cannot show the class {unusable[0]!r}: rename it, without $ and control characters"
            )
        view = ET.Element("View")
        for name in self.texts:
            if len(self.texts) > 1:
                ET.SubElement(view, "Header", value=name, size="6")
            ET.SubElement(view, "Text", name=name, value=f"${name}", valueType="text")
        if self.row:
            ET.SubElement(view, "Table", name=ROW, value=f"${ROW}")
        self._add_choices(view)
        panel = ET.SubElement(ET.SubElement(view, "Collapse", bordered="true"), "Panel", value="What the rules say")
        ET.SubElement(panel, "HyperText", name="wl_votes", value="$wl_votes", valueType="text", inline="true")
        ET.indent(view)
        return ET.tostring(view, encoding="unicode") + "\n"

    def _add_choices(self, view: ET.Element) -> None:
        in_one_line = str(len(self.classes) <= IN_ONE_LINE).lower()
        choices = ET.SubElement(
            view,
            "Choices",
            name=CONTROL,
            toName=self._object,
            choice="single-radio",
            showInLine=in_one_line,
            required="true",
        )
        for i, name in enumerate(self.classes):
            hotkey = {"hotkey": HOTKEYS[i]} if i < len(HOTKEYS) else {}
            ET.SubElement(choices, "Choice", {"value": name, **hotkey})

    def encode(self, task: Task) -> dict[str, Any]:
        """The task as Label Studio imports it, with the suggestion as a prediction.

        Raises
        ------
        AnswerError
            The task shows other fields than this page, or has a class that it lacks.
        """
        self._check(task)
        data: dict[str, Any] = {name: _text(task.data[name]) for name in self.texts}
        if self.row:
            data[ROW] = {name: _text(task.data[name]) for name in self.row}
        ours = {"wl_key": task.key, "wl_item": task.item_id}
        data |= ours | {"wl_rank": task.rank, "wl_votes": _votes_table(task.votes)}
        return {"data": data, "meta": ours, "predictions": self._predictions(task)}

    def _check(self, task: Task) -> None:
        if set(task.data) != {*self.texts, *self.row}:
            raise AnswerError(
                f"item {task.item_id!r} shows {', '.join(task.data)}; the tasks before it show "
                f"{', '.join(self.texts + self.row)}: use a folder of its own for another question"
            )
        if lost := [name for name in task.classes if name not in self.classes]:
            raise AnswerError(
                f"item {task.item_id!r} may be {lost[0]!r}; the tasks before it offer {', '.join(self.classes)}: "
                "use a folder of its own for other classes"
            )

    def _predictions(self, task: Task) -> list[dict[str, Any]]:
        if task.prelabel is None:
            return []
        region = {
            "id": task.key[:10],
            "from_name": CONTROL,
            "to_name": self._object,
            "type": "choices",
            "value": {"choices": [task.prelabel.label]},
        }
        version, score = task.prelabel.model_version, task.prelabel.probability
        return [{"model_version": version, "score": score, "result": [region]}]

    @property
    def _object(self) -> str:
        return self.texts[0] if self.texts else ROW


def read_export(path: str | Path) -> list[Annotation]:
    """Every answer and every skip in a file that Label Studio exported as "JSON".

    A skip is none the less a skip where Label Studio stored the pre-filled label with it; an annotation in which
    nothing is chosen counts as a skip; drafts are left out.

    Raises
    ------
    AnswerError
        The file is of another format, cut off, or from a project that was not made from weaklabel's tasks.
    """
    path = Path(path)
    return [annotation for task in _exported(path) for annotation in _annotations(task, path)]


def _is_text(name: str, tasks: Sequence[Task]) -> bool:
    values = [task.data.get(name) for task in tasks]
    return all(isinstance(value, str | None) for value in values) and any(value is not None for value in values)


def _text(value: Any) -> str:
    """The value as a person reads it: Label Studio refuses a text that is null, and shows no booleans in a table."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _votes_table(votes: Mapping[str, str]) -> str:
    """An HTML table in which nothing of what it shows can act as HTML."""
    if not votes:
        return "<p>No votes.</p>"
    rows = "".join(f"<tr><td>{html.escape(lf)}</td><td>{html.escape(vote)}</td></tr>" for lf, vote in votes.items())
    return f"<table cellpadding='4'><tr><th>labeling function</th><th>vote</th></tr>{rows}</table>"


def _exported(path: Path) -> list[dict[str, Any]]:
    hint = 'export the project again and choose the format "JSON"'
    try:
        text = path.read_text(encoding="utf-8-sig")
        tasks = json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise AnswerError(f"cannot read {path}: {error}") from error
    except json.JSONDecodeError as error:
        seems = "is cut off or damaged" if text.lstrip().startswith(("[", "{")) else "is not JSON (CSV, perhaps)"
        raise AnswerError(f"{path} {seems}; line {error.lineno}: {error.msg}. Please {hint}") from error
    if not isinstance(tasks, list):
        raise AnswerError(f"{path} is not a list of tasks (COCO, perhaps). Please {hint}")
    for task in tasks:
        if not isinstance(task, dict) or "annotations" not in task:
            raise AnswerError(f"{path} {_guess(task)}. Please {hint}")
    return tasks


def _guess(task: Any) -> str:
    if not isinstance(task, dict):
        return f"is a list of {type(task).__name__}, not of tasks"
    if "predictions" in task:
        return "holds tasks to import, which nobody has answered"
    if "annotation_id" in task or "annotator" in task:
        return "seems to be in the format JSON_MIN, which leaves out skips"
    return "holds tasks without annotations"


def _annotations(task: Mapping[str, Any], path: Path) -> list[Annotation]:
    where = f"{path}, task {task.get('id')}"
    try:
        data = task["data"]
        if "wl_key" not in data or "wl_item" not in data:
            raise AnswerError(
                f"{where} has no wl_key and wl_item in its data: the project was not made from weaklabel's tasks.json"
            )
        return [_annotation(entry, str(data["wl_key"]), str(data["wl_item"]), where) for entry in task["annotations"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise AnswerError(f"{where} is not as Label Studio exports it ({type(error).__name__}: {error})") from error


def _annotation(entry: Mapping[str, Any], key: str, item_id: str, where: str) -> Annotation:
    created = entry.get("created_at") or ""
    return Annotation(
        remote_id=f"{entry['id']}@{created}",  # Label Studio gives the number of a deleted annotation to a new one
        key=key,
        item_id=item_id,
        label=None if entry.get("was_cancelled") else _chosen(entry["result"], where),
        annotator=_annotator(entry.get("completed_by")),
        lead_time=entry.get("lead_time"),
        updated_at=entry.get("updated_at") or created,
    )


def _chosen(result: Sequence[Mapping[str, Any]], where: str) -> str | None:
    regions = [region for region in result if region.get("type") == "choices"]
    ours = [region for region in regions if region["from_name"] == CONTROL]
    if regions and not ours:
        raise AnswerError(
            f"{where} was answered in {regions[0]['from_name']!r}, not in {CONTROL!r}: "
            "set up the project with weaklabel's label_config.xml"
        )
    chosen = [str(choice) for region in ours for choice in region["value"]["choices"]]
    if len(chosen) > 1:
        raise AnswerError(f"{where} was answered with {len(chosen)} labels at once: {', '.join(chosen)}; one is needed")
    return chosen[0] if chosen else None


def _annotator(completed_by: Any) -> str:
    """A number, or in some exports the user's record."""
    if isinstance(completed_by, Mapping):
        return str(completed_by.get("email") or completed_by["id"])
    return "unknown" if completed_by is None else str(completed_by)
