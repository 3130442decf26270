"""Runs dbt in this process, quietly, and lets go of the build file afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extractors.core.files import write_atomic
from pipeline.settings import PROJECT

PROJECT_DIR = PROJECT / "dbt_project"
# By project and database: what parsing gave, and the `manifest.json` it wrote. Parsing takes longer than a small night.
_PARSED: dict[tuple[Path, str], tuple[Any, bytes]] = {}


class BuildError(Exception):
    """dbt could not build; names the models or tests that failed and what the database said."""


class Dbt:
    """dbt's project on one build file; parsed once in a process, however often something is built."""

    def __init__(self, warehouse: Path, workdir: Path) -> None:
        """`workdir` takes dbt's target (`manifest.json`) and logs."""
        self._warehouse, self._workdir = warehouse, workdir
        self._manifest: Any = None

    def build(self, *arguments: str) -> int:
        """`dbt build` with `arguments`; return the number of nodes that ran.

        Unit tests guard the code, not the night, and are left out. Raises `BuildError` with every failed node.
        """
        if self._manifest is None:
            self._manifest = self._parsed()
        # The manifest is that of the parsing: writing it again takes as long as the build of a small night.
        spared = ["--no-write-json", "--cache-selected-only", "--exclude-resource-type", "unit_test"]
        outcome = self._invoke("build", *spared, *arguments)
        return len(outcome.result.results)

    def _parsed(self) -> Any:
        """The manifest, which lies in the target folder then."""
        key, file = (PROJECT_DIR, self._warehouse.stem), self._workdir / "target" / "manifest.json"
        if key in _PARSED:
            write_atomic(file, _PARSED[key][1])
        else:
            # Not the whole path: dbt would forget what it knows of the project wherever a data folder is moved.
            _PARSED[key] = self._invoke("parse", warehouse=self._warehouse.name).result, file.read_bytes()
        return _PARSED[key][0]

    def _invoke(self, command: str, *arguments: str, warehouse: str = "") -> Any:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        # What failed is told by `BuildError`; dbt itself writes to its log only.
        quiet = ["--log-level", "none", "--log-level-file", "warn", "--log-path", str(self._workdir / "logs")]
        where = ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
        where += ["--target-path", str(self._workdir / "target")]
        with _environment(FSDB_WAREHOUSE=warehouse or str(self._warehouse)):
            try:
                outcome = dbtRunner(manifest=self._manifest).invoke([*quiet, command, *where, *arguments])
            finally:
                DuckDBConnectionManager.close_all_connections()
        if not outcome.success:
            raise BuildError(self._said(command, outcome))
        return outcome

    def _said(self, command: str, outcome: Any) -> str:
        results = getattr(outcome.result, "results", None) or []
        failed = [result for result in results if result.status in ("error", "fail", "runtime error")]
        said = [f"{result.node.name}: {result.status}: {result.message}" for result in failed]
        return (
            f"dbt {command} failed: "
            + ("\n  ".join(said) or str(outcome.exception))
            + f"\n  nothing was published; next: mend it and run the night again; dbt's log: {self._workdir / 'logs'}"
        )


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
