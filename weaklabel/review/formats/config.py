"""Label Studio's XML for a page."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import TYPE_CHECKING

from weaklabel.errors import AnswerError
from weaklabel.review.formats.names import CONTROL, ROW, VOTES
from weaklabel.review.formats.sides import PAIR, SIDES, to_side

if TYPE_CHECKING:
    from weaklabel.review.formats.page import Page

HOTKEYS = "1234567890"
IN_ONE_LINE = 5  # more choices than this stand one below the other
SCROLLS = "max-height: 60vh; overflow-y: auto"  # a long text leaves the choices in view
UNUSABLE = re.compile(r"\$\w|[\x00-\x1f]")  # in a choice, $100 means the field 100, and XML holds no control characters


def label_config(page: "Page") -> str:
    """The fields, the choices with their hotkeys, and the votes, folded."""
    _check(page)
    view = ET.Element("View")
    # Beside an image nothing scrolls: what stands below it would be out of sight, and nobody would look for it.
    _add_fields(view if page.images else ET.SubElement(view, "View", style=SCROLLS), page)
    _add_choices(view, page)
    panel = ET.SubElement(ET.SubElement(view, "Collapse", bordered="true"), "Panel", value="What the rules say")
    ET.SubElement(panel, "HyperText", name=VOTES, value=f"${VOTES}", valueType="text", inline="true")
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def answered(page: "Page") -> str:
    """The name of what the choices are about: the first thing shown that is not a query."""
    if page.pair:
        return SIDES[0]
    shown = [*page.stacked, *([ROW] if page.row else [])]
    return next((name for name in shown if name != page.query), shown[0])


def _check(page: "Page") -> None:
    if unusable := [name for name in page.classes if UNUSABLE.search(name)]:
        raise AnswerError(
            f"Label Studio cannot show the class {unusable[0]!r}: rename it, without $ and control characters"
        )
    if page.kind == "pairwise" and (odd := [name for name in page.classes if name not in PAIR]):
        raise AnswerError(f"a pairwise question is answered with {', '.join(PAIR)}, not with {odd[0]!r}")


def _add_fields(view: ET.Element, page: "Page") -> None:
    alone = len(page.stacked) + bool(page.row) + bool(page.pair) == 1
    for name in page.stacked:
        if not alone:
            ET.SubElement(view, "Header", value=name, size="6")
        _add_field(view, name, name in page.images)
    if page.row:
        ET.SubElement(view, "Table", name=ROW, value=f"${ROW}")
    if page.pair:
        _add_pair(view, set(page.pair) <= set(page.images))


def _add_field(view: ET.Element, name: str, image: bool) -> None:
    if image:
        ET.SubElement(view, "Image", name=name, value=f"${name}")
    else:
        ET.SubElement(view, "Text", name=name, value=f"${name}", valueType="text")


def _add_pair(view: ET.Element, images: bool) -> None:
    """The two side by side, each under the word that stands for it among the choices."""
    beside = ET.SubElement(view, "View", style="display: flex; gap: 2em")
    for side, name in zip(("left", "right"), SIDES, strict=True):
        half = ET.SubElement(beside, "View", style="flex: 1; min-width: 0")
        ET.SubElement(half, "Header", value=side, size="6")
        _add_field(half, name, images)


def _add_choices(view: ET.Element, page: "Page") -> None:
    several = page.kind == "choices"
    choices = ET.SubElement(
        view,
        "Choices",
        name=CONTROL,
        toName=answered(page),
        choice="multiple" if several else "single-radio",
        showInLine=str(len(page.classes) <= IN_ONE_LINE).lower(),
        required=str(not several).lower(),  # that none of several applies is an answer
        requiredMessage="Choose an answer, or skip the task.",
    )
    offered = offered_by(page)
    for name, hotkey in zip(offered, _hotkeys(offered), strict=True):
        ET.SubElement(choices, "Choice", {"value": name, **({"hotkey": hotkey} if hotkey else {})})


def offered_by(page: "Page") -> list[str]:
    """The choices as the person reads them, in their order."""
    if page.kind != "pairwise":
        return list(page.classes)
    return [to_side(name, left="a") for name in PAIR if name in page.classes]  # left, same, right, whoever is where


def _hotkeys(offered: Sequence[str]) -> Sequence[str]:
    if all(re.fullmatch("[0-9]", name) for name in offered):
        return offered  # a grade is typed as it reads
    return [*HOTKEYS, *[""] * len(offered)][: len(offered)]
