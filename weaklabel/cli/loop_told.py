"""What `review run` says: what a round found, what it asked and why, and what is to be done next."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaklabel.cli import terminal
from weaklabel.cli.review_options import wake

if TYPE_CHECKING:
    from weaklabel import Journal, Round
    from weaklabel.protocols import AnnotationBackend

PARTS = {"audit": "at random for the audit", "repair": "about labeling functions", "second": "second opinions"}
RESULTS = ("beliefs.parquet", "labels.parquet", "training.parquet")


def tell(found: "Round") -> None:
    """A round, in a few lines; of one that waits, only that it does."""
    from weaklabel.report.loop import ACTIONS, of_errors
    from weaklabel.review.loop.judging import FEWEST

    if found.state == "waiting":
        terminal.note(f"{terminal.counted(found.open, 'question')} open")
        return
    told = found.record
    marked = "SIMULATED " if told["simulated"] else ""
    skipped = f", {terminal.counted(told['skipped'], 'item')} skipped" if told["skipped"] else ""
    terminal.note(
        f"round {found.number}: {told['answers']:,} {marked}answers, {told['audited']:,} of the audit{skipped}"
    )
    if told["verdict"] is not None:
        terminal.note(f"  {told['verdict']['said']}")
    elif told["answers"]:
        terminal.note(f"  no score yet: it takes {FEWEST} answers of the audit")
    if told["score"] is not None and (said := of_errors(told)):
        terminal.note(f"  {said}")
    for flag in told["flags"]:
        sure = f"{flag['lower']:.0%} to {flag['upper']:.0%}"
        said = ACTIONS.get(flag["action"], flag["action"]).partition(": ")[2]
        terminal.note(f"  people contradict {flag['lf']}: right in {flag['precision']:.0%} ({sure}); {said}")
    if told["batch"] is not None:
        named = {**PARTS, "chosen": f"by {told['strategy']}"}
        parts = [f"{n} {named[part]}" for part, n in told["batch"].items() if n]
        terminal.note(f"  asked {sum(told['batch'].values())}: {', '.join(parts)}")


def say_next(found: "Round", journal: "Journal", backend: "AnnotationBackend") -> None:
    """Where the results lie, and what a person does now."""
    import weaklabel

    if found.state != "waiting":
        for name in RESULTS:
            if (journal.folder / name).exists():
                terminal.saved(journal.folder / name)
    if found.state == "stopped":
        return
    if isinstance(backend, weaklabel.LabelStudio):
        wake(backend)
        terminal.note(f"answer at {backend.web_url}?labeling=1, then run it again, or with --watch")
    elif journal.setting("simulated"):
        terminal.note("the next round comes when it is run again; with --watch all do")
    else:
        _say_files(journal.folder)


def _say_files(folder: Path) -> None:
    terminal.note(f"in Label Studio: set up a project with {folder / 'label_config.xml'}, import {newest(folder)},")
    terminal.note(f"answer, export as JSON into {folder}, and run: weaklabel review run {folder}")


def newest(folder: Path) -> Path:
    """The file with the tasks that were written last, and no others."""
    later = {int(path.stem.rpartition("-")[2]): path for path in folder.glob("tasks-from-*.json")}
    return later[max(later)] if later else folder / "tasks.json"


@contextmanager
def warned_once() -> Iterator[None]:
    """A classifier's own warnings, which it gives in each of some hundred fits: each is told once, as one line."""
    told: set[str] = set()

    def show(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        text = " ".join(str(message).split())
        if text not in told:
            told.add(text)
            terminal.warn(f"{category.__name__}: {text}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
