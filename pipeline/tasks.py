"""What Airflow's tasks call: one call each into the steps of a night. Light to import, for the DAG file imports it."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import SecretStr

from extractors.core.clock import SystemClock
from extractors.core.errors import SourceError, TransientError
from extractors.core.spec import all_specs
from pipeline import run_date as run_dates
from pipeline.settings import load

if TYPE_CHECKING:
    from pipeline.night import Night

log = structlog.get_logger()


def run_date(context: Mapping[str, Any]) -> date:
    """The night of the running task."""
    run = context["dag_run"]
    return run_dates.of_dag_run(
        conf=run.conf,
        partition_key=getattr(run, "partition_key", None),
        logical_date=run.logical_date,
        run_after=run.run_after,
        now=SystemClock().now(),
        timezone=load().timezone,
    )


def sources() -> list[str]:
    """Sources of the night, sorted."""
    return _night(run_dates.today(SystemClock().now(), load().timezone)).sources()


def extract(source: str, night: date) -> dict[str, int]:
    """Fetch a source unless tonight's snapshot is there; return records by resource.

    Raises `TransientError` when waiting may help, `SourceError` when it does not; either way the attempt is archived.
    """
    fetched = _night(night, _token(source)).extract(source, only_missing=True)
    if not fetched.is_good:
        bad = [outcome for outcome in fetched.outcomes if not outcome.is_good]
        message = "; ".join(str(outcome.message) for outcome in bad) or f"{source}: not asked for {night}"
        retriable = bool(bad) and all(outcome.retriable for outcome in bad)
        raise (TransientError if retriable else SourceError)(message)
    return fetched.counts


def build(night: date) -> str:
    """Build the candidate; return `full` or `incremental`."""
    return _night(night).build()


def audit(night: date) -> dict[str, int]:
    """Judge the candidate; return how many checks there were and how many found something."""
    findings = _night(night).audit().findings
    return {"checks": len(findings), "findings": sum(not finding.success for finding in findings)}


def publish(night: date) -> dict[str, Any]:
    """Publish; return what the assets carry: release id, night, rows by table."""
    release = _night(night).publish()
    rows = {name: counts["rows"] for name, counts in release.tables.items()}
    return {"release_id": release.release_id, "run_date": night.isoformat(), "rows": rows}


def notify_failure(context: Mapping[str, Any]) -> None:
    """Say which task of which night failed and why."""
    instance = context["task_instance"]
    log.error(
        "task failed",
        task=instance.task_id,
        source=context.get("source"),
        run_id=context["run_id"],
        why=str(context.get("exception")),
    )


def notify_success(context: Mapping[str, Any]) -> None:
    """Say what was released, with counts."""
    released = context["task_instance"].xcom_pull(task_ids="publish") or {}
    log.info("released", **released)


def _night(night: date, tokens: Mapping[str, SecretStr] | None = None) -> "Night":
    from pipeline.night import Night

    return Night(load(**({"tokens": dict(tokens)} if tokens else {})), night)


def _token(source: str) -> dict[str, SecretStr]:
    """The token of a source that wants one, from the Airflow connection `fsdb_<source>`: its password.

    The environment's own (`FSDB_TOKEN_<SOURCE>`) wins, so that a connection need not be there.
    """
    spec = all_specs().get(source)
    if spec is None or spec.http is None or spec.http.auth is None or load().token(source):
        return {}
    from airflow.exceptions import AirflowNotFoundException
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowRuntimeError

    try:
        password = Connection.get(f"fsdb_{source}").password
    except (AirflowNotFoundException, AirflowRuntimeError):
        return {}  # the attempt says what is missing, and is archived
    return {source: SecretStr(password)} if password else {}
