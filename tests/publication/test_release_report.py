"""The report is one page that loads nothing, shows everything and runs nothing of what it shows."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from publication_world import DAY, World, finding, project, source, state

from publication import report

pytestmark = pytest.mark.usefixtures("written_here")
NEXT_DAY = DAY + timedelta(1)
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Text, links and well-formedness of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def second_night(world: World, **tables: Any) -> None:
    world.night()
    changed = [project(1, status="inquired", as_of=NEXT_DAY), project(3), project(4, as_of=NEXT_DAY)]
    world.build(state(**{"project": changed, **tables}), NEXT_DAY)


def published(world: World, *findings: Any) -> Page:
    world.judge(NEXT_DAY, *(findings or [finding()]))
    return Page((world.publish(NEXT_DAY).path / "report.html").read_text("utf-8"))


def test_the_page_tells_the_night(world: World) -> None:
    second_night(
        world,
        source_status=[
            source("sse", records=1500, fetched=1500, declared_total=1500),
            source("szse", status="failed", age_nights=2, message="page 9 of 15 answered HTML", good_run_date=DAY),
        ],
    )
    text = published(
        world,
        finding("7.1"),
        finding(
            "7.6",
            severity="warning",
            success=False,
            title="sources keep moving",
            expected="at most 3 days",
            observed="5 days",
            compared_with="2026-07-14-abc",
            unexpected_count=1,
            sample=[{"exchange": "SZSE", "project_id": "P7"}],
        ),
    ).text
    for words in (
        "Release of the night 2026-07-15",
        "Passed the gate. 2 checks, 1 warning.",
        "listing_pipeline project 3 1 1 1",
        "source 3",
        "warning · 7.6 sources keep moving",
        "expected at most 3 days; found 5 days (1 rows). Compared with 2026-07-14-abc",
        "SZSE P7",
        "failed 2026-07-14 2 / 3",
        "page 9 of 15 answered HTML",
        "1,500",
        "1 of 2",
        "changed source SSE · P1 status accepted → inquired",
        "fetched = records + duplicates",
        "f" * 64,
        "Data dictionary",
        "plan_raise_cny decimal(20,2) CNY The plan_raise_cny of a row.",
        "Key: exchange, project_id.",
    ):
        assert words in text, words


def test_the_page_loads_nothing(world: World) -> None:
    second_night(world)
    page = published(world)
    assert not [tag for tag, *_ in page.attributes if tag in {"script", "img", "link", "iframe", "object", "base"}]
    assert {name for _, name, _ in page.attributes if name in {"src", "srcset", "background", "poster"}} == set()
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


@pytest.mark.parametrize("attack", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"])
def test_nothing_that_is_shown_is_run(world: World, attack: str) -> None:
    second_night(
        world,
        project=[
            project(1, status=attack, as_of=NEXT_DAY),
            project(2, company_name=attack),
            project(7, project_id=attack),
        ],
        source_status=[
            source(title=attack, message=attack, licence=attack, homepage="javascript:alert(1)", status=attack)
        ],
    )
    page = published(
        world,
        finding(success=False, severity="warning", title=attack, observed=attack, sample=[{attack: attack}]),
    )
    assert attack in page.text
    assert not [tag for tag, *_ in page.attributes if tag in {"script", "img"}]
    assert not [value for _, name, value in page.attributes if name == "href" and value.startswith("javascript")]


def test_the_first_release_has_nothing_to_compare_with(world: World) -> None:
    text = Page((world.night().path / "report.html").read_text("utf-8")).text
    assert "there is none to compare with" in text
    assert "added" not in text


def test_a_stopped_candidate_has_a_report_too(world: World) -> None:
    second_night(world)
    world.judge(NEXT_DAY, finding("7.2", success=False, title="SZSE is gone"), passed=False)
    text = Page(report.write(world.candidate(NEXT_DAY)).read_text("utf-8")).text
    assert "Candidate of the night" in text
    assert "Stopped by the gate. 1 critical finding in 1 checks. This was not published" in text
    assert "critical · 7.2 SZSE is gone" in text


def test_a_candidate_that_was_not_judged_says_so(world: World) -> None:
    second_night(world)
    assert "Not judged yet." in Page(report.write(world.candidate(NEXT_DAY)).read_text("utf-8")).text


def test_a_source_that_never_came_has_no_age(world: World) -> None:
    second_night(
        world,
        source_status=[
            source(
                "bse",
                status="not_run",
                age_nights=None,
                good_run_date=None,
                declared_total=None,
                fetched=None,
            )
        ],
    )
    assert "not run – never fetched" in published(world).text


def test_bare_tables_make_a_page_without_the_missing_sections(world: World) -> None:
    world.names = ("listing_pipeline.project",)
    page = Page((world.night().path / "report.html").read_text("utf-8"))
    assert "Sources" not in page.text
    assert "Ledger" not in page.text


def test_a_summary_counts_what_failed() -> None:
    gate = {
        "passed": False,
        "findings": [
            finding(),
            finding(success=False),
            finding(success=False, accepted=True),
            finding(success=False, severity="warning"),
        ],
    }
    assert report.gate_summary(gate) == {
        "passed": False,
        "checks": 4,
        "warnings": 1,
        "critical": 1,
        "accepted": 1,
    }
    assert json.dumps(report.stopping(gate)[0])
