"""One source through our extractor, in a process of its own so that its peak memory is its own."""

import sys
from datetime import date
from pathlib import Path

from extractors.core.archive import Archive
from extractors.core.clock import SystemClock
from extractors.core.fetch import Access, fetch
from extractors.core.spec import all_specs


def main(base: str, source: str, target: Path) -> int:
    """Fetch a source's list into an archive below `target`; return the number of records."""
    access = Access(
        SystemClock(), "fsdb-bench", lambda spec: f"{base}/{spec.address.removeprefix('https://')}", paced=False
    )
    outcome = fetch(all_specs()[source], "ipo_project", Archive(target), date(2026, 7, 13), access)
    if not outcome.is_good:
        raise SystemExit(str(outcome.message))
    return outcome.records


if __name__ == "__main__":
    print(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
