"""`fsdb ask`: the ready questions of the command line."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console

from pipeline import show
from publication import publish
from publication.questions import Question, QuestionError, questions


def shown(out: Console) -> None:
    """List the questions and what each can be told."""
    table = show.table(">no.", "question", "parameters (defaults)")
    for question in questions().values():
        told = ", ".join(f"{parameter.name}={parameter.default}" for parameter in question.parameters)
        show.row(table, question.number, question.title, told)
    out.print(table)
    show.say(out, "ask one: fsdb ask NUMBER [--set name=value]; what it answers: fsdb ask NUMBER --explain")


def explain(out: Console, question: Question) -> None:
    """What a question answers, its parameters and its SQL."""
    show.say(out, f"{question.number}. {question.title}\n{question.answers}")
    for parameter in question.parameters:
        show.say(out, f"  --set {parameter.name}={parameter.default}  ({parameter.kind}) {parameter.what}")
    show.say(out, "\n" + question.sql.strip())


def answer(
    out: Console,
    root: Path,
    question: Question,
    given: Sequence[str],
    fmt: show.Format,
    release: str | None,
    output: Path | None,
) -> None:
    """Ask a release and print or write the rows."""
    told = dict(_pair(text) for text in given)
    # A release is named by its night.
    night = date.fromisoformat(publish.path_of(root, release).name[:10])
    values = question.values(told, night)
    if fmt is show.Format.table:
        show.say(out, f"{question.number}. {question.title}")
    show.query(out, root, question.sql, fmt, release, output, values=values)


def find(number: int) -> Question:
    """The question of a number; raise `QuestionError` where there is none."""
    found = questions()
    if number not in found:
        raise QuestionError(f"no question {number}; there are: {', '.join(map(str, found))}")
    return found[number]


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise QuestionError(f"--set {text}: expected name=value")
    return name.strip(), value.strip()
