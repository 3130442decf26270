"""A night that dies at any point, and a disk that is full: the next run finishes, nothing is half-published."""

import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path

from typer.testing import CliRunner

from pipeline.cli import app
from publication import publish

FIRST, SECOND = date(2026, 7, 13), date(2026, 7, 14)


def fsdb(installation, *arguments: str, limit: int | None = None) -> subprocess.Popen[str]:
    """The command line in a process of its own; `limit`: the largest file it may write, bytes."""
    env = {name: value for name, value in os.environ.items() if name == "FSDB_SOURCES" or not name.startswith("FSDB_")}
    env |= {"FSDB_DATA_DIR": str(installation.data), "FSDB_UPSTREAM": installation.sim.url}

    def small_disk() -> None:
        # Python ignores the signal, so that a write beyond the limit is an error like that of a full disk.
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "pipeline.cli", *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=small_disk,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what it said."""
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


# By the files that tell it, in the order in which they come.
MOMENTS = {
    "while fetching": "raw/*/*/run_date={night}/.attempt=*.tmp",
    "between sources": "raw/*/ipo_project/run_date={night}/attempt=01",
    "before dbt": "changes/szse/ipo_project/run_date={night}/changes.json",
    "while dbt builds": "build/warehouse.duckdb.wal",
    "while the candidate is written": "candidates/.{night}*",
    "before the gate": "candidates/{night}/release.json",
    "before publishing": "candidates/{night}/gate.json",
    "around the rename": "releases/{night}-*",
}


def test_a_night_killed_again_and_again_is_finished_by_the_next_run(installation, begun_with):
    """SIGKILL as soon as the files say the moment has come; then the same command again, nothing cleaned by hand."""
    for moment, pattern in MOMENTS.items():
        with fsdb(installation, "run", "--run-date", str(FIRST)) as process:
            while not any(installation.data.glob(pattern.format(night=FIRST))):
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=0.003)  # not a loop that takes the processor from the night
                    break
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert process.returncode == -signal.SIGKILL or moment == "around the rename", f"{moment}: it never came"
        for release in publish.releases(installation.data / "releases"):
            assert publish.verify(installation.data / "releases", release.release_id) == []
    report = installation.run(FIRST)
    assert report.release.release_id == begun_with.release_id(FIRST)
    leftovers = [path for path in installation.data.rglob(".*") if path.suffix in (".tmp", ".partial")]
    assert leftovers == []


def test_a_full_disk_is_an_error_in_words_and_publishes_nothing(begun):
    """Every file larger than 100 kB fails; what people see stays what it was, and the next run succeeds."""
    before = publish.current(begun.data / "releases")
    begun.sim.night = SECOND
    code, said = finished(fsdb(begun, "run", "--run-date", str(SECOND), limit=100_000))
    assert code == 1, said
    assert "error:" in said
    assert "Traceback" not in said
    assert "next" in said
    assert publish.current(begun.data / "releases").release_id == before.release_id
    begun.run(SECOND)
    assert publish.current(begun.data / "releases").run_date == SECOND


def test_the_exit_code_says_how_a_night_ended(begun, monkeypatch):
    """0 published, 3 stopped by the gate, 2 a usage error, 1 anything else; and never a traceback."""
    begun.sim.fault("*:500")
    cases = {
        ("run", "--run-date", str(FIRST)): (0, "next: fsdb query"),
        ("run", "--run-date", "2026-07-18"): (3, "gate stopped the night 2026-07-18"),
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
        ("extract", "sse", "--run-date", "2026-07-12"): (1, "answered 500"),
        # The candidate of the night that the gate has stopped.
        ("audit", "--run-date", "2026-07-18", "--accept", "9.9"): (2, "cannot accept 9.9"),
    }
    monkeypatch.setenv("FSDB_DATA_DIR", str(begun.data))
    monkeypatch.setenv("FSDB_UPSTREAM", begun.sim.url)
    for arguments, (expected, words) in cases.items():
        result = CliRunner().invoke(app, list(arguments))
        said = result.output
        assert (result.exit_code, words in said) == (expected, True), (arguments, result.exit_code, said)
        assert "Traceback" not in said, (arguments, said)
        assert result.exception is None or isinstance(result.exception, SystemExit), arguments


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
