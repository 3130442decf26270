"""Runs a command and says how long it took and how much memory it had at most."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall clock, MB of peak resident memory, what it printed."""

    seconds: float
    megabytes: float
    output: str


def run(*command: str) -> Cost:
    """Run `python <command>` and measure it; raise when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-W", "ignore", *command], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{' '.join(command)} failed with {status}")
    return Cost(seconds, usage.ru_maxrss / 1024, output.strip())
