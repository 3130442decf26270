"""The table of deliveries, and what the records of any resource look like on their way into the databases."""

from collections.abc import Callable
from datetime import date

import duckdb
import pytest
from listing_build import Dbt, Warehouse
from raw_schema import lay_out, logged, specs

NIGHT = date(2026, 7, 13)
FILES = [("guarantor_reports", "contract"), ("bank_branches", "branch"), ("guarantee_lists", "institution")]
FILES += [("guarantor_reports", None), ("nobody", "knows")]


def delivery(number: int, source: str, resource: str | None) -> dict[str, object]:
    """A file that came."""
    return {
        "delivery_id": str(number),
        "source_id": source,
        "resource": resource,
        "file_name": f"{source}.csv",
        "sha256": "0" * 64,
        "received_on": NIGHT,
        "status": "loaded",
        "rows": 3,
        "is_current": True,
    }


def test_a_file_is_as_visible_as_its_source(dbt: Dbt, new_warehouse: Callable[[], Warehouse]) -> None:
    """Reports of guarantors are internal, branch lists for partners; what nobody declared is internal."""
    warehouse = new_warehouse()
    deliveries = [delivery(number, *file) for number, file in enumerate(FILES)]
    with duckdb.connect(str(warehouse.path)) as db:
        lay_out(db, NIGHT, {}, [], deliveries)
    dbt(warehouse.path, "build", "--select", "delivery", "--exclude-resource-type", "unit_test")
    found = warehouse.query("select visibility from quality.delivery order by delivery_id")
    assert [value for (value,) in found] == ["internal", "partner", "public", "internal", "internal"]


def test_every_declared_resource_is_documented_and_can_be_seen(dbt: Dbt) -> None:
    """models/staging tells of every resource of every spec, and says of who may see it what the spec says."""
    told = {source.name: source.config.meta for source in dbt.manifest.sources.values()}
    for spec in specs().values():
        for resource in spec.resources:
            assert told[f"{spec.id}__{resource}"]["visibility"] == spec.visibility(resource), f"{spec.id}/{resource}"


def test_a_column_that_no_spec_has_is_refused() -> None:
    with pytest.raises(KeyError, match="szse/ipo_project has no column nonsense"):
        logged("szse", "ipo_project", {"nonsense": "1", "_run_date": NIGHT})
