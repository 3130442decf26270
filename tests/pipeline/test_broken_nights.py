"""A night that dies at any point, and a disk that is full: the next run finishes, nothing is half-published."""

import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner

from extractors.core.spec import all_specs
from pipeline.cli import app
from publication import publish
from tests.installation import FIRST, SECOND
from tests.pipeline import processes

# By the files that tell it, in the order in which they come.
MOMENTS = {
    "while fetching": "raw/*/*/run_date={night}/.attempt=*.tmp",
    "between sources": "raw/*/ipo_project/run_date={night}/attempt=01",
    "before dbt": "changes/szse/ipo_project/run_date={night}/changes.json",
    "while dbt builds": "build/warehouse.duckdb.wal",
    "while the candidate is written": "candidates/.{night}*",
    "before publishing": "candidates/{night}/gate.json",
    "around the rename": "releases/{night}-*",
}


def test_a_night_killed_again_and_again_is_finished_by_the_next_run(installation, begun_with, tmp_path):
    """SIGKILL as soon as the files say the moment has come; then the same command again, nothing cleaned by hand."""
    for moment, pattern in MOMENTS.items():
        with processes.running(installation, "run", "--run-date", str(FIRST), said=tmp_path / "said") as process:
            while process.is_alive() and not any(installation.data.glob(pattern.format(night=FIRST))):
                process.join(timeout=0.003)  # not a loop that takes the processor from the night
        assert process.exitcode == -signal.SIGKILL or moment == "around the rename", f"{moment}: it never came"
        for release in publish.releases(installation.data / "releases"):
            assert publish.verify(installation.data / "releases", release.release_id) == []
    report = installation.run(FIRST)
    assert report.release.release_id == begun_with.release_id(FIRST)
    leftovers = [path for path in installation.data.rglob(".*") if path.suffix in (".tmp", ".partial")]
    assert leftovers == []


def test_a_full_disk_is_an_error_in_words_and_publishes_nothing(begun, tmp_path):
    """Every file larger than 100 kB fails; what people see stays what it was, and the next run succeeds."""
    before = publish.current(begun.data / "releases")
    begun.sim.night = SECOND
    file = tmp_path / "said"
    with processes.running(begun, "run", "--run-date", str(SECOND), said=file, limit=100_000) as process:
        process.join(timeout=300)
    said = file.read_text()
    assert process.exitcode == 1, said
    assert "error:" in said
    assert "Traceback" not in said
    assert "next" in said
    assert publish.current(begun.data / "releases").release_id == before.release_id
    begun.run(SECOND)
    assert publish.current(begun.data / "releases").run_date == SECOND


def test_the_exit_code_says_how_a_night_ended(begun, monkeypatch):
    """0 published, 3 stopped by the gate, 2 a usage error, 1 anything else; and never a traceback.

    The same night again asks nobody and gives the same release. Past its maximum age a source stops the gate.
    """
    release = publish.current(begun.data / "releases")
    late = FIRST + timedelta(days=all_specs()["szse"].cadence.max_age_nights + 1)
    begun.sim.fault("www.szse.cn:403")  # not worth a second try, nor a wait
    monkeypatch.setenv("FSDB_DATA_DIR", str(begun.data))
    monkeypatch.setenv("FSDB_UPSTREAM", begun.sim.url)

    def fsdb(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments))
        assert "Traceback" not in result.output, (arguments, result.output)
        assert result.exception is None or isinstance(result.exception, SystemExit), arguments
        return result.exit_code, result.output

    code, said = fsdb("run", "--run-date", str(FIRST))
    assert (code, "next: fsdb query" in said) == (0, True), said
    assert begun.sim.requests == []
    code, said = fsdb("run", "--run-date", str(late))
    assert (code, f"gate stopped the night {late}" in said) == (3, True), said
    assert re.search(r"S10 [^\n]*\n[^\n]*first: source_id szse", said), said
    assert publish.current(begun.data / "releases").release_id == release.release_id

    cases = {
        ("run", "--run-date", "2026-7-1"): (2, "expected YYYY-MM-DD"),
        ("run", "--run-date", "2999-01-01"): (2, "lies in the future"),
        ("run", "--sources", "nyse"): (2, "no source 'nyse'"),
        ("extract", "nyse"): (2, "no source 'nyse'"),
        ("run", "--nonsense"): (2, "No such option"),
        ("query", "select nothing from nowhere"): (2, "nowhere"),
        ("query", "copy (select 1) to '/tmp/x.csv'"): (2, "error:"),
        ("query", "--release", "2026-01-01-000000000000", "select 1"): (1, "is not there"),
        ("rollback", "2026-01-01-000000000000"): (1, "is not there"),
        ("publish", "--run-date", "2026-07-12"): (1, "nothing was built yet"),
        ("extract", "szse", "--run-date", "2026-07-12"): (1, "answered 403"),
        # The candidate of the night that the gate has stopped.
        ("audit", "--run-date", str(late), "--accept", "9.9"): (2, "cannot accept 9.9"),
    }
    for arguments, (expected, words) in cases.items():
        code, said = fsdb(*arguments)
        assert (code, words in said) == (expected, True), (arguments, code, said)


def test_rows_can_be_had_as_a_table_csv_json_and_parquet(begun, tmp_path: Path, monkeypatch):
    """`fsdb query --format`; on a pipe the bytes are only the rows."""
    import io
    import json

    import pyarrow.parquet as pq

    monkeypatch.setenv("FSDB_DATA_DIR", str(begun.data))
    count = begun.query("select count(*) from listing_pipeline.project")[0][0]
    sql = "select count(*) as projects, '中文' as word from listing_pipeline.project"
    target = tmp_path / "rows.csv"

    def ask(kind: str, *more: str) -> bytes:
        result = CliRunner().invoke(app, ["query", "--format", kind, *more, sql])
        assert result.exit_code == 0, result.output
        return result.stdout_bytes

    assert str(count) in ask("table").decode()
    assert json.loads(ask("json")) == [{"projects": count, "word": "中文"}]
    command = [sys.executable, "-W", "ignore", "-m", "pipeline.cli", "query", "--format", "parquet", sql]
    piped = subprocess.run(command, capture_output=True, check=True).stdout
    assert pq.read_table(io.BytesIO(piped)).to_pylist() == [{"projects": count, "word": "中文"}]
    assert ask("csv").decode() == f"projects,word\n{count},中文\n"
    ask("csv", "-o", str(target))
    assert target.read_text() == f"projects,word\n{count},中文\n"
