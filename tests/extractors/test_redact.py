"""`extractors.core.redact`: no personal value is left, and nothing else is touched."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.core.redact import Redactor

PERSONAL = ["i_person", "stockIssuer", "法定代表人"]
EMPTY: tuple[Any, ...] = (None, "", [], {})

texts = st.text(st.sampled_from('ab张\\"[]{}:,() \n\u2028\x1f'), max_size=8) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=8
)
names = st.sampled_from(['x"i_person', "i_person2", "data", "stockissuer"]) | texts
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
documents = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.sampled_from(PERSONAL), inner, max_size=5),
    max_leaves=30,
)


def without_personal(node: Any) -> Any:
    """The same document with every personal value null (an empty one may stay)."""
    if isinstance(node, dict):
        return {name: None if name in PERSONAL else without_personal(value) for name, value in node.items()}
    return [without_personal(value) for value in node] if isinstance(node, list) else node


def personal_values(node: Any) -> list[Any]:
    """What stands in the personal fields of a document, at any depth."""
    if isinstance(node, list):
        return [found for value in node for found in personal_values(value)]
    if not isinstance(node, dict):
        return []
    here = [value for name, value in node.items() if name in PERSONAL]
    return here + [found for name, value in node.items() if name not in PERSONAL for found in personal_values(value)]


@given(
    document=documents,
    indent=st.sampled_from([None, 2]),
    separators=st.sampled_from([(",", ":"), (", ", " : ")]),
    escaped=st.booleans(),
)
def test_no_personal_value_is_left_and_all_else_stays(
    document: Any, indent: int | None, separators: tuple[str, str], escaped: bool
) -> None:
    """At any depth, in any spelling of the document: personal fields are empty, the rest parses to the same."""
    body = json.dumps(document, ensure_ascii=escaped, indent=indent, separators=separators).encode()
    kept, count = Redactor(PERSONAL)(body)
    filled = [value for value in personal_values(document) if value not in EMPTY or value is False]
    left = orjson.loads(kept)
    assert all(value in EMPTY for value in personal_values(left))
    assert without_personal(left) == without_personal(document)
    assert bool(count) == bool(filled)
    if not filled:
        assert kept == body


@given(document=documents, cut=st.integers(0, 400))
def test_half_a_document_holds_no_personal_value_either(document: Any, cut: int) -> None:
    """A body that breaks off anywhere, also inside a personal value, is kept without it."""
    secret = "ZHANG San"
    whole = {"first": document, "stockIssuer": [{"name": secret, "roles": [[secret]]}], "i_person": secret}
    body = orjson.dumps(whole)
    kept, _ = Redactor(PERSONAL)(b"callback(" + body[: max(len(body) - cut, 0)])
    assert b"ZHANG" not in kept


@given(document=documents)
def test_a_document_without_personal_fields_keeps_its_bytes(document: Any) -> None:
    """Bytes are as received where there is nothing to blank, also when field names stand inside strings."""
    body = json.dumps({"told": json.dumps({"i_person": "x"}), "rest": document}, indent=1).encode()
    assert Redactor(["nobody"])(body) == (body, 0)
    assert Redactor([])(body) == (body, 0)


def test_only_the_value_is_cut_out_of_the_bytes() -> None:
    """Blanks, order, callback and number spelling around a personal value stay as received."""
    body = b'jQuery.cb( { "n" : 12.50, "i_person" :  "ZHANG \\"San\\"]", "name" : "\\u5f20" } );\n'
    kept, count = Redactor(PERSONAL)(body)
    assert kept == b'jQuery.cb( { "n" : 12.50, "i_person" :null, "name" : "\\u5f20" } );\n'
    assert count == 1


def test_deeply_nested_values_go_and_the_callback_stays() -> None:
    """Where a value nests too deep to be cut out, the document is rewritten inside its callback."""
    body = b'cb([{"stockIssuer": [{"person": {"names": [["ZHANG"]]}}], "id": "1"}]);'
    assert Redactor(PERSONAL)(body) == (b'cb([{"stockIssuer":null,"id":"1"}]);', 1)


@pytest.mark.parametrize(
    "body",
    [
        b'<html><script>var a = {"i_person": zhang};</script></html>',
        b'"i_person": zhang',
        b'{"i_person": {"name": "zhang"}',
        b'{"i_person": "zhang',
        b"[" * 900 + b'{"i_person": {"name": "zhang"}}' + b"]" * 900,
        b'{"i_person": {"name": "zhang"}, "n": NaN}',
    ],
)
def test_what_cannot_be_read_is_cut_off_at_the_person(body: bytes) -> None:
    """A body that is no JSON ends before the first personal value whose end cannot be told."""
    kept, count = Redactor(PERSONAL)(body)
    assert b"zhang" not in kept
    assert count == 1
    assert kept.startswith(body[: body.index(b'"i_person"')])


@pytest.mark.parametrize(
    "spelling", ["法定代表人", "\\u6cd5\\u5b9a\\u4ee3\\u8868\\u4eba", "\\u6CD5\\u5B9A\\u4EE3\\u8868\\u4EBA"]
)
def test_an_escaped_field_name_is_the_same_field(spelling: str) -> None:
    r"""A server that writes Chinese field names as \uXXXX says the same as one that does not."""
    body = f'{{"{spelling}": "张三", "id": 1}}'.encode()
    assert Redactor(PERSONAL)(body) == (f'{{"{spelling}":null, "id": 1}}'.encode(), 1)
