"""`fsdb ask`: ready questions against what is really so in the simulated world."""

import json
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from pipeline.cli import app

NIGHT = date(2026, 7, 14)
ACTIVE = {"accepted", "inquired", "committee_pending", "committee_passed", "committee_deferred", "committee_failed"}
ACTIVE |= {"re_review_pending", "re_review_passed", "re_review_failed", "submitted", "supplementary_review"}


@pytest.fixture
def fsdb(begun_twice, monkeypatch):
    """`fsdb("ask", "7")` → exit code and what it said, after two published nights."""
    monkeypatch.setenv("FSDB_DATA_DIR", str(begun_twice.data))

    def ask(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, result.output

    return ask


def test_questions_are_listed_explained_and_answered(fsdb, begun_twice):
    """The list names every question; 7 answers as the truth does, with defaults and with a parameter of one's own."""
    code, said = fsdb("ask")
    assert code == 0
    assert "Projects without a change of status for long" in said
    code, said = fsdb("ask", "7", "--explain")
    assert code == 0
    assert "--set days=180  (integer) longer than this" in said

    projects = begun_twice.sim.truth(NIGHT).projects
    for days in (180, 400):
        still = {
            (project.exchange, project.project_id)
            for project in projects
            if project.status in ACTIVE and NIGHT - project.updated_on > timedelta(days)
        }
        code, said = fsdb("ask", "7", "--set", f"days={days}", "--format", "json")
        assert code == 0, said
        assert {(row["exchange"], row["project_id"]) for row in json.loads(said)} == still

    code, said = fsdb("ask", "7", "--set", "day=3")
    assert (code, said.strip()) == (2, "error: question 7 has no parameter 'day'; it has days, as_of")
    code, said = fsdb("ask", "99")
    assert code == 2
    assert "no question 99; there are: " in said

    _filed_again_elsewhere(fsdb, begun_twice)


def _filed_again_elsewhere(fsdb, begun_twice):
    """6 pairs a review that ended with the next one of the same company on another board, whoever tells it."""
    code, said = fsdb("ask", "6", "--format", "json")
    assert code == 0, said
    rows = json.loads(said)
    projects = {(p.exchange, p.project_id): p for p in begun_twice.sim.truth(NIGHT).projects}
    over = {"terminated", "withdrawn", "rejected", "lapsed", "refused", "terminated_registration"}
    expected = {}
    for key, ended in projects.items():
        later = [
            (again.accepted_on, other)
            for other, again in projects.items()
            if again.company_name == ended.company_name
            and again.board != ended.board
            and again.accepted_on >= ended.updated_on
        ]
        if ended.status in over and later:
            expected[key] = min(later)[1]
    found = {(row["ended_at"], row["ended_project_id"]): (row["again_at"], row["again_project_id"]) for row in rows}
    assert found == expected
    assert found, "the simulated world must hold at least one such company"
