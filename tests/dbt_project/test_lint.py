"""The lint of the models: what stands for the macros hides no fault of a model, and brings none of its own."""

import pytest
from sqlfluff.core import FluffConfig, Linter

from pipeline.settings import PROJECT

MODEL = """with source as (
    select * from {{ source('raw', 'sse__ipo_project') }}
),

standing as (
    {{ standing('source', 'int_listing_project__affected', 'project_id') }}
)

select
    {{ text_or_null('standing.title') }} as title,
    {{ record_names('standing') }}
from standing
"""


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter(config=FluffConfig.from_path(str(PROJECT)))


@pytest.mark.parametrize(
    ("sound", "broken", "rule"),
    [
        ("", "", None),
        ("from standing\n", "FROM standing\n", "CP01"),
        ("    {{ text_or_null", "  {{ text_or_null", "LT02"),
        ("from standing\n", "from source\n", "ST03"),
        ("standing('source', ", "standing('elsewhere', ", "ST03"),
        (" }} as title,", " }} title,", "AL02"),
        ("from standing\n", "fromm standing\n", "PRS"),
        ("text_or_null(", "text_or_nothing(", "TMP"),
    ],
    ids=["sound", "keyword", "indentation", "unused", "relation of a macro", "alias", "syntax", "no such macro"],
)
def test_a_fault_beside_macros_is_found(
    linter: Linter, monkeypatch: pytest.MonkeyPatch, sound: str, broken: str, rule: str | None
) -> None:
    """One fault in a model that is sound without it."""
    monkeypatch.chdir(PROJECT)
    assert sound in MODEL
    found = linter.lint_string(MODEL.replace(sound, broken, 1)).get_violations()
    assert (rule in {violation.rule_code() for violation in found}) if rule else found == []
