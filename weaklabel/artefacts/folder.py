"""An artefact in a folder: Parquet parts, each whole by itself, and a manifest that says when all are there."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from weaklabel import places
from weaklabel._version import __version__
from weaklabel.artefacts import store
from weaklabel.errors import ArtefactError
from weaklabel.places import MANIFEST, shown

FORMAT = 1
LOCK = ".writing.lock"


@dataclass(frozen=True)
class Listed:
    """A part, as the manifest lists it.

    Attributes
    ----------
    name
        Of its file in the folder.
    rows
        How many it has.
    digest
        As its own header says.
    """

    name: str
    rows: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What a folder holds.

    Attributes
    ----------
    kind
        Of the artefact.
    meta
        What its columns do not say, of all parts together.
    parts
        In their order.
    """

    kind: str
    meta: dict[str, Any]
    parts: tuple[Listed, ...]


@contextmanager
def alone_in(folder: str | Path) -> Iterator[None]:
    """See that no other run writes to a folder while this one does; who died there is in nobody's way.

    Stores that are reached by URL know no locks, so there it is for the caller to see to.

    Raises
    ------
    ArtefactError
        Another run does.
    """
    if places.is_url(folder):
        yield
        return
    from filelock import FileLock, Timeout

    with store.told(Path(folder)):
        Path(folder).mkdir(parents=True, exist_ok=True)
        lock = FileLock(Path(folder, LOCK), timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise ArtefactError(f"another run is writing to {folder}: wait for it, or name another folder") from error
    try:
        yield
    finally:
        places.remove(lock.lock_file)
        lock.release()


def begin(folder: str | Path, kind: str) -> None:
    """Say that parts are being written; those of an earlier run stay.

    Raises
    ------
    ArtefactError
        The folder holds Parquet files that are not from here, or another kind of artefact.
    """
    was = _said(folder)
    if was is None and places.is_folder(folder) and (there := places.parquet_in(folder)):
        raise ArtefactError(
            f"the folder {shown(folder)} holds {len(there)} Parquet files that weaklabel did not write, such as "
            f"{there[0]}: name another folder"
        )
    if was is not None and was["kind"] != kind:
        raise ArtefactError(
            f"the folder {shown(folder)} holds a {was['kind']}, and a {kind} would be written: name another"
        )
    _write(folder, {"kind": kind, "complete": False})


def finish(folder: str | Path, kind: str, meta: Mapping[str, Any], parts: Iterable[Listed]) -> None:
    """Say that all parts are there; parts of earlier runs go, and what writers left that died."""
    listed = [asdict(part) for part in parts]
    old = set(places.parquet_in(folder)) - {part["name"] for part in listed}
    for name in [*old, *places.half_made_in(folder)]:
        places.remove(places.join(folder, name))
    _write(folder, {"kind": kind, "complete": True, "meta": dict(meta), "parts": listed})


def parts_in(folder: str | Path) -> list[str]:
    """The names of its parts, as its manifest lists them; of all Parquet files, where it has none.

    Raises
    ------
    ArtefactError
        The run that writes the parts has not ended.
    """
    said = _said(folder)
    if said is None:
        return places.parquet_in(folder)
    _see_that_all_is_there(folder, said)
    return [part["name"] for part in said["parts"]]


def _see_that_all_is_there(folder: str | Path, said: Mapping[str, Any]) -> None:
    if not said["complete"]:
        raise ArtefactError(
            f"the run that writes {shown(folder)} has not ended, or was cut off: run it again, and it goes on with the "
            "parts that are missing"
        )


def made_before(place: str, kind: str, key: str | None) -> dict[str, Any] | None:
    """The header of a part that lies at this place and follows from the very same things; None where it is to be made.

    A part that is damaged is none; `key` is what its provenance says of where it came from.
    """
    if key is None or not places.exists(place):
        return None
    try:
        with places.fetched(place) as file:
            header = store.read_header(file, kind)
    except ArtefactError:
        return None
    said = header["meta"]["provenance"].get("part")
    return header if said is not None and said["key"] == key else None


def read_manifest(folder: str | Path, kind: str) -> Manifest:
    """What a folder holds, once all of it is there.

    Raises
    ------
    ArtefactError
        There is no manifest, the run that writes the parts has not ended, or they are of another kind.
    """
    said = _said(folder)
    if said is None:
        raise ArtefactError(f"the folder {shown(folder)} has no {MANIFEST}: it is no {kind} that weaklabel wrote")
    if said["format"] > FORMAT:
        raise ArtefactError(f"{shown(folder)} was written by weaklabel {said['version']}, newer than this: upgrade")
    if said["kind"] != kind:
        raise ArtefactError(f"{shown(folder)} holds a {said['kind']}; a {kind} is needed here")
    _see_that_all_is_there(folder, said)
    return Manifest(kind, said["meta"], tuple(Listed(**part) for part in said["parts"]))


def read(folder: str | Path, kind: str) -> tuple[pl.DataFrame, dict[str, Any]]:
    """All parts as one frame, and what its columns do not say.

    Raises
    ------
    ArtefactError
        As for `read_manifest`; or a part is missing, damaged, or from another run.
    """
    manifest = read_manifest(folder, kind)
    frames = []
    for part in manifest.parts:
        with places.fetched(places.join(folder, part.name)) as file:
            if store.read_header(file, kind)["digest"] != part.digest:
                raise ArtefactError(f"{shown(places.join(folder, part.name))} is not the part that the manifest lists")
            frames.append(store.read(file, kind)[0])
    return pl.concat(frames, rechunk=True), manifest.meta


def _said(folder: str | Path) -> dict[str, Any] | None:
    place = places.join(folder, MANIFEST)
    if not places.exists(place):
        return None
    try:
        said: dict[str, Any] = json.loads(places.read_text(place))
        if missing := {"version", "format", "kind", "complete"} - said.keys():
            raise ValueError(f"no {min(missing)}")
    except ValueError as error:
        raise ArtefactError(f"{shown(place)} is damaged ({error}): make the folder again") from error
    return said


def _write(folder: str | Path, said: dict[str, Any]) -> None:
    place = places.join(folder, MANIFEST)
    with store.told(Path(place)):
        places.write_text(place, store.as_json({"version": __version__, "format": FORMAT, **said}))
