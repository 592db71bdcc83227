"""What may be wrong with the packages that are installed."""

import subprocess
import sys
from pathlib import Path

import pytest

import weaklabel
from weaklabel.review.studio.checks.client import client


def test_a_client_that_is_too_old(installed):
    installed("label_studio_sdk", "2.0.18")

    (found,) = client()

    assert found.said == "label-studio-sdk is 2.0.18; weaklabel needs 2.1 or newer"
    assert found.fix == "pip install --upgrade 'label-studio-sdk>=2.1'"


def test_a_numpy_that_is_too_new_for_the_client(installed):
    installed("opencv_python_headless", "4.12.0.88", "numpy<1.0")

    (found,) = client()

    assert found.said.startswith("opencv-python-headless 4.12.0.88 needs numpy<1.0; here is ")
    assert found.fix == "pip install 'label-studio-sdk>=2.1' 'numpy<1.0'"


def test_a_client_that_is_missing(tmp_path):
    # An interpreter that sees our own code and no installed package.
    code = "from weaklabel.review.studio.checks.client import client; print([finding.said for finding in client()])"
    command = [sys.executable, "-S", "-c", code]
    root = Path(weaklabel.__file__).parent.parent

    done = subprocess.run(command, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['label-studio-sdk is not installed']"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Makes a package be found in a version, as if it were installed before all others."""

    def install(name, version, *needs):
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        (folder / "METADATA").write_text("\n".join(lines + [f"Requires-Dist: {need}" for need in needs]) + "\n")

    monkeypatch.syspath_prepend(tmp_path)
    return install
