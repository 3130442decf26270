"""<< name >>: the list is read whole over HTTP, and half a list is not believed."""

from datetime import date
from pathlib import Path

from scripted import Server, as_json

from extractors.core.archive import Archive
from extractors.core.clock import SystemClock
from extractors.core.fetch import Access, fetch
from extractors.core.spec import SOURCES, read_spec

SPEC = read_spec(SOURCES / "<< name >>" / "source.yml")
RECORD = {"id": "1", "name": "甲有限公司", "amount": "12", "updated_on": "2026-06-30", "contact": "王"}


def fetched(server: Server, folder: Path) -> str:
    """The status of one attempt at what the server says."""
    access = Access(SystemClock(), "test", lambda _: server.address, paced=False)
    return fetch(SPEC, "record", Archive(folder), date(2026, 7, 13), access).status


def test_a_whole_list_is_complete_and_half_a_list_is_not(tmp_path: Path) -> None:
    """One record of one declared is all there is; one of two is not."""
    server = Server()
    try:
        server.answers = [as_json({"records": [RECORD], "total": 1})]
        assert fetched(server, tmp_path / "whole") == "complete"
        server.answers = [as_json({"records": [RECORD], "total": 2}), as_json({"records": [], "total": 2})]
        assert fetched(server, tmp_path / "half") == "partial"
    finally:
        server.stop()
