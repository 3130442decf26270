"""What a person sees: status, releases, diff, rollback, sources, config; and the notifications of the schedule."""

import json
import shutil
from datetime import date

import pytest
from typer.testing import CliRunner

from pipeline import tasks
from pipeline.cli import app
from publication import publish
from simulator.server import Simulator
from tests.installation import Installation

FIRST, SECOND = date(2026, 7, 13), date(2026, 7, 14)


@pytest.fixture(scope="module")
def lame(begun_with, tmp_path_factory):
    """A data folder of two nights, the second without Beijing."""
    data = tmp_path_factory.mktemp("lame") / "data"
    shutil.copytree(begun_with.lived, data)
    with Simulator(size=400, seed=1, night=str(SECOND)) as sim:
        sim.fault("www.bse.cn:403")
        Installation(sim, data).run(SECOND)
    return data


@pytest.fixture
def two_nights(lame, tmp_path, world):
    """An installation with that folder."""
    shutil.copytree(lame, tmp_path / "data")
    return Installation(world, tmp_path / "data")


@pytest.fixture
def fsdb(two_nights, monkeypatch):
    """`fsdb("status")` → exit code and what it said, in that installation."""
    monkeypatch.setenv("FSDB_DATA_DIR", str(two_nights.data))
    monkeypatch.setenv("FSDB_UPSTREAM", two_nights.sim.url)

    def ask(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, result.output

    return ask


def test_the_commands_a_person_looks_with(fsdb, two_nights):
    """One installation, one command after another: each shows what there is, and says what is wrong."""
    root = two_nights.data / "releases"
    second, first = publish.releases(root)

    code, said = fsdb("status")
    assert code == 0
    assert f"failed (kept {two_nights.sim.truth(FIRST).totals['BSE']['total']}, 1 night(s) old)" in said
    assert first.release_id in said
    assert second.release_id in said
    assert "answered 403" in said
    assert "next: look at the source and its spec" in said

    code, said = fsdb("sources")
    assert code == 0
    assert "Shanghai Stock Exchange" in said
    code, said = fsdb("config")
    assert code == 0
    assert "FSDB_KEEP_RELEASES" in said
    assert two_nights.sim.url in said

    code, said = fsdb("diff", first.release_id, second.release_id)
    assert code == 0
    assert "listing_pipeline.project_event" in said

    code, said = fsdb("rollback", first.release_id)
    assert code == 0
    assert f"(was {second.release_id})" in said
    assert publish.current(root).release_id == first.release_id

    (root / "current.json").write_text("{}")
    code, said = fsdb("status")
    assert code == 0
    code, said = fsdb("query", "select 1")
    assert code == 1
    assert "does not name a release" in said
    code, said = fsdb("rollback", second.release_id)
    assert code == 0, said
    assert "(was lost)" in said

    assert fsdb("releases", "--verify")[0] == 0
    report = second.path / "report.html"
    report.chmod(0o644)
    report.write_text(report.read_text() + "edited")
    code, said = fsdb("releases", "--verify")
    assert code == 1
    assert "report.html: changed" in said.replace("\n", "")
    first.path.rename(two_nights.data / "elsewhere")
    code, said = fsdb("releases", "--verify")
    assert code == 1
    assert first.release_id in said
    assert "missing" in said


def test_text_is_text_and_a_step_may_be_repeated(fsdb, two_nights):
    """What looks like markup is shown as it is; an edition answers what it may; publishing what is published does no
    harm."""
    now = publish.current(two_nights.data / "releases")
    asked = ("query", "--format", "csv", "select column_name from duckdb_columns() where table_name = 'source_status'")
    assert "message\n" in fsdb(*asked)[1]
    for edition in ("public", "partner"):
        code, said = fsdb(*asked, "--edition", edition)
        assert (code, "message\n" in said, "publisher\n" in said) == (0, False, True)
    assert f"release {now.release_id}, public edition" in fsdb("query", "--edition", "public", "select 1")[1]
    assert fsdb("query", "--edition", "restricted", "select 1")[0] == 2
    assert fsdb("query", "--edition", "public", f"attach '{now.path / 'fsdb.duckdb'}' as full_edition")[0] == 2

    assert "[/x] [bold]a [null]" in fsdb("query", "select '[/x] [bold]a [null]' as x")[1]
    code, said = fsdb("publish", "--run-date", str(SECOND))
    assert (code, f"released {publish.current(two_nights.data / 'releases').release_id}" in said) == (0, True)


def test_the_schedule_tells_people_what_failed_and_what_was_released(capsys):
    """With the task, the source and the error's own words; with the release and its counts."""

    class Instance:
        task_id = "extract"

        @staticmethod
        def xcom_pull(task_ids: str) -> dict[str, object]:
            assert task_ids == "publish"
            return {"release_id": "2026-07-13-0123456789ab", "rows": {"listing_pipeline.project": 3614}}

    tasks.notify_failure(
        {"task_instance": Instance(), "source": "szse", "run_id": "manual", "exception": ValueError("answered 403")}
    )
    tasks.notify_success({"task_instance": Instance()})
    said = "".join(capsys.readouterr())
    for words in ("szse", "answered 403", "2026-07-13-0123456789ab", "3614"):
        assert words in said


def test_the_ledger_survives_a_damaged_entry(installation):
    """One bad file tells nothing and stops nobody."""
    night = installation.night(FIRST)
    with night.ledger.step(FIRST, "build") as entry:
        entry.counts = {"x": 1}
    (installation.data / "runs" / f"run_date={FIRST}" / "20260101T000000.000000Z-audit.json").write_text("{")
    (installation.data / "runs" / "run_date=old").mkdir()
    assert night.ledger.nights() == [FIRST]
    assert [found.counts for found in night.ledger.entries(FIRST)] == [{"x": 1}]
    assert json.loads(night.ledger.entries(FIRST)[0].model_dump_json())["status"] == "done"
