"""One night in this process; prints the seconds of every step as JSON."""

import json
import sys
import time
from collections.abc import Callable
from datetime import date

from pipeline import logs
from pipeline.night import Night
from pipeline.settings import load


def main(night: str) -> None:
    """Run the steps of `night` one after the other."""
    logs.configure()
    here = Night(load(), date.fromisoformat(night))
    seconds = {}

    def timed(step: str, work: Callable[[], object]) -> None:
        started = time.perf_counter()
        work()
        seconds[step] = (time.perf_counter() - started, 0.0)

    timed("extract", lambda: [here.extract(source) for source in here.sources()])
    timed("build", here.build)
    timed("audit", here.audit)
    timed("publish", here.publish)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1])
