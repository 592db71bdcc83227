"""Groups of parts: what one worker counts, of about as many rows each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from weaklabel.clicks.reading import sources
from weaklabel.clicks.reading.sources import Part

LEAST = 4_000_000  # rows for which it is worth while to send their counts between processes
EACH = 2  # groups for each worker, so that none of them waits long for the last


@dataclass(frozen=True)
class Group:
    """Parts that follow one another in the log, files or pieces of them."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        first, more = self.parts[0], len(self.parts) - 1
        rows = f" (from row {first.first})" if first.first else ""
        return f"{first.name}{rows}" + (f" and {more} more" if more else "")


def groups(parts: Sequence[Part], workers: int) -> list[Group]:
    """The parts in groups, in their order; in one where they are few rows, or lie in memory.

    Parameters
    ----------
    parts
        Files, or frames; long files of Parquet are cut.
    workers
        How many count at once.
    """
    if not all(part.name for part in parts):
        return [Group(tuple(parts))]
    known = sum(part.n for part in parts if part.n is not None)
    most = EACH * workers
    if all(part.n is not None for part in parts):
        most = min(most, max(1, known // LEAST))
    size = max(1, -(-known // most))
    cut = [piece for part in parts for piece in sources.pieces(part, size)]
    return [Group(tuple(some)) for some in _shared_out(cut, min(most, len(cut)))]


def _shared_out(parts: Sequence[Part], n: int) -> Iterator[list[Part]]:
    """In n groups of about as many rows; a part whose rows nobody knows counts as the mean of those known."""
    known = [part.n for part in parts if part.n is not None]
    mean = sum(known) / len(known) if known else 1
    weights = [mean if part.n is None else part.n for part in parts]
    total, before = max(sum(weights), 1), 0.0
    shared: list[list[Part]] = [[] for _ in range(n)]
    for part, weight in zip(parts, weights, strict=True):
        middle = before + weight / 2
        shared[min(int(middle * n / total), n - 1)].append(part)
        before += weight
    return (some for some in shared if some)
