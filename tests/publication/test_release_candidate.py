"""A candidate holds everything but the verdict, and no candidate is left when it cannot be whole."""

import errno
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from publication_world import DAY, NOW, SCHEMA, World, project, source, state

from publication import candidate, catalogue, files
from publication.candidate import Candidate
from publication.database import DATABASE
from publication.errors import PublicationError

NEXT_DAY = DAY + timedelta(1)


def document(directory: Path, name: str = "release.json") -> Any:
    return json.loads((directory / name).read_text("utf-8"))


# -- what it holds -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("lived") / "data")


@pytest.fixture(scope="module")
def written(lived: World) -> Candidate:
    """A candidate to look at."""
    return lived.build()


def test_every_table_is_a_parquet_file_ordered_by_its_key(world: World) -> None:
    written = world.build(state(project=[project(n) for n in (3, 1, 2)]))
    assert world.rows(written.path, "listing_pipeline.project", "project_id") == [("P1",), ("P2",), ("P3",)]
    assert written.counts == dict.fromkeys(SCHEMA, 3) | dict.fromkeys(
        ("quality.row_balance", "quality.source_status", "reference.status_map"), 1
    )
    assert written.base is None
    assert written.changes == {}
    assert not (written.path / "delta").exists()


def test_the_database_says_what_the_parquet_files_say(lived: World, written: Candidate) -> None:
    assert lived.database(written.path) == {name: lived.rows(written.path, name) for name in SCHEMA}
    comments = "SELECT comment FROM duckdb_{}() WHERE table_name = 'project'"
    assert lived.query(written.path, comments.format("tables")) == [("What project holds.",)]
    assert lived.query(written.path, comments.format("columns") + " AND column_name = 'plan_raise_cny'") == [
        ("The plan_raise_cny of a row. (CNY)",)
    ]


def test_the_database_is_in_the_format_older_readers_know(written: Candidate) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{written.path / DATABASE}' AS release (READ_ONLY)")
        tags = connection.sql("SELECT tags FROM duckdb_databases() WHERE database_name = 'release'").fetchall()[0][0]
    assert "v1.4.0" in tags["storage_version"]


def test_nothing_else_is_left_in_the_directory(written: Candidate) -> None:
    expected = {f"{name.replace('.', '/')}.parquet" for name in SCHEMA}
    expected |= {DATABASE, "datapackage.json", "release.json", "CHECKSUMS"}
    edition = {*expected, "report.html"}
    expected |= {f"editions/{name}/{path}" for name in ("public", "partner") for path in edition}
    assert set(files.tree(written.path)) == expected
    assert [path.name for path in written.path.parent.iterdir()] == [DAY.isoformat()]


def test_release_json_names_inputs_counts_sources_and_ledger(lived: World, written: Candidate) -> None:
    release = document(written.path)
    assert release["release_id"] == written.release_id
    assert (release["run_date"], release["code_version"], release["base"]) == ("2026-07-14", "c0de", None)
    assert release["created"] == lived.clock.isoformat()
    assert release["inputs"][0]["content_hash"] == "f" * 64
    assert release["sources"][0]["good_run_date"] == "2026-07-14"
    assert release["ledger"][0]["staged"] == 3
    entry = release["tables"]["listing_pipeline.project"]
    file = written.path / entry["path"]
    assert (entry["rows"], entry["bytes"], entry["sha256"]) == (3, file.stat().st_size, files.sha256(file))
    assert release["gate"] is None


def test_datapackage_describes_tables_columns_units_licences_and_bytes(world: World) -> None:
    written = world.build(state(source_status=[source("sse"), source("szse")]))
    package = document(written.path, "datapackage.json")
    assert package["id"] == written.release_id
    assert [entry["title"] for entry in package["sources"]] == [
        "交易所 sse: SSE, IPO review projects",
        "交易所 szse: SZSE, IPO review projects",
    ]
    resources = {resource["name"]: resource for resource in package["resources"]}
    assert set(resources) == set(SCHEMA)
    project_resource = resources["listing_pipeline.project"]
    file = written.path / project_resource["path"]
    assert project_resource["hash"] == f"sha256:{files.sha256(file)}"
    assert (project_resource["bytes"], project_resource["rows"]) == (file.stat().st_size, 3)
    assert project_resource["schema"]["primaryKey"] == ["exchange", "project_id"]
    assert project_resource["licenses"] == [{"title": "none stated", "path": "https://www.sse.example/rules"}]
    assert [entry["path"] for entry in project_resource["sources"]] == ["https://www.sse.example"]
    fields = {field["name"]: field for field in project_resource["schema"]["fields"]}
    assert fields["plan_raise_cny"]["unit"] == "CNY"
    assert {name: fields[name]["type"] for name in ("plan_raise_cny", "accepted_on", "fetched_at", "status")} == {
        "plan_raise_cny": "number",
        "accepted_on": "date",
        "fetched_at": "datetime",
        "status": "string",
    }
    assert fields["project_id"]["constraints"] == {"required": True}
    assert fields["fetched_at"]["provenance"] is True


def test_the_catalogue_can_be_read_back_from_a_release(lived: World, written: Candidate) -> None:
    declared = catalogue.load(lived.path / "manifest.json")
    read = catalogue.of_release(written.path)
    assert [(table.full_name, table.primary_key, table.facts) for table in read] == [
        (table.full_name, table.primary_key, table.facts) for table in declared
    ]


def test_a_warehouse_without_the_quality_tables_still_makes_a_candidate(world: World) -> None:
    world.names = ("listing_pipeline.project",)
    release = document(world.build().path)
    assert (release["sources"], release["ledger"]) == ([], [])


def test_a_description_with_quotes_stays_a_description(world: World) -> None:
    world.build()
    manifest = json.loads((world.path / "manifest.json").read_text())
    manifest["nodes"]["model.fsdb.listing_pipeline.project"]["description"] = "it's; DROP TABLE x; --"
    (world.path / "manifest.json").write_text(json.dumps(manifest))
    written = candidate.write(
        world.path / "warehouse.duckdb",
        catalogue.load(world.path / "manifest.json"),
        world.candidate(DAY),
        run_date=DAY,
        inputs=[],
        code_version="c0de",
        created=NOW,
    )
    assert world.query(written.path, "SELECT comment FROM duckdb_tables() WHERE table_name = 'project'") == [
        ("it's; DROP TABLE x; --",)
    ]


# -- what need not be done again -----------------------------------------------------------------------------


def test_a_table_that_says_the_same_shares_the_file_of_the_base(world: World) -> None:
    first = world.night()
    written = world.build(state(project=[project(1, status="registered"), project(2), project(3)]), NEXT_DAY)
    same, other = "organizations/organization.parquet", "listing_pipeline/project.parquet"
    assert (written.path / same).samefile(first.path / same)
    assert not (written.path / other).samefile(first.path / other)


def test_a_file_system_without_hard_links_gets_a_copy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = world.night()

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    written = world.build(run_date=NEXT_DAY)
    name = "organizations.organization"
    assert not (written.path / "organizations/organization.parquet").samefile(
        first.path / "organizations/organization.parquet"
    )
    assert world.rows(written.path, name) == world.rows(first.path, name)


ORGANIZATIONS = [{"organization_id": f"org-{n}", "legal_name": f"某某{n}", "as_of": DAY} for n in range(50)]


def test_where_most_rows_stay_the_database_is_taken_over_from_the_base(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed, came or went is right all the same, and the file does not grow from night to night."""
    copied: list[tuple[Path, Path]] = []
    copy = files.copy

    def seen(source: Path, path: Path) -> None:
        copied.append((source, path))
        copy(source, path)

    monkeypatch.setattr(files, "copy", seen)
    world.names = tuple(name for name in SCHEMA if name != "quality.row_balance")
    first = world.night(state(organization=ORGANIZATIONS))
    assert copied == []
    world.names = tuple(name for name in SCHEMA if name != "reference.status_map")
    projects = [project(1, status="registered"), project(7)]
    second = world.build(state(organization=ORGANIZATIONS, project=projects), NEXT_DAY)
    assert copied == [(first.path / DATABASE, world.path / "candidates/.2026-07-15.partial" / DATABASE)]
    assert world.database(second.path) == {name: world.rows(second.path, name) for name in world.names}
    size = (second.path / DATABASE).stat().st_size
    assert size <= (first.path / DATABASE).stat().st_size * 1.2


def test_where_most_rows_changed_the_database_is_written_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "copy", None)
    world.night()
    many = [project(n) for n in range(100)]
    written = world.build(state(project=many), NEXT_DAY)
    assert world.database(written.path) == {name: world.rows(written.path, name) for name in SCHEMA}


def test_a_database_in_another_format_is_not_taken_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.night(state(organization=ORGANIZATIONS))
    monkeypatch.setattr(candidate, "STORAGE_VERSION", "v1.5.0")
    monkeypatch.setattr(files, "copy", None)
    assert world.build(state(organization=ORGANIZATIONS), NEXT_DAY).counts["organizations.organization"] == 50


def test_a_description_that_changed_is_in_the_database_that_was_taken_over(world: World) -> None:
    world.night(state(organization=ORGANIZATIONS))
    world.note = "Another sentence."
    written = world.build(state(organization=ORGANIZATIONS), NEXT_DAY)
    assert world.query(written.path, "SELECT DISTINCT comment FROM duckdb_tables()") == [("Another sentence.",)]


def test_a_column_that_moved_is_not_hidden_by_the_file_of_the_base(world: World) -> None:
    world.night()
    world.edit = lambda connection: connection.execute(
        "CREATE OR REPLACE TABLE reference.status_map AS SELECT status, exchange, raw_status FROM reference.status_map"
    )
    columns = world.columns(world.build(run_date=NEXT_DAY).path / "reference/status_map.parquet")
    assert columns == ["exchange", "raw_status", "status"]  # the catalogue's order, not the warehouse's


# -- what it refuses -----------------------------------------------------------------------------------------


def refused(world: World, message: str, *args: Any, **options: Any) -> None:
    """Building fails with this message and leaves nothing."""
    with pytest.raises(PublicationError, match=message):
        world.build(*args, **options)
    assert not any(world.candidate(DAY).parent.glob("*")) if world.candidate(DAY).parent.exists() else True


@pytest.mark.parametrize("rows", [[project(1), project(1, status="other")], [project(1), project(2, project_id=None)]])
def test_a_null_or_double_key_is_refused(world: World, rows: list[dict[str, Any]]) -> None:
    refused(
        world,
        r"listing_pipeline\.project: key \('exchange', 'project_id'\) is null or not unique",
        state(project=rows),
    )


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DROP TABLE reference.status_map", r"reference\.status_map is in the catalogue but not in"),
        ("DROP SCHEMA reference CASCADE", r"reference\.status_map is in the catalogue but not in"),
        ("ALTER TABLE reference.status_map ADD COLUMN extra INTEGER", r"only in the build file \['extra'\]"),
        ("ALTER TABLE reference.status_map DROP COLUMN status", r"only in the catalogue \['status'\]"),
        (
            "ALTER TABLE reference.status_map ALTER status TYPE HUGEINT USING 1",
            "Parquet cannot hold status HUGEINT",
        ),
    ],
)
def test_catalogue_and_warehouse_must_agree(world: World, statement: str, message: str) -> None:
    world.edit = lambda connection: connection.execute(statement)
    refused(world, message)


@pytest.mark.parametrize("content", [None, b"not a database at all" * 1000])
def test_a_build_file_that_is_missing_or_damaged_is_named(world: World, content: bytes | None) -> None:
    world.build()
    path = world.path / "warehouse.duckdb"
    path.unlink()
    if content:
        path.write_bytes(content)
    with pytest.raises(PublicationError, match=r"warehouse\.duckdb"):
        candidate.write(path, [], world.candidate(DAY), run_date=DAY, inputs=[], code_version="c", created=NOW)


@pytest.mark.parametrize(
    "name",
    ["listing_pipeline/project.parquet", "fsdb.duckdb", "release.json", "datapackage.json", "CHECKSUMS"],
)
def test_a_base_that_was_edited_is_no_base(world: World, name: str) -> None:
    first = world.night()
    edited = first.path / name
    edited.chmod(0o644)
    edited.write_bytes(b"xyz" + edited.read_bytes()[3:])
    with pytest.raises(PublicationError, match=r"was changed after it was published(.|\n)*fsdb rollback"):
        world.build(run_date=NEXT_DAY)
    assert not world.candidate(NEXT_DAY).exists()


# -- when the disk gives up, or the process ------------------------------------------------------------------


def test_what_a_killed_run_left_is_cleared_and_nothing_else(world: World) -> None:
    folder = world.candidate(DAY).parent
    (folder / ".2026-07-01.partial/listing_pipeline").mkdir(parents=True)
    (folder / ".2026-07-01.partial/listing_pipeline/project.parquet").write_bytes(b"half")
    (folder / ".keep").mkdir()
    (folder / "2026-07-02").mkdir()
    world.build()
    assert sorted(path.name for path in folder.iterdir()) == [".keep", "2026-07-02", "2026-07-14"]


def test_a_second_build_replaces_the_candidate_and_its_verdict(world: World) -> None:
    world.build()
    world.judge()
    world.build()
    assert not (world.candidate(DAY) / "gate.json").exists()


FILL = """
import resource, sys
sys.path[:0] = [{root!r}, {here!r}]
from pathlib import Path
from publication_world import DAY, NOW, World
from publication import candidate, catalogue
from publication.errors import PublicationError
world = World(Path({path!r}))
world.edit = lambda connection: connection.execute(
    "INSERT INTO listing_pipeline.project (exchange, project_id, company_name) "
    "SELECT 'BSE', i, md5(i::VARCHAR) || md5((2 * i)::VARCHAR) FROM range(8000) AS t (i)"
)
world.build()
tables = catalogue.load(world.path / "manifest.json")
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    candidate.write(world.path / "warehouse.duckdb", tables, world.candidate(DAY),
                    run_date=DAY, inputs=[], code_version="c0de", created=NOW)
except PublicationError as error:
    print(error)
"""


@pytest.mark.parametrize(("limit", "file"), [(4096, "listing_pipeline/project.parquet"), (300_000, "fsdb.duckdb")])
def test_a_full_disk_is_said_and_leaves_no_candidate(world: World, limit: int, file: str) -> None:
    """The operating system refuses to let any file grow past a limit, as it does when the disk is full."""
    here = Path(__file__).parent
    code = FILL.format(root=str(here.parents[1]), here=str(here), path=str(world.path), limit=limit)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"{file} could not be written" in done.stdout, done.stderr
    assert "nothing was published, the current release stays as it is; next: make room" in done.stdout
    assert [path.name for path in world.candidate(DAY).parent.iterdir()] == [DAY.isoformat()]  # the one before


def test_no_space_for_the_small_files_is_said_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    refused(world, "candidate 2026-07-14 in .* could not be written: No space left on device")


def test_memory_can_be_bounded(world: World) -> None:
    rows = [project(n) for n in range(500)]
    assert world.build(state(project=rows), threads=1, memory_limit="200MB").counts["listing_pipeline.project"] == 500
