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
    for name in ("conftest.py", "installation.py"):
        shutil.copy(PROJECT / "tests" / name, tmp_path / "tests")
    return tmp_path


def test_new_sources_are_green_at_once(project, monkeypatch):
    """Each spec reads, its own test passes, its staging model builds and its unit test holds; two files are by hand."""
    tests = []
    warehouse = project / "warehouse.duckdb"
    kinds = {"appraisers": "file", "raters": "api"}
    for name, kind in kinds.items():
        written = write(name, "guarantee", kind, root=project)
        folder = project / "extractors" / "sources" / name
        spec = read_spec(folder / "source.yml")
        assert spec.trial
        model = project / "dbt_project" / "models" / "staging" / name / f"stg_{name}__record.sql"
        by_hand = [folder / "source.yml", model]
        assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in by_hand) <= 120
        assert (project / "docs" / "deliveries" / f"{name}.md").exists() == (kind == "file")
        tests += [path for path in written if path.name == f"test_{name}.py"]
        columns = [f'"{column}" varchar' for column in spec.resources["record"].kept]
        columns += ["_change varchar", "_payload varchar", "_url varchar", "_fetched_at timestamptz", "_run_date date"]
        with duckdb.connect(str(warehouse)) as con:
            con.execute("create schema if not exists raw")
            con.execute(f"create table raw.{name}__record ({', '.join(columns)})")

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr

    monkeypatch.setattr("pipeline.dbt.PROJECT_DIR", project / "dbt_project")
    dbt = Dbt(warehouse, project / "build")
    models = [f"stg_{name}__record" for name in kinds]
    assert dbt.build("--select", *models) == len(models)
    tested = dbt._invoke("test", "--select", *(f"{model},test_type:unit" for model in models)).result.results
    assert [result.status for result in tested] == ["pass"] * len(models)


def test_what_cannot_be_made(project):
    """A name that is taken or is none is refused in words, and leaves nothing behind."""
    with pytest.raises(NewSourceError, match="there is a source 'szse' already"):
        write("szse", "listing", "api", root=project)
    with pytest.raises(SpecError, match="String should match pattern"):
        write("Bad-Name", "listing", "api", root=project)
    assert not (project / "extractors" / "sources" / "Bad-Name").exists()
