"""Votes the label of the most similar example."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import ABSTAIN
from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.functions import LabelingFunction, from_batch
from weaklabel.labeling.kinds._best import votes_for_best
from weaklabel.labeling.kinds._complete import votes_on_complete
from weaklabel.labeling.kinds._labels import class_number, class_numbers
from weaklabel.labeling.kinds._learned import Learned
from weaklabel.numerics import Floats

STEP = 1000  # texts compared with all seeds at a time


def nearest(
    name: str,
    seeds: Sequence[str] | Mapping[str, int],
    label: int | None = None,
    *,
    column: str = "text",
    min_similarity: float = 0.5,
    vectorizer: Any = None,
) -> LabelingFunction:
    """A labeling function that votes the label of the seed text most similar to the text, if it is similar enough.

    It abstains where two labels have seeds equally near. What no seed contains does not count in the default
    similarity, so short seeds are near to much: give whole texts as seeds, or ask for more similarity.

    Parameters
    ----------
    name
        Of the function.
    seeds
        Example texts of the class `label`, or text -> class number (-1: abstain near it).
    label
        The class number it votes, if the seeds do not say theirs.
    column
        Where the text stands; a missing or blank one abstains.
    min_similarity
        The least cosine similarity with the nearest seed, in (0, 1].
    vectorizer
        A scikit-learn transformer of texts: a fitted one is used as it is, a copy of another is fitted on the seeds.
        Or a function from a list of b texts to an array of shape (b, d), such as an embedding. Default: TF-IDF of 3 to
        5 letters within words, fitted on the seeds alone, so that a vote depends on nothing but its own row.

    Raises
    ------
    LabelingFunctionError
        There are no seeds, one is no text or has nothing that the vectorizer knows, it is unclear which class they
        are of, or the similarity is out of its range.

    Examples
    --------
    >>> from weaklabel.labeling.functions import Row
    >>> prize = nearest("prize", ["you have won a cash prize", "claim your free prize now"], label=1)
    >>> prize(Row(text="Claim a free prize!")), prize(Row(text="lunch at one?"))
    (1, -1)
    """
    labels = _labels(name, seeds, label)
    if not 0 < min_similarity <= 1:  # NaN too
        raise LabelingFunctionError(f"labeling function {name!r}: min_similarity={min_similarity} is not in (0, 1]")
    texts = sorted(labels, key=labels.__getitem__)  # those of a class side by side
    vectorizer = _vectorizer(vectorizer, texts)
    vectors = _unit_vectors(vectorizer, texts)
    if empty := [text for text, length in zip(texts, abs(vectors).sum(axis=1).flat, strict=True) if not length]:
        raise LabelingFunctionError(
            f"labeling function {name!r}: the vectorizer knows nothing of the seed {empty[0]!r}: leave it out"
        )
    numbers, starts = np.unique([labels[text] for text in texts], return_index=True)
    resources = {
        "column": column,
        "vectorizer": vectorizer,
        "vectors": vectors,
        "numbers": numbers,
        "starts": starts,
        "min_similarity": min_similarity,
    }
    return from_batch(name, _votes, [column], resources)


def _labels(name: str, seeds: Sequence[str] | Mapping[str, int], label: int | None) -> dict[str, int]:
    """Seed -> class number."""
    if isinstance(seeds, str) or not len(seeds) or not all(isinstance(text, str) and text.strip() for text in seeds):
        raise LabelingFunctionError(
            f"labeling function {name!r}: seeds are a list of texts, or texts with class numbers, not {seeds!r}"
        )
    if isinstance(seeds, Mapping) == (label is not None):
        raise LabelingFunctionError(
            f"labeling function {name!r}: give either a list of seeds and their label, or seeds with labels "
            f"such as {{'win a prize': 1, 'see you': 0}}; label={label}"
        )
    if isinstance(seeds, Mapping):
        return class_numbers(name, seeds)
    return dict.fromkeys(seeds, class_number(name, label, "the list of seeds"))


def _vectorizer(vectorizer: Any, texts: Sequence[str]) -> Callable[[Sequence[str]], Any]:
    """The function from texts to vectors that it is or has, fitted if need be."""
    if vectorizer is None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    if not hasattr(vectorizer, "transform"):
        return vectorizer  # type: ignore[no-any-return]
    return Learned(vectorizer if _is_fitted(vectorizer) else _fitted(vectorizer, texts), "transform")


def _is_fitted(transformer: Any) -> bool:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(transformer)
    except NotFittedError:
        return False
    return True


def _fitted(transformer: Any, texts: Sequence[str]) -> Any:
    from sklearn.base import clone

    return clone(transformer).fit(texts)


def _unit_vectors(vectorizer: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> Any:
    """Shape (b, d), sparse or not, each of length 1 or 0."""
    from sklearn.preprocessing import normalize

    return normalize(vectorizer(texts))


def _votes(
    rows: pl.DataFrame,
    column: str,
    vectorizer: Callable[[Sequence[str]], Any],
    vectors: Any,
    numbers: NDArray[np.int64],
    starts: NDArray[np.intp],
    min_similarity: float,
) -> pl.Series:
    def vote(complete: pl.DataFrame) -> NDArray[np.int64]:
        texts = complete[column].to_list()
        similarity = np.concatenate(list(_similarities(vectorizer, vectors, starts, texts)))
        blank = [not text.strip() for text in texts]
        return np.where(blank, ABSTAIN, votes_for_best(similarity, numbers, min_similarity))

    return votes_on_complete(rows, [column], vote)


def _similarities(vectorizer: Any, vectors: Any, starts: NDArray[np.intp], texts: Sequence[str]) -> Iterator[Floats]:
    """The greatest similarity with a seed of each class, shape (STEP, classes) each."""
    for start in range(0, len(texts), STEP):
        similarity = _unit_vectors(vectorizer, texts[start : start + STEP]) @ vectors.T
        dense = similarity if isinstance(similarity, np.ndarray) else similarity.toarray()
        yield np.maximum.reduceat(dense, starts, axis=1)
