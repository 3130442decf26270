"""`make bench`: extraction against a bare loop, a 1 % night against a full one (`python -m benchmarks --help`)."""

import argparse
import tempfile
from pathlib import Path

from benchmarks import extraction, nights


def main() -> None:
    """Run both and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000, help="simulated projects over the three exchanges")
    parser.add_argument("--only", choices=("extraction", "nights"), help="one of the two")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fsdb-bench-") as folder:
        if options.only != "nights":
            extraction.main(options.size, Path(folder) / "extraction")
        if options.only != "extraction":
            nights.main(options.size, Path(folder) / "nights")


if __name__ == "__main__":
    main()
