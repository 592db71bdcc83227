"""A test's dependency brings pyarrow; the library does its work without it."""

import subprocess
import sys

SCRIPT = """
import sys

class NotThere:
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] == "pyarrow":
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, NotThere)
import pandas as pd
import polars as pl
import weaklabel as wl

table = pd.DataFrame({"id": ["a", "b", None][:2], "text": ["you won", "hi mum"], "n": [1.5, float("nan")]})
lfs = [wl.keywords("prize", ["won"], 1), wl.keywords("family", ["mum"], 0), wl.threshold("n", "n", 1, above=1)]
L = wl.apply(lfs, table, ("ham", "spam"))
L.save("votes.parquet")
pl.DataFrame({"id": ["a", "b"], "text": ["you won", "hi mum"], "n": [1, 2]}).write_parquet("table.parquet")
wl.apply_file(lfs, "table.parquet", "more.parquet", ("ham", "spam"))
posterior = wl.denoise(wl.LabelMatrix.load("votes.parquet"), "majority")
training = wl.training_set(posterior, table.drop(columns="n"))
wl.export(training, "folder")
print(wl.train(training).predict_proba(table).labels().tolist())
"""


def test_from_rules_to_an_end_model(tmp_path):
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[1, 0]"
    assert (tmp_path / "folder" / "README.md").is_file()
