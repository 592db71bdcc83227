"""The page that a person sees: which field stands where, and what can be answered."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from weaklabel.artefacts import Task
from weaklabel.errors import AnswerError
from weaklabel.review.formats import config, encode
from weaklabel.review.formats.images import is_image
from weaklabel.review.formats.names import KIND, PAIRED, ROW, VARIABLE
from weaklabel.review.formats.sides import SIDES, from_side


@dataclass(frozen=True)
class Page:
    """What a person sees: some fields as texts or images, the others as the rows of one table, the classes as choices.

    Attributes
    ----------
    texts
        Fields shown as running text.
    row
        Fields shown in the table.
    classes
        The possible answers.
    images
        Fields that hold the address of an image.
    kind
        How it is asked: choice, choices, grade or pairwise.
    query
        The field that a search result answers; empty where there is none.
    pair
        The two fields compared, a and b; empty where none are. They are in none of the others, but in `images` where
        they are images.
    """

    texts: tuple[str, ...]
    row: tuple[str, ...]
    classes: tuple[str, ...]
    images: tuple[str, ...] = ()
    kind: str = "choice"
    query: str = ""
    pair: tuple[str, ...] = ()

    @classmethod
    def of(cls, tasks: Sequence[Task]) -> Self:
        """The page that suits these tasks: a field is a text where it holds nothing else and has a plain name.

        It is an image where every task has an address with an image's ending, or was made with the field among its
        `images`. Of a grade's fields the first is the query; of a pairwise question's the last two are compared.

        Raises
        ------
        AnswerError
            There is no task, or fewer than two fields to grade or compare.
        """
        if not tasks:
            raise AnswerError("there is no task to make a page for")
        kind, names = tasks[0].kind, tuple(tasks[0].data)
        if kind in ("grade", "pairwise") and len(names) < 2:
            raise AnswerError(
                f"a {kind} question shows at least two fields; item {tasks[0].item_id!r} has {len(names)}"
            )
        pair = names[-2:] if kind == "pairwise" else ()
        plain = [name for name in names if VARIABLE.fullmatch(name) or name in pair]
        images = tuple(name for name in plain if all(is_image(task.data.get(name)) for task in tasks))
        texts = tuple(name for name in plain if name not in (*images, *pair) and _is_text(name, tasks))
        row = tuple(name for name in names if name not in (*texts, *images, *pair))
        return cls(texts, row, tasks[0].classes, images, kind, names[0] if kind == "grade" else "", pair)

    @classmethod
    def stored(cls, data: Mapping[str, Any], label_config: str) -> Self:
        """The page of a task that was written before, from its data and its label config.

        Raises
        ------
        AnswerError
            The config is no longer XML, or offers no choices.
        """
        view = _parsed(label_config)
        kind, pair = str(data.get(KIND, "choice")), tuple(data.get(PAIRED, ()))
        offered = [choice.get("value", "") for choice in view.iter("Choice")]
        classes = tuple(from_side(name, left="a") for name in offered) if pair else tuple(offered)
        shown = [(element.tag, element.get("name", "")) for element in view.iter() if element.tag in ("Text", "Image")]
        images = tuple(name for tag, name in shown if tag == "Image" and name not in SIDES)
        images += pair if ("Image", SIDES[0]) in shown else ()
        texts = tuple(name for name in data if not name.startswith("wl_") and name not in images)
        page = cls(texts, tuple(data.get(ROW, ())), classes, images, kind, pair=pair)
        first = next((name for _, name in shown), "")
        is_query = kind == "grade" and first != _about(view)
        return replace(page, query=first) if is_query else page

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The page that `to_json` gave."""
        fields: dict[str, Any] = {
            name: value if isinstance(value, str) else tuple(value) for name, value in stored.items()
        }
        return cls(**fields)

    def to_json(self) -> dict[str, Any]:
        """The page as JSON holds it."""
        return {name: value if isinstance(value, str) else list(value) for name, value in asdict(self).items()}

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that is shown."""
        return tuple(dict.fromkeys((*self.texts, *self.images, *self.row, *self.pair)))

    @property
    def stacked(self) -> tuple[str, ...]:
        """The texts and images that stand one under the other: a query first, then images, then texts."""
        shown = [name for name in (*self.images, *self.texts) if name not in self.pair]
        return tuple(sorted(shown, key=lambda name: name != self.query))

    def label_config(self) -> str:
        """Label Studio's XML: the fields, the choices with their hotkeys, and the votes, folded so as not to sway.

        Raises
        ------
        AnswerError
            A class has a name that Label Studio cannot show, or is none of a comparison's.
        """
        return config.label_config(self)

    def encode(self, task: Task) -> dict[str, Any]:
        """The task as Label Studio imports it, with the suggestion as a prediction; a blind one has none.

        Raises
        ------
        AnswerError
            The task shows other fields than this page, has a class that it lacks, is asked in another way, or has no
            image where one is shown.
        """
        return encode.encode(task, self)

    def prediction(self, task: Task) -> list[dict[str, Any]]:
        """The suggestion as predictions of Label Studio: one, or none where there is none or the task is blind."""
        return encode.predictions(task, self)


def _is_text(name: str, tasks: Sequence[Task]) -> bool:
    values = [task.data.get(name) for task in tasks]
    return all(isinstance(value, str | None) for value in values) and any(value is not None for value in values)


def _parsed(label_config: str) -> ET.Element:
    try:
        view = ET.fromstring(label_config)
    except ET.ParseError as error:
        raise AnswerError(f"label_config.xml is not whole ({error}): restore it, or push to another folder") from error
    if view.find(".//Choices") is None:
        raise AnswerError("label_config.xml offers no choices: restore it, or push to another folder")
    return view


def _about(view: ET.Element) -> str:
    choices = view.find(".//Choices")
    return "" if choices is None else choices.get("toName", "")
