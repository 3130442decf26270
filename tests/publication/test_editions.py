"""Each edition is a whole release of its own: tables, deltas, documents, checksums, of what it may show."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from edition_world import (
    BALANCE,
    CONTRACT,
    GUARANTOR,
    LISTS,
    ORGANIZATION,
    QUARTER,
    REPORTS,
    STATUS,
    contract,
    edition_world,
    guarantor,
    organization,
    quarter,
    status,
    tables,
)
from publication_world import DAY, World, finding, project, state

from publication import catalogue, database, files
from publication.catalogue import Table
from publication.editions import LESSER, path_of, shown
from publication.errors import PublicationError
from publication.publish import verify

NEXT_DAY = DAY + timedelta(1)
EDITIONS = pytest.mark.parametrize("edition", LESSER)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return edition_world(tmp_path / "data")


def document(directory: Path, name: str = "release.json") -> Any:
    return json.loads((directory / name).read_bytes())


# -- what an edition holds -----------------------------------------------------------------------------------


def test_an_edition_holds_what_its_class_may_see(world: World) -> None:
    """Columns above the edition are gone, tables without their whole key, rows that say so; row_hash goes with them."""
    release = world.night(tables()).path
    public, partner = (path_of(release, edition) for edition in LESSER)
    assert set(world.database(public)) == {GUARANTOR, ORGANIZATION, STATUS, BALANCE}
    assert set(world.database(partner)) == {GUARANTOR, QUARTER, ORGANIZATION, STATUS, BALANCE}
    trail = ["src_family", "file_sha256", "fetched_at", "as_of"]
    assert world.columns(public / "guarantees/institution.parquet") == ["guarantor_id", "legal_name", *trail]
    assert world.columns(partner / "guarantees/institution.parquet") == [
        *("guarantor_id", "legal_name", "rating", "leverage"),
        *trail,
    ]
    assert "row_hash" in world.columns(public / "organizations/organization.parquet")
    assert world.rows(public, ORGANIZATION, "organization_id") == [("O1",)]
    assert world.rows(partner, ORGANIZATION, "organization_id") == [("O1",), ("O2",)]
    for edition in (public, partner):
        assert world.database(edition) == {name: world.rows(edition, name) for name in world.database(edition)}


@pytest.mark.parametrize("visibility", [None, "", "secret", "PUBLIC", " public", "internal"])
def test_a_row_that_does_not_say_public_or_partner_is_internal(world: World, visibility: str | None) -> None:
    release = world.night(tables(organization=[organization(1, visibility)])).path
    assert [world.rows(path_of(release, edition), ORGANIZATION) for edition in LESSER] == [[], []]
    assert len(world.rows(release, ORGANIZATION)) == 1


@EDITIONS
def test_an_edition_can_be_handed_out_as_it_is(world: World, tmp_path: Path, edition: str) -> None:
    """A copy of the directory checks itself, names the release, and lacks nothing it speaks of."""
    world.night(tables())
    release = world.night(tables(institution=[guarantor(1)]), NEXT_DAY)
    copy = tmp_path / "handed out"
    subprocess.run(["cp", "-r", path_of(release.path, edition), copy], check=True)
    done = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "CHECKSUMS"], cwd=copy, check=False)
    assert done.returncode == 0
    assert set(files.read_checksums(copy / "CHECKSUMS")) == set(files.tree(copy)) - {"CHECKSUMS"}
    said = document(copy)
    assert (said["release_id"], said["edition"]) == (release.release_id, edition)
    assert document(copy, "datapackage.json")["edition"] == edition
    assert said["base"]["release_id"] == release.base
    for entry in said["tables"].values():
        assert files.sha256(copy / entry["path"]) == entry["sha256"]
        assert files.sha256(copy / entry["delta"]["path"]) == entry["delta"]["sha256"]
    assert {"report.html", "fsdb.duckdb", "datapackage.json"} < set(files.tree(copy))
    assert "gate.json" not in files.tree(copy)


def test_the_full_edition_is_the_release_itself(world: World) -> None:
    release = world.night(tables()).path
    assert path_of(release, "internal") == release
    assert document(release)["edition"] == "internal"
    assert len(world.rows(release, CONTRACT)) == 2
    with pytest.raises(PublicationError, match="has no public edition: it was written before there were any"):
        path_of(release / "guarantees", "public")


def test_sources_ledger_and_inputs_are_those_behind_what_is_shown(world: World) -> None:
    """A source without a row in the edition is not named, a hidden message not told, no hash of an answer given."""
    release = world.night(tables(source_status=[status("sse", "ipo_project", "public"), *tables()[STATUS]])).path
    public, partner = (document(path_of(release, edition)) for edition in LESSER)
    assert [(row["source_id"], row["resource"]) for row in public["sources"]] == [(LISTS, "institution")]
    assert [row["records"] for row in public["ledger"]] == [3]
    assert [(row["source_id"], row["resource"]) for row in partner["sources"]] == [
        (LISTS, "institution"),
        (REPORTS, "quarter"),
    ]
    assert [row["records"] for row in partner["ledger"]] == [3, 2]
    assert not any("message" in row for row in (*public["sources"], *partner["sources"]))
    package = document(path_of(release, "public"), "datapackage.json")
    assert [entry["path"] for entry in package["sources"]] == [f"https://www.{LISTS}.example"]
    assert "f" * 64 not in json.dumps([public, partner])


def test_inputs_of_shown_sources_are_named_without_hashes(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    release = world.night(state()).path
    assert document(path_of(release, "public"))["inputs"] == [
        {"source": "sse", "resource": "ipo_project", "run_date": DAY.isoformat()}
    ]
    assert document(release)["inputs"][0]["content_hash"] == "f" * 64


def test_the_gates_findings_stay_in_the_full_edition(world: World) -> None:
    world.build(tables())
    world.judge(DAY, finding("3.1", title="leverage at most ten", observed="twelve", success=False, severity="warning"))
    release = world.publish().path
    assert "leverage at most ten" in (release / "report.html").read_text("utf-8")
    for edition in LESSER:
        page = (path_of(release, edition) / "report.html").read_text("utf-8")
        assert "leverage at most ten" not in page
        assert "3.1" not in page
        assert f"{edition.capitalize()} edition." in page
        assert document(path_of(release, edition))["gate"] is None


def test_a_table_that_everybody_may_see_is_the_same_file(world: World, tmp_path: Path) -> None:
    """What is alike byte for byte takes no room: between editions, and from night to night."""
    plain = World(tmp_path / "plain")
    first = plain.night(state()).path
    second = plain.night(state(project=[project(1, status="x"), project(2), project(3)]), NEXT_DAY).path
    for edition in LESSER:
        for name in ("listing_pipeline/project.parquet", "delta/listing_pipeline/project.parquet"):
            assert (path_of(second, edition) / name).samefile(second / name)
        kept = "organizations/organization.parquet"
        assert (path_of(second, edition) / kept).samefile(path_of(first, edition) / kept)

    first = world.night(tables()).path
    second = world.night(tables(institution=[guarantor(1)]), NEXT_DAY).path
    kept, parts = "organizations/organization.parquet", "guarantees/institution_quarter.parquet"
    assert (path_of(second, "public") / kept).samefile(path_of(first, "public") / kept)
    assert not (path_of(second, "public") / kept).samefile(second / kept)
    assert (path_of(second, "partner") / parts).samefile(second / parts)


# -- from night to night -------------------------------------------------------------------------------------


def delta(world: World, release: Path, edition: str, table: str, columns: str) -> list[tuple[Any, ...]]:
    return world.delta(path_of(release, edition), table, f"{columns}, _change, _previous")


def test_a_row_that_changes_who_may_see_it_comes_and_goes(world: World) -> None:
    world.night(tables(organization=[organization(1), organization(2, "partner"), organization(3, "internal")]))
    moved = [organization(1, "internal"), organization(2, "public"), organization(3, "partner")]
    release = world.night(tables(organization=moved), NEXT_DAY).path
    names = "organization_id, legal_name"
    assert delta(world, release, "public", ORGANIZATION, names) == [
        ("O1", "某某科技1", "removed", None),
        ("O2", "某某科技2", "added", None),
    ]
    assert delta(world, release, "partner", ORGANIZATION, names) == [
        ("O1", "某某科技1", "removed", None),
        ("O2", "某某科技2", "changed", '{"visibility":"partner"}'),
        ("O3", "某某科技3", "added", None),
    ]
    counts = document(path_of(release, "public"))["tables"][ORGANIZATION]["delta"]
    assert [counts[change] for change in ("added", "changed", "removed")] == [1, 0, 1]


def test_a_row_that_changed_only_where_nobody_may_look_did_not_change(world: World) -> None:
    """Not in the delta, nor by its dates, hashes and addresses of what was fetched; for those who may look it did."""
    later = {"as_of": NEXT_DAY, "row_hash": "other", "file_sha256": "cd" * 32, "src_family": LISTS}
    first = world.night(tables()).path
    changed = [
        guarantor(1, rating="B", **later),
        guarantor(2, remarks="!", **later),
        guarantor(3, legal_name="改", **later),
    ]
    second = world.night(tables(institution=changed), NEXT_DAY).path
    public, was = path_of(second, "public"), path_of(first, "public")
    assert delta(world, second, "public", GUARANTOR, "guarantor_id") == [
        ("G3", "changed", f'{{"legal_name":"某某融资担保3","as_of":"{DAY}"}}')
    ]
    assert world.rows(public, GUARANTOR)[:2] == world.rows(was, GUARANTOR)[:2]
    assert world.rows(public, GUARANTOR, "as_of, file_sha256")[2] == (NEXT_DAY, "cd" * 32)
    assert [row[:2] for row in delta(world, second, "partner", GUARANTOR, "guarantor_id")] == [
        ("G1", "changed"),
        ("G3", "changed"),
    ]
    assert len(world.delta(second, GUARANTOR)) == 3


def test_dates_stay_steady_over_many_nights(world: World) -> None:
    """A hidden change of one night does not come through when another row changes on a later one."""
    world.night(tables(institution=[guarantor(1), guarantor(2)]))
    hidden = guarantor(1, remarks="!", as_of=NEXT_DAY, row_hash="x")
    world.night(tables(institution=[hidden, guarantor(2)]), NEXT_DAY)
    third = DAY + timedelta(2)
    seen = guarantor(2, legal_name="改", as_of=third, row_hash="y")
    release = path_of(world.night(tables(institution=[hidden, seen]), third).path, "public")
    assert world.rows(release, GUARANTOR, "guarantor_id, as_of") == [("G1", DAY), ("G2", third)]


def test_a_night_that_changed_only_what_is_hidden_leaves_the_edition_as_it_was(world: World) -> None:
    first = world.night(tables()).path
    second = world.night(tables(contract=[contract(9)], institution_quarter=[quarter(1, balance="7")]), NEXT_DAY).path
    was, now = (document(path_of(release, "public"))["tables"] for release in (first, second))
    for name, entry in now.items():
        assert (entry["content_sha256"], entry["sha256"]) == (was[name]["content_sha256"], was[name]["sha256"])
        assert sum(entry["delta"][change] for change in ("added", "changed", "removed")) == 0


def test_what_becomes_hidden_is_gone_and_what_becomes_visible_is_new(world: World) -> None:
    """A stricter class takes column or table out of the edition, a looser one brings it in, in the next release."""
    world.night(tables())
    world.classes = {**world.classes, GUARANTOR: {"legal_name": "internal"}, QUARTER: {}}
    release = world.night(tables(), NEXT_DAY).path
    public = path_of(release, "public")
    assert "legal_name" not in world.columns(public / "guarantees/institution.parquet")
    assert "legal_name" not in world.columns(public / "delta/guarantees/institution.parquet")
    assert {row[1] for row in delta(world, release, "public", GUARANTOR, "guarantor_id")} == {"changed"}  # rating came
    assert delta(world, release, "public", QUARTER, "guarantor_id") == [("G1", "added", None), ("G2", "added", None)]
    world.classes = {**world.classes, QUARTER: dict.fromkeys(world.schema[QUARTER][0], "internal")}
    release = world.night(tables(), DAY + timedelta(2)).path
    assert document(path_of(release, "public"))["tables_removed"] == [QUARTER]
    assert not (path_of(release, "public") / "guarantees/institution_quarter.parquet").exists()


def test_a_night_that_is_run_again_with_stricter_classes_is_another_release(world: World) -> None:
    """Else the release that shows too much would be taken for the one that was asked for."""
    first = world.night(tables())
    again = world.night(tables())
    assert again.release_id == first.release_id
    world.classes = {**world.classes, GUARANTOR: {**world.classes[GUARANTOR], "legal_name": "partner"}}
    stricter = world.night(tables())
    assert stricter.release_id != first.release_id
    world.row_visibility = {**world.row_visibility, GUARANTOR: "legal_name"}
    assert world.night(tables()).release_id not in {first.release_id, stricter.release_id}


def test_a_base_without_editions_is_nothing_to_compare_an_edition_with(world: World) -> None:
    """Releases of an earlier version have none; their next night starts the editions' deltas."""
    first = world.night(tables()).path
    for path in (first / "editions").rglob("*"):
        path.chmod(0o755)
    subprocess.run(["rm", "-r", first / "editions"], check=True)
    (first / "CHECKSUMS").chmod(0o644)
    (first / "CHECKSUMS").write_text(files.checksums_text(files.digests(first)))
    release = world.build(tables(institution=[guarantor(1)]), NEXT_DAY).path
    assert document(release)["base"]["release_id"] == first.name
    said = document(path_of(release, "public"))
    assert said["base"] is None
    assert {name: entry["delta"] for name, entry in said["tables"].items()} == {name: {} for name in said["tables"]}


def test_a_base_whose_edition_was_edited_is_no_base(world: World) -> None:
    first = world.night(tables()).path
    edited = first / "editions/public/organizations/organization.parquet"
    edited.chmod(0o644)
    edited.write_bytes(b"xyz" + edited.read_bytes()[3:])
    with pytest.raises(
        PublicationError, match=r"editions/public.* was changed after it was published(.|\n)*organization"
    ):
        world.build(tables(organization=[organization(9)]), NEXT_DAY)
    assert not world.candidate(NEXT_DAY).exists()


EDITS = {
    "changed": lambda edition: (edition / "fsdb.duckdb").open("ab").write(b"x"),
    "missing": lambda edition: (edition / "report.html").unlink(),
    "added": lambda edition: (edition / "guarantees/contract.parquet").write_bytes(b"x"),
}


@EDITIONS
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_an_edition_is_found(world: World, edition: str, edit: str) -> None:
    release = world.night(tables())
    assert verify(world.releases, release.release_id) == []
    (path_of(release.path, edition) / "fsdb.duckdb").chmod(0o644)
    EDITS[edit](path_of(release.path, edition))
    (problem,) = verify(world.releases, release.release_id)
    assert problem.file.startswith(f"{release.release_id}/editions/{edition}/")
    assert edit in problem.what


@EDITIONS
def test_an_edition_that_was_edited_before_publication_is_not_published(world: World, edition: str) -> None:
    world.build(tables())
    world.judge(DAY)
    (world.candidate(DAY) / "editions" / edition / "release.json").write_text("{}")
    with pytest.raises(PublicationError, match=f"editions/{edition}/release.json: changed"):
        world.publish()
    assert not list(world.releases.glob("20*"))


def test_a_key_that_is_hidden_hides_the_table() -> None:
    key = catalogue.Column("id", "VARCHAR", "d", classification="partner")
    table = Table("a", "b", "d", ("id",), (key, catalogue.Column("x", "VARCHAR", "d")))
    assert shown(table, "public") is None
    assert shown(table, "partner") == shown(table, "internal") == table


# -- memory ----------------------------------------------------------------------------------------------------


def test_the_process_that_holds_the_full_release_does_not_write_the_database_of_an_edition(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB does not clear what lies between its values: scraps of texts that the process has handled stand in the
    file (seen with DuckDB 1.5: up to seven letters of a text in a table that was never written to that file)."""
    here: list[Path] = []
    write = database.write

    def seen(connection: duckdb.DuckDBPyConnection, tables: Any, directory: Path, *options: Any) -> None:
        here.append(directory)
        write(connection, tables, directory, *options)

    monkeypatch.setattr(database, "write", seen)
    written = world.build(tables())
    assert here == [written.path.with_name(f".{DAY}.partial")]
    for edition in LESSER:
        assert (path_of(written.path, edition) / "fsdb.duckdb").is_file()


def test_a_database_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "datapackage.json").write_text('{"resources": []}')
    (tmp_path / "fsdb.duckdb").mkdir()
    with pytest.raises(PublicationError, match=r"fsdb\.duckdb of an edition could not be written: (.|\n)*make room"):
        database.write_apart([tmp_path], 1, "200MB")
