"""Partner feeds in the pipeline: tokens inside Airflow's tasks, and the ledger on nights that say only what is new."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow.exceptions import AirflowNotFoundException
from airflow.sdk import Connection

from extractors.core.archive import Archive, Outcome, PartCount
from extractors.core.files import sha256_of
from extractors.core.spec import all_specs
from pipeline import sources, tasks
from pipeline.settings import load

NOW = datetime(2026, 7, 13, 18, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installation of its own, without anybody's tokens."""
    monkeypatch.delenv("FSDB_TOKEN_BANK_PRODUCTS", raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_task_takes_the_token_from_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password of `fsdb_<source>`; only for a source that wants a token, and not where the environment has one."""
    asked = []

    def get(name: str) -> Connection:
        asked.append(name)
        return Connection(conn_id=name, password="s3cret")

    monkeypatch.setattr(Connection, "get", get)
    assert tasks._token("bank_products")["bank_products"].get_secret_value() == "s3cret"
    assert tasks._token("sse") == {}
    monkeypatch.setenv("FSDB_TOKEN_BANK_PRODUCTS", "other")
    assert tasks._token("bank_products") == {}
    assert asked == ["fsdb_bank_products"]


def test_a_connection_that_is_not_there_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attempt then says what to set, and is archived."""

    def get(name: str) -> Connection:
        raise AirflowNotFoundException(name)

    monkeypatch.setattr(Connection, "get", get)
    assert tasks._token("bank_products") == {}


def said(archive: Archive, night: date, names: list[str], *, whole: bool) -> None:
    """Archive a reading of the feed with these products."""
    columns = all_specs()["bank_products"].resources["product"].kept
    folder = archive.resource("bank_products", "product") / f"run_date={night}" / "attempt=01"
    folder.mkdir(parents=True)
    rows = [
        dict.fromkeys(columns, "x")
        | {"product_id": name, "_part": "", "_record_hash": name, "_payload": "", "_row": at}
        for at, name in enumerate(names)
    ]
    text = [(name, pa.string()) for name in [*columns, "_part", "_record_hash", "_payload"]]
    path = folder / "records.parquet"
    pq.write_table(pa.Table.from_pylist(rows, pa.schema([*text, ("_row", pa.int32())])), path)
    outcome = Outcome(
        source="bank_products",
        resource="product",
        run_date=night,
        attempt=1,
        status="complete",
        parts={"": PartCount(fetched=len(names), records=len(names), declared=len(names))},
        whole=whole,
        content_hash=str(names),
        started_at=NOW,
        finished_at=NOW,
        files={path.name: sha256_of(path)},
    )
    (folder / "outcome.json").write_text(outcome.model_dump_json())


def test_the_ledger_of_a_night_of_changes_has_all_rows_that_stand() -> None:
    """Ten products, then one changed and one new: eleven stand, though two came; the feed is as old as tonight."""
    settings = load()
    archive = Archive(settings.raw)
    said(archive, date(2026, 7, 13), [f"p{at}" for at in range(10)], whole=True)
    said(archive, date(2026, 7, 14), ["p1", "new"], whole=False)
    found = sources.rows(archive, date(2026, 7, 14), [])
    rows = {(row["source_id"], row["resource"]): row for row in found}
    row = rows["bank_products", "product"]
    figures = [row[name] for name in ("declared_total", "fetched", "duplicates", "records", "age_nights")]
    assert figures == [11, 11, 0, 11, 0]
