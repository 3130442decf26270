"""Seventeen real nights of the three exchanges, one after another, against figures counted from the stored files."""

import json
from datetime import date

import duckdb
import pytest

from extractors.core.changes import ChangeLog
from extractors.core.spec import all_specs
from pipeline.night import GateStopped, Night
from pipeline.settings import Settings
from publication import publish
from tests.conftest import UPSTREAM

# The words of the truth file for the codes that are published.
SSE = {
    "1": "已受理",
    "2": "已问询",
    "3": "上市委审议",
    "4": "提交注册",
    "5": "注册结果",
    "7": "中止及财报更新",
    "8": "终止",
}
BSE = {
    "P01": "已受理",
    "P02": "已问询",
    "P03": "上市委会议通过",
    "P06": "提交注册",
    "P07": "注册生效",
    "P09": "中止",
    "P10": "终止",
}


# Nights that were published; of the others only the answers were fetched, and the next build caught up on them.
PUBLISHED = ("2026-07-13", "2026-07-14", "2026-07-23", "2026-08-03", "2026-08-04")


@pytest.fixture(scope="module")
def nights(box, new_clock, tmp_path_factory):
    """Every stored night, in order; gives the settings, the truth and what the gate stopped."""
    serving = box("2026-07-13")
    truth = json.loads((UPSTREAM / "data" / "truth.json").read_text(encoding="utf-8"))["listing"]
    settings = Settings(data_dir=tmp_path_factory.mktemp("real"), upstream=serving.address, http_timeout=10)
    stopped = {}
    assert truth["nights"].keys() >= {*PUBLISHED}
    for night in truth["nights"]:
        serving.go_to(night)
        steps = Night(settings, date.fromisoformat(night), new_clock())
        if night not in PUBLISHED:
            for source in steps.sources():
                steps.extract(source)
            continue
        try:
            steps.run()
        except GateStopped as stop:
            stopped[night] = str(stop)
    return settings, truth, stopped


def released(settings: Settings, sql: str) -> list[tuple]:
    """Rows of the current release."""
    with duckdb.connect(str(publish.path_of(settings.releases, None) / "fsdb.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_only_the_night_without_shenzhen_is_stopped(nights):
    """Shenzhen was down on the first night and there was nothing to keep: 7.2 stops it, the others publish."""
    settings, _, stopped = nights
    assert list(stopped) == ["2026-07-13"]
    assert "7.2" in stopped["2026-07-13"]
    assert "SZSE" in stopped["2026-07-13"]
    published = sorted(str(release.run_date) for release in publish.releases(settings.releases))
    assert published == sorted(PUBLISHED)[1:]


def by_status(rows: list[tuple]) -> dict[str, dict[str, int]]:
    """Projects by exchange and status, in the exchanges' own words."""
    found: dict[str, dict[str, int]] = {"sse": {}, "szse": {}, "bse": {}}
    for exchange, code, label, count in rows:
        word = {"sse": SSE, "bse": BSE}.get(exchange, {}).get(code, label)
        found[exchange][word] = found[exchange].get(word, 0) + count
    return found


def test_every_night_has_the_true_totals_by_status(nights):
    """Each release of its own night, and the last one as of every night but that without Shenzhen."""
    settings, truth, _ = nights
    counted = "select lower(exchange), raw_status, raw_status_label, count(*) from listing_pipeline."
    told = {
        night: {exchange: exchanges[exchange]["by_status"] for exchange in ("sse", "szse", "bse")}
        for night, exchanges in sorted(truth["nights"].items())[1:]
    }
    for release in publish.releases(settings.releases):
        with duckdb.connect(str(release.path / "fsdb.duckdb"), read_only=True) as con:
            rows = con.execute(f"{counted}project group by all").fetchall()
        assert by_status(rows) == told[str(release.run_date)], release.run_date
    for night in told:
        valid = f"valid_from <= date '{night}' and (valid_to is null or valid_to > date '{night}')"
        rows = released(settings, f"{counted}project_history where {valid} group by all")
        assert by_status(rows) == told[night], night


def test_every_status_change_is_an_event_of_its_night(nights):
    """32 in Shanghai, 37 in Shenzhen, 92 in Beijing; 74 of Beijing's did not move the update date."""
    settings, truth, _ = nights
    found = {
        (str(night), exchange): (count, undated)
        for night, exchange, count, undated in released(
            settings,
            """select seen_on, lower(exchange), count(*), count(*) filter (event_on is null)
            from listing_pipeline.project_event where not is_first_seen group by all""",
        )
    }
    told = {}
    for pair, exchanges in truth["changes"].items():
        for exchange, figures in exchanges.items():
            if figures["status_changed"]:
                counts = (figures["status_changed"], figures["status_changed_same_update_date"])
                told[pair.split(" -> ")[1], exchange] = counts
    assert found == told
    by_exchange = {name: sum(n for (_, e), (n, _) in found.items() if e == name) for name in ("sse", "szse", "bse")}
    assert by_exchange == {"sse": 32, "szse": 37, "bse": 92}
    assert sum(undated for _, undated in found.values()) == 74


def test_nothing_was_ever_removed_or_withheld(nights):
    """No project leaves the lists in these nights, and Shenzhen's outage must not look as if one did."""
    settings, _, _ = nights
    night = date(2026, 8, 4)
    archive = Night(settings, night).archive
    for spec in all_specs().values():
        if spec.family == "listing":
            resource = spec.resources["ipo_project"]
            log = ChangeLog(settings.changes, archive, spec.id, "ipo_project", resource, spec.http.base)
            assert sum(entry.basis.removed for entry in log.update(night)) == 0
    assert released(settings, "select count(*) from quarantine.listing_project") == [(0,)]


def test_company_names_are_clean(nights):
    """At most the 10 of 3,614 titles that hold no full company name (model rule 7.10)."""
    settings, _, _ = nights
    dirty = released(settings, "select company_name from listing_pipeline.project where company_name not like '%公司'")
    assert len(dirty) <= 10, dirty


def test_the_last_night_run_again_is_the_same_release(nights):
    """And a full rebuild of all nights is as well."""
    settings, _, _ = nights
    last = publish.current(settings.releases)
    night = Night(settings, last.run_date)
    assert night.run().release.release_id == last.release_id
    night.build(full=True)
    assert json.loads((night.candidate / "release.json").read_text())["release_id"] == last.release_id
