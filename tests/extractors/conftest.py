"""What the tests of `extractors/` share."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from scripted import Server

from extractors.core.spec import Resource, SourceSpec


@pytest.fixture
def server() -> Iterator[Server]:
    """A scripted HTTP server."""
    started = Server()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def resource() -> Callable[..., Resource]:
    """Builds a resource: columns `id` (key), `name` (required), `more`, `tree` and the personal `linkman`."""

    def build(columns: dict[str, Any] | None = None, **given: Any) -> Resource:
        fields = {
            "mode": "snapshot",
            "key": ["id"],
            "declared_total": "total",
            "rows": {"min": 0, "max": 1000, "drift": "50%"},
            "columns": columns
            or {
                "id": {"as": "project_id", "required": True},
                "name": {"as": "title_raw", "required": True},
                "more": {"as": "more_raw"},
                "tree": {"as": "tree_raw", "type": "json"},
                "linkman": {"personal": "drop"},
            },
        }
        return Resource.model_validate(fields | given)

    return build


@pytest.fixture(scope="session")
def spec(resource: Callable[..., Resource]) -> Callable[..., SourceSpec]:
    """Builds the spec of a source `demo` with one resource `project`."""

    def build(**given: Any) -> SourceSpec:
        return SourceSpec.model_validate(
            {
                "id": "demo",
                "title": "Demonstration",
                "family": "listing",
                "jurisdiction": "CN",
                "publisher": {"name": "示例", "homepage": "https://demo.example", "official": True},
                "licence": {"name": "none stated", "terms": "https://demo.example/terms", "republish": "facts-only"},
                "owner": "listing",
                "cadence": {"cron": "0 2 * * *", "timezone": "Asia/Shanghai", "max_age": "3d"},
                "http": {"base": "https://demo.example", "pace": "1/s", "timeout": "30s"},
                "resources": {"project": resource(**given)},
            }
        )

    return build
