"""`fsdb new-source`: the files of a new source in one go, on trial, green at once."""

from functools import cache
from pathlib import Path
from typing import Literal

import jinja2

from extractors.core import contract
from extractors.core.spec import read_spec
from pipeline.settings import PROJECT

Kind = Literal["api", "file"]
TEMPLATES = Path(__file__).with_name("templates")
# The columns of the templates: number, title, amount, day.
COLUMNS = {"file": ("编号", "名称", "金额", "日期"), "api": ("id", "name", "amount", "updated_on")}


class NewSourceError(ValueError):
    """A source that cannot be made so; says why."""


def write(name: str, family: str, kind: Kind, jurisdiction: str = "CN", root: Path = PROJECT) -> list[Path]:
    """Write spec, extractor or delivery page, staging model with its tests, and test; return the files.

    The source is on trial: it is taken in, archived and staged, and no ledger asks for it until a model takes it up.
    Raises `NewSourceError` where there is one of that name, `SpecError` for a name or family that is none.
    """
    folder = root / "extractors" / "sources" / name
    if folder.exists():
        raise NewSourceError(f"there is a source {name!r} already: {folder}")
    texts = _texts(name, family, kind, jurisdiction)
    spec_file = folder / "source.yml"
    written = [_put(root / path, text) for path, text in texts.items()]
    try:
        spec = read_spec(spec_file)
    except Exception:
        for path in written:
            path.unlink()
        folder.rmdir()
        raise
    if kind == "file":
        written += contract.write(spec, root / "docs" / "deliveries")
    return written


def _texts(name: str, family: str, kind: Kind, jurisdiction: str) -> dict[str, str]:
    """Path below the project → content."""
    number, title, amount, day = COLUMNS[kind]
    given = {
        "name": name,
        "family": family,
        "jurisdiction": jurisdiction,
        "is_file": kind == "file",
        "number": number,
        "title": title,
        "amount": amount,
        "day": day,
        "key": ["sender", "period", number] if kind == "file" else [number],
        "columns": ["sender", "period", *COLUMNS[kind]] if kind == "file" else COLUMNS[kind],
        "rows": _rows(kind),
    }
    staging = f"dbt_project/models/staging/{name}/stg_{name}__record"
    files = {
        f"extractors/sources/{name}/__init__.py": "",
        f"extractors/sources/{name}/source.yml": _rendered(f"source_{kind}.yml", given),
        f"{staging}.sql": _rendered("staging.sql", given),
        f"{staging}.yml": _rendered("staging.yml", given),
        f"tests/extractors/test_{name}.py": _rendered(f"test_{kind}.py", given),
    }
    if kind == "api":
        files[f"extractors/sources/{name}/extractor.py"] = _rendered("extractor.py", given)
    return files


def _rows(kind: Kind) -> list[str]:
    """Rows for the unit test of the staging model: a good one, one without a name, one with a bad date."""
    number, title, amount, day = COLUMNS[kind]
    head = 'sender: s, period: 2026-06, 金额_unit: "万元", ' if kind == "file" else ""
    tail = '_change: added, _run_date: "2026-07-13"'
    return [
        f'{{{head}{number}: "1", {title}: 甲有限公司, {amount}: "12", {day}: "2026-06-30", {tail}}}',
        f'{{{head}{number}: "2", {title}: null, {amount}: null, {day}: null, {tail}}}',
        f'{{{head}{number}: "3", {title}: 丙有限公司, {amount}: null, {day}: 去年, {tail}}}',
    ]


def _put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _rendered(template: str, given: dict[str, object]) -> str:
    return _environment().get_template(template).render(given)


@cache
def _environment() -> jinja2.Environment:
    # dbt's own braces stay as they are.
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
