"""Whole nights against the simulator: what is published, what an outage does, what the gate stops."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import date

import duckdb
import pytest
import requests

from extractors.core.spec import all_specs
from extractors.sources.sse.extractor import QUERY
from pipeline.locks import HeldError, held
from pipeline.night import GateStopped, StepError, UnknownSourceError
from publication import publish
from simulator.server import Simulator
from tests.installation import FIRST, SECOND, THIRD, Installation


def statuses(installation, release_id: str | None = None) -> dict[str, dict[str, int]]:
    """Published projects by exchange and status, in the current release or another."""
    found: dict[str, dict[str, int]] = {}
    for exchange, status, count in installation.query(
        "select exchange, status, count(*) from listing_pipeline.project group by all", release_id
    ):
        found.setdefault(exchange, {})[status] = count
    return found


def true_statuses(installation, night: date) -> dict[str, dict[str, int]]:
    """The same from the simulator's truth."""
    totals = installation.sim.truth(night).totals
    return {exchange: {k: n for k, n in by.items() if k != "total" and n} for exchange, by in totals.items()}


@pytest.fixture(scope="module")
def in_order(begun_with, tmp_path_factory) -> Iterator[Installation]:
    """Three nights, one after the other; before the third, people were sent back to the first."""
    data = tmp_path_factory.mktemp("in_order") / "data"
    shutil.copytree(begun_with.lived_on, data)
    with Simulator(size=400, seed=1, night=str(FIRST)) as sim:
        installation = Installation(sim, data)
        publish.rollback(data / "releases", begun_with.release_id(FIRST), now=installation.clock.now())
        assert statuses(installation) == true_statuses(installation, FIRST)
        assert installation.run(THIRD).gate.passed
        yield installation


def test_a_release_says_what_is_so_and_a_rollback_is_gone_over_by_the_next_night(in_order):
    """Status by status, and event by event from night to night; a rollback is a pointer flip in between."""
    releases = {release.run_date: release.release_id for release in publish.releases(in_order.data / "releases")}
    assert publish.current(in_order.data / "releases").release_id == releases[THIRD]
    for night in (FIRST, SECOND, THIRD):
        assert statuses(in_order, releases[night]) == true_statuses(in_order, night)
    truth = in_order.sim.truth(THIRD, since=SECOND)
    moved = {(t.exchange, t.project_id, t.previous_status, t.status) for t in truth.transitions}
    seen = in_order.query(
        f"""select exchange, project_id, previous_status, status from listing_pipeline.project_event
        where seen_on = date '{THIRD}'"""
    )
    assert set(seen) == moved
    assert moved, "the world must move for this test to mean anything"


def test_another_machine_gives_the_same_release(installation, begun_with):
    """The id says what the release says, not where or when it was made; nor whether it was built night by night."""
    for night in (FIRST, SECOND):
        installation.night(night).extract("sse")
        installation.night(night).extract("bse")
        installation.night(night).extract("szse")
    assert installation.run(SECOND).release.release_id == begun_with.release_id(SECOND)


def test_an_outage_removes_nothing_and_is_made_good_the_same_night(begun):
    """A source that fails one night keeps every row it had, marked one night older; run again, only it is asked."""
    before = begun.query("select project_id, row_hash from listing_pipeline.project where exchange = 'SZSE' order by 1")
    begun.sim.fault("www.szse.cn:500")
    report = begun.run(SECOND, sources="sse,szse,bse,guarantee_lists")
    after = begun.query("select project_id, row_hash from listing_pipeline.project where exchange = 'SZSE' order by 1")
    assert after == before
    status = begun.query("select status, age_nights, message from quality.source_status where source_id = 'szse'")
    assert status[0][:2] == ("failed", 1)
    assert "answered 500" in status[0][2]
    assert not next(fetched for fetched in report.fetched if fetched.source == "szse").is_good
    assert {row[0] for row in begun.query("select source_id from quality.source_status where age_nights = 0")} == {
        "sse",
        "bse",
    }
    delivered = begun.query(
        "select distinct status, age_nights from quality.source_status where source_id = 'guarantee_lists'"
    )
    assert delivered == [("unchanged", None)], "a night without files is no error, and ages nothing"

    begun.sim.clear()
    whole = begun.run(SECOND)
    assert [fetched.source for fetched in whole.fetched if not fetched.reused] == ["szse"]
    assert whole.release.release_id != report.release.release_id
    assert publish.current(begun.data / "releases").release_id == whole.release.release_id
    assert statuses(begun) == true_statuses(begun, SECOND)


def test_the_gate_stops_the_first_night_without_an_exchange_unless_an_operator_accepts_it(installation):
    """7.2: each of the three is there. The message says which expectation, what it saw and what to do.

    What is accepted stays in the release, marked. And `--sources sse,bse` says that SZSE is not wanted.
    """
    installation.sim.fault("www.szse.cn:500")
    night = installation.night(FIRST)
    with pytest.raises(GateStopped) as stop:
        night.run()
    message = str(stop.value)
    assert "7.2" in message
    assert "SZSE" in message
    assert "nothing is published yet" in message
    assert publish.current(installation.data / "releases") is None
    assert not (installation.data / "releases" / "current.json").exists()

    night.audit(frozenset({"7.2"}))
    gate = json.loads((night.publish().path / "gate.json").read_text())
    assert [(f["id"], f["accepted"]) for f in gate["findings"] if f["severity"] == "critical" and not f["success"]] == [
        ("7.2", True)
    ]

    report = installation.run(FIRST, sources="sse,bse")
    assert report.gate.passed, "a run limited to some sources does not want the others"
    assert set(statuses(installation)) == {"SSE", "BSE"}


def test_an_unknown_status_is_withheld_and_a_list_that_lost_a_third_not_believed(begun):
    """One project of SSE keeps its last good status, all of BSE's stay, and the release says so; the next night heals.

    The message says how to accept the shorter list if it is true.
    """
    known = begun.query("select project_id from listing_pipeline.project where exchange = 'SSE'")
    begun.sim.fault("query.sse.com.cn:unknown-status")
    begun.sim.fault("www.bse.cn:shrink")
    report = begun.run(SECOND)
    outcome = next(fetched for fetched in report.fetched if fetched.source == "bse").outcomes[0]
    assert outcome.status == "partial"
    assert "not believed" in outcome.message
    assert "--accept-volume" in outcome.next
    assert statuses(begun)["BSE"] == true_statuses(begun, FIRST)["BSE"]
    withheld = begun.query("select exchange, project_id, rule, reason from quarantine.listing_project")
    assert [(row[0], row[2]) for row in withheld] == [("SSE", "status_unknown")]
    assert any("quarantine" in f.title.lower() or "withheld" in f.title.lower() for f in report.gate.failures)
    kept = begun.query(
        f"select dq_status from listing_pipeline.project where exchange = 'SSE' and project_id = '{withheld[0][1]}'"
    )
    assert kept == [("warn",)] * ((withheld[0][1],) in known)
    begun.sim.clear()
    begun.run(THIRD)
    assert begun.query("select count(*) from quarantine.listing_project") == [(0,)]
    assert statuses(begun) == true_statuses(begun, THIRD)


def test_a_backfilled_night_mends_the_history_but_not_the_pointer(begun, begun_with, in_order):
    """Nights that come in late are worked into the change log of the later ones.

    The late night itself is built anew from nothing, and says what it would have said in its turn.
    """
    begun.run(THIRD)
    latest = publish.current(begun.data / "releases").release_id
    late = begun.run(SECOND)
    assert late.mode == "full"
    assert late.release.release_id == begun_with.release_id(SECOND)
    assert publish.current(begun.data / "releases").release_id == latest != late.release.release_id
    healed = begun.run(THIRD).release
    assert healed.release_id == publish.current(in_order.data / "releases").release_id
    assert publish.current(begun.data / "releases").release_id == healed.release_id


def test_a_live_source_is_not_asked_about_the_past(installation):
    """It would answer with today; the archive is used instead, and without one there is nothing to build."""
    night = installation.night(FIRST, upstream=None, sources=",".join(all_specs()))
    with pytest.raises(StepError, match="nothing to build"):
        night.run()
    assert installation.sim.requests == []
    entries = night.ledger.entries(FIRST)
    assert {entry.status for entry in entries if entry.step == "extract"} == {"failed"}
    said = {entry.subject: entry.message for entry in entries if entry.step == "extract"}
    for source, spec in all_specs().items():
        assert ("only knows today" if spec.http else "in the inbox now is not of") in said[source]


def test_a_damaged_archive_is_named_set_aside_and_fetched_again(begun, capsys):
    """A flipped byte in the raw records never reaches a release."""
    release = publish.current(begun.data / "releases")
    path = begun.data / "raw/sse/ipo_project" / f"run_date={FIRST}" / "attempt=01" / "records.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    again = begun.run(FIRST)
    said = "".join(capsys.readouterr())
    assert str(path) in said
    assert "set aside" in said
    assert [fetched.source for fetched in again.fetched if not fetched.reused] == ["sse"]
    assert again.release.release_id == release.release_id
    assert [folder.name[:12] for folder in path.parents[1].glob(".*.damaged")] == [".attempt=01."]


def test_a_second_run_is_refused_while_one_is_under_way(installation):
    """It is told who is at work and since when."""
    night = installation.night(FIRST)
    with (
        held(night.settings.locks, "night", f"night {FIRST}", installation.clock),
        pytest.raises(HeldError, match=rf"night {FIRST} \(process \d+ on .*since 2026-09-01T"),
    ):
        night.run()


def test_steps_out_of_order_are_refused(installation):
    """Auditing or publishing what was not built."""
    night = installation.night(FIRST)
    for step in (night.audit, night.publish):
        with pytest.raises(StepError, match="nothing was built yet"):
            step()
    with pytest.raises(UnknownSourceError, match=r"no source 'nyse'; there are: .*bse, .*sse, szse"):
        night.extract("nyse")


def test_natural_persons_reach_neither_the_archive_nor_a_release(begun):
    """The simulator's answers carry names where the live ones do; not one is written anywhere."""
    page = requests.get(
        f"{begun.sim.url}/query.sse.com.cn/commonSoaQuery.do",
        params=QUERY,
        headers={"Referer": "https://www.sse.com.cn/"},
        timeout=5,
    ).text
    names = set(re.findall(r'"[isp_]*personName":"([^"]+)"', page))
    assert len(names) > 50
    payloads = begun.data / "raw/sse/ipo_project" / f"run_date={FIRST}" / "attempt=01" / "payloads.parquet"
    kept = duckdb.sql(f"select string_agg(decode(body), '') from read_parquet('{payloads}')").fetchall()[0][0]
    assert "stockAuditName" in kept
    assert not [name for name in names if name in kept]
    published = str(begun.query("select to_json(list(p)) from listing_pipeline.project p"))
    assert not [name for name in names if name in published]
