"""Hand a training set to other tools: Parquet, CSV, JSONL, or a folder that Hugging Face `datasets` loads."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from weaklabel import tables
from weaklabel._version import __version__
from weaklabel.artefacts import TrainingSet
from weaklabel.artefacts.training_set import LABEL
from weaklabel.errors import TableError
from weaklabel.files import replacing

CARD, DATA = "README.md", "data"
SHARD = f"{DATA}/train-00000-of-00001.parquet"
CLASS, KNOWN = "label", "known_label"  # the weak label as Hugging Face calls it, and a known class that had that name

INTEGERS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
SAME = (*INTEGERS, "Float32", "Float64", "String", "Binary")
OTHER = {"Boolean": "bool", "Date": "date32", "Null": '"null"'}  # bare, it would be YAML's own
TYPES = {name: name.lower() for name in SAME} | OTHER  # polars' name -> Hugging Face's

CARD_TEXT = """---
dataset_info:
  features:
{features}
  splits:
  - name: train
    num_bytes: {bytes}
    num_examples: {rows}
configs:
- config_name: default
  data_files:
  - split: train
    path: {data}/train-*
---

# Weakly labelled training set

{rows} items, labelled by labeling functions and people; left out: {left_out}. `label` is the most probable class, the
columns `p_<class>` are how probable each class is, and `weak_weight` is how much an item counts. `weak_pattern` and
`weak_voters`, if there, say which row of votes it has, and who voted what; `known_label` was a column `label` before.

Made by weaklabel {version} from:

```json
{provenance}
```
"""


def export(training: TrainingSet, path: str | Path) -> None:
    """Write a training set for other tools; what stood there is replaced by the whole, or stays.

    Parameters
    ----------
    training
        Its columns, then `weak_label`, `weak_weight`, `p_<class>` and, if kept, `weak_pattern` and `weak_voters`.
    path
        Ends in .parquet, .csv or .jsonl; or has no ending and is a folder, new, empty or exported before, for
        `datasets.load_dataset(path)`. There the weak label is `label`, a ClassLabel; a column of known classes that was
        called so becomes `known_label`.

    Raises
    ------
    TableError
        Another ending, a folder with other files, or a column that the format cannot hold.
    """
    path = Path(path)
    if path.suffix and not path.is_dir():
        tables.write_frame(training.to_frame(), path)
        return
    frame = _hugging_face(training)
    card = _card(training, frame)  # refuses what it cannot describe before anything is written
    try:
        with _replacing_folder(path) as folder:
            (folder / DATA).mkdir()
            with replacing(folder / CARD) as file:
                file.write(card.encode())
            tables.write_frame(frame, folder / SHARD)
    except OSError as error:
        raise TableError(f"cannot write {path}: {error.strerror}") from error


def _hugging_face(training: TrainingSet) -> pl.DataFrame:
    """The columns of the data set: the label is a number there, and comes first after what the table had."""
    frame = training.to_frame()
    if CLASS in frame.columns and KNOWN in frame.columns:
        raise TableError(f"the table has both {CLASS!r} and {KNOWN!r}, as the first would be called: rename one")
    encoded = pl.selectors.by_dtype(pl.Categorical, pl.Enum).cast(pl.String)
    numbers = pl.Series(LABEL, training.probs.argmax(axis=1))
    return frame.rename({CLASS: KNOWN}, strict=False).with_columns(encoded, numbers).rename({LABEL: CLASS})


def _card(training: TrainingSet, frame: pl.DataFrame) -> str:
    """The data set card: what `datasets` reads, then what a person does."""
    features = [line for name, kind in frame.schema.items() for line in _feature(name, kind, training.classes)]
    left_out = [f"{count:,} {reason}" for reason, count in training.left_out.items() if count]
    provenance = json.dumps(dict(training.provenance), indent=1, ensure_ascii=False, default=lambda one: one.tolist())
    return CARD_TEXT.format(
        features="\n".join(features),
        bytes=int(frame.estimated_size()),
        rows=len(frame),
        data=DATA,
        left_out=", ".join(left_out) or "none",
        version=__version__,
        provenance=provenance,
    )


def _feature(name: str, kind: pl.DataType, classes: Sequence[str]) -> list[str]:
    """A column as YAML."""
    head = f"  - name: {quoted(name)}"
    if name == CLASS:
        names = [f"          '{y}': {quoted(one)}" for y, one in enumerate(classes)]
        return [head, "    dtype:", "      class_label:", "        names:", *names]
    if isinstance(kind, pl.List):
        return [head, f"    sequence: {_plain(name, kind.inner)}"]
    return [head, f"    dtype: {_plain(name, kind)}"]


def _plain(name: str, kind: Any) -> str:
    if isinstance(kind, pl.Datetime):
        return f"timestamp[{kind.time_unit}{f', tz={kind.time_zone}' if kind.time_zone else ''}]"
    if isinstance(kind, pl.Duration):
        return f"duration[{kind.time_unit}]"
    if said := TYPES.get(str(kind)):
        return said
    raise TableError(f"the column {name!r} holds {kind}, which a Hugging Face data set has no plain type for: drop it")


def quoted(text: str) -> str:
    r"""A text as YAML, in double quotes.

    Examples
    --------
    >>> print(quoted('so "called"'))
    "so \"called\""
    """
    return re.sub(r"[^\x20-\x7e]", lambda found: f"\\U{ord(found[0]):08x}", json.dumps(text, ensure_ascii=False))


@contextmanager
def _replacing_folder(path: Path) -> Iterator[Path]:
    """A folder to fill under a temporary name; it takes the other's place only if the block ends well."""
    path = path.resolve()
    _check_ours(path)
    part, old = (path.with_name(f".{path.name}.{os.getpid()}.{end}") for end in ("part", "old"))
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        if path.exists():
            path.rename(old)
        part.rename(path)
    except BaseException:
        if old.exists() and not path.exists():
            old.rename(path)
        raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)


def _check_ours(path: Path) -> None:
    """`TableError` unless the path is free, an empty folder, or an earlier export and nothing else."""
    if path.is_file():
        raise TableError(f"{path} is a file: name a new folder, or a file that ends in .parquet, .csv or .jsonl")
    there = {one.relative_to(path).as_posix() for one in path.rglob("*") if not one.is_dir()}
    other = there - {CARD, SHARD} if SHARD in there else there
    if other:
        raise TableError(f"{path} holds {min(other)!r}, which is of no export: name a new folder")
