"""Rules for whether an image of 8 x 8 pixels is the digit that was asked for, written after looking at training images.

Each reads a few pixels, says which digit such an image is, and so votes on a pair of a digit asked for and an image.
"""

import polars as pl

from weaklabel import LabelingFunction, expression

CLASSES = ("not relevant", "relevant")


def ink(*places: str) -> pl.Expr:
    """Mean ink at places given as row and column, "34": 0 is paper, 16 is black."""
    return pl.mean_horizontal(pl.col(f"pixel_{row}_{column}") for row, column in places)


def looks_like(digit: str, name: str, rule: pl.Expr) -> LabelingFunction:
    """Where the rule holds, the image is that digit: relevant if it was asked for, not relevant if another one was."""
    return expression(name, pl.when(rule).then((pl.col("digit") == digit).cast(pl.Int64)))


empty_middle = looks_like("0", "empty_middle", (ink("33", "34", "43", "44") < 3) & (ink("32", "35", "42", "45") > 6))
one_column = looks_like("1", "one_column", (ink("31", "41", "36", "46") < 2) & (ink("23", "33", "43", "53") > 12))
wide_foot = looks_like("2", "wide_foot", (ink("65", "66", "75", "76") > 8) & (ink("31", "32", "41") < 4))
open_left = looks_like("3", "open_left", (ink("31", "32", "41", "42", "52") < 2) & (ink("34", "02", "03", "74") > 11))
left_arm = looks_like("4", "left_arm", (ink("31", "41", "42", "51") > 7) & (ink("02", "05", "72") < 3))
roof = looks_like("5", "roof", (ink("02", "12", "22", "04") > 10) & (ink("25", "26") < 3))
low_loop = looks_like("6", "low_loop", (ink("24", "25", "35") < 3) & (ink("42", "52", "65") > 9))
slant = looks_like("7", "slant", (ink("03", "04", "15", "35") > 9) & (ink("65", "66", "75", "22") < 4))
waist = looks_like(
    "8", "waist", (ink("34", "33", "43") > 11) & (ink("31", "36", "41", "46") < 2) & (ink("12", "15") > 8)
)
high_loop = looks_like("9", "high_loop", (ink("22", "25", "35") > 9) & (ink("42", "52", "53") < 4))
