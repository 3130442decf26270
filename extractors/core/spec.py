"""`source.yml`: what a source is, what it promises and what we hold it to.

Nothing that protects the data is optional: keys, declared totals, volume, drift, age, licence.
"""

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from extractors.core.errors import SpecError

# What we store beside a source's own columns; SQL takes `_ROW` for `_row`.
OUR_COLUMNS = frozenset(
    f"_{name}"
    for name in ["part", "payload", "row", "record_hash", "crawl", "seq", "change", "url", "fetched_at", "run_date"]
)
# Units of an amount in the head of a file; all that dbt_project/seeds/reference/unit.csv knows of yuan.
MONEY = (
    *("万元", "元", "亿元", "千元", "百万元", "千万元", "万亿元", "人民币", "人民币元", "元人民币"),
    *("万元人民币", "人民币万元", "亿元人民币", "人民币亿元"),
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _parts(value: object, unit: str, example: str) -> tuple[float, str]:
    """A number and its unit; a bare number is refused, for one reads it as one likes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)" + unit, str(value))
    if not match:
        raise ValueError(f"give a number with its unit, such as {example}")
    return float(match[1]), match[2]


def _seconds(value: object) -> float:
    """`30s`, `5m`, `2h`, `3d` → seconds."""
    number, unit = _parts(value, r"([smhd])", "30s, 5m, 2h or 3d")
    return number * _SECONDS[unit]


def _interval(value: object) -> float:
    """A pace of `1/s` or `30/m` → seconds between two requests."""
    number, unit = _parts(value, r"/([smhd])", "1/s or 30/m")
    return _SECONDS[unit] / number if number else 0.0


def _share(value: object) -> float:
    """`5%` → 0.05."""
    return _parts(value, "(%)", "5%")[0] / 100


def _bytes(value: object) -> int:
    """`20MB` → bytes."""
    number, unit = _parts(value, "(kB|MB|GB)", "500kB or 20MB")
    return int(number * {"kB": 10**3, "MB": 10**6, "GB": 10**9}[unit])


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
Interval = Annotated[float, BeforeValidator(_interval), Field(gt=0)]
Share = Annotated[float, BeforeValidator(_share), Field(gt=0, le=1)]
Bytes = Annotated[int, BeforeValidator(_bytes), Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Publisher(_Strict):
    """Who says it."""

    name: str
    homepage: str
    official: bool


class Licence(_Strict):
    """Under which terms; carried into every release that holds the source's rows."""

    name: str
    terms: str
    republish: Literal["facts-only", "allowed", "no"]


class Cadence(_Strict):
    """How often it is fetched, and how old its rows may get before the gate stops a release."""

    cron: str
    timezone: str
    max_age: Seconds

    @property
    def max_age_nights(self) -> int:
        """Whole nights."""
        return int(self.max_age // _SECONDS["d"])


class Http(_Strict):
    """How the source is spoken to. `auth: bearer`: with a token that the installation keeps (never the spec).

    `largest_body`: the largest file that is downloaded; other answers have the limit of `extractors.core.http`.
    """

    base: Annotated[str, Field(pattern=r"^https?://[^/]+$")]
    pace: Interval
    timeout: Seconds
    headers: dict[str, str] = {}
    auth: Literal["bearer"] | None = None
    largest_body: Bytes | None = None


# This many times as many rows as before are somebody's mistake, once they are also that many more.
GROWTH, GROWTH_ROWS = 20, 200


class Rows(_Strict):
    """Volume envelope: below `min` stops, above `max` warns; `drift` is the largest believable loss.

    Where a resource comes in parts, drift holds for each part; the first `slack` rows a part loses are believed.
    """

    min: Annotated[int, Field(ge=0)]
    max: Annotated[int, Field(gt=0)]
    drift: Share
    slack: Annotated[int, Field(ge=0)] = 0

    def lost(self, before: int, now: int) -> str:
        """Why a loss of rows is not believed; empty where it is."""
        unbelievable = before - now > max(self.slack, before * self.drift)
        return f"a loss of more than {self.drift:.0%} is not believed" if unbelievable else ""

    @staticmethod
    def grown(before: int, now: int) -> str:
        """Why so many more rows are not believed; empty where they are."""
        unbelievable = now > before * GROWTH and now - before > GROWTH_ROWS
        return f"more than {GROWTH} times as many is not believed" if unbelievable else ""


class Column(_Strict):
    """One column at the source.

    `also`: other spellings of its head in files. `unit: head`: the unit stands in the head of the file, in brackets,
    and is kept beside the value in a column `<name>_unit`; `units`: the ones allowed, `% | ‰`; left out: those of
    money. `width`: a code that spreadsheets make a number of gets its leading zeros back. `pattern`: what a code must
    match wholly. `codes`: the only words allowed, `a | b | c`, or the name of a reference table that dbt looks them
    up in.
    """

    as_: Annotated[str | None, Field(alias="as")] = None
    also: list[str] = []
    type: Literal["text", "code", "integer", "decimal", "date", "json"] = "text"
    required: bool = False
    width: Annotated[int | None, Field(gt=0)] = None
    pattern: str | None = None
    example: str | None = None
    unit: str | None = None
    units: str | None = None
    format: str | None = None
    timezone: str | None = None
    codes: str | None = None
    personal: Literal["drop"] | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _named_or_dropped(self) -> "Column":
        if (self.as_ is None) == (self.personal is None):
            raise ValueError("give each column either `as: <our name>` or `personal: drop`")
        return self

    @property
    def head_units(self) -> list[str]:
        """The units that may stand in the head."""
        return [unit.strip() for unit in self.units.split("|")] if self.units else list(MONEY)


class Layout(_Strict):
    """Where the table stands in a file. Nothing is guessed: a file that is laid out otherwise is refused.

    `sheets`: names of the sheets to read, one after the other; empty: the first visible one. `title_rows`: lines above
    the head. `head_rows`: lines of the head; merged cells are filled, the levels joined with `/`. `units_in_head`: a
    trailing `（万元）` is the unit, no part of the name. `total_rows`: words that begin a row of totals, whose numbers
    must be the sums. `note_rows`: how lines below the table begin that are no data. `formulas`: take the value that was
    stored with them, or refuse the file. `hidden`: what to do about hidden sheets that are not named in `sheets`.
    `heads`: this sender's own heads → our columns.
    """

    sheets: list[str] = []
    title_rows: Annotated[int, Field(ge=0)] = 0
    head_rows: Annotated[int, Field(ge=1, le=4)] = 1
    units_in_head: bool = False
    total_rows: list[str] = []
    note_rows: list[str] = []
    formulas: Literal["values", "refuse"] = "values"
    hidden: Literal["ignore", "refuse"] = "ignore"
    heads: dict[str, str] = {}


class BadRows(_Strict):
    """What one bad row does: `row`: it alone is withheld, with a reason; `delivery`: the whole file is refused.

    More bad rows than `max` refuse the file in any case.
    """

    policy: Literal["row", "delivery"]
    max: Share


class File(_Strict):
    """How files of a resource are delivered.

    `name`: pattern of the whole file name, with the groups `sender` and `period` (one of them may instead be fixed
    by `sender`); `example`: such a name. `period`: what a period is: day `2026-06-30`, month `2026-06`, quarter
    `2026Q2` or year `2026`. `layouts`: by sender, instead of `layout`. `declared`: the column of running numbers, the
    last of which is the number of rows.
    """

    name: str
    example: str | None = None
    sender: str | None = None
    period: Literal["day", "month", "quarter", "year"]
    formats: Annotated[list[Literal["xlsx", "xls", "csv"]], Field(min_length=1)]
    encodings: list[Literal["utf-8-sig", "gbk", "gb18030"]] = ["utf-8-sig", "gb18030"]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    manifest: Literal["required", "optional"]
    max_bytes: Bytes
    bad_rows: BadRows
    declared: str | None = None
    layout: Layout = Layout()
    layouts: dict[str, Layout] = {}

    @model_validator(mode="after")
    def _names_a_part(self) -> "File":
        try:
            groups = set(re.compile(self.name).groupindex) | ({"sender"} if self.sender else set())
        except re.error as error:
            raise ValueError(f"name: not a pattern: {error}") from None
        if not {"sender", "period"} <= groups:
            raise ValueError("name: expected groups `sender` (or a fixed `sender`) and `period`")
        if self.example is not None and not re.fullmatch(self.name, self.example):
            raise ValueError(f"example {self.example!r} does not match the name")
        return self


class Resource(_Strict):
    """One list, table or kind of file of a source.

    With `file` it comes as deliveries: each says everything of its part, which is a sender and a period; the records
    then also hold `sender`, `period` and `fault` (why the row is withheld), and sender and period belong to the key.
    Else it is read over HTTP, and `declared_total` says where the source states how much there is.
    """

    # snapshot: a fetch says everything (of a part), what it lacks is gone; delta: it says what is new or changed.
    mode: Literal["snapshot", "delta", "delivery"]
    key: Annotated[list[str], Field(min_length=1)]
    declared_total: str | None = None
    # delta: everything is read again when the last full reading is this old
    reconcile: Seconds | None = None
    file: File | None = None
    rows: Rows
    columns: dict[str, Column]
    # Who may know how much there is of it and what came of reading it; see `SourceSpec.visibility`.
    visibility: Literal["public", "partner", "internal"] | None = None

    @field_validator("columns")
    @classmethod
    def _safe_names(cls, columns: dict[str, Column]) -> dict[str, Column]:
        taken = set(OUR_COLUMNS)
        for name, column in columns.items():
            if not re.fullmatch(r"\w+" if column.as_ else r"\w+(\[\]\.\w+)*", name):
                raise ValueError(f"column {name!r}: letters, digits and _ only")
            if column.as_ and name.lower() in taken:
                raise ValueError(f"column {name!r}: the stored records already have a column of that name")
            taken |= {name.lower()}
        return columns

    @model_validator(mode="after")
    def _key_is_required(self) -> "Resource":
        for name in self.key:
            if name not in self.columns or not self.columns[name].required:
                raise ValueError(f"key column {name!r} must be declared with `required: true`")
        return self

    @model_validator(mode="after")
    def _delivered_or_read(self) -> "Resource":
        if (self.mode == "delivery") != (self.file is not None):
            raise ValueError("`mode: delivery` and `file` go together")
        if (self.file is None) == (self.declared_total is None):
            raise ValueError("give `declared_total` for what is read over HTTP, and only for that")
        if (self.mode == "delta") != (self.reconcile is not None):
            raise ValueError("`mode: delta` and `reconcile` go together: without it a lost change is never noticed")
        if self.file is not None and (taken := {"sender", "period", "fault"} & set(self.columns)):
            raise ValueError(f"column {min(taken)!r}: the records of a delivery already have a column of that name")
        return self

    @property
    def kept(self) -> list[str]:
        """Source names of the columns we keep, in declared order; those of a delivery among what we add to them."""
        names = []
        for name, column in self.columns.items():
            if column.personal is None:
                names += [name, f"{name}_unit"] if column.unit == "head" else [name]
        return names if self.file is None else ["sender", "period", *names, "fault"]

    @property
    def record_key(self) -> list[str]:
        """Columns of the stored records that tell them apart."""
        return self.key if self.file is None else ["sender", "period", *self.key]

    @property
    def required(self) -> set[str]:
        """Source names of the columns without which a record cannot be used."""
        return {name for name, column in self.columns.items() if column.required}

    @property
    def personal(self) -> list[str]:
        """JSON field names that hold natural persons' data (the last part of nested names)."""
        return sorted({name.rsplit(".", 1)[-1] for name, column in self.columns.items() if column.personal})


class SourceSpec(_Strict):
    """One `source.yml`."""

    id: Name
    title: str
    family: Name
    jurisdiction: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    publisher: Publisher
    licence: Licence
    owner: str
    cadence: Cadence
    # Absent: the source comes as deliveries, files in the inbox.
    http: Http | None = None
    # On trial: taken in, archived and staged; no database takes its records up, and no ledger asks where they went.
    trial: bool = False
    resources: Annotated[dict[Name, Resource], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_way_in(self) -> "SourceSpec":
        for name, resource in self.resources.items():
            if (resource.file is None) != (self.http is not None):
                raise ValueError(f"{name}: a source is either read over HTTP (`http`) or delivered (`file`), not both")
        return self

    def visibility(self, resource: str) -> str:
        """Who may know of a resource: as declared; else everybody, and us alone where nothing may be republished."""
        return self.resources[resource].visibility or ("internal" if self.licence.republish == "no" else "public")

    @property
    def address(self) -> str:
        """Where the source is to be found: what is read, or the publisher's page."""
        return self.http.base if self.http else self.publisher.homepage


def read_spec(path: Path) -> SourceSpec:
    """Read and check one `source.yml`; raise `SpecError` naming file, place and what was expected."""
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        spec = SourceSpec.model_validate(raw)
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: not readable as YAML: {error}") from error
    except ValidationError as error:
        faults = "\n".join(
            f"  {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']} (got {fault['input']!r:.80})"
            for fault in error.errors()
        )
        raise SpecError(f"{path}: {error.error_count()} fault(s)\n{faults}") from error
    if spec.id != path.parent.name:
        raise SpecError(f"{path}: id {spec.id!r} must be the name of its folder, {path.parent.name!r}")
    return spec


SOURCES = Path(__file__).parents[1] / "sources"


@cache
def all_specs(folder: Path = SOURCES) -> dict[str, SourceSpec]:
    """Every source below `folder` by id, sorted."""
    return {spec.id: spec for spec in map(read_spec, sorted(folder.glob("*/source.yml")))}
