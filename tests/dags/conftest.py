"""Airflow in a process of its own with a database of its own, against the simulator."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.server import Simulator

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
NIGHT = "2026-07-13"


@pytest.fixture(scope="module")
def world() -> Iterator[Simulator]:
    """What Airflow's nights look at."""
    with Simulator(size=400, seed=1, night=NIGHT) as sim:
        yield sim


@pytest.fixture(scope="module")
def airflow(
    world: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`airflow(*arguments)` runs a command; its data folder is `airflow.data`."""
    home = tmp_path_factory.mktemp("airflow")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("FSDB_", "AIRFLOW_"))}
    env["FSDB_SOURCES"] = os.environ["FSDB_SOURCES"]
    env |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "FSDB_UPSTREAM": world.url,
        "FSDB_DATA_DIR": str(home / "data"),
        "FSDB_RETRY_DELAY": "PT0S",
    }

    def run(*command: str, program: str = "airflow") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / program), *command],
            env=env,
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )

    run.home = home  # type: ignore[attr-defined]
    assert run("db", "migrate").returncode == 0
    return run
