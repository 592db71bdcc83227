"""Sentence embeddings as features of an end model: an optional extra."""

import importlib.util
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from weaklabel.errors import ModelError, first_line
from weaklabel.numerics import Floats


def embeddings(model: str = "all-MiniLM-L6-v2", *, batch_size: int = 64, device: str | None = None) -> Any:
    """A scikit-learn transformer from texts to sentence embeddings, for `train(..., text_features=embeddings())`.

    Parameters
    ----------
    model
        Name or folder of a sentence-transformers model.
    batch_size
        Texts at a time.
    device
        Such as "cpu" or "cuda"; by default what sentence-transformers finds.

    Returns
    -------
    FunctionTransformer
        n texts -> shape (n, dimensions), rows of length 1. The model is loaded when it is first used.

    Raises
    ------
    ModelError
        The extra is not installed; and, when it is used, there is no such model.
    """
    from sklearn.preprocessing import FunctionTransformer

    if importlib.util.find_spec("sentence_transformers") is None:
        raise ModelError(
            "sentence embeddings need the package sentence-transformers: pip install 'weaklabel[embeddings]'"
        )
    return FunctionTransformer(embed, kw_args={"model": model, "batch_size": batch_size, "device": device})


def embed(texts: Iterable[str], model: str, batch_size: int, device: str | None) -> Floats:
    """Sentence embeddings of the texts, shape (n, dimensions), rows of length 1."""
    encoder = _loaded(model, device)
    given = list(texts)
    return np.asarray(
        encoder.encode(given, batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False), np.float64
    ).reshape(len(given), -1)


@lru_cache(maxsize=1)
def _loaded(model: str, device: str | None) -> Any:
    from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found,unused-ignore]

    try:
        return SentenceTransformer(model, device=device)
    except Exception as error:  # the hub, the network and the disk each have their own
        raise ModelError(f"cannot load the sentence-transformers model {model!r}: {first_line(error)}") from error
