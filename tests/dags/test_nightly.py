"""The DAG: how it parses, how it is wired, and a night run by Airflow itself."""

import json
import shutil
import sqlite3
from datetime import date

import pytest

from extractors.core.archive import Archive
from publication import publish

# Parsed as Airflow parses it, in a fresh process: which modules it pulled in, whether it opened a socket, how long.
PARSE = """
import json, socket, sys, time, warnings
warnings.simplefilter("error", category=SyntaxWarning)
import airflow.sdk
opened = []
connect = socket.socket.connect
socket.socket.connect = lambda self, address: opened.append(str(address)) or connect(self, address)
started = time.perf_counter()
sys.path.insert(0, sys.argv[1])
import nightly
seconds = time.perf_counter() - started
unwanted = ("duckdb", "pyarrow", "pandas", "dbt", "great_expectations", "requests")
heavy = [name for name in unwanted if name in sys.modules]
dag = nightly.nightly()
tasks = {
    task.task_id: {
        "downstream": sorted(task.downstream_task_ids),
        "trigger_rule": task.trigger_rule.value,
        "retries": task.retries,
        "outlets": [outlet.name for outlet in task.outlets],
        "mapped": task.is_mapped,
    }
    for task in dag.tasks
}
print("RESULT " + json.dumps({
    "seconds": seconds, "heavy": heavy, "sockets": opened, "tasks": tasks, "max_active_runs": dag.max_active_runs,
    "catchup": dag.catchup, "retry": {
        name: nightly.RETRIES.evaluate(error, 1, 3).action.value for name, error in {
            "transient": __import__("extractors.core.errors").core.errors.TransientError("x"),
            "refused": __import__("extractors.core.errors").core.errors.RefusedError("x"),
            "other": RuntimeError("x"),
        }.items()
    },
}))
"""


@pytest.fixture(scope="module")
def parsed(airflow):
    """What a fresh process finds in the DAG file."""
    from tests.dags.conftest import PROJECT

    done = airflow("-c", PARSE, str(PROJECT / "dags"), program="python")
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout.split("RESULT ", 1)[1])


def test_the_file_parses_quickly_without_network_or_heavy_imports(parsed):
    """The scheduler reads it every few seconds."""
    assert parsed["sockets"] == []
    assert parsed["heavy"] == []
    assert parsed["seconds"] < 2


def test_the_wiring(parsed):
    """Sources in parallel; a failed one does not stop the build; nothing is published that was not audited."""
    tasks = parsed["tasks"]
    assert {name: task["downstream"] for name, task in tasks.items()} == {
        "sources": ["extract"],
        "extract": ["build"],
        "build": ["audit"],
        "audit": ["publish"],
        "publish": [],
    }
    assert tasks["extract"]["mapped"]
    assert tasks["build"]["trigger_rule"] == "all_done"
    assert {tasks[name]["trigger_rule"] for name in ("extract", "audit", "publish")} == {"all_success"}
    assert tasks["publish"]["outlets"] == [
        f"release/{database}" for database in ("financial_institutions", "guarantees", "listing_pipeline")
    ]
    assert (parsed["max_active_runs"], parsed["catchup"]) == (1, False)


def test_what_is_retried_depends_on_the_error(parsed):
    """Waiting mends an outage; it mends neither a refusal nor a bug."""
    assert parsed["retry"] == {"transient": "retry", "refused": "fail", "other": "fail"}


def test_a_night_run_by_airflow_publishes_and_one_failing_source_does_not_stop_it(airflow, world, begun_with):
    """The second night by `dags test`, with Shenzhen down; the events of the assets carry the release."""
    data = airflow.home / "data"
    shutil.copytree(begun_with.lived, data)
    world.night = "2026-07-14"
    world.fault("www.szse.cn:403")
    done = airflow("dags", "test", "nightly", "2026-07-14")
    release = publish.current(data / "releases")
    assert release.run_date == date(2026, 7, 14), done.stdout
    attempts = list(Archive(data / "raw").attempts("szse", "ipo_project", date(2026, 7, 14)))
    assert [attempt.outcome.status for attempt in attempts] == ["failed"], "a refusal is not retried"

    with sqlite3.connect(airflow.home / "airflow.db") as db:
        extras = [json.loads(extra) for (extra,) in db.execute("select extra from asset_event order by id")]
        states = dict(
            db.execute(
                """select task_id || ' ' || map_index, state from task_instance
                where run_id = (select run_id from dag_run order by logical_date desc limit 1)"""
            )
        )
    released = [extra["release_id"] for extra in extras]
    assert released == 3 * [release.release_id], "one event a database"
    assert extras[0]["rows"]["listing_pipeline.project"] > 0
    failed = sorted(task for task, state in states.items() if state == "failed")
    assert failed == [f"extract {sorted(('bse', 'sse', 'szse')).index('szse')}"]
    assert states["publish -1"] == "success"
