"""The delivery contract of a source, written from its spec: one page, and for each kind of file a valid example."""

import csv
import io
import json
from pathlib import Path

from extractors.core.files import write_atomic
from extractors.core.inbox import MANIFEST, named
from extractors.core.spec import GROWTH, GROWTH_ROWS, Column, File, Layout, Resource, SourceSpec
from extractors.core.verdict import sha256

# Where dbt has the lists that columns name; a sender cannot look there.
LISTS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "reference"
USUAL = 3  # units that a page names of a column
ISSUED_AT = "2026-07-01T09:00:00+08:00"
_PERIODS = {"day": "a day, `2026-06-30`", "month": "a month, `2026-06`", "quarter": "a quarter, `2026Q2`",
            "year": "a year, `2026`"}  # fmt: skip
_TYPES = {
    "text": "text",
    "code": "code, as text",
    "integer": "whole number",
    "decimal": "number",
    "date": "date, `2026-06-30` or `2026年6月30日`; `长期` for no end",
    "json": "JSON",
}


class ContractError(ValueError):
    """A page cannot be written from this spec."""


def write(spec: SourceSpec, folder: Path) -> list[Path]:
    """Write `<source>.md` and `examples/<source>/…` below a folder; return the files, the page first."""
    written = {folder / f"{spec.id}.md": page(spec).encode()}
    for name, resource in spec.resources.items():
        for file, content in example(spec, name, resource).items():
            written[folder / "examples" / spec.id / file] = content
    for path, content in written.items():
        write_atomic(path, content)
    return list(written)


def example(spec: SourceSpec, name: str, resource: Resource) -> dict[str, bytes]:
    """Name → content of a valid file of a resource and of its manifest."""
    file = _file(resource)
    if file.example is None:
        raise ContractError(f"{spec.id}/{name}: give `file.example`, a file name, in source.yml")
    columns = _given(resource)
    rows = [[f"{spec.title}"]] * file.layout.title_rows
    # Under a head of several lines the names stand in the last one.
    rows += [[""] * len(columns)] * (file.layout.head_rows - 1)
    rows += [[head(name, column) for name, column in columns.items()]]
    rows += [[column.example or "" for column in columns.values()]]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=file.delimiter, lineterminator="\r\n").writerows(rows)
    content = buffer.getvalue().encode("utf-8-sig")
    manifest = _manifest(spec, name, file.example, {"rows": 1, "sha256": sha256(content)})
    return {file.example: content, f"{file.example}{MANIFEST}": manifest.encode()}


def head(name: str, column: Column) -> str:
    """A column's head, with the unit where it stands there."""
    return f"{name}（{column.head_units[0]}）" if column.unit == "head" else name


def page(spec: SourceSpec) -> str:
    """The contract of a source in Markdown; an institution can deliver from it alone."""
    cadence = spec.cadence
    lines = [
        f"# Deliveries: {spec.title}",
        "",
        "Written from the spec of the source by `fsdb deliver page`; not edited by hand.",
        "",
        f"Files are put into `inbox/{spec.id}/`. They are taken every night ({cadence.cron}, {cadence.timezone}). "
        f"After more than {cadence.max_age_nights} nights without a delivery no release is published until one comes.",
        "Write a file under a name that ends in `.tmp` or `.part` and rename it when it is whole. Before sending, "
        f"`fsdb deliver check FILE --source {spec.id}` gives the verdict the file will get.",
        "",
        f"Terms: {spec.licence.name}; values may be published again: {spec.licence.republish}.",
    ]
    for name, resource in spec.resources.items():
        lines += ["", f"## {name}", "", *_resource(spec, name, resource)]
    return "\n".join([*lines, "", *_rules(spec)]) + "\n"


def _resource(spec: SourceSpec, name: str, resource: Resource) -> list[str]:
    file = _file(resource)
    sender = f"always `{file.sender}`" if file.sender else "the group `sender` of the name"
    declared = f"; the last number in {file.declared} is the number of rows" if file.declared else ""
    bad = (
        f"it alone is withheld; more than {file.bad_rows.max:.0%} bad rows refuse the file"
        if file.bad_rows.policy == "row"
        else "the whole file is refused"
    )
    rows = resource.rows
    slack = f" (but at least {rows.slack})" if rows.slack else ""
    return [
        f"- **File name**: `{file.name}`, such as [`{file.example}`](examples/{spec.id}/{file.example})",
        f"- **Sender**: {sender}. **Period**: {_PERIODS[file.period]}",
        f"- **Formats**: {', '.join(file.formats)}, or a ZIP of them; at most {file.max_bytes:,} bytes",
        f"- **CSV**: {' or '.join(_ENCODINGS[encoding] for encoding in file.encodings)}; fields separated by "
        f'`{file.delimiter}`, quoted by `"`',
        f"- **Key**: {', '.join(resource.key)}. The same key twice with other values: neither row is loaded",
        f"- **Rows**: {rows.min:,} to {rows.max:,}{declared}",
        f"- **Unusual volume**: a loss of more than {rows.drift:.0%}{slack} of the rows of the delivery before, or "
        f"more than {GROWTH} times as many (and {GROWTH_ROWS} more), waits for a confirmation",
        f"- **A bad row**: {bad}",
        f"- **Manifest**: {file.manifest}",
        *_layout(file.layout, ""),
        *(line for sender, layout in file.layouts.items() for line in _layout(layout, f" from sender {sender}")),
        "",
        "| head | also | type | needed | allowed | example |",
        "|---|---|---|---|---|---|",
        *(_column(name, column) for name, column in _given(resource).items()),
        *(
            line
            for name, column in _given(resource).items()
            if _listed(column)
            for line in ("", f"`{column.codes}`, the words for {name}: {'、'.join(_listed(column))}")
        ),
        *_personal(resource),
        "",
        f"The manifest of the example, `{file.example}{MANIFEST}`:",
        "",
        "```json",
        example(spec, name, resource)[f"{file.example}{MANIFEST}"].decode().rstrip(),
        "```",
    ]


def _layout(layout: Layout, whose: str) -> list[str]:
    said = [
        f"{layout.title_rows} line(s) of title, then the head" if layout.title_rows else "the head in the first line",
        f"the head has {layout.head_rows} lines, merged cells are joined with `/`" if layout.head_rows > 1 else "",
        "units in brackets behind the head" if layout.units_in_head else "",
        f"the sheets {', '.join(layout.sheets)}, one after the other" if layout.sheets else "the first visible sheet",
        f"hidden sheets are {'passed over' if layout.hidden == 'ignore' else 'refused'}",
        f"rows that begin with {', '.join(layout.total_rows)} and have no key are totals and must be the sums"
        if layout.total_rows
        else "",
        f"lines that begin with {', '.join(layout.note_rows)} and have one filled cell, or fill nothing that is "
        "needed, are notes"
        if layout.note_rows
        else "",
        "of formulas the stored values count" if layout.formulas == "values" else "formulas are refused",
        *(
            [f"heads {', '.join(f'{theirs} = {ours}' for theirs, ours in layout.heads.items())}"]
            if layout.heads
            else []
        ),
    ]
    return [f"- **Layout{whose}**: {'; '.join(filter(None, said))}"]


def _column(name: str, column: Column) -> str:
    kind = _TYPES[column.type]
    if column.unit == "head":
        kind += f", in {' or '.join(column.head_units[:USUAL])} as the head says"
    allowed = (column.codes or "").replace("|", "or")
    if _listed(column):
        allowed = f"a word of the list `{column.codes}` below"
    if column.pattern:
        allowed = f"`{column.pattern}`".replace("|", "\\|")
    if column.width:
        allowed += f" {column.width} characters"
    needed = "yes" if column.required else ""
    also = ", ".join(column.also)
    note = f" ({column.note})" if column.note else ""
    return f"| {head(name, column)} | {also} | {kind}{note} | {needed} | {allowed.strip()} | {column.example or ''} |"


def _listed(column: Column) -> list[str]:
    """The words of a named list; empty where a column has none."""
    if not column.codes or "|" in column.codes:
        return []
    path = LISTS / f"{column.codes}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return [row["word"] for row in csv.DictReader(lines)]
    except (OSError, KeyError) as error:
        raise ContractError(f"expected the words of {column.codes!r} in the column `word` of {path}: {error}") from None


def _personal(resource: Resource) -> list[str]:
    names = [name for name, column in resource.columns.items() if column.personal]
    if not names:
        return []
    return [
        "",
        f"Natural persons: {', '.join(names)} may be in the file and are dropped when it is read. Of such files the "
        "archive and `done/` keep the table without these and without unknown columns (`….reduced.csv`), not the file "
        "itself; only a rejected file lies in `rejected/` as it came.",
    ]


_ENCODINGS = {"utf-8-sig": "UTF-8 (with or without BOM)", "gbk": "GBK", "gb18030": "GB18030 (GBK is part of it)"}


def _rules(spec: SourceSpec) -> list[str]:
    first = next(iter(spec.resources))
    file = _file(spec.resources[first])
    withdrawal = _manifest(spec, first, str(file.example), {"issued_at": "2026-07-05T09:00:00+08:00", "withdraw": True})
    return [
        "## What becomes of a file",
        "",
        "- Each file says everything of its sender and period: it replaces what was delivered of them before, and "
        "nothing else. A **correction** is the whole file again; a **late** period is delivered like any other.",
        "- Good files lie in `done/<night>/` the next morning, others in `rejected/<night>/`, each with a "
        "`….report.txt`: the verdict, the counts, and for every bad row its number, the column, what was expected and "
        "what came. A rejected file changes nothing; mend it and deliver it again.",
        "- The same content again is recognised and not loaded twice. A version that was replaced comes back only with "
        "a manifest of a newer `issued_at`. Of several files of one period in a night the last issued good one counts.",
        "- Text is taken without blanks around it. In columns that are no free text `-`, `--`, `—`, `/`, `无`, `暂无`, "
        "`NULL`, `None` and `未透露` mean nothing. Deliver codes as text: a code that a spreadsheet made a number of "
        "gets its leading zeros back, but lost digits (`9.13E+17`) are lost. Unknown columns are not loaded.",
        "- What stands in brackets in a head is the unit of all numbers below it. Under `（%）` deliver 40 for 40 %, "
        "in cells without a percent format. Lines that are skipped as notes or totals are counted in the report.",
        "- Refused are links, encrypted files, archives in archives, workbooks with declared entities, text with "
        "`U+FFFD`.",
        "",
        "## Manifest and withdrawal",
        "",
        f"`<file>{MANIFEST}` beside the file, sent before it: `source`, `resource` (may be left out), `sender`, "
        "`period`, `rows` (rows of data), `sha256` (of the file, in hexadecimal), `issued_at` (without an offset: "
        f"{spec.cadence.timezone}; at most a day ahead), `withdraw`. Whatever contradicts the file refuses it; unknown "
        "fields as well.",
        "",
        "To withdraw what was delivered of a sender and period, send the manifest alone:",
        "",
        "```json",
        withdrawal.rstrip(),
        "```",
    ]


def _manifest(spec: SourceSpec, name: str, file: str, facts: dict[str, object]) -> str:
    item = named(spec, Path(file), None)
    said = {"source": spec.id, "resource": name, "sender": item.sender, "period": item.period, "issued_at": ISSUED_AT}
    return json.dumps(said | facts, ensure_ascii=False, indent=2) + "\n"


def _given(resource: Resource) -> dict[str, Column]:
    return {name: column for name, column in resource.columns.items() if column.personal is None}


def _file(resource: Resource) -> File:
    if resource.file is None:
        raise ContractError("it is read over HTTP, nothing is delivered")
    return resource.file
