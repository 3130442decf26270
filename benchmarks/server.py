"""The simulator as a process of its own, so that serving is not counted."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NIGHT = "2026-07-13"


@contextmanager
def serving(size: int, change_share: float | None = None) -> Iterator[str]:
    """Start the simulator with `size` projects; give its address."""
    command = [sys.executable, "-m", "simulator", "serve", "--port", "0", "--night", NIGHT, "--size", str(size)]
    if change_share is not None:
        command += ["--change-share", str(change_share)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield next(word for word in line.split() if word.startswith("http"))
        finally:
            process.terminate()
