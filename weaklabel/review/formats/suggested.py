"""What became of a pre-label."""

from collections.abc import Mapping, Sequence
from typing import Any

from weaklabel.review.formats.names import CONTROL

Json = Mapping[str, Any]
BY_ORIGIN = {"prediction": "accepted", "prediction-changed": "changed", "manual": "ignored"}


def shown_to(entry: Json, task: Json) -> Json | None:
    """The prediction that was shown to whoever made this annotation, or None.

    The server copies it into the annotation, but the API that lists tasks leaves the copy out: there the prediction
    that the answer began from is taken, or the newest that was there before it.
    """
    if "prediction" in entry:
        return entry["prediction"] or None
    there = [one for one in task.get("predictions") or () if isinstance(one, Mapping)]
    if parent := [one for one in there if one.get("id") == entry.get("parent_prediction") is not None]:
        return parent[0]
    made = str(entry.get("created_at") or "")
    before = [one for one in there if not made or str(one.get("created_at") or "") <= made]
    return max(before, key=lambda one: (str(one.get("created_at") or ""), one.get("id") or 0), default=None)


def suggestion(regions: Sequence[Json], shown: Json | None, skipped: bool) -> str:
    """accepted, changed or ignored; none where nothing was shown.

    The page writes where each region comes from. Answers through the API do not say, so they are compared with what
    was suggested. A skip ignores the suggestion, although it holds it.
    """
    origins = {region.get("origin") for region in regions}
    if shown is None and not origins & {"prediction", "prediction-changed"}:
        return "none"
    if skipped:
        return "ignored"
    suggested = [region for region in (shown or {}).get("result") or () if region.get("from_name") == CONTROL]
    if suggested and (told := [BY_ORIGIN[origin] for origin in origins if origin in BY_ORIGIN]):
        return told[0]
    return "accepted" if _names(regions) == _names(suggested) else "changed"


def _names(regions: Sequence[Json]) -> list[str]:
    return sorted(name for region in regions for name in region["value"]["choices"])
