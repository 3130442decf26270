"""The command line in processes of their own that begin with the libraries loaded: loading takes as long as a night."""

import multiprocessing
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.installation import Installation

_FORKS = multiprocessing.get_context("forkserver")
# What cannot be imported here is imported in each process, which only takes longer.
_FORKS.set_forkserver_preload(
    ["tests.pipeline.processes", "pipeline.cli", "expectations.gate", "dbt.cli.main", "dbt.adapters.duckdb.connections"]
)


@contextmanager
def running(
    installation: Installation, *arguments: str, said: Path, limit: int | None = None
) -> Iterator[ForkServerProcess]:
    """`fsdb` with `arguments` on an installation; it has ended when the block has, if need be by SIGKILL.

    What it says goes to the file `said`. `limit`: the largest file it may write, bytes.
    """
    env = {name: value for name, value in os.environ.items() if name == "FSDB_SOURCES" or not name.startswith("FSDB_")}
    env |= {"FSDB_DATA_DIR": str(installation.data), "FSDB_UPSTREAM": installation.sim.url}
    process = _FORKS.Process(target=_fsdb, args=(arguments, env, said, limit))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def _fsdb(arguments: tuple[str, ...], env: dict[str, str], said: Path, limit: int | None) -> None:
    """In the new process: be the command."""
    os.environ.clear()
    os.environ.update(env)
    with said.open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    if limit is not None:
        # Python ignores the signal, so that a write beyond the limit is an error like that of a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.argv = ["fsdb", *arguments]
    from pipeline.cli import main

    main()
