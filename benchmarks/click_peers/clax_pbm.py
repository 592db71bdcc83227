"""CLAX's position-based model: stochastic gradients on (query, document) and position embeddings.

The learning rate is ten times its example's, which is too slow to arrive before it stops; the last twentieth of the
pages is held out for stopping, as the trainer asks for.
"""

import contextlib
import io
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
import polars as pl
from exchange import folders, pages, report

BATCH = 4096


class Batches:
    """Pages as CLAX's trainer wants them, shuffled anew each time they are gone through."""

    def __init__(self, arrays: dict[str, np.ndarray], shuffle: bool) -> None:
        self.arrays, self.rng = arrays, np.random.default_rng(0) if shuffle else None

    def __len__(self) -> int:
        return -(-len(self.arrays["mask"]) // BATCH)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        order = np.arange(len(self.arrays["mask"]))
        if self.rng is not None:
            self.rng.shuffle(order)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            yield {name: jnp.asarray(values[chosen]) for name, values in self.arrays.items()}


def main() -> None:
    """Fit and report."""
    from clax import PositionBasedModel, Trainer
    from flax import nnx
    from optax import adamw

    log, _, out = folders()
    frame = pages(log)
    pairs = frame.select("query_id", "doc_id").unique().sort("query_id", "doc_id")
    arrays = wide(frame, pairs)
    held_out = len(arrays["mask"]) // 20
    fit = Batches({name: values[held_out:] for name, values in arrays.items()}, shuffle=True)
    check = Batches({name: values[:held_out] for name, values in arrays.items()}, shuffle=False)
    depth = int(frame["position"].max())
    # Positions count from 1, and an embedding's rows from 0.
    model = PositionBasedModel(positions=depth + 1, query_doc_pairs=len(pairs), rngs=nnx.Rngs(0))
    with contextlib.redirect_stdout(io.StringIO()):
        Trainer(optimizer=adamw(0.03), epochs=50).train(model, fit, check)
    examination = probabilities(model.examination, "positions", np.arange(1, depth + 1))
    attraction = probabilities(model.attraction, "query_doc_ids", np.arange(len(pairs)))
    labels = pairs.with_columns(relevance=pl.Series(attraction))
    report(out, examination / examination[0], labels)


def probabilities(parameter: Any, name: str, codes: np.ndarray) -> np.ndarray:
    """What the model learned of each code."""
    return np.exp(np.asarray(parameter.log_prob({name: jnp.asarray(codes)[None]}), np.float64)).ravel()


def wide(frame: pl.DataFrame, pairs: pl.DataFrame) -> dict[str, np.ndarray]:
    """Each page as one row of arrays, padded to the longest."""
    coded = frame.join(pairs.with_row_index("pair"), on=["query_id", "doc_id"], maintain_order="left")
    page, place = frame["page"].rle_id().to_numpy(), frame["position"].to_numpy() - 1
    shape = (int(page.max()) + 1, int(place.max()) + 1)
    arrays = {
        "query_doc_ids": np.zeros(shape, np.int32),
        "positions": np.tile(np.arange(1, shape[1] + 1, dtype=np.int32), (shape[0], 1)),
        "clicks": np.zeros(shape, np.float32),
        "mask": np.zeros(shape, bool),
    }
    arrays["query_doc_ids"][page, place] = coded["pair"].to_numpy()
    arrays["clicks"][page, place] = frame["click"].to_numpy()
    arrays["mask"][page, place] = True
    return arrays


if __name__ == "__main__":
    main()
