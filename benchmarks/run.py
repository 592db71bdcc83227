"""Every benchmark in this folder, side by side with its peer in one process: `make bench`, or name some of them."""

import importlib
import sys
from pathlib import Path

from side_by_side import report


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    known = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    for name in names or known:
        module = importlib.import_module(name)
        print(f"\n{name}: {module.__doc__.splitlines()[0]}")
        for result in module.run():
            print(report(result))


if __name__ == "__main__":
    main(sys.argv[1:])
