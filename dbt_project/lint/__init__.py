"""What sqlfluff sees in place of the macros, for the models are linted as they are written, not as dbt compiles them.

A macro reads as a call of a function of its own name; one that writes a whole query reads as a query. One that returns
a value is run, since models loop over such values. All are found in ../macros: a new one needs no line here.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from jinja2 import pass_context
from jinja2.runtime import Context

_MACRO = re.compile(r"\{%-? macro (\w+)\(.*?%\}(.*?)\{%-? endmacro -?%\}", re.DOTALL)
_QUERY = re.compile(r"(\s*\{%.*?%\})*\s*(select|with)\b", re.DOTALL)


def _macros() -> Iterator[tuple[str, Callable[..., object]]]:
    for file in (Path(__file__).parents[1] / "macros").rglob("*.sql"):
        for macro in _MACRO.finditer(file.read_text(encoding="utf-8")):
            name, body = macro.groups()
            if "return(" in body:
                yield name, _value(name, macro.group())
            elif _QUERY.match(body):
                yield name, _query(name)
            else:
                yield name, _function(name)


def _function(name: str) -> Callable[..., str]:
    # A macro that is given no SQL takes columns that the model does not name. Its own name stands for them as one more
    # without a table, or a join made for their sake would count as unused.
    return lambda *given, **named: f"{name}({_sql(*given, *named.values()) or name})"


def _query(name: str) -> Callable[..., str]:
    return lambda *given, **named: f"select * from {_sql(*given, *named.values()) or name + '()'}"


def _sql(*given: object) -> str:
    """Return the SQL that a macro is given first, so that the relation or the columns in it count as used."""
    return str(given[0]) if given and not isinstance(given[0], list | dict) else ""


def _value(name: str, text: str) -> Callable[..., object]:
    @pass_context
    def run(context: Context, *given: object, **named: object) -> object:
        returned: list[object] = []
        known = context.get_all() | {"return": returned.append}
        getattr(context.environment.from_string(text, globals=known).module, name)(*given, **named)
        return returned[0]

    return run


globals().update(_macros())
