"""Who may see what, by the metadata of the models themselves."""

import json
import re

import pytest
from listing_build import Dbt

from publication import catalogue
from publication.catalogue import CLASSIFICATIONS, Table
from publication.editions import LESSER, shown

# Guarantee contracts, compensations and what is withheld of them: their clients are nobody's business.
INTERNAL = re.compile(r"guarantees\.(contract|compensation)|quarantine\..*(contract|compensation).*")
# What guarantors tell the platform and its partners.
PARTNER = re.compile(r"guarantees\.(institution_quarter|bank_cooperation)|quarantine\..*(quarter|cooperation).*")


@pytest.fixture(scope="module")
def tables(dbt: Dbt, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    """The published tables; that they load means that every column has a description and a class."""
    path = tmp_path_factory.mktemp("catalogue") / "manifest.json"
    nodes = {name: node.to_dict(omit_none=False) for name, node in dbt.manifest.nodes.items()}
    path.write_text(json.dumps({"nodes": nodes}))
    return {table.full_name: table for table in catalogue.load(path)}


def test_every_published_column_has_a_class(tables: dict[str, Table]) -> None:
    assert {"listing_pipeline.project", "organizations.organization", "quality.source_status"} <= tables.keys()
    for table in tables.values():
        assert {column.classification for column in table.columns} <= set(CLASSIFICATIONS), table.full_name


def test_what_clients_and_guarantors_confide_stays_where_it_belongs(tables: dict[str, Table]) -> None:
    """Internal tables have no column below internal, so that no lesser edition has them; partner tables none below
    partner."""
    for name, table in tables.items():
        classes = {column.classification for column in table.columns}
        if INTERNAL.fullmatch(name):
            assert classes == {"internal"}, name
            assert [shown(table, edition) for edition in LESSER] == [None, None]
        elif PARTNER.fullmatch(name):
            assert "public" not in classes, name
            assert shown(table, "public") is None


def test_every_table_with_rows_of_several_classes_says_so(tables: dict[str, Table]) -> None:
    for name, table in tables.items():
        assert (table.row_visibility is not None) == ("visibility" in table.types), name
    assert (
        tables["quality.source_status"].row_visibility == tables["quality.row_balance"].row_visibility == "visibility"
    )


def test_what_sources_answered_in_words_is_not_public(tables: dict[str, Table]) -> None:
    """Messages may quote what was sent; withheld records of public lists are as public as the lists."""
    for edition in LESSER:
        status = shown(tables["quality.source_status"], edition)
        assert status is not None
        assert "message" not in status.types
    project = shown(tables["quarantine.listing_project"], "public")
    assert project is not None
    assert {"reason", "raw_record"} <= project.types.keys()
