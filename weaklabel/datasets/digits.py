"""1,797 handwritten digits of 8 x 8 pixels."""

import polars as pl

from weaklabel.datasets._dataset import Dataset

__all__ = ["DIGITS"]


def read() -> pl.DataFrame:
    """The table: id, 64 pixels (0..16), label."""
    from sklearn.datasets import load_digits

    data = load_digits()
    table = pl.DataFrame(data.data, schema=list(data.feature_names), orient="row")
    ids = pl.Series("id", [f"digit-{i}" for i in range(len(table))])
    return table.insert_column(0, ids).with_columns(pl.Series("label", [str(t) for t in data.target]))


DIGITS = Dataset(
    name="digits",
    classes=tuple("0123456789"),
    source="Optical Recognition of Handwritten Digits (Alpaydin, Kaynak, 1998), part of scikit-learn",
    licence="CC BY 4.0 (UCI)",
    read=read,
)
