"""The gate: judge the very file that consumers will open, and say what is wrong with it by row."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import great_expectations as gx
from great_expectations.core import ExpectationValidationResult
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.datasource.fluent.sql_datasource import TableAsset
from great_expectations.expectations.metadata_types import FailureSeverity

from expectations import codes, entities, financial_institutions, guarantees, listing_pipeline, published, shared
from expectations.duckdb_dialect import read_only
from expectations.published import Columns, Entity, Release, Table, columns_of
from expectations.result import Finding, GateResult, UnknownFinding
from expectations.rule import SAMPLE, Rule

__all__ = ["DATABASES", "TABLES", "Finding", "GateResult", "UnknownFinding", "judge"]

# A module a database: `TABLES` and `ENTITIES` as in `published`, and `rules(release)`.
DATABASES: tuple[ModuleType, ...] = (financial_institutions, guarantees, listing_pipeline)
TABLES: Mapping[str, Table] = {
    name: table for module in (published, *DATABASES) for name, table in module.TABLES.items()
}
ENTITIES: tuple[Entity, ...] = tuple(entity for database in DATABASES for entity in database.ENTITIES)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What Great Expectations answered to one rule; `problem` when it could not answer."""

    success: bool = True
    count: int = 0
    sample: tuple[dict[str, Any], ...] = ()
    problem: str | None = None


def judge(database: Path, previous: Path | None, run_date: date, accept: frozenset[str] = frozenset()) -> GateResult:
    """Judge a release candidate.

    `database` is the candidate's fsdb.duckdb, `previous` that of the release it follows (None: there is none;
    its folder is its id), `run_date` the night. `accept` names findings an operator lets pass this once, as
    `7.5` or, for one table, `7.5:listing_pipeline.project`; they stay in the result, marked. Nobody may hold
    either file open for writing.

    What cannot be read or judged is a critical finding, never an exception, and cannot be accepted. Raises
    `UnknownFinding` for a name in `accept` that no rule has.
    """
    columns: dict[str, Columns] = {}
    findings = []
    for role, path in {"file": database, "file.previous": previous}.items():
        try:
            columns[role] = columns_of(path) if path else {}
        except (duckdb.Error, OSError) as error:
            findings.append(_unreadable(role, path, error))
    if findings:
        return GateResult(run_date, tuple(findings))

    previous_id = previous.parent.name if previous else None
    release = Release(run_date, columns["file"], columns["file.previous"], previous_id, TABLES, ENTITIES)
    declared = [rule for module in (shared, codes, entities, *DATABASES) for rule in module.rules(release)]
    _refuse_unknown(accept, declared)
    rules = [rule for rule in declared if rule.table in release.tables]
    outcomes = _ask(database, previous, rules)
    findings = [_missing(table, release, accept) for table in release.lost]
    findings += [_undeclared(table) for table in release.undeclared]
    findings += [_finding(*judged, release, accept) for judged in zip(rules, outcomes, strict=True)]
    return GateResult(run_date, tuple(findings))


def _ask(database: Path, previous: Path | None, rules: list[Rule]) -> list[_Outcome]:
    """Put every rule to Great Expectations, one suite a table; outcomes in the order of the rules."""
    by_table: dict[str, dict[int, Rule]] = {}
    for number, rule in enumerate(rules):
        by_table.setdefault(rule.table, {})[number] = rule
    try:
        source = _source(database, previous, list(by_table))
    except Exception as error:  # whatever the libraries raise, nobody has vouched for this file
        return [_Outcome(problem=_line(error))] * len(rules)
    outcomes: dict[int, _Outcome] = {}
    try:
        for table, asked in by_table.items():
            outcomes |= _ask_table(source.get_asset(table), table, asked)
    finally:
        source.get_engine().dispose()  # asks whether tables are there
        source.get_execution_engine().close()  # has an engine of its own
    return [outcomes[number] for number in range(len(rules))]


def _source(database: Path, previous: Path | None, tables: list[str]) -> SQLDatasource:
    """The file as Great Expectations knows it: in memory, without progress bars, the previous release attached."""
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(), progress_bars=ProgressBarsConfig(globally=False)
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of naming a schema; our file has several
        return context.data_sources.add_sql(
            name="release",
            connection_string=read_only(database),
            kwargs={"connect_args": {"attach": {"previous": str(previous)} if previous else {}}},
            assets=[
                {"type": "table", "name": table, "schema_name": schema, "table_name": name}
                for table in tables
                for schema, name in [table.split(".", 1)]
            ],
        )


def _ask_table(asset: TableAsset, table: str, rules: Mapping[int, Rule]) -> dict[int, _Outcome]:
    result_format: dict[str, Any] = {"result_format": "SUMMARY", "partial_unexpected_count": SAMPLE}
    if table in TABLES:
        result_format["unexpected_index_column_names"] = list(TABLES[table].key)
    try:
        asked = {number: rule.expectation for number, rule in rules.items() if rule.expectation}
        for number, expectation in asked.items():
            expectation.severity = FailureSeverity(rules[number].severity)
            expectation.meta = {"rule": number}
        suite = gx.ExpectationSuite(name=table, expectations=list(asked.values()))
        batch = asset.get_batch(asset.build_batch_request())
        answers = batch.validate(suite, result_format=result_format).results
    except Exception as error:  # whatever the libraries raise, nobody has vouched for this table
        return dict.fromkeys(rules, _Outcome(problem=_line(error)))
    answered = {answer.expectation_config.meta["rule"]: _outcome(answer) for answer in answers}
    unanswered = _Outcome(problem="Great Expectations gave no answer")
    return {
        number: answered.get(number, unanswered) if rule.expectation else _Outcome() for number, rule in rules.items()
    }


def _outcome(answer: ExpectationValidationResult) -> _Outcome:
    result = answer.result or {}
    count, sample = _unexpected(result)
    return _Outcome(bool(answer.success), count, sample, _problem(answer.exception_info or {}))


def _unexpected(result: Mapping[str, Any]) -> tuple[int, tuple[dict[str, Any], ...]]:
    """Number and sample of what an expectation found: rows by their key, or columns by their name."""
    if mismatched := result.get("details", {}).get("mismatched"):
        columns = mismatched.get("missing") or mismatched["unexpected"]
        return len(columns), tuple({"column": column} for column in columns[:SAMPLE])
    rows = result.get("partial_unexpected_index_list") or ()
    sample = tuple({name: _plain(value) for name, value in row.items()} for row in rows)
    return result.get("unexpected_count") or 0, sample


def _problem(exception_info: Mapping[str, Any]) -> str | None:
    """The first line of what went wrong while an expectation was computed, if anything did."""
    for info in (exception_info, *exception_info.values()):
        if isinstance(info, dict) and info.get("raised_exception"):
            return _line(info["exception_message"])
    return None


def _finding(rule: Rule, outcome: _Outcome, release: Release, accept: frozenset[str]) -> Finding:
    compared_with = release.previous_id if rule.relative else None
    if outcome.problem:
        observed = f"could not be judged: {outcome.problem}"
    elif not rule.expectation:
        observed = "new in this release" if release.previous_id else "no earlier release"
    elif outcome.count:
        first = ", ".join(f"{name} {value}" for name, value in next(iter(outcome.sample), {}).items())
        observed = f"{outcome.count:,} not as expected{' (tolerated)' if outcome.success else ''}, first: {first}"
    else:
        observed = "as expected"
    return Finding(
        id=rule.id,
        table=rule.table,
        severity="critical" if outcome.problem else rule.severity,
        title=rule.title,
        success=outcome.success and not outcome.problem,
        accepted=not outcome.success and not outcome.problem and _named(rule.id, rule.table, accept),
        expected=rule.expected,
        observed=observed,
        compared_with=compared_with,
        unexpected_count=outcome.count,
        sample=outcome.sample,
    )


def _missing(table: str, release: Release, accept: frozenset[str]) -> Finding:
    """A table that is not there; nothing else is asked of it."""
    return Finding(
        id="S5",
        table=table,
        severity="critical",
        title="No table is missing that consumers rely on",
        success=False,
        accepted=_named("S5", table, accept),
        expected="the table",
        observed="the release has no such table",
        compared_with=release.previous_id if table in release.previous else None,
        unexpected_count=1,
        sample=(),
    )


def _undeclared(table: str) -> Finding:
    """A table whose key and columns nobody has told the gate: it is scanned for texts and dates, no more."""
    return Finding(
        id="S5.new",
        table=table,
        severity="warning",
        title="The gate knows every table",
        success=False,
        accepted=False,
        expected="key and columns declared in the module of its database below expectations/",
        observed="not declared there",
        compared_with=None,
        unexpected_count=1,
        sample=(),
    )


def _unreadable(role: str, path: Path | None, error: Exception) -> Finding:
    return Finding(
        id=role,
        table="",
        severity="critical",
        title="The database file can be read",
        success=False,
        accepted=False,
        expected=f"a DuckDB file at {path}",
        observed=_line(error),
        compared_with=None,
        unexpected_count=1,
        sample=(),
    )


def _named(rule_id: str, table: str, accept: frozenset[str]) -> bool:
    return bool({rule_id, f"{rule_id}:{table}"} & accept)


def _refuse_unknown(accept: frozenset[str], rules: Iterable[Rule]) -> None:
    ids = {rule.id for rule in rules}
    if unknown := sorted(name for name in accept if name.split(":", 1)[0] not in ids):
        raise UnknownFinding(f"cannot accept {', '.join(unknown)}: the gate asks {', '.join(sorted(ids))}")


def _line(error: object) -> str:
    """The first line of an error: the rest is the driver's statement and stack."""
    return str(error).strip().split("\n", 1)[0]


def _plain(value: Any) -> Any:
    """A value as JSON can hold it: amounts as numbers, dates and the rest as text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
