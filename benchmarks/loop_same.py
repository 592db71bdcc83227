"""In what two reviews differ that should have come to the same end."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from weaklabel.review.journal import Journal
from weaklabel.review.loop.results import BELIEFS, LABELS, TRAINING
from weaklabel.review.loop.rounds import records


def differences(one: Path, other: Path) -> list[str]:
    """In questions, answers, what each round found, and the files; nothing is what is wanted."""
    with Journal(one, create=False) as first, Journal(other, create=False) as second:
        found = [*_asked(first, second), *_answered(first, second), *_rounds(first, second)]
    for name in (TRAINING, LABELS, BELIEFS):
        found += _files(one / name, other / name)
    return found


def _asked(one: Journal, other: Journal) -> Iterator[str]:
    columns = ["key", "item", "batch", "rank", "label", "probability", "state"]
    frames = [journal.frame("tasks").select(columns).sort("key") for journal in (one, other)]
    if not frames[0].equals(frames[1]):
        apart = frames[0].join(frames[1], on=columns, how="anti", nulls_equal=True)
        yield f"{len(frames[0])} and {len(frames[1])} tasks, {len(apart)} of the first alone: {apart.head(3).rows()}"
    counts = [len(journal.frame("batches")) for journal in (one, other)]
    if counts[0] != counts[1]:
        yield f"{counts[0]} and {counts[1]} batches"


def _answered(one: Journal, other: Journal) -> Iterator[str]:
    answers = [sorted((a.key, a.annotator, str(a.label)) for a in journal.annotations()) for journal in (one, other)]
    if answers[0] != answers[1]:
        apart = sorted(set(answers[0]) ^ set(answers[1]))
        yield f"{len(answers[0])} and {len(answers[1])} answers, {len(apart)} of one alone: {apart[:3]}"


def _rounds(one: Journal, other: Journal) -> Iterator[str]:
    first, second = records(one), records(other)
    if len(first) != len(second):
        yield f"{len(first)} and {len(second)} rounds"
    for number, (here, there) in enumerate(zip(first, second, strict=False)):
        if here != there:  # what comes after it is its consequence
            yield from (f"round {number}, {name}: {here[name]} and {there.get(name)}" for name in here
                        if here[name] != there.get(name))  # fmt: skip
            return


def _files(one: Path, other: Path) -> list[str]:
    if one.read_bytes() == other.read_bytes():
        return []
    frames = pl.read_parquet(one), pl.read_parquet(other)
    where = [name for name in frames[0].columns if not frames[0][name].equals(frames[1][name])]
    said = f"in the columns {', '.join(where)}" if where else "in their metadata alone"
    return [f"{one.name}: {one.stat().st_size} and {other.stat().st_size} bytes, which differ {said}"]
