"""Rules of database 7, companies to be listed: 7.2–7.11 (7.1 is the shared rule of keys).

7.12 (a listed security has a valid stock identifier) has no subject until there are listed securities.
"""

from collections.abc import Iterator

import great_expectations.expectations as gxe

from expectations.published import PROVENANCE, SOURCE_STATUS, TRUST, Entity, Release, table
from expectations.rule import BATCH, Rule, no_rows

PROJECT = "listing_pipeline.project"
EVENT = "listing_pipeline.project_event"
QUARANTINE = "quarantine.listing_project"

PRESENT = 0.95
LAG_WORKING_DAYS = 3
RAISE_CNY = (50_000_000, 30_000_000_000)
NAMED = 0.995
CHANGES_A_NIGHT = 60
RESOURCE = "ipo_project"

_EXCHANGE = {"exchange": "'SSE', 'SZSE', 'BSE'"}
_STATUS = {"status": "select status from reference.status"}

TABLES = {
    PROJECT: table(
        "exchange project_id",
        "organization_id company_name title_raw board status raw_status raw_sub raw_status_label"
        " plan_raise_cny accepted_on updated_on sponsor_name law_firm_name accountant_name region csrc_industry"
        f" neeq_code first_seen_on status_since {PROVENANCE}",
        {**_EXCHANGE, **_STATUS, **TRUST, "board": "'主板', '科创板', '创业板', '北交所'"},
        key_rule="7.1",
    ),
    EVENT: table(
        "exchange project_id seen_on",
        f"event_on previous_status status raw_status raw_sub raw_status_label days_in_prev is_first_seen {PROVENANCE}",
        {**_EXCHANGE, **_STATUS, **TRUST},
    ),
    "listing_pipeline.project_history": table(
        "exchange project_id valid_from",
        f"status raw_status raw_sub raw_status_label valid_to {PROVENANCE}",
        {**_EXCHANGE, **_STATUS, **TRUST},
    ),
    QUARANTINE: table("exchange project_id", f"rule reason raw_record run_date {PROVENANCE}", {**_EXCHANGE, **TRUST}),
    "reference.board_map": table("exchange raw_board", "board"),
    "reference.status": table("status", "is_terminal"),
    "reference.status_map": table("exchange raw_status raw_sub", "canonical"),
    "reference.status_transition": table("from_status to_status", "kind"),
}

ENTITIES = (Entity(PROJECT, tuple(f"{exchange}/{RESOURCE}" for exchange in ("sse", "szse", "bse")), QUARANTINE),)


def rules(release: Release) -> Iterator[Rule]:
    """The rules of the listing pipeline, in order of their numbers."""
    yield _present(release)
    yield from _statuses()
    yield _transitions()
    yield _disappeared(release)
    yield from _freshness(release)
    yield _acceptance()
    yield from _values()
    yield _changes(release)


def _present(release: Release) -> Rule:
    before = f"select exchange, count(*) as rows_before from previous.{PROJECT} group by exchange"
    if PROJECT not in release.previous:
        before = "select null::varchar as exchange, 0 as rows_before where false"
    return Rule(
        "7.2",
        PROJECT,
        "critical",
        "Every exchange is there",
        f"rows of every selected exchange, at least {PRESENT:.0%} of the previous release's",
        no_rows(f"""
            with before as ({before}),
            now as (select exchange, count(*) as rows_now from {BATCH} group by exchange),
            due as (
                select upper(source_id) as exchange from {SOURCE_STATUS}
                where selected and resource = '{RESOURCE}'
                union select exchange from before
            )
            select exchange, coalesce(rows_now, 0) as rows_now, rows_before
            from due left join now using (exchange) left join before using (exchange)
            where coalesce(rows_now, 0) = 0 or rows_now < {PRESENT} * rows_before
        """),
        relative=True,
    )


def _statuses() -> Iterator[Rule]:
    yield Rule(
        "7.3",
        PROJECT,
        "critical",
        "Every status is the one reference.status_map gives for the source's codes",
        "no unmapped code; an SSE status 5 without registration result stays registration_decided",
        no_rows(f"""
            with projects as (select * from {BATCH})
            select exchange, project_id, raw_status, raw_sub, status from projects
            where not exists (
                select 1 from reference.status_map as known
                where known.exchange = projects.exchange
                    and known.raw_status = projects.raw_status
                    and known.raw_sub = coalesce(projects.raw_sub, '-')
                    and known.canonical = projects.status
            )
            or exchange = 'SSE' and raw_status = '5' and raw_sub is null and status <> 'registration_decided'
        """),
    )
    yield Rule(
        "7.3.outcome",
        PROJECT,
        "warning",
        "The registration result is stated",
        "no project whose registration was decided without the source saying how",
        no_rows(f"""
            select exchange, project_id, company_name, updated_on from {BATCH}
            where status = 'registration_decided'
        """),
    )


def _transitions() -> Rule:
    return Rule(
        "7.4",
        EVENT,
        "critical",
        "Every status change is one the rules of review allow",
        "previous_status and status in reference.status_transition",
        no_rows(f"""
            with events as (select * from {BATCH} where previous_status <> status)
            select exchange, project_id, seen_on, previous_status, status from events
            where not exists (
                select 1 from reference.status_transition as allowed
                where allowed.from_status = events.previous_status and allowed.to_status = events.status
            )
        """),
    )


def _disappeared(release: Release) -> Rule:
    return Rule(
        "7.5",
        PROJECT,
        "critical",
        "No project has disappeared",
        "every (exchange, project_id) of the previous release",
        no_rows(f"""
            select exchange, project_id, company_name from previous.{PROJECT}
            anti join {BATCH} using (exchange, project_id)
        """)
        if PROJECT in release.previous
        else None,
        relative=True,
    )


def _freshness(release: Release) -> Iterator[Rule]:
    tonight = f"date '{release.run_date}'"
    yield Rule(
        "7.6",
        PROJECT,
        "warning",
        "Every exchange shows recent updates",
        f"newest updated_on at most {LAG_WORKING_DAYS} days from Monday to Friday before {release.run_date}",
        no_rows(f"""
            with newest as (select exchange, max(updated_on) as updated_on from {BATCH} group by exchange),
            days as (
                select exchange, unnest(generate_series(updated_on + 1, {tonight}, interval 1 day)) as day
                from newest
            )
            select exchange, updated_on, count(day) filter (where isodow(day) <= 5) as working_days
            from newest left join days using (exchange) group by exchange, updated_on
            having working_days > {LAG_WORKING_DAYS} or updated_on is null
        """),
    )
    yield Rule(
        "7.7",
        SOURCE_STATUS,
        "warning",
        "Every source was read tonight",
        f"good_run_date {release.run_date}; an older one means rows carried forward",
        no_rows(f"""
            select source_id, resource, status, good_run_date, age_nights from {BATCH}
            where good_run_date < {tonight}
        """),
    )


def _acceptance() -> Rule:
    return Rule(
        "7.8",
        EVENT,
        "critical",
        "Nothing happens to a project before it is accepted",
        "event_on not before the project's accepted_on",
        no_rows(f"""
            with events as (select exchange, project_id, seen_on, event_on from {BATCH})
            select exchange, project_id, seen_on, event_on, accepted_on
            from events join {PROJECT} using (exchange, project_id) where event_on < accepted_on
        """),
    )


def _values() -> Iterator[Rule]:
    low, high = RAISE_CNY
    yield Rule(
        "7.9",
        PROJECT,
        "warning",
        "The planned raise has a plausible size",
        "plan_raise_cny from 0.5 to 300 亿元 where given; beyond, 万 and 亿 were likely confused",
        gxe.ExpectColumnValuesToBeBetween(column="plan_raise_cny", min_value=low, max_value=high),
    )
    yield Rule(
        "7.10",
        PROJECT,
        "warning",
        "Titles were cleaned to company names",
        f"company_name ends in 公司 in at least {NAMED:.1%} of the rows",
        gxe.ExpectColumnValuesToMatchRegex(column="company_name", regex=".*公司$", mostly=NAMED),
    )


def _changes(release: Release) -> Rule:
    return Rule(
        "7.11",
        EVENT,
        "warning",
        "No unusual number of status changes",
        f"at most {CHANGES_A_NIGHT} tonight over all exchanges",
        no_rows(f"""
            select exchange, count(*) as changes from {BATCH}
            where seen_on = date '{release.run_date}' and not is_first_seen
            group by exchange qualify sum(count(*)) over () > {CHANGES_A_NIGHT}
        """),
    )
