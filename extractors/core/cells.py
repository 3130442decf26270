"""Checks of every cell of a delivered table against its column, in bulk: what is wrong is said in words, row by row."""

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from extractors.core.spec import Column, Resource
from extractors.core.sql import literal, quoted, scratch

# Words that stand for nothing in Chinese tables; the same as in dbt_project/seeds/reference/null_word.csv.
NULL_WORDS = ("-", "--", "—", "/", "无", "暂无", "NULL", "None", "未透露")
SHOWN = 200  # fault lines that a person is shown
_NARROW = "".join(map(chr, range(0x21, 0x7F)))
_WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in _NARROW)
_ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!", "#ERROR!")
_NUMBERS, _RESPELLED = ("integer", "decimal"), ("integer", "decimal", "code")
# As spreadsheets write it, 9.14E+17, and other programs, 9.14E17; 2026E0001 is a code.
_LOST = r"[0-9](\.[0-9]+[eE][+]?|[eE][+])[0-9]+"


@dataclass(frozen=True, slots=True)
class Checked:
    """A table after the checks.

    `table`: the kept columns of the resource, fault among them, and `_row`: the distinct rows that have their key.
    Counts are in rows of the file: `rows` = rows of the table + `duplicates` + `rejected`; `faulty` are in the table.
    `faults`: the first lines of what is wrong.
    """

    table: pa.Table
    rows: int
    duplicates: int
    faulty: int
    rejected: int
    faults: list[str]
    last_number: str | None = None


def _narrow(text: str) -> str:
    """SQL: a text with half-width letters, digits and signs."""
    # Translating is slow, and hardly ever needed.
    return (
        f"case when regexp_full_match({text}, '[ -~]*') then {text} "
        f"else translate({text}, {literal(_WIDE)}, {literal(_NARROW)}) end"
    )


def plain_number(text: str, narrow: str | None = None) -> str:
    """SQL: a number with half-width digits and without thousands commas; null for what is no number.

    `narrow`: the name of the text in half-width signs and without blanks, where it has one.
    """
    narrow = narrow or _compact(text)
    found = f"regexp_full_match({narrow}, '[-+]?([0-9]{{1,28}}|[0-9]{{1,3}}(,[0-9]{{3}})+)([.][0-9]+)?')"
    return (
        f"case when regexp_full_match({text}, '-?[0-9]{{1,28}}([.][0-9]+)?') then {text} "
        f"when {found} then ltrim(replace({narrow}, ',', ''), '+') end"
    )


def _compact(text: str) -> str:
    return f"replace({_narrow(text)}, ' ', '')"


def serial_day(text: str, later: int) -> str:
    """SQL: the day that a spreadsheet's bare number stands for (45000 → 2023-03-15); other texts as they are.

    Five digits, from 1927 to 2173: fewer may be a year, more a day without dashes.
    """
    days = f"try_cast(regexp_extract({text}, '^([1-9][0-9]{{4}})([.][0-9]+)?$', 1) as integer)"
    return f"coalesce(strftime(date '1899-12-30' + ({days} + {later}), '%Y-%m-%d'), {text})"


def day_in_words(text: str) -> str:
    """SQL: whether a text is a day, month or year as the macro `date_in_words` of the dbt project reads it."""
    day = r"^\s*(\d{4}([-/.]\d{1,2}([-/.]\d{1,2})?)?|\d{4}年(\d{1,2}月(\d{1,2}日)?)?|\d{8})([ T]\d{1,2}:.*)?\s*$"
    dashed = f"regexp_replace(regexp_replace(regexp_extract({text}, '{day}', 1), '[年月日/.]', '-', 'g'), '-$', '')"
    plain = rf"regexp_replace({dashed}, '^(\d{{4}})(\d{{2}})(\d{{2}})$', '\1-\2-\3')"
    return (
        f"(trim({text}) in ('长期', '永久', '长期有效', '永久有效', '无固定期限')"
        f" or try_strptime({plain}, ['%Y-%m-%d', '%Y-%m', '%Y']) is not null)"
    )


def check(table: pa.Table, resource: Resource, sender: str, period: str) -> Checked:
    """Judge the rows of a file (see `TableRead.table`) one by one and against each other."""
    with scratch() as con:
        con.register("rows", table)
        con.execute(f"create temp table cell as {_keyed(resource, _faults(resource, _values(resource)))}")
        con.execute(
            """create temp table clash as
            select
                key_hash, count(distinct row_hash) > 1 as differs, min(_at) as first_at,
                list_slice(list(_where || 'row ' || _row order by _at), 1, 4) as places
            from cell where has_key group by key_hash having count(*) > 1"""
        )
        con.execute(f"create temp table judged as {_judged(resource)}")
        given = f"{literal(sender)} as sender, {literal(period)} as period"
        kept = ", ".join(map(quoted, resource.kept[2:]))
        good = con.sql(f"select {given}, {kept}, _row from judged where is_first and not lost order by _at")
        rows, duplicates, faulty, rejected = con.execute(
            """select
                count(*), count(*) filter (not is_first and not lost),
                count(*) filter (is_first and not lost and fault is not null), count(*) filter (lost)
            from judged"""
        ).fetchall()[0]
        faults = con.execute(f"select fault from judged where fault is not null order by _at limit {SHOWN}").fetchall()
        last = _last_number(con, resource)
        return Checked(good.to_arrow_table(), rows, duplicates, faulty, rejected, [text for (text,) in faults], last)


def _values(resource: Resource) -> str:
    """SQL: the rows with `_at`, their place in the delivery, and for each column its value as it will be kept, `v<n>`,
    of a code also as it is compared, `c<n>`.

    In steps, for an expression that is named is planned and worked out once: that is most of the time a file takes.
    """
    columns = list(enumerate(_checked(resource)))
    units = "".join(f", {quoted(name + '_unit')}" for _, (name, column) in columns if column.unit == "head")
    said = ", ".join(f"{_said(quoted(name), column)} as v{at}" for at, (name, column) in columns)
    narrow = "".join(f", {_compact(f'v{at}')} as n{at}" for at, (_, column) in columns if column.type in _NUMBERS)
    values = ", ".join(f"{_spelled(at, column)} as v{at}" for at, (_, column) in columns if column.type in _RESPELLED)
    codes = "".join(f", {code_text(f'v{at}')} as c{at}" for at, (_, column) in columns if column.type == "code")
    rows = f"select _where, _row, _line, row_number() over () as _at{units}, {said} from rows"
    spelled = f"select *{f' replace ({values})' if values else ''} from (select *{narrow} from ({rows}))"
    return f"select *{codes} from ({spelled})"


def _faults(resource: Resource, values: str) -> str:
    """SQL: the values with `said`: what is wrong with them, empty where nothing is."""
    faults = ", ".join(_fault(name, column, at) for at, (name, column) in enumerate(_checked(resource)))
    return f"select *, concat_ws('; ', {faults}) as said from ({values})"


def _keyed(resource: Resource, faults: str) -> str:
    """SQL: with `has_key` and hashes over the key and over all that a row says."""
    number = {name: at for at, (name, _) in enumerate(_checked(resource))}
    key = ", ".join(f"{'c' if resource.columns[name].type == 'code' else 'v'}{number[name]}" for name in resource.key)
    counted = resource.file.declared if resource.file else None  # running numbers tell equal rows apart
    same = [f"v{at}" for name, at in number.items() if name != counted]
    same += [quoted(f"{name}_unit") for name in number if resource.columns[name].unit == "head"]
    whole = " and ".join(f"v{number[name]} is not null and not {is_lost(f'v{number[name]}')}" for name in resource.key)
    return f"""
        select *, ({whole}) and _line is null as has_key, hash({key}) as key_hash, hash({", ".join(same)}) as row_hash
        from ({faults})"""


def _judged(resource: Resource) -> str:
    """SQL: each row under its columns' names, its fault in words, whether it is lost, whether no equal came before."""
    number = {name: at for at, (name, _) in enumerate(_checked(resource))}
    columns = ", ".join(
        f"v{number[column]} as {quoted(column)}" if column in number else quoted(column)
        for column in resource.kept[2:-1]
    )
    shown = " || ' ' || ".join(f"left(v{number[name]}, 80)" for name in resource.key)
    others = "array_to_string(list_filter(places, lambda other: other <> _where || 'row ' || _row), ' and ')"
    clash = f"""case when differs then
        {literal(" + ".join(resource.key))} || ': "' || {shown} || '" stands in ' || {others}
        || ' as well, with other values' end"""
    return f"""
        select
            {columns}, _where, _row, _at,
            not has_key or coalesce(differs, false) as lost,
            coalesce(_at = first_at, true) as is_first,
            _where || 'row ' || _row || ', '
            || coalesce(_line, nullif(concat_ws('; ', nullif(said, ''), {clash}), '')) as fault
        from cell left join clash on has_key and cell.key_hash = clash.key_hash"""


def _checked(resource: Resource) -> list[tuple[str, Column]]:
    return [(name, column) for name, column in resource.columns.items() if column.personal is None]


def _words(column: Column) -> list[str]:
    return [word.strip() for word in (column.codes or "").split("|")] if "|" in (column.codes or "") else []


def _said(text: str, column: Column) -> str:
    """SQL: a cell without null words, where it is no free text."""
    nothing = [word for word in NULL_WORDS if word not in _words(column)]
    if column.type in ("text", "json") and not _words(column):
        return text
    return f"case when {text} not in ({', '.join(map(literal, nothing))}) then {text} end"


def _spelled(at: int, column: Column) -> str:
    """SQL: a value in the one spelling of its type."""
    text = f"v{at}"
    if column.type == "decimal":
        return f"coalesce({plain_number(text, f'n{at}')}, {text})"
    if column.type == "integer":
        return f"coalesce(regexp_replace({plain_number(text, f'n{at}')}, '[.]0+$', ''), {text})"
    text = f"regexp_replace({text}, '^([0-9]+)[.]0+$', '\\1')"
    if column.width:
        short = _matches(text, f"[0-9]{{1,{column.width}}}")
        return f"case when {short} then lpad({text}, {column.width}, '0') else {text} end"
    return text


def _fault(name: str, column: Column, at: int) -> str:
    """SQL: what is wrong with a value, in words; null where nothing is."""
    value = f"v{at}"
    said = f"""', got "' || left({value}, 80) || '"'"""
    tests = [f"when {value} in ({', '.join(map(literal, _ERRORS))}) then 'expected a value' || {said}"]
    if column.required:
        tests.insert(0, f"when {value} is null then 'expected a value, got nothing'")
    if column.type == "integer":
        tests.append(f"when not regexp_full_match({value}, '-?[0-9]{{1,18}}') then 'expected a whole number' || {said}")
    elif column.type == "decimal":
        number = "-?[0-9]{1,20}([.][0-9]{1,18})?"
        tests.append(f"when not regexp_full_match({value}, '{number}') then 'expected a number' || {said}")
    elif column.type == "date":
        tests.append(f"when not {day_in_words(value)} then 'expected a date such as 2026-06-30' || {said}")
    elif column.type == "code":
        lost = "expected a code as text, got a number that has lost digits, "
        tests.append(f"""when {is_lost(value)} then {literal(lost)} || '"' || {value} || '"'""")
    if column.pattern:
        fits = _matches(value, column.pattern)
        if column.type == "code":
            fits = f"({fits} or {_matches(f'c{at}', column.pattern)})"
        wanted = f"expected {column.example or column.pattern} or the like"
        tests.append(f"when not {fits} then {literal(wanted)} || {said}")
    if words := _words(column):
        listed, wanted = ", ".join(map(literal, words)), f"expected {' or '.join(words)}"
        tests.append(f"when {value} not in ({listed}) then {literal(wanted)} || {said}")
    return f"{literal(name + ': ')} || case {' '.join(tests)} end"


def is_lost(value: str) -> str:
    """SQL: whether a code has become a number of which the last digits are gone (9.14E+17)."""
    return f"coalesce(regexp_full_match({value}, '{_LOST}'), false)"


def code_text(text: str) -> str:
    """SQL: a code half-width, upper case and without blanks, as the macro of that name in the dbt project."""
    clean = rf"upper(regexp_replace({_narrow(text)}, '[\pZ\s\x{{200B}}\x{{FEFF}}]+', '', 'g'))"
    return f"case when {_matches(text, '[0-9A-Z]+')} then {text} else {clean} end"


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {literal(pattern)})"


def _last_number(con: duckdb.DuckDBPyConnection, resource: Resource) -> str | None:
    """The last running number, where the file has them."""
    if resource.file is None or resource.file.declared is None:
        return None
    name = quoted(resource.file.declared)
    found = con.execute(f"select {name} from judged where {name} is not null order by _at desc limit 1").fetchall()
    return str(found[0][0]) if found else None
