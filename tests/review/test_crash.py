import subprocess
import sys
import uuid
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).parents[2] / "benchmarks" / "crash.py"


def test_after_crashes_at_random_moments_nothing_is_lost_and_nothing_there_twice(studios):
    if not CAMPAIGN.is_file():
        pytest.skip("the benchmarks are not here: the tests were taken out of a checkout")

    command = [sys.executable, str(CAMPAIGN), "--crashes", "12", "--home", str(studios / uuid.uuid4().hex)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "12 crashes" in done.stdout
    assert "nothing differs" in done.stdout
