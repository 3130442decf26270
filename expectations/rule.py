"""How a rule is declared, and the one expectation of ours that Great Expectations does not bring."""

from dataclasses import dataclass
from typing import Any

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import parse_result_format
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies

from expectations.result import Severity

BATCH = "{batch}"
SAMPLE = 10
_COUNT = "unexpected_count"
_ROWS = "unexpected_rows_query.table"


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand on one table, declared once and expressed in an expectation.

    `title` and `expected` are for people. `relative` says that the previous release counts; such a rule has
    no expectation, and holds, where there is nothing to compare with.
    """

    id: str
    table: str
    severity: Severity
    title: str
    expected: str
    expectation: gxe.Expectation | None
    relative: bool = False


class ExpectNoRows(gxe.UnexpectedRowsExpectation):  # type: ignore[misc]
    """`UnexpectedRowsExpectation` that runs its query once; the number of rows comes with the sample.

    The original runs it twice and hands out rows only in the result format that fetches all of them.
    """

    metric_dependencies = (_ROWS,)

    def get_validation_dependencies(
        self,
        execution_engine: Any = None,  # noqa: ARG002  # as it is called
        runtime_configuration: dict[str, Any] | None = None,
    ) -> ValidationDependencies:
        """The query over this batch; the original asks the whole configuration anew for every word of it."""
        query = MetricConfiguration(
            metric_name=_ROWS,
            metric_domain_kwargs={"batch_id": self.batch_id, "row_condition": None, "condition_parser": None},
            metric_value_kwargs={"unexpected_rows_query": self.unexpected_rows_query},
        )
        wanted = (runtime_configuration or {}).get("result_format", self.result_format)
        return ValidationDependencies({_ROWS: query}, parse_result_format(wanted))

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        rows = metrics[_ROWS]
        sample = [{name: value for name, value in row.items() if name != _COUNT} for row in rows]
        count = rows[0][_COUNT] if rows else 0
        return {"success": not rows, "result": {_COUNT: count, "partial_unexpected_index_list": sample}}


def no_rows(sql: str) -> ExpectNoRows:
    """Expect a query over `{batch}`, the table of the rule, to find nothing; its rows become the sample."""
    counted = f"select *, count(*) over () as {_COUNT} from ({sql}) order by all limit {SAMPLE}"
    return ExpectNoRows(unexpected_rows_query=counted)


def literal(text: str) -> str:
    """A SQL text literal that survives Great Expectations' braces and SQLAlchemy's colons."""
    quoted = text.replace("'", "''").replace("{", "{{").replace("}", "}}").replace(":", "\\:")
    return f"'{quoted}'"
