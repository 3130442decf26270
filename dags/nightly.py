"""The nightly run: fetch every source, build the databases, let the gate decide, publish.

The schedule names the instant the night starts, so the day of the logical date (Asia/Shanghai) is the run date, for
scheduled, manual, tested and backfilled runs alike. Another night by hand: configuration {"run_date": "YYYY-MM-DD"}.
"""

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import (
    Asset,
    CronTriggerTimetable,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
    dag,
    get_current_context,
    task,
)

from pipeline import tasks
from pipeline.settings import load

SETTINGS = load()
DATABASES = [
    Asset(f"release/{database}", uri=f"fsdb://release/{database}")
    for database in ("financial_institutions", "guarantees", "listing_pipeline")
]

# Waiting mends an outage or somebody else at work; it mends neither a refusal nor a setting nor a finding of the gate.
RETRIES = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=["extractors.core.errors.TransientError", "pipeline.locks.HeldError"]),
        RetryRule(exception=Exception, action=RetryAction.FAIL),
    ]
)


@dag(
    schedule=CronTriggerTimetable("0 2 * * *", timezone=SETTINGS.timezone),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    # A night that hangs must not keep the next one from running.
    dagrun_timeout=timedelta(hours=8),
    is_paused_upon_creation=False,
    default_args={
        "retries": 2,
        "execution_timeout": timedelta(hours=2),
        "retry_delay": SETTINGS.retry_delay,
        "retry_policy": RETRIES,
        "on_failure_callback": tasks.notify_failure,
    },
    doc_md=__doc__,
    tags=["fsdb"],
)
def nightly() -> None:
    @task
    def sources() -> list[str]:
        return tasks.sources()

    @task(max_active_tis_per_dagrun=SETTINGS.parallel, map_index_template="{{ source }}")
    def extract(source: str) -> dict[str, int]:
        context = get_current_context()
        context["source"] = source  # type: ignore[typeddict-unknown-key]
        return tasks.extract(source, tasks.run_date(context))

    # A source that failed does not stop the night: its last good rows are kept, and its task stays red.
    @task(trigger_rule="all_done")
    def build() -> str:
        return tasks.build(tasks.run_date(get_current_context()))

    @task
    def audit() -> dict[str, int]:
        return tasks.audit(tasks.run_date(get_current_context()))

    @task(outlets=DATABASES, on_success_callback=tasks.notify_success)
    def publish(*, outlet_events: Any) -> dict[str, Any]:
        released = tasks.publish(tasks.run_date(get_current_context()))
        for database in DATABASES:
            outlet_events[database].extra = released
        return released

    extract.expand(source=sources()) >> build() >> audit() >> publish()  # type: ignore[call-arg]


nightly()
