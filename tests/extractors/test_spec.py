"""`extractors.core.spec`: nothing in `source.yml` that protects the data is optional."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from extractors.core.errors import SpecError
from extractors.core.spec import OUR_COLUMNS, SourceSpec, all_specs, read_spec

GOOD: dict[str, Any] = {
    "id": "demo",
    "title": "Demonstration",
    "family": "listing",
    "jurisdiction": "CN",
    "publisher": {"name": "示例", "homepage": "https://demo.example", "official": True},
    "licence": {"name": "none stated", "terms": "https://demo.example/terms", "republish": "facts-only"},
    "owner": "listing",
    "cadence": {"cron": "0 2 * * *", "timezone": "Asia/Shanghai", "max_age": "3d"},
    "http": {"base": "https://demo.example", "pace": "1/s", "timeout": "30s"},
    "resources": {
        "project": {
            "mode": "snapshot",
            "key": ["id"],
            "declared_total": "total",
            "rows": {"min": 50, "max": 4000, "drift": "5%"},
            "columns": {"id": {"as": "project_id", "required": True}, "linkman": {"personal": "drop"}},
        }
    },
}


def read(folder: Path, raw: Any) -> SourceSpec:
    """Write a `source.yml` and read it."""
    path = folder / "demo" / "source.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return read_spec(path)


def changed(place: str, *value: Any) -> dict[str, Any]:
    """The good spec with the value at a dotted place replaced, or deleted when none is given."""
    raw = copy.deepcopy(GOOD)
    *parents, last = place.split(".")
    node = raw
    for name in parents:
        node = node[name]
    del node[last]
    if value:
        node[last] = value[0]
    return raw


def places(node: dict[str, Any], above: str = "") -> list[str]:
    """Dotted places of every field in a spec, without the columns' own ones."""
    found = []
    for name, value in node.items():
        found.append(f"{above}{name}")
        if isinstance(value, dict) and name != "columns":
            found += places(value, f"{above}{name}.")
    return [place for place in found if place != "resources.project"]


def test_the_good_spec_is_good(tmp_path: Path) -> None:
    """What the other tests spoil is readable unspoilt."""
    spec = read(tmp_path, GOOD)
    assert spec.resources["project"].kept == ["id"]
    assert spec.resources["project"].required == {"id"}
    assert spec.resources["project"].personal == ["linkman"]


@pytest.mark.parametrize("place", places(GOOD))
def test_no_field_may_be_left_out(place: str, tmp_path: Path) -> None:
    """Without any one field the spec is refused, and the error names file and place."""
    with pytest.raises(SpecError) as caught:
        read(tmp_path, changed(place))
    assert str(caught.value).startswith(f"{tmp_path}/demo/source.yml: 1 fault(s)")
    said = {
        "http": "a source is either read over HTTP (`http`) or delivered (`file`)",
        "resources.project.declared_total": "give `declared_total` for what is read over HTTP",
    }
    assert said.get(place, f"\n  {place}: Field required") in str(caught.value)


@pytest.mark.parametrize("place", ["", "http.", "licence.", "resources.project.", "resources.project.columns.id."])
def test_no_field_may_be_made_up(place: str, tmp_path: Path) -> None:
    """A misspelt field is not ignored."""
    with pytest.raises(SpecError, match=rf"\n  {place}maxage: Extra inputs are not permitted"):
        read(tmp_path, changed_with(place + "maxage", "3d"))


def changed_with(place: str, value: Any) -> dict[str, Any]:
    """The good spec with a field more."""
    raw = copy.deepcopy(GOOD)
    *parents, last = place.split(".")
    node = raw
    for name in parents:
        node = node[name]
    node[last] = value
    return raw


PACES = [("1/s", 1.0), ("2/s", 0.5), ("30/m", 2.0), ("0.5/s", 2.0), ("12/h", 300.0)]


@pytest.mark.parametrize(("pace", "seconds"), PACES)
def test_pace_is_requests_per_time(pace: str, seconds: float, tmp_path: Path) -> None:
    """A pace becomes the seconds between two requests."""
    assert read(tmp_path, changed("http.pace", pace)).http.pace == seconds


@pytest.mark.parametrize(("age", "nights"), [("3d", 3), ("36h", 1), ("24h", 1), ("1.5d", 1), ("90m", 0)])
def test_durations_have_units(age: str, nights: int, tmp_path: Path) -> None:
    """Seconds, minutes, hours and days; the maximum age counts whole nights."""
    spec = read(tmp_path, changed("cadence.max_age", age))
    assert spec.cadence.max_age_nights == nights
    assert read(tmp_path, changed("http.timeout", "1.5m")).http.timeout == 90.0


def test_drift_is_a_share(tmp_path: Path) -> None:
    """A percentage becomes a fraction."""
    assert read(tmp_path, changed("resources.project.rows.drift", "2.5%")).resources["project"].rows.drift == 0.025


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("http.pace", "0/s"),
        ("http.pace", "1"),
        ("http.pace", 1),
        ("http.pace", "1s"),
        ("http.timeout", 30),
        ("http.timeout", "0s"),
        ("http.timeout", "30 s"),
        ("http.timeout", "fast"),
        ("cadence.max_age", "3"),
        ("cadence.max_age", "-3d"),
        ("resources.project.rows.drift", 5),
        ("resources.project.rows.drift", 0.05),
        ("resources.project.rows.drift", "0%"),
        ("resources.project.rows.drift", "101%"),
        ("resources.project.rows.min", -1),
        ("resources.project.rows.max", 0),
        ("resources.project.key", []),
        ("resources.project.mode", "sometimes"),
        ("resources", {}),
        ("http.base", "https://demo.example/api"),
        ("http.base", "demo.example"),
        ("jurisdiction", "China"),
        ("licence.republish", "sure"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(place: str, value: Any, tmp_path: Path) -> None:
    """A number without its unit, a share above the whole, a base with a path: the error names place and value."""
    with pytest.raises(SpecError) as caught:
        read(tmp_path, changed(place, value))
    assert f"\n  {place}" in str(caught.value)
    assert f"(got {value!r}" in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"name": {"as": "title", "required": True}}, "key column 'id' must be declared with `required: true`"),
        ({"id": {"as": "project_id"}}, "key column 'id' must be declared with `required: true`"),
        ({"id": {"personal": "drop", "required": False}}, "key column 'id' must be declared"),
        ({"id": {"required": True}}, "give each column either `as: <our name>` or `personal: drop`"),
        ({"id": {"as": "a", "personal": "drop"}}, "give each column either `as: <our name>` or `personal: drop`"),
        ({'i"d': {"as": "project_id", "required": True}}, "letters, digits and _ only"),
        ({"id": {"as": "project_id", "required": True}, "a[].b": {"as": "b"}}, "letters, digits and _ only"),
        ({"id": {"as": "project_id", "required": True}, "ID": {"as": "other"}}, "already have a column of that name"),
        ({"id": {"as": "project_id", "required": True}, "_Row": {"as": "row"}}, "already have a column of that name"),
    ],
)
def test_columns_that_would_not_work_are_refused(columns: dict[str, Any], words: str, tmp_path: Path) -> None:
    """A key that may be missing, a column neither kept nor dropped, a name that SQL or our files have otherwise."""
    with pytest.raises(SpecError) as caught:
        read(tmp_path, changed("resources.project.columns", columns))
    assert words in str(caught.value)


def test_our_own_columns_are_reserved(tmp_path: Path, resource: Any) -> None:
    """Every column that is stored beside the source's own ones is on the list of reserved names."""
    from extractors.core.archive import Archive
    from extractors.core.changes import ChangeLog

    log = ChangeLog(tmp_path, Archive(tmp_path), "demo", "project", resource(), "")
    assert {name for name in log._schema().names if name.startswith("_")} <= OUR_COLUMNS


def test_a_dropped_name_deep_inside_is_dropped_by_its_last_part(tmp_path: Path) -> None:
    """`intermediary[].i_person` blanks `i_person` wherever it stands."""
    columns = GOOD["resources"]["project"]["columns"] | {"intermediary[].i_person": {"personal": "drop"}}
    spec = read(tmp_path, changed("resources.project.columns", columns))
    assert spec.resources["project"].personal == ["i_person", "linkman"]


def test_the_id_is_the_folder(tmp_path: Path) -> None:
    """A source that was copied and not renamed is refused."""
    with pytest.raises(SpecError, match="id 'other' must be the name of its folder, 'demo'"):
        read(tmp_path, changed("id", "other"))


@pytest.mark.parametrize("content", [b"id: [", b"", b"- a\n- b", "title: 上海".encode("gbk"), None])
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    """Broken YAML, an empty file, another encoding and no file at all are errors that name the file."""
    path = tmp_path / "source.yml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SpecError, match=f"^{path}: "):
        read_spec(path)


def test_all_shipped_sources_load() -> None:
    """Every `source.yml` of the project is valid; the exchanges are asked at most once a second."""
    specs = all_specs()
    assert {"bse", "sse", "szse"} <= set(specs)
    assert [specs[exchange].http.pace for exchange in ("bse", "sse", "szse")] == [1.0, 1.0, 1.0]
    assert specs["sse"].resources["ipo_project"].personal == ["i_person", "stockIssuer"]
