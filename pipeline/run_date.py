"""Which night a run is: the calendar day, in the pipeline's time zone, on which it starts."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo


class RunDateError(ValueError):
    """Not a night that can be run."""


def today(now: datetime, timezone: str) -> date:
    """The night an instant belongs to."""
    return now.astimezone(ZoneInfo(timezone)).date()


def parse(text: str, now: datetime, timezone: str) -> date:
    """A night as a person writes it, `YYYY-MM-DD`; raise `RunDateError` for anything else and for the future."""
    try:
        night = date.fromisoformat(text)
    except ValueError:
        raise RunDateError(f"run date: expected YYYY-MM-DD, got {text!r}") from None
    if text != night.isoformat():
        raise RunDateError(f"run date: expected YYYY-MM-DD, got {text!r}")
    if night > (latest := today(now, timezone)):
        raise RunDateError(f"run date {night} lies in the future; today is {latest} in {timezone}")
    return night


def of_dag_run(
    *,
    conf: Mapping[str, Any] | None,
    partition_key: str | None,
    logical_date: datetime | None,
    run_after: datetime,
    now: datetime,
    timezone: str,
) -> date:
    """The night of an Airflow run, whatever started it.

    In this order: `run_date` in the run's configuration (manual), the partition key (asset events carry no logical
    date), the logical date (scheduled, backfilled, `dags test`: the instant the schedule names), the instant
    it was asked to start.
    """
    if conf and conf.get("run_date"):
        return parse(str(conf["run_date"]), now, timezone)
    if partition_key:
        return parse(partition_key[:10], now, timezone)
    return parse(today(logical_date or run_after, timezone).isoformat(), now, timezone)
