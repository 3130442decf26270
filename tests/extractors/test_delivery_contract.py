"""`extractors.core.contract`: what senders are told is what is checked, and the pages are up to date."""

import json
from datetime import date
from pathlib import Path

import pytest
from delivered import resource

from extractors.core import contract
from extractors.core.inbox import MANIFEST, named
from extractors.core.spec import all_specs
from extractors.core.verdict import History, judge

PAGES = Path(__file__).parents[2] / "docs" / "deliveries"
DELIVERED = sorted(name for name, spec in all_specs().items() if spec.http is None)
KINDS = [(source, name) for source in DELIVERED for name in all_specs()[source].resources]


@pytest.mark.parametrize(("source", "name"), KINDS)
def test_the_example_of_every_kind_of_file_is_accepted(source: str, name: str, tmp_path: Path) -> None:
    """With its manifest, and without a remark."""
    spec = all_specs()[source]
    contract.write(spec, tmp_path)
    file = tmp_path / "examples" / source / str(spec.resources[name].file.example)
    verdict = judge(spec, named(spec, file, file.with_name(file.name + MANIFEST)), History([]), date(2026, 11, 27))
    assert (verdict.delivery.status, verdict.delivery.resource, verdict.delivery.records) == ("loaded", name, 1)
    assert verdict.faults == []
    assert verdict.warnings == []


@pytest.mark.parametrize("source", DELIVERED)
def test_the_pages_in_the_repository_are_up_to_date(source: str, tmp_path: Path) -> None:
    """`fsdb deliver page` writes them; a spec that changed without its page would tell senders something else."""
    for written in contract.write(all_specs()[source], tmp_path):
        kept = PAGES / written.relative_to(tmp_path)
        assert kept.read_bytes() == written.read_bytes(), f"{kept}: run `fsdb deliver page {source}`"


@pytest.mark.parametrize("source", DELIVERED)
def test_a_page_says_all_that_a_sender_needs(source: str) -> None:
    """Every column, every code, every pattern and the manifest; natural persons as what is dropped."""
    page = (PAGES / f"{source}.md").read_text()
    for name, kind in all_specs()[source].resources.items():
        assert f"## {name}" in page
        for column, given in kind.columns.items():
            assert column in page
            assert all(word in page for word in given.also)
            assert not given.personal or f"| {column} |" not in page
        assert '"sha256"' in page
        assert '"withdraw": true' in page


def test_an_example_needs_a_name() -> None:
    """No file name is made up from a pattern."""
    spec = all_specs()["nfra_institutions"]
    with pytest.raises(contract.ContractError, match=r"give `file\.example`"):
        contract.example(spec, "institution", resource())


def test_an_example_follows_the_layout() -> None:
    """Title lines above the head, units in it, the manifest of these very bytes."""
    spec = all_specs()["guarantee_lists"]
    files = contract.example(spec, "institution", spec.resources["institution"])
    content, manifest = files.values()
    lines = content.decode("utf-8-sig").split("\r\n")
    assert lines[0] == spec.title
    assert "注册资本（万元）" in lines[1]
    assert "法定代表人" not in lines[1]
    assert json.loads(manifest)["sha256"] == contract.sha256(content)
