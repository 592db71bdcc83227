"""569 tumours described by 30 measurements of their cells' nuclei, benign or malignant."""

import polars as pl

from weaklabel.datasets._dataset import Dataset

__all__ = ["BREAST_CANCER"]

CLASSES = ("benign", "malignant")


def read() -> pl.DataFrame:
    """The table: id, 30 measurements (mean, error and worst of ten), label."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    names = [name.replace(" ", "_") for name in data.feature_names]
    table = pl.DataFrame(data.data, schema=names, orient="row")
    ids = pl.Series("id", [f"tumour-{i}" for i in range(len(table))])
    label = pl.Series("label", [CLASSES[0] if data.target_names[t] == "benign" else CLASSES[1] for t in data.target])
    return table.insert_column(0, ids).with_columns(label)


BREAST_CANCER = Dataset(
    name="breast_cancer",
    classes=CLASSES,
    source="Breast Cancer Wisconsin (Diagnostic) (Wolberg, Mangasarian, Street, 1995), part of scikit-learn",
    licence="CC BY 4.0 (UCI)",
    read=read,
)
