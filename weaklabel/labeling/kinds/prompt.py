"""Votes what a service answers: a language model, or anything else that takes a list of texts."""

import re
import string
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from weaklabel.artefacts import ABSTAIN
from weaklabel.datasets._fetch import cache_folder
from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction, from_batch
from weaklabel.labeling.kinds._answers import Answers
from weaklabel.labeling.kinds._complete import votes_on_complete
from weaklabel.labeling.kinds._labels import Labels, class_numbers
from weaklabel.labeling.kinds._service import Ask, Service, version_of

QUOTES = "\"'`*\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}«»"


def prompt(
    name: str,
    ask: Ask,
    labels: Labels,
    *,
    template: str = "{text}",
    version: str | None = None,
    cache: str | Path | None = None,
    batch_size: int = 20,
    retries: int = 3,
    wait: float = 1.0,
    per_minute: float | None = None,
    parse: Callable[[str], Any] | None = None,
) -> LabelingFunction:
    """A labeling function that asks a service about each row and votes the label that the answer has.

    Each answer is kept in a file as it comes and not asked for again: equal prompts are asked once, an interrupted run
    goes on where it stopped, and another run asks nothing (two runs at the same moment may ask the same). An answer
    without a label abstains, and is kept too: the file is an SQLite database with a table `answers` (version, prompt,
    answer).

    Parameters
    ----------
    name
        Of the function.
    ask
        Takes a list of at most `batch_size` prompts and returns a list with an answer to each, texts all of them.
    labels
        Answer -> class number, or the answers in the order of the numbers. Case, white space and quotes around an
        answer and punctuation after it do not matter.
    template
        The prompt, filled with the row's columns: "{title}: {text}". A row that lacks one abstains and is not asked.
    version
        What answers: a model's name and settings. Answers are kept under it and the prompt, so change it when other
        answers are to be expected. Default: the code of `ask` and the constants that it reads, so that an edited
        function asks anew; a method or an object needs one said.
    cache
        The file of answers, on a local disk. Default: answers.sqlite in WEAKLABEL_CACHE or the user's cache folder.
    batch_size
        The most prompts in a request.
    retries, wait
        How often a request that raises is tried again, and how many seconds later the first time; the pause doubles
        each time. What it raises in the end is a fault of these rows.
    per_minute
        The most requests a minute, over all processes that share the cache; default: no limit.
    parse
        From an answer to the key of `labels` that it means, in place of the comparison that ignores case.

    Raises
    ------
    LabelingFunctionError
        The template names no column or cannot be read, two labels are the same answer, `version` is needed, or a
        number is out of its range.
    ArtefactError
        The file of answers is damaged or something else.

    Examples
    --------
    >>> import tempfile
    >>> from weaklabel.labeling.functions import Row
    >>> def ask(prompts):  # in earnest, a request
    ...     return ["Spam." if "prize" in prompt else "I cannot tell" for prompt in prompts]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lf = prompt("llm", ask, ["ham", "spam"], template="Ham or spam? {text}", cache=f"{folder}/answers.sqlite")
    ...     lf(Row(text="You won a prize")), lf(Row(text="Lunch?"))
    (1, -1)
    """
    columns = _columns(name, template)
    _check_range(name, batch_size=(batch_size, 1), retries=(retries, 0), wait=(wait, 0))
    if per_minute is not None:
        _check_range(name, per_minute=(per_minute, 0.001))
    answers = Answers(cache_folder() / "answers.sqlite" if cache is None else Path(cache).expanduser().absolute())
    answers.check()
    resources = {"version": version_of(name, ask) if version is None else version}
    service = Service(name, ask, resources, answers, batch_size, retries, wait, per_minute)
    table = class_numbers(name, labels) if parse else _by_plain_answer(name, labels)
    rule = {"service": service, "template": template, "reads": columns, "labels": table, "parse": parse or plain}
    return from_batch(name, _votes, columns, rule)


def plain(answer: str) -> str:
    """The answer without case, white space and quotes around it, and punctuation after it."""
    bare = answer.casefold().strip(string.whitespace + QUOTES)
    return bare.rstrip(string.punctuation + string.whitespace + QUOTES) or bare


def _by_plain_answer(name: str, labels: Labels) -> dict[str, int]:
    table: dict[str, int] = {}
    for answer, label in class_numbers(name, labels).items():
        if not isinstance(answer, str) or table.setdefault(plain(answer), label) != label:
            raise LabelingFunctionError(
                f"labeling function {name!r}: the label {answer!r} is no text, or the same as another once case and "
                "punctuation are dropped: rename it, or say with parse=... what an answer means"
            )
    return table


def _columns(name: str, template: str) -> tuple[str, ...]:
    """The columns that the template names, each once."""
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
    except ValueError as error:
        raise LabelingFunctionError(
            f"labeling function {name!r}: cannot read the template {template!r}: {error}; a brace that is no field is "
            "written twice"
        ) from error
    columns = [re.split(r"[.\[]", field)[0] for field in fields]
    if not columns or not all(columns) or any(column.isdigit() for column in columns):
        raise LabelingFunctionError(
            f"labeling function {name!r}: the template {template!r} must name columns, such as '{{text}}'"
        )
    return tuple(dict.fromkeys(columns))


def _check_range(name: str, **least: tuple[float, float]) -> None:
    for option, (value, lowest) in least.items():
        if not value >= lowest:  # NaN too
            raise LabelingFunctionError(f"labeling function {name!r}: {option}={value} is less than {lowest}")


def _votes(
    rows: pl.DataFrame,
    service: Service,
    template: str,
    reads: tuple[str, ...],
    labels: Mapping[Any, int],
    parse: Callable[[str], Any],
) -> pl.Series:
    def vote(complete: pl.DataFrame) -> list[int]:
        prompts = [template.format_map(row) for row in complete.select(reads).iter_rows(named=True)]
        answers = service(prompts)
        return [labels.get(parse(answers[each]), ABSTAIN) for each in prompts]

    return votes_on_complete(rows, reads, vote)
