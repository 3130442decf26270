"""Which night a run is."""

from datetime import UTC, date, datetime

import pytest

from pipeline.run_date import RunDateError, of_dag_run, parse, today

SHANGHAI = "Asia/Shanghai"
NOW = datetime(2026, 7, 20, 3, 0, tzinfo=UTC)


def of(**given: object) -> date:
    """`of_dag_run` with nothing set but what is given."""
    base = {"conf": None, "partition_key": None, "logical_date": None, "run_after": NOW, "now": NOW}
    return of_dag_run(**(base | given), timezone=SHANGHAI)  # type: ignore[arg-type]


def test_a_scheduled_run_is_named_by_the_local_day_it_starts_on():
    """02:00 in Shanghai is still the day before in UTC; the night is Shanghai's."""
    assert of(logical_date=datetime(2026, 7, 14, 18, 0, tzinfo=UTC)) == date(2026, 7, 15)


def test_dags_test_with_a_plain_date_runs_that_night():
    """`airflow dags test nightly 2026-07-15` gives midnight UTC."""
    assert of(logical_date=datetime(2026, 7, 15, tzinfo=UTC)) == date(2026, 7, 15)


def test_a_backfilled_run_is_the_night_asked_for():
    """Backfill makes logical dates at the schedule's instants: 02:00 Shanghai of each day of the range."""
    assert of(logical_date=datetime(2026, 7, 1, 18, 0, tzinfo=UTC)) == date(2026, 7, 2)


def test_a_manual_run_takes_the_night_from_its_configuration():
    """What a person wrote wins over what the schedule would say."""
    given = {"conf": {"run_date": "2026-07-03"}, "logical_date": NOW, "partition_key": "2026-07-09T00:00:00"}
    assert of(**given) == date(2026, 7, 3)


def test_an_asset_triggered_run_takes_the_partition_key():
    """Asset events carry no logical date."""
    assert of(partition_key="2026-07-09T00:00:00") == date(2026, 7, 9)


def test_a_run_that_names_nothing_is_the_night_it_was_asked_to_start():
    """Triggered by hand in the pages without a logical date."""
    assert of(run_after=datetime(2026, 7, 19, 20, 0, tzinfo=UTC)) == date(2026, 7, 20)


@pytest.mark.parametrize("text", ["2026-7-1", "20260701", "yesterday", "2026-02-30", "", "2026-07-01T00:00"])
def test_a_run_date_that_is_no_date_is_refused(text: str):
    """Only YYYY-MM-DD, so that a night has one name."""
    with pytest.raises(RunDateError, match="expected YYYY-MM-DD"):
        parse(text, NOW, SHANGHAI)


def test_the_future_is_refused_and_today_is_shanghais():
    """At 17:00 UTC it is already tomorrow in Shanghai."""
    evening = datetime(2026, 7, 19, 17, 0, tzinfo=UTC)
    assert today(evening, SHANGHAI) == date(2026, 7, 20)
    assert parse("2026-07-20", evening, SHANGHAI) == date(2026, 7, 20)
    with pytest.raises(RunDateError, match="2026-07-21 lies in the future"):
        parse("2026-07-21", evening, SHANGHAI)
    with pytest.raises(RunDateError, match="future"):
        of(conf={"run_date": "2027-01-01"})
