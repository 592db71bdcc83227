"""The folded panel: the suggestion, how sure the model is of it, and who voted what."""

import html
from collections.abc import Mapping

from weaklabel.artefacts import Prelabel, Task
from weaklabel.review.formats.sides import left_of, names_of, to_side

LEAST, MOST = 0.01, 6  # of the probabilities that are shown


def panel(task: Task) -> str:
    """HTML in which nothing of what it shows can act as HTML; a blind task's panel gives nothing away."""
    if task.blind:
        return "<p>Shown without a suggestion.</p>"
    return _suggestion(task, task.prelabel) + _probabilities(task) + _table(task, task.votes)


def _suggestion(task: Task, prelabel: Prelabel | None) -> str:
    if prelabel is None:
        return ""
    label = ", ".join(_seen(name, task) for name in names_of(prelabel.label)) or "none of them"
    least = " for the least certain class" if task.kind == "choices" else ""
    told = f"Suggested by {prelabel.model_version}: {label} (probability {_percent(prelabel.probability)}{least})"
    return f"<p>{html.escape(told)}</p>"


def _probabilities(task: Task) -> str:
    """The likeliest classes of several; of two, the suggestion has said it all."""
    ranked = sorted(task.probs.items(), key=lambda each: -each[1])
    shown = [(name, p) for name, p in ranked if p >= LEAST][:MOST]
    if len(task.probs) < 3 or len(shown) < 2:
        return ""
    told = ", ".join(f"{_seen(name, task)} {_percent(p)}" for name, p in shown)
    return f"<p>{html.escape(told)}</p>"


def _table(task: Task, votes: Mapping[str, str]) -> str:
    if not votes:
        return "<p>No votes.</p>"
    rows = "".join(
        f"<tr><td>{html.escape(lf)}</td><td>{html.escape(_seen(vote, task))}</td></tr>" for lf, vote in votes.items()
    )
    return f"<table cellpadding='4'><tr align='left'><th>labeling function</th><th>vote</th></tr>{rows}</table>"


def _seen(name: str, task: Task) -> str:
    """The class as the person sees it: of a pair, by its side."""
    return to_side(name, left_of(task.key)) if task.kind == "pairwise" else name


def _percent(probability: float) -> str:
    """Neither 0 % nor 100 % unless it is.

    Examples
    --------
    >>> _percent(0.756), _percent(0.99996)
    ('75.6 %', 'over 99.9 %')
    """
    if 0.999 < probability < 1:
        return "over 99.9 %"
    if 0 < probability < 0.001:
        return "under 0.1 %"
    return f"{100 * probability:.3g} %"
