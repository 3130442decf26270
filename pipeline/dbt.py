"""Runs dbt in this process, quietly, and lets go of the build file afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.settings import PROJECT

PROJECT_DIR = PROJECT / "dbt_project"


class BuildError(Exception):
    """dbt could not build; names the models or tests that failed and what the database said."""


def build(warehouse: Path, workdir: Path, *arguments: str) -> int:
    """`dbt build` with `arguments` on the file `warehouse`; return the number of nodes that ran.

    `workdir` takes dbt's target and logs. Raises `BuildError` with every failed node.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt.contracts.results import RunExecutionResult

    # What failed is told by `BuildError`; dbt itself writes to its log only.
    command = ["--log-level", "none", "--log-level-file", "warn", "--log-path", str(workdir / "logs")]
    command += ["build", "--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    command += ["--target-path", str(workdir / "target"), "--exclude-resource-type", "unit_test", *arguments]
    with _environment(FSDB_WAREHOUSE=str(warehouse)):
        try:
            outcome = dbtRunner().invoke(command)
        finally:
            DuckDBConnectionManager.close_all_connections()
    results = outcome.result.results if isinstance(outcome.result, RunExecutionResult) else []
    failed = [result for result in results if result.status not in ("success", "pass", "skipped", "warn", "no-op")]
    if failed or not outcome.success:
        said = [f"{result.node.name}: {result.status}: {result.message}" for result in failed]
        raise BuildError(
            "dbt build failed: "
            + ("\n  ".join(said) or str(outcome.exception))
            + f"\n  nothing was published; next: mend it and run the night again; dbt's log: {workdir / 'logs'}"
        )
    return len(results)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
