"""Pick from files: a pool larger than memory, part by part, on whatever runs the parts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial, reduce

from weaklabel import engine, places
from weaklabel.artefacts import Batch
from weaklabel.engine.parts import Source
from weaklabel.review.pick import batch_of, excluded_ids, quotas_of
from weaklabel.review.picking.choosing import Strategy, Terms, resolved
from weaklabel.review.picking.pool_file import PoolFile
from weaklabel.review.picking.sources import Columns, Known, Model, Task, tasks_of
from weaklabel.review.picking.tally import Tally

ROWS = 1_000_000  # of a file, for one task: a second or less
AT_A_TIME = 1 << 16  # rows in memory: with 32 features and 10 classes some 20 MB, and what is read ahead


def pick_file(
    pool: Source,
    size: int,
    strategy: Strategy = "margin",
    *,
    model: Model | None = None,
    features: Sequence[str] = (),
    weak: Source | None = None,
    lf_accuracy: float | None = None,
    exclude: Iterable[str] = (),
    seed: int = 0,
    per_class: Mapping[str, int] | None = None,
    groups: str | None = None,
    per_group: Mapping[str, int] | int | None = None,
    price: str | float | None = None,
    budget: float | None = None,
    id_column: str = "id",
) -> Batch:
    """The items to ask about next, as `pick` chooses them, of a pool that stays on the disk.

    The files are read once, some ten thousand rows at a time, and only a short list is kept: memory does not grow with
    the pool, and the batch is the one that sorting all of it would give, however it is cut into files, and whatever
    `run_on` says where their parts are read. Measured: of ten million items, a posterior of two classes takes 0.8 CPU
    seconds and 60 MB; 32 features and 10 classes, scored by a linear model, take 2.6 seconds and 150 MB, most of it
    what is read ahead.

    Parameters
    ----------
    pool
        A Parquet file, a folder of them, a pattern, or several of these; paths, or URLs that fsspec knows. Without
        `model` each has a column p_<class> for each class, as the file of a posterior does; rows that are marked in a
        column `answered` are left out.
    size, strategy, lf_accuracy, exclude, seed, per_class, per_group, budget
        As for `pick`.
    model
        What gives the probabilities: an end model, or a function from a frame of so many rows to probabilities of
        shape (rows, k). It is sent to wherever the parts are read.
    features
        Columns of numbers that strategies may look at.
    weak
        One posterior file of the label model for each file of the pool, with the same items in the same order; named
        in the ways that the pool is.
    groups, price
        The columns that hold them; the price may be one number.
    id_column
        The column of unique ids.

    Returns
    -------
    Batch
        Best first. Its provenance is that of `pick`.

    Raises
    ------
    TableError
        As for `pick`; and: a file is missing, no Parquet, or lacks a column; an id is missing, or occurs twice among
        the best; `weak` is of other items.
    ModelError
        As for `pick`, or the probabilities are no distributions.
    ArtefactError
        A file holds another kind of artefact.
    EngineError
        A part failed for another reason, three times, such as an error in the model.
    """
    columns = Columns(id_column, tuple(features), groups, price if isinstance(price, str) else None)
    known = Known(columns, model, lf_accuracy, None if isinstance(price, str) else price)
    tasks = tasks_of(pool, weak, ROWS)
    with _opened(tasks[0], known) as file:
        classes = file.classes()
        labels = {name: said for name, said in file.provenance().items() if name != "part"}  # of the first file alone
    quotas = quotas_of(per_class, groups is not None, per_group, classes)
    named = classes if per_class else None
    terms = Terms(size, *resolved(strategy), seed, quotas, price is not None, budget, excluded_ids(exclude), named)
    kernel = partial(walked, known=known, terms=terms, classes=classes, at_a_time=AT_A_TIME)
    tally = reduce(Tally.merge, engine.mapped(kernel, tasks, "picking"))
    return batch_of(tally, terms, labels, lf_accuracy)


def walked(task: Task, known: Known, terms: Terms, classes: tuple[str, ...], at_a_time: int) -> Tally:
    """What a part of the pool comes to.

    Raises
    ------
    TableError
        As `pick_file` does.
    ModelError
        As `pick_file` does.
    ArtefactError
        As `pick_file` does.
    """
    tally = Tally()
    with _opened(task, known) as file:
        file.check(classes)
        for part in file.parts(at_a_time):
            tally.add(part, terms)
    return tally.settled()


@contextmanager
def _opened(task: Task, known: Known) -> Iterator[PoolFile]:
    """The file on this machine, for as long as the block takes."""
    with ExitStack() as held:
        weak = None if task.weak is None else _here(task.weak, held)
        yield PoolFile(_here(task.rows, held), known, weak, task.rows.path, "" if task.weak is None else task.weak.path)


def _here(part: engine.Part, held: ExitStack) -> engine.Part:
    return replace(part, path=str(held.enter_context(places.fetched(part.path))))
