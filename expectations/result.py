"""What the gate found: findings, the verdict, and the gate.json they are kept in."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

Severity = Literal["critical", "warning"]


class UnknownFinding(ValueError):
    """An operator accepted something the gate never asks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one rule on one table.

    `sample` holds at most ten offending rows by their key; `compared_with` is the earlier release that counted.
    """

    id: str
    table: str
    severity: Severity
    title: str
    success: bool
    accepted: bool
    expected: str
    observed: str
    compared_with: str | None
    unexpected_count: int
    sample: tuple[dict[str, Any], ...]

    @property
    def stops(self) -> bool:
        """Whether this finding alone keeps the release from being published."""
        return self.severity == "critical" and not self.success and not self.accepted


@dataclass(frozen=True, slots=True)
class GateResult:
    """The verdict on one release candidate; findings stand in the order in which the rules are declared."""

    run_date: date
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """True when nothing critical failed, or an operator accepted what did."""
        return not any(finding.stops for finding in self.findings)

    @property
    def failures(self) -> Iterator[Finding]:
        """What did not come out as expected, of either severity, accepted or not."""
        return (finding for finding in self.findings if not finding.success)

    def write(self, path: Path) -> None:
        """Write gate.json: the same verdict gives the same bytes."""
        document = {
            "passed": self.passed,
            "run_date": self.run_date.isoformat(),
            "findings": [asdict(finding) for finding in self.findings],
        }
        path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "GateResult":
        """Read what `write` wrote. Raises `OSError`, `ValueError`, `KeyError` or `TypeError` otherwise."""
        document = json.loads(path.read_text(encoding="utf-8"))
        findings = (Finding(**finding | {"sample": tuple(finding["sample"])}) for finding in document["findings"])
        return cls(date.fromisoformat(document["run_date"]), tuple(findings))
