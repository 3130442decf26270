"""One writer at a time. The operating system lets go of a lock when its holder dies, so nothing is cleaned by hand."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extractors.core.clock import Clock


class HeldError(Exception):
    """Somebody else is at work; says who and since when."""


@contextmanager
def held(folder: Path, name: str, task: str, clock: Clock, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock `name` while the block runs; raise `HeldError` at once when it is taken.

    `task` is what others are told. Shared holders keep exclusive ones out and the other way round.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise HeldError(f"{task}: not started, {_holder(file.read())} is at work") from None
        since = clock.now().isoformat(timespec="seconds")
        holder = {"task": task, "pid": os.getpid(), "host": socket.gethostname(), "since": since}
        file.truncate(0)
        file.write(json.dumps(holder))
        file.flush()
        yield


def is_held(folder: Path, name: str) -> bool:
    """Whether somebody holds the lock now."""
    try:
        with (folder / f"{name}.lock").open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _holder(text: str) -> str:
    try:
        holder = json.loads(text)
        return f"{holder['task']} (process {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (ValueError, KeyError, TypeError):
        return "another process"
