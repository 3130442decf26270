"""`extractors.core.contract`: what senders are told is what is checked, and the pages are up to date."""

import csv
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
    """Cadence, encodings, what a bad row does, every column with its units, codes and pattern, and the manifest.

    Natural persons' columns stand there as what is dropped.
    """
    page, spec = (PAGES / f"{source}.md").read_text(), all_specs()[source]
    assert f"({spec.cadence.cron}, {spec.cadence.timezone})" in page
    assert f"more than {spec.cadence.max_age_nights} nights" in page
    for name, kind in spec.resources.items():
        said = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert kind.file
        for encoding in kind.file.encodings:
            assert {"utf-8-sig": "UTF-8", "gbk": "GBK", "gb18030": "GB18030"}[encoding] in said
        policy = {"row": "it alone is withheld", "delivery": "the whole file is refused"}[kind.file.bad_rows.policy]
        assert f"**A bad row**: {policy}" in said
        assert policy.startswith("the") or f"more than {kind.file.bad_rows.max:.0%} bad rows refuse the file" in said
        rows = [line.split(" | ") for line in said.splitlines() if line.startswith("| ")]
        for column, given in kind.columns.items():
            lines = [cells for cells in rows if cells[0].removeprefix("| ").split("（")[0] == column]
            if given.personal:
                assert lines == []
                assert column in said.split("Natural persons: ")[1]
                continue
            ((_, also, form, needed, allowed, *_),) = lines
            assert also.strip() == ", ".join(given.also)
            assert (needed == "yes") == given.required
            assert given.unit != "head" or all(unit in form for unit in given.head_units[:3])
            assert not given.pattern or f"`{given.pattern}`" in allowed.replace("\\|", "|")
            assert all(word.strip() in said for word in (given.codes or "").split("|"))
        assert '"sha256"' in said
    assert '"withdraw": true' in page


def test_a_page_spells_out_the_lists_that_dbt_looks_words_up_in() -> None:
    """A sender cannot look there; a list that is not there is no page."""
    page = (PAGES / "nfra_institutions.md").read_text()
    with (contract.LISTS / "fi_type_map.csv").open(encoding="utf-8") as lines:
        words = [row["word"] for row in csv.DictReader(lines)]
    assert len(words) > 40
    assert f"`fi_type_map`, the words for 机构类型: {'、'.join(words)}" in page
    spec = all_specs()["nfra_institutions"]
    kind = spec.resources["institution"]
    odd = kind.model_copy(
        update={"columns": {"机构类型": kind.columns["机构类型"].model_copy(update={"codes": "odd"})}}
    )
    with pytest.raises(contract.ContractError, match="expected the words of 'odd'"):
        contract.page(spec.model_copy(update={"resources": {"institution": odd}}))


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
