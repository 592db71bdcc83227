"""Whether two label configs ask the same question."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class _Question:
    """What decides how an answer is to be read; layout, headings and hotkeys do not.

    Attributes
    ----------
    controls
        Name -> what it is and what it is about.
    choices
        Name -> the values it gives.
    variables
        What is shown -> how.
    """

    controls: Mapping[str, str]
    choices: Mapping[str, frozenset[str]]
    variables: Mapping[str, str]


def same_question(config_a: str, config_b: str) -> str:
    """What differs between the questions that two label configs ask, in words; empty if they ask the same.

    Controls, what they are about, their choices and the fields shown count; layout, headings, hotkeys and the order
    of the choices do not.

    Parameters
    ----------
    config_a, config_b
        Label Studio's XML; the words call them "the first" and "the second".
    """
    try:
        first, second = _question(config_a, "first"), _question(config_b, "second")
    except ValueError as error:
        return str(error)
    differences = [
        *_differing("control", first.controls, second.controls),
        *_choices(first.choices, second.choices),
        *_differing("field", first.variables, second.variables),
    ]
    return "; ".join(differences)


def _question(config: str, which: str) -> _Question:
    try:
        view = ET.fromstring(config)
    except ET.ParseError as error:
        raise ValueError(f"the {which} is not XML ({error})") from error
    controls = [element for element in view.iter() if "toName" in element.attrib]
    shown = [
        element for element in view.iter() if element.get("value", "").startswith("$") and "name" in element.attrib
    ]
    return _Question(
        {element.get("name", ""): _control(element) for element in controls},
        {element.get("name", ""): _values(element) for element in controls},
        {element.get("value", ""): f"{element.tag} {element.get('name')}" for element in shown},
    )


def _control(element: ET.Element) -> str:
    how = "several" if element.get("choice") == "multiple" else "one"
    kind = f"{element.tag}, {how}" if element.tag == "Choices" else element.tag
    return f"{kind}, about {', '.join(sorted(element.get('toName', '').split(',')))}"


def _values(element: ET.Element) -> frozenset[str]:
    """What an answer says when it is chosen: the alias, where there is one."""
    return frozenset(child.get("alias") or child.get("value") or "" for child in element.iter() if child is not element)


def _differing(what: str, first: Mapping[str, str], second: Mapping[str, str]) -> Iterable[str]:
    for name in sorted({*first, *second}):
        if name not in second:
            yield f"only the first has the {what} {name!r}"
        elif name not in first:
            yield f"only the second has the {what} {name!r}"
        elif first[name] != second[name]:
            yield f"the {what} {name!r} is {first[name]} in the first, {second[name]} in the second"


def _choices(first: Mapping[str, frozenset[str]], second: Mapping[str, frozenset[str]]) -> Iterable[str]:
    for name in sorted(first.keys() & second.keys()):
        for which, more in (("first", first[name] - second[name]), ("second", second[name] - first[name])):
            if more:
                yield f"only the {which} offers {', '.join(map(repr, sorted(more)))} in {name!r}"
