"""Natural persons' data never reaches the disk: it is blanked in the bytes before they are parsed or kept."""

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
        field = rb'("(?:' + b"|".join(re.escape(name.encode()) for name in names) + rb')"\s*:)' + _EMPTY
        self._names = frozenset(names)
        self._filled = re.compile(field)
        self._simple = re.compile(field + rb"\s*" + _VALUE)

    def __call__(self, body: bytes) -> tuple[bytes, int]:
        """Return the body without personal values, and how many were blanked.

        Values are cut out of the bytes; only where one is nested too deep for that is the JSON document
        rewritten. Text around the document (JSONP) is kept. A body that is no JSON is left alone: it is
        an error page and holds no records.
        """
        if not self._names or not self._filled.search(body):
            return body, 0
        body, count = self._simple.subn(rb"\1null", body)
        if not self._filled.search(body):
            return body, count
        starts = [at for at in (body.find(b"{"), body.find(b"[")) if at >= 0]
        ends = max(body.rfind(b"}"), body.rfind(b"]")) + 1
        try:
            document = orjson.loads(body[min(starts) : ends])
        except orjson.JSONDecodeError:
            return body, count
        count += self._blank(document)
        return body[: min(starts)] + orjson.dumps(document) + body[ends:], count

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
