"""<< name >>: the page senders start from is up to date, and a file like its example is taken."""

from datetime import date
from pathlib import Path

from extractors.core import contract, deliveries
from extractors.core.archive import Archive
from extractors.core.clock import SystemClock
from extractors.core.spec import SOURCES, read_spec

SPEC = read_spec(SOURCES / "<< name >>" / "source.yml")


def test_the_example_is_taken_and_a_bad_row_is_told(tmp_path: Path) -> None:
    """The example loads whole; a row without a name is loaded with its fault, in words."""
    inbox = tmp_path / "<< name >>"
    inbox.mkdir()
    files = contract.example(SPEC, "record", SPEC.resources["record"])
    ((name, content),) = [(name, content) for name, content in files.items() if name.endswith(".csv")]
    (inbox / name).write_bytes(content)
    spoilt = content.decode("utf-8-sig").replace("示范科技有限公司", "").encode()
    (inbox / name.replace("2026-06", "2026-05")).write_bytes(spoilt)

    outcome = deliveries.deliver(SPEC, "record", tmp_path, Archive(tmp_path / "raw"), date(2026, 7, 13), SystemClock())
    loaded = {delivery.period: (delivery.status, delivery.faulty) for delivery in outcome.deliveries}
    assert loaded["2026-06"] == ("loaded", 0)
    assert loaded["2026-05"][0] == "rejected", "one bad row of one is more than the spec allows"
    report = (inbox / "rejected" / "2026-07-13").glob("*.report.txt")
    assert "名称" in next(report).read_text(encoding="utf-8")
