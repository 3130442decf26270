"""Natural persons' data never reaches the disk: it is blanked in the bytes before they are parsed or kept."""

import json
import re
from typing import Any

import orjson

_EMPTY = rb'(?!\s*(?:null|""|\[\s*\]|\{\s*\}))'
_STRING = rb'"(?:[^"\\]|\\.)*"'
_VALUE = rb"(?:" + _STRING + rb"|-?[\d.eE+-]+|true|false|\[(?:[^\[\]\"]|" + _STRING + rb")*\])"


class Redactor:
    """Replaces the values of the named JSON fields by `null`, leaving every other byte as received."""

    def __init__(self, names: list[str]) -> None:
        """`names`: field names (any depth) whose values speak of natural persons."""
        # An escaped quote before the name is text inside a string, not the start of a field.
        field = rb'("(?<!\\")(?:' + b"|".join(map(_spelled, names)) + rb')"\s*:)' + _EMPTY
        self._names = frozenset(names)
        self._filled = re.compile(field)
        self._simple = re.compile(field + rb"\s*" + _VALUE)

    def __call__(self, body: bytes) -> tuple[bytes, int]:
        """Return the body without personal values, and how many were blanked.

        Values are cut out of the bytes; only where one is nested too deep for that is the JSON document
        rewritten. Text around the document (JSONP) is kept. A body that is no JSON (an error page, half a
        document) is cut off at the first personal value whose end cannot be told.
        """
        if not self._names or not self._filled.search(body):
            return body, 0
        body, count = self._simple.subn(rb"\1null", body)
        if not self._filled.search(body):
            return body, count
        start = min((at for at in (body.find(b"{"), body.find(b"[")) if at >= 0), default=0)
        end = max(body.rfind(b"}"), body.rfind(b"]")) + 1
        try:
            document = orjson.loads(body[start:end])
            blanked = self._blank(document)
            return body[:start] + orjson.dumps(document) + body[end:], count + blanked
        except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
            return self._filled.split(body, maxsplit=1)[0] + b'"cut": null', count + 1

    def _blank(self, node: Any) -> int:
        count = 0
        if isinstance(node, dict):
            for name, value in node.items():
                if name in self._names and value:
                    node[name] = None
                    count += 1
                else:
                    count += self._blank(value)
        elif isinstance(node, list):
            count = sum(map(self._blank, node))
        return count


def _spelled(name: str) -> bytes:
    """A field name as it may stand in a document: as it is, or with the letters beyond ASCII as `\\uXXXX`."""
    plain, escaped = re.escape(name.encode()), re.escape(json.dumps(name)[1:-1].encode())
    return plain if plain == escaped else plain + b"|(?i:" + escaped + b")"
