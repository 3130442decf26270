"""The kept public lists, where they are at hand."""

import csv
from pathlib import Path

import pytest

REF = Path(__file__).parents[3] / "shared" / "upstream" / "data" / "ref"


def ref(path: str) -> Path:
    """A file of the kept public lists; skips the test where they are not at hand."""
    if not (REF / path).exists():
        pytest.skip(f"no real upstream data: {REF / path} is not there")
    return REF / path


def table(path: str) -> list[dict[str, str]]:
    """The rows of such a file."""
    with ref(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.endswith(".tsv") else ","))
