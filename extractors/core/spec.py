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


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
Interval = Annotated[float, BeforeValidator(_interval), Field(gt=0)]
Share = Annotated[float, BeforeValidator(_share), Field(gt=0, le=1)]
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
    """How the source is spoken to."""

    base: Annotated[str, Field(pattern=r"^https?://[^/]+$")]
    pace: Interval
    timeout: Seconds
    headers: dict[str, str] = {}


class Rows(_Strict):
    """Volume envelope: below `min` stops, above `max` warns; `drift` is the largest believable loss.

    Where a resource comes in parts, drift holds for each part; the first `slack` rows a part loses are believed.
    """

    min: Annotated[int, Field(ge=0)]
    max: Annotated[int, Field(gt=0)]
    drift: Share
    slack: Annotated[int, Field(ge=0)] = 0


class Column(_Strict):
    """One column at the source."""

    as_: Annotated[str | None, Field(alias="as")] = None
    type: Literal["text", "integer", "decimal", "date", "json"] = "text"
    required: bool = False
    unit: str | None = None
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


class Resource(_Strict):
    """One list, table or file of a source."""

    # snapshot: a fetch says everything (of a part), what it lacks is gone; delta: it says what is new or changed.
    mode: Literal["snapshot", "delta"]
    key: Annotated[list[str], Field(min_length=1)]
    declared_total: str
    rows: Rows
    columns: dict[str, Column]

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

    @property
    def kept(self) -> list[str]:
        """Source names of the columns we keep, in declared order."""
        return [name for name, column in self.columns.items() if column.personal is None]

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
    http: Http
    resources: Annotated[dict[Name, Resource], Field(min_length=1)]


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
