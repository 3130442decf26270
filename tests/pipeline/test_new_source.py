"""`fsdb new-source`: what it writes is green at once, in a copy of the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from extractors.core.spec import SpecError, read_spec
from pipeline.dbt import Dbt
from pipeline.new_source import NewSourceError, write
from pipeline.settings import PROJECT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the parts of the project that a new source lies in or leans on."""
    for folder in ("extractors", "dbt_project", "pipeline", "tests/extractors"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "target"))
    shutil.copy(PROJECT / "tests" / "conftest.py", tmp_path / "tests")
    return tmp_path


@pytest.mark.parametrize("kind", ["file", "api"])
def test_a_new_source_is_green_at_once(kind, project, monkeypatch):
    """Its spec reads, its own test passes, its staging model builds and its unit test holds; two files are by hand."""
    written = write("appraisers", "guarantee", kind, root=project)
    folder = project / "extractors" / "sources" / "appraisers"
    spec = read_spec(folder / "source.yml")
    assert spec.trial
    model = project / "dbt_project" / "models" / "staging" / "appraisers" / "stg_appraisers__record.sql"
    by_hand = [folder / "source.yml", model]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in by_hand) <= 120
    assert (project / "docs" / "deliveries" / "appraisers.md").exists() == (kind == "file")

    (test,) = [path for path in written if path.name == "test_appraisers.py"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(test)],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr

    monkeypatch.setattr("pipeline.dbt.PROJECT_DIR", project / "dbt_project")
    warehouse = project / "warehouse.duckdb"
    text = [f'"{name}" varchar' for name in spec.resources["record"].kept]
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema raw")
        more = ["_change varchar", "_payload varchar", "_url varchar", "_fetched_at timestamptz", "_run_date date"]
        con.execute(f"create table raw.appraisers__record ({', '.join([*text, *more])})")
    dbt = Dbt(warehouse, project / "build")
    assert dbt.build("--select", "stg_appraisers__record") == 1
    tested = dbt._invoke("test", "--select", "stg_appraisers__record,test_type:unit").result.results
    assert [result.status for result in tested] == ["pass"]


def test_what_cannot_be_made(project):
    """A name that is taken or is none is refused in words, and leaves nothing behind."""
    with pytest.raises(NewSourceError, match="there is a source 'szse' already"):
        write("szse", "listing", "api", root=project)
    with pytest.raises(SpecError, match="String should match pattern"):
        write("Bad-Name", "listing", "api", root=project)
    assert not (project / "extractors" / "sources" / "Bad-Name").exists()
