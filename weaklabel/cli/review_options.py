"""Options of the commands that talk to a place where people answer."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklabel import plugins
from weaklabel.cli import terminal
from weaklabel.errors import JournalError, ServerError

if TYPE_CHECKING:
    from weaklabel import Journal, LabelStudio
    from weaklabel.protocols import AnnotationBackend

Folder = Annotated[Path, typer.Argument(help="The review's folder; its journal lies there.")]
Url = Annotated[
    str | None,
    typer.Option(
        help="Label Studio's address; by default LABEL_STUDIO_URL, or the one that `studio up` started.",
        show_default=False,
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(help="A file with your token; by default LABEL_STUDIO_API_KEY.", show_default=False),
]


VotesOption = Annotated[Path | None, typer.Option(help="Votes, shown in the tasks as reasons.", show_default=False)]
Rule = Annotated[str, typer.Option(help=f"Where people differ: {', '.join(plugins.names('rule'))}.")]
Experts = Annotated[
    list[str],
    typer.Option(
        "--expert",
        metavar="NAME",
        help="Whose answers count first, by the rule expert; may be repeated.",
        show_default=False,
    ),
]


def loaded_votes(path: Path | None) -> Any:
    """The votes in a file, if one is given."""
    import weaklabel

    return None if path is None else weaklabel.LabelMatrix.load(path)


def ruled(rule: str, experts: list[str]) -> dict[str, Any]:
    """A rule with its parameters."""
    if bool(experts) != (rule == "expert"):
        raise typer.BadParameter("--rule expert and --expert NAME go together", param_hint="--expert")
    return {"rule": rule, "experts": experts} if experts else {"rule": rule}


def connection(
    journal: "Journal", place: Mapping[str, Any] | None, url: str | None, token_file: Path | None
) -> "AnnotationBackend":
    """Where the journal's tasks are asked, or, with a place and before the first push, a project of that kind."""
    import weaklabel
    from weaklabel.review import place as places

    given: dict[str, Any] = {"url": url, "token_file": None if token_file is None else str(token_file.resolve())}
    given = {name: value for name, value in given.items() if value is not None}
    if place is not None and journal.setting("place") is None:
        return weaklabel.LabelStudio(**place, **given)
    by_hand = journal.setting("place", {}).get("backend") == "local_file"
    return places.find(journal) if by_hand else places.find(journal, **given)


def studio(journal: "Journal", url: str | None, token_file: Path | None) -> "LabelStudio":
    """The Label Studio in which the journal's tasks are asked."""
    import weaklabel

    backend = connection(journal, None, url, token_file)
    if not isinstance(backend, weaklabel.LabelStudio):
        raise JournalError(f"the tasks of {journal.folder} are imported by hand: there is no server to connect to")
    return backend


def wake(backend: "LabelStudio") -> None:
    """See that no model that ended hides the pre-labels; what was pushed is there in any case."""
    from weaklabel.review.serving.connecting import revive

    if backend.project is None:
        return
    try:
        for said in revive(backend.api, backend.project):
            terminal.warn(said)
    except ServerError as error:
        terminal.warn(f"nobody knows whether a model hides the pre-labels: {error}")
