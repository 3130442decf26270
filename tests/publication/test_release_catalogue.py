"""The catalogue is what dbt declares as published, and nothing that is not fully declared."""

import json
from pathlib import Path
from typing import Any

import pytest
from publication_world import PROJECT, manifest_node, write_manifest

from publication import catalogue
from publication.errors import PublicationError


def load_with(tmp_path: Path, **changes: Any) -> list[catalogue.Table]:
    node = manifest_node("listing_pipeline.project", PROJECT, ["exchange", "project_id"])
    node.update(changes)
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"nodes": {"model.fsdb.project": node}}))
    return catalogue.load(path)


def test_published_are_marts_and_reference_seeds(tmp_path: Path) -> None:
    tables = catalogue.load(write_manifest(tmp_path / "manifest.json"))
    assert [table.full_name for table in tables] == [
        "listing_pipeline.project",
        "listing_pipeline.project_history",
        "organizations.organization",
        "quality.row_balance",
        "quality.source_status",
        "reference.status_map",
    ]


def test_a_column_carries_type_unit_description_classification_and_provenance(tmp_path: Path) -> None:
    (table,) = load_with(tmp_path)
    columns = {column.name: column for column in table.columns}
    assert columns["plan_raise_cny"] == catalogue.Column(
        "plan_raise_cny", "decimal(20,2)", "The plan_raise_cny of a row.", "CNY", "public", False
    )
    assert table.primary_key == ("exchange", "project_id")
    assert set(PROJECT) - set(table.facts) == {"file_sha256", "fetched_at"}


def test_meta_outside_config_counts_too(tmp_path: Path) -> None:
    (table,) = load_with(tmp_path, config={"meta": {}}, meta={"primary_key": "project_id"})
    assert table.primary_key == ("project_id",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"config": {"meta": {}}}, "no config.meta.primary_key"),
        ({"config": {"meta": {"primary_key": ["nobody"]}}}, "key column 'nobody' is not one of its facts"),
        (
            {"config": {"meta": {"primary_key": ["file_sha256"]}}},
            "key column 'file_sha256' is not one of its facts",
        ),
        (
            {"config": {"meta": {"primary_key": ["project_id"], "row_visibility": "who"}}},
            "row_visibility 'who' is not one of its facts",
        ),
        (
            {"config": {"meta": {"primary_key": ["project_id"], "row_visibility": "fetched_at"}}},
            "row_visibility 'fetched_at' is not one of its facts",
        ),
        (
            {"columns": {"visibility": {"name": "visibility", "description": "d"}}},
            "a column visibility, but no config.meta.row_visibility that heeds it",
        ),
        (
            {"columns": {"x": {"name": "x", "description": "d", "meta": {"classification": "restricted"}}}},
            "classification 'restricted' is none of public, partner, internal",
        ),
        ({"description": "  "}, "listing_pipeline.project: no description"),
        ({"columns": {}}, "no columns declared"),
        ({"alias": "../escape"}, "'../escape' is not a plain lower-case name"),
        ({"columns": {"_x": {"name": "_x", "description": "d"}}}, "'_x' is not a plain lower-case name"),
        (
            {"columns": {"x": {"name": "x", "meta": {"classification": "public"}}}},
            "project.x: no description",
        ),
        ({"columns": {"x": {"name": "x", "description": "d"}}}, "project.x: classification '' is none of"),
    ],
)
def test_gaps_in_the_declaration_are_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PublicationError, match=message.replace(".", r"\.")):
        load_with(tmp_path, **changes)


def test_all_gaps_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match="2 gaps"):
        load_with(tmp_path, description="", config={})


@pytest.mark.parametrize("content", [None, "{", '{"nodes": {}}'])
def test_a_manifest_that_says_nothing_is_an_error(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "manifest.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(PublicationError, match=r"manifest\.json"):
        catalogue.load(path)
