"""Ready questions: one SQL file each, asked of a release by number.

A file begins with comment lines: its title, what it answers, and its parameters as
`-- :name type = default  what it is`. Types are text, integer, decimal and date; the default `night` is the night of
the release that is asked. In the SQL a parameter is `$name`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

Value = str | int | Decimal | date
HERE = Path(__file__).parent
TONIGHT = "night"
_PARAMETER = re.compile(
    r":(?P<name>[a-z][a-z0-9_]*) (?P<kind>text|integer|decimal|date) = (?P<default>\S+)\s+(?P<what>.+)"
)
_EXPECTED = {"text": "a text", "integer": "a whole number", "decimal": "a number", "date": "a day such as 2026-07-13"}


class QuestionError(ValueError):
    """A question that cannot be asked so; names the parameter, what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a question can be told, and what it takes otherwise."""

    name: str
    kind: str
    default: str
    what: str

    def read(self, text: str, night: date) -> Value:
        """The value a text stands for; raise `QuestionError` where it stands for none."""
        try:
            if self.kind == "integer":
                return int(text)
            if self.kind == "decimal":
                return Decimal(text)
            if self.kind == "date":
                return night if text == TONIGHT else date.fromisoformat(text)
        except (ValueError, InvalidOperation):
            raise QuestionError(f"{self.name}: expected {_EXPECTED[self.kind]}, got {text!r}") from None
        return text


@dataclass(frozen=True, slots=True)
class Question:
    """One ready question. `number` is the one of the model's list of questions."""

    number: int
    title: str
    answers: str
    parameters: tuple[Parameter, ...]
    sql: str

    def values(self, given: Mapping[str, str], night: date) -> dict[str, Value]:
        """Values of all parameters; raise `QuestionError` for a parameter the question does not have."""
        names = [parameter.name for parameter in self.parameters]
        if unknown := sorted(set(given) - set(names)):
            has = f"it has {', '.join(names)}" if names else "it has none"
            raise QuestionError(f"question {self.number} has no parameter {unknown[0]!r}; {has}")
        return {
            parameter.name: parameter.read(given.get(parameter.name, parameter.default), night)
            for parameter in self.parameters
        }


def questions(folder: Path = HERE) -> dict[int, Question]:
    """All ready questions by number, ascending; raise `QuestionError` for a file whose head cannot be read."""
    found = [_read(path) for path in sorted(folder.glob("[0-9][0-9]_*.sql"))]
    return {question.number: question for question in sorted(found, key=lambda question: question.number)}


def _read(path: Path) -> Question:
    sql = path.read_text(encoding="utf-8")
    head = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        head.append(line.removeprefix("--").strip())
    parameters = []
    for line in head:
        if line.startswith(":"):
            match = _PARAMETER.fullmatch(line)
            if match is None:
                raise QuestionError(f"{path.name}: expected `:name type = default  what it is`, got {line!r}")
            parameters.append(Parameter(**match.groupdict()))
    words = [line for line in head if line and not line.startswith(":")]
    if not words:
        raise QuestionError(f"{path.name}: expected a title in a comment on the first line")
    if declared := {parameter.name for parameter in parameters} ^ set(re.findall(r"\$([a-z][a-z0-9_]*)", sql)):
        raise QuestionError(
            f"{path.name}: {', '.join(sorted(declared))}: declared and not used, or the other way round"
        )
    return Question(int(path.name[:2]), words[0], " ".join(words[1:]), tuple(parameters), sql)
