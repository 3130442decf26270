"""Rules that hold for every published table: S3, S5–S7, S9–S12, the ledger.

Numbers as in the model's list of expectations. S1 and S2 are in `codes.py`, what holds for the tables in which records
end (S4, S8, fill rates, the share of the quarantine) in `entities.py`. S10 warns through 7.7.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import great_expectations.expectations as gxe

from expectations.published import ROW_BALANCE, SOURCE_STATUS, Release
from expectations.rule import BATCH, ExpectNoRows, Rule, literal, no_rows

EARLIEST = date(1978, 1, 1)
LAST_END = date(2099, 12, 31)
WITHOUT_END = date(9999, 12, 31)

OURS = ("_sha256", "_hash", "_url", "organization_id")  # columns no source has written
IDENTIFIERS = (
    *OURS,
    "_id",
    "_code",
    "id_value",
    "uscc",
    "business_number",
    "contract_no",
    "licence_no",
    "product_no",
    "sender",
)
REPLACED = ("\ufffd", "锟斤拷", "ï¿½")

# A number that stands alone: not part of a longer one, of a word or of a decimal.
_ALONE = "(^|[^0-9A-Za-z.])({})($|[^0-9A-Za-z.]|[.]($|[^0-9]))"
_BORN = "(18|19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
MOBILE = "([+]?86[- ]?)?1[3-9][0-9]{9}"
RESIDENT = f"[1-9][0-9]{{5}}{_BORN}[0-9]{{3}}[0-9Xx]"
PERSONAL = _ALONE.format(f"{MOBILE}|{RESIDENT}")
URL = "https?://[!-~]+"


def rules(release: Release) -> Iterator[Rule]:
    """The shared rules for the tables of this release, in order of rule and table."""
    for rule in (_keys, _columns, _new_columns, _replaced_text, _personal_text, _codes, _dates, _quarantine):
        for table in sorted(release.tables):
            yield from rule(release, table)
    yield from _sources()
    yield _ledger()


def _keys(release: Release, table: str) -> Iterator[Rule]:
    """In plain SQL: `ExpectCompoundColumnsToBeUnique` joins the table with itself, ten times the work."""
    if not (key := release.key(table)):
        return
    columns = ", ".join(key)
    incomplete = " or ".join(f"{column} is null" for column in key)
    yield Rule(
        release.declared[table].key_rule,
        table,
        "critical",
        "The primary key is unique and complete",
        f"every row has its own ({columns}), no part of it null",
        no_rows(f"""
            select {columns}, count(*) as rows from {BATCH}
            group by all having count(*) > 1 or {incomplete}
        """),
    )


def _columns(release: Release, table: str) -> Iterator[Rule]:
    required = {
        *release.previous.get(table, ()),
        *(release.declared[table].columns if table in release.declared else ()),
    }
    if required:
        yield Rule(
            "S5",
            table,
            "critical",
            "No column is missing that consumers rely on",
            f"all of: {', '.join(sorted(required))}",
            gxe.ExpectTableColumnsToMatchSet(column_set=sorted(required), exact_match=False),
            relative=True,
        )


def _new_columns(release: Release, table: str) -> Iterator[Rule]:
    known = sorted({*release.previous.get(table, ())} & {*release.tables[table]})
    yield Rule(
        "S5.new",
        table,
        "warning",
        "No column is new",
        "the columns of the previous release, no more",
        gxe.ExpectTableColumnsToMatchSet(column_set=known, exact_match=True) if known else None,
        relative=True,
    )


def _scan(release: Release, table: str, broken: Mapping[str, str]) -> ExpectNoRows | None:
    """Expect no row in which a column is broken, by column → SQL condition; one pass over each of these columns.

    The sample names the row and the column, and shows the value.
    """
    scans = [
        f"select {release.leading_key(table)}'{column}' as \"column\", left({column}::varchar, 80) as value"
        f" from {BATCH} where {condition}"
        for column, condition in broken.items()
    ]
    return no_rows(" union all ".join(scans)) if scans else None


def _scan_texts(
    release: Release, table: str, excluded: tuple[str, ...], broken: str, *, shown: bool = True
) -> ExpectNoRows | None:
    """Expect no text for which the SQL condition `broken`, over `value`, is true; one pass over the table.

    `excluded`: endings of columns that are not looked at. Written once for all columns: making ready a pattern for
    each takes longer than reading a small table. The sample shows the value where that does no harm.
    """
    texts = [column for column, kind in release.tables[table].items() if kind == "VARCHAR"]
    columns = [column for column in texts if not column.endswith(excluded)]
    if not columns:
        return None
    key = release.leading_key(table)
    names = ", ".join(f"'{column}'" for column in columns)
    return no_rows(f"""
        select {key}"column"{", left(value, 80) as value" if shown else ""}
        from (select {key}unnest([{", ".join(columns)}]) as value, unnest([{names}]) as "column" from {BATCH})
        where {broken}
    """)


def _replaced_text(release: Release, table: str) -> Iterator[Rule]:
    broken = " or ".join(f"contains(value, {literal(sign)})" for sign in REPLACED)
    if scan := _scan_texts(release, table, OURS, broken):
        yield Rule(
            "S6",
            table,
            "critical",
            "No text was broken by a wrong encoding",
            f"none of {', '.join(REPLACED)} in any text a source wrote",
            scan,
        )


def _personal_text(release: Release, table: str) -> Iterator[Rule]:
    """Digits inside identifiers and addresses are nobody's.

    Every personal number contains 1 or 20; asking for these first spares most texts the pattern.
    """
    personal, url = literal(PERSONAL), literal(URL)
    broken = f"""(contains(value, '1') or contains(value, '20')) and regexp_matches(value, {personal})
        and regexp_matches(regexp_replace(value, {url}, '', 'g'), {personal})"""
    if scan := _scan_texts(release, table, IDENTIFIERS, broken, shown=False):
        yield Rule(
            "S7",
            table,
            "critical",
            "No resident identity number and no mobile number is published",
            "neither in any text column but identifiers, hashes and addresses",
            scan,
        )


def _codes(release: Release, table: str) -> Iterator[Rule]:
    codes = release.declared[table].codes if table in release.declared else {}
    if scan := _scan(release, table, {column: f"{column} not in ({known})" for column, known in codes.items()}):
        yield Rule(
            "S9",
            table,
            "critical",
            "Every coded value is one we know",
            "; ".join(f"{column} in ({known})" for column, known in codes.items()),
            scan,
        )


def _dates(release: Release, table: str) -> Iterator[Rule]:
    """What ends may end later than tomorrow; what happened abroad may be older than China's records."""
    earliest, latest = EARLIEST, release.run_date + timedelta(days=1)
    declared = release.declared[table].ends if table in release.declared else frozenset()
    ends = sorted(declared & {*release.tables[table]})
    at_home = "jurisdiction = 'CN' and " if "jurisdiction" in release.tables[table] else ""
    broken = {
        column: f"{at_home}{column} < date '{earliest}' or "
        + (
            f"{column} > date '{LAST_END}' and {column} <> date '{WITHOUT_END}'"
            if column in ends
            else f"{column} > date '{latest}'"
        )
        for column, kind in release.tables[table].items()
        if kind == "DATE" and not table.startswith("reference.")
    }
    if scan := _scan(release, table, broken):
        yield Rule(
            "S11",
            table,
            "critical",
            "Every date is plausible",
            f"{', '.join(broken)} from {earliest} to {latest}"
            + (f"; {', '.join(ends)} to {LAST_END} or {WITHOUT_END}" if ends else "")
            + ("; abroad also earlier" if at_home else ""),
            scan,
        )


def _quarantine(release: Release, table: str) -> Iterator[Rule]:
    if not table.startswith("quarantine."):
        return
    yield Rule(
        "quarantine.rows",
        table,
        "warning",
        "No row is withheld",
        "an empty quarantine",
        no_rows(f"select {release.leading_key(table)}rule, reason from {BATCH}"),
    )


def _sources() -> Iterator[Rule]:
    yield Rule(
        "S10",
        SOURCE_STATUS,
        "critical",
        "No source is past its declared maximum age",
        "age_nights at most max_age_nights for every source that was ever loaded",
        no_rows(f"""
            select source_id, resource, good_run_date, age_nights, max_age_nights from {BATCH}
            where age_nights > max_age_nights
        """),
    )
    yield Rule(
        "S10.parts",
        SOURCE_STATUS,
        "warning",
        "No part of a source is past the maximum age",
        "old_parts 0: every holder or sender has come whole within max_age_nights",
        no_rows(f"select source_id, resource, old_parts, max_age_nights from {BATCH} where old_parts > 0"),
    )
    yield Rule(
        "S12",
        SOURCE_STATUS,
        "critical",
        "What came tonight is what the source declared",
        "records equal to declared_total wherever a source read tonight gives a total",
        no_rows(f"""
            select source_id, resource, declared_total, records from {BATCH}
            where status in ('complete', 'unchanged') and records <> declared_total
        """),
    )


def _ledger() -> Rule:
    return Rule(
        "ledger",
        ROW_BALANCE,
        "critical",
        "Every record is accounted for",
        "fetched = records + duplicates + rejected; records = staged + quarantined; staged = conformed + merged;"
        " published = conformed + carried",
        no_rows(f"""
            select * from {BATCH}
            where fetched is distinct from records + duplicates + rejected
                or records is distinct from staged + quarantined
                or staged is distinct from conformed + merged
                or published is distinct from conformed + carried
        """),
    )
