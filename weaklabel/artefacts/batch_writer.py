"""An artefact's file that is written batch by batch: memory holds one batch, and the file is whole or not there."""

from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import polars as pl

from weaklabel.artefacts import store


class BatchWriter:
    """Writes an artefact to one Parquet file, batch by batch; without `finish` nothing is left.

    Parameters
    ----------
    out
        Where it is to lie.

    Raises
    ------
    ArtefactError
        It cannot be written.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._content = store.Digest()
        self._last: pl.DataFrame | None = None
        self._n = 0

    def __enter__(self) -> Self:
        with store.told(self._out):
            self._out.parent.mkdir(parents=True, exist_ok=True)
            # A thread may still write when Ctrl-C ends the process; what it leaves, the next run takes away.
            self._folder = TemporaryDirectory(
                prefix=f".{self._out.name}.", dir=self._out.parent, ignore_cleanup_errors=True
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._folder.cleanup()

    def add(self, batch: pl.DataFrame) -> None:
        """The next rows, of the same columns each time."""
        self._content.add(batch)
        self._put_by()
        self._last = batch

    def finish(self, kind: str, meta: dict[str, Any]) -> str:
        """Write the file, with what its columns do not say; returns the digest that its header holds."""
        if self._last is None:
            raise ValueError("there was no batch: add one, if need be without rows")
        header = store.header(kind, self._content.hexdigest(), meta)
        with store.writing(self._out) as file:
            if not self._n:
                self._last.write_parquet(file, metadata=header)
            else:
                self._put_by()
                put_by = [self._batch(i) for i in range(self._n)]
                pl.scan_ipc(put_by, glob=False).sink_parquet(file.name, metadata=header)
        return store.seal_of(header)

    def _put_by(self) -> None:
        """Beside the file, unpacked: that costs a fraction of what the file itself does."""
        if self._last is not None:
            with store.told(self._out):
                self._last.write_ipc(self._batch(self._n))
            self._n += 1

    def _batch(self, number: int) -> Path:
        return Path(self._folder.name, f"{number:09}.arrow")
