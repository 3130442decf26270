"""Nothing that an edition does not show can be got out of it, over several nights, by whoever takes it apart."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from edition_world import (
    CLASSES,
    CONTRACT,
    LISTS,
    REPORTS,
    SCHEMA,
    contract,
    edition_world,
    everything_in,
    guarantor,
    organization,
    quarter,
    status,
    tables,
)
from publication_world import DAY, World, finding

from publication import editions
from publication.editions import path_of
from publication.ledger import Release

# No text of ours begins like this, and already four of its letters in a row betray one.
MARK = {"partner": "ZQXJP", "internal": "ZQXJI"}
SCENT = {"partner": "QXJP", "internal": "QXJI"}
HIDDEN = {"public": ("partner", "internal"), "partner": ("internal",)}
NIGHTS = 4


class Canaries:
    """Makes values that exist once and are known by who may see them."""

    def __init__(self) -> None:
        self.count = 0

    def new(self, kind: str, length: int = 0) -> str:
        """Another value of a class; `length` fills it up, as long texts are stored apart."""
        self.count += 1
        return f"{MARK[kind]}{self.count:05d}{'x' * length}"


def a_night(canaries: Canaries, number: int) -> dict[str, Any]:
    """The tables of a night: every hidden value is a new canary, rows come, change, go and move between classes."""
    partner, internal = (lambda: canaries.new("partner")), (lambda: canaries.new("internal"))
    seen = DAY + timedelta(number)
    later = {"as_of": seen, "file_sha256": f"{number:064d}"}
    wandering = ["public", "partner", "internal", "public", None, "secret"][number % 6]
    return tables(
        institution=[
            guarantor(n, legal_name=f"担保{n}-{number if n == 1 else 0}", rating=partner(), remarks=internal(), **later)
            for n in range(1, 60)
        ],
        institution_quarter=[
            quarter(n, guarantor_id=f"{MARK['partner']}g{n + number}", balance=canaries.new("partner", n * 40), **later)
            for n in range(40)
        ],
        contract=[
            contract(n, contract_id=f"{MARK['internal']}c{n + number}", client_name=canaries.new("internal", n * 40))
            for n in range(60)
        ],
        organization=[
            *(organization(n) for n in range(100, 140 + number)),
            *(organization(n, "partner", legal_name=partner(), **later) for n in range(200, 240)),
            *(organization(n, "internal", legal_name=internal(), **later) for n in range(300, 340)),
            organization(1, wandering, legal_name="路过" if wandering == "public" else internal(), **later),
        ],
        source_status=[
            status(LISTS, "institution", "public", message=internal()),
            status(REPORTS, "quarter", "partner", title=partner(), message=internal()),
            status(REPORTS, "contract", "internal", title=internal(), licence=internal(), homepage=internal()),
        ],
    )


def lived(world: World, nights: int = NIGHTS) -> Release:
    """Several nights with a gate that quotes what it found; the last release."""
    canaries = Canaries()
    for number in range(nights):
        night = DAY + timedelta(number)
        world.build(a_night(canaries, number), night)
        quoted = canaries.new("internal")
        world.judge(
            night,
            finding(
                "3.1",
                table=CONTRACT,
                severity="warning",
                success=False,
                title=quoted,
                observed=quoted,
                sample=[{"client_name": quoted}],
            ),
        )
        release = world.publish(night)
    return release


def leaks(directory: Path, edition: str) -> Iterator[str]:
    """Where in an edition something stands that it must not show."""
    scents = [SCENT[kind].encode() for kind in HIDDEN[edition]]
    for name, content in everything_in(directory):
        yield from (f"{name}: {scent.decode()}" for scent in scents if scent in content)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return lived(edition_world(tmp_path_factory.mktemp("leak") / "data"))


@pytest.mark.parametrize("edition", HIDDEN)
def test_no_canary_is_in_a_lesser_edition(release: Release, edition: str) -> None:
    """Every hidden value of every night is a canary; none is in any byte of the edition, packed or unpacked."""
    assert list(leaks(path_of(release.path, edition), edition)) == []


def test_the_canaries_are_there_to_be_found(release: Release) -> None:
    """The same search finds them in the full release, in every kind of file, and the partner's in their edition."""
    found = {hit.split(": ")[0] for hit in leaks(release.path, "public")}
    assert {"report.html", "gate.json", "release.json", "fsdb.duckdb", "guarantees/contract.parquet"} <= found
    assert {"delta/guarantees/institution.parquet", "datapackage.json"} <= found
    partner = path_of(release.path, "partner")
    assert {hit.split(": ")[1] for hit in leaks(partner, "public")} == {SCENT["partner"]}
    deltas = {hit.split(": ")[0] for hit in leaks(partner, "public") if hit.startswith("delta/")}
    assert {"delta/guarantees/institution.parquet", "delta/guarantees/institution_quarter.parquet"} <= deltas


@pytest.mark.parametrize("edition", HIDDEN)
def test_names_of_hidden_tables_and_columns_are_not_told(release: Release, edition: str) -> None:
    """Neither a file name nor a document names what is hidden."""
    hidden = {
        f"{table.split('.')[1]}.parquet"
        for table in SCHEMA
        if all(CLASSES.get(table, {}).get(key) in HIDDEN[edition] for key in SCHEMA[table][1])
    }
    hidden |= {name for table, columns in CLASSES.items() for name, kind in columns.items() if kind in HIDDEN[edition]}
    shown = {name for table in SCHEMA for name in SCHEMA[table][0] if CLASSES.get(table, {}).get(name) is None}
    words = {
        word for _, content in everything_in(path_of(release.path, edition)) for word in re.findall(rb"[\w.]+", content)
    }
    assert {name for name in hidden - shown - {"message", "amount"} if name.encode() in words} == set()


@pytest.mark.parametrize(
    "skipped",
    [
        pytest.param(("shown", lambda table, _: table), id="columns and tables"),
        pytest.param(("visible", lambda _: ("public", "partner", "internal")), id="rows and columns"),
    ],
)
def test_without_projection_the_canaries_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skipped: tuple[str, Any]
) -> None:
    """The test of leaks can fail: with a part of the projection left out it does."""
    monkeypatch.setattr(editions, *skipped)
    release = lived(edition_world(tmp_path / "data"), 2)
    found = {hit.split(": ")[0] for hit in leaks(path_of(release.path, "public"), "public")}
    assert {"fsdb.duckdb", "report.html", "guarantees/contract.parquet"} <= found


def test_rows_are_projected_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With only the row filter left out, hidden rows are found: the columns alone do not keep them back."""
    monkeypatch.setattr("publication.catalogue._problems", lambda _: [])
    world = edition_world(tmp_path / "data")
    world.row_visibility = {}
    found = {hit.split(": ")[0] for hit in leaks(path_of(lived(world, 2).path, "public"), "public")}
    assert "organizations/organization.parquet" in found
